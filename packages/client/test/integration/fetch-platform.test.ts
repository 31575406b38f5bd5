/** Where `client.fetch` does as the platform does, though it makes its objects only for who needs them. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';

import { Client } from '@x/client';
import { startRawServer, startServer, receiveHead, send, close, type EchoedRequest } from '@x/testbed';
import { afterAll, describe, expect, it, vi } from 'vitest';

const client = new Client();
afterAll(() => client.destroy());
const { fetch } = client;

const echoed = async (response: Response): Promise<EchoedRequest> => (await response.json()) as EchoedRequest;
const valuesOf = ({ headers }: EchoedRequest, name: string): string[] =>
  headers.filter(([candidate]) => candidate.toLowerCase() === name).map(([, value]) => value);

describe('a plain fetch', () => {
  it('gives a response of the platform, to whom nothing is missing', async () => {
    await using server = await startServer('echo', {});
    const response = await fetch(server.url('/'));
    expect(response).toBeInstanceOf(Response);
    expect(Object.prototype.toString.call(response)).toBe('[object Response]');
    expect(response.constructor).toBe(Response);
    for (const name of Object.getOwnPropertyNames(Response.prototype)) expect(name in response, name).toBe(true);
    const again = new Response(response.clone().body, response);
    expect([again.status, (await echoed(again)).method, (await echoed(response)).method]).toEqual([200, 'GET', 'GET']);
    expect(response.bodyUsed).toBe(true);
  });

  it.each(['text', 'json', 'arrayBuffer', 'blob'] as const)('%s() reads once, and the stream is used', async (read) => {
    await using server = await startServer('echo', {});
    const response = await fetch(server.url('/'));
    expect(response.bodyUsed).toBe(false);
    await response[read]();
    expect(response.bodyUsed).toBe(true);
    await expect(response[read]()).rejects.toBeInstanceOf(TypeError);
    expect(response.body).toBeInstanceOf(ReadableStream);
    expect(response.body!.locked).toBe(true);
    expect(() => response.clone()).toThrow(TypeError);
  });

  it('reads text as UTF-8, and has a stream that was read as one', async () => {
    await using server = await startRawServer([
      receiveHead(),
      send('HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=latin1\r\nContent-Length: 5\r\n\r\n\xef\xbb\xbf\xc3\xa4'),
      close(),
    ]);
    expect(await (await fetch(server.url('/'))).text()).toBe('ä');
  });

  it('keeps the letter case of fields, and the rules for what may stand in them', async () => {
    await using server = await startServer('echo', {});
    const { headers } = await echoed(await fetch(server.url('/'), { headers: { 'X-OwN': 'a' } }));
    expect(headers).toContainEqual(['X-OwN', 'a']);
    const init: object = {
      headers: [
        ['X-OwN', 'a'],
        ['x-own', 'b'],
      ],
      cache: 'no-store',
    };
    const less = await echoed(await fetch(server.url('/'), init));
    expect(less.headers).toContainEqual(['X-OwN', 'a, b']);
    expect(valuesOf(less, 'cache-control')).toEqual(['no-cache']);
    expect(valuesOf(await echoed(await fetch(server.url('/'), { headers: { a: ' b ' } })), 'a')).toEqual(['b']);
    for (const bad of [{ 'a b': '1' }, { a: 'x\ny' }, { a: '\u{1f600}' }])
      await expect(fetch(server.url('/'), { headers: bad })).rejects.toBeInstanceOf(TypeError);
  });

  it('leaves what is not plain to the platform', async () => {
    for (const [input, init] of [
      ['relative', undefined],
      ['http://user:secret@a.example/', undefined],
      ['http://a.example/', { method: 'TRACE' }],
      ['http://a.example/', { body: 'x' }],
      ['http://a.example/', { redirect: 'other' }],
      ['http://a.example/', { signal: {} }],
    ] as const) {
      const failure = (await fetch(input, init as RequestInit).catch((error: unknown) => error)) as Error;
      expect(failure).toBeInstanceOf(TypeError);
      expect(failure.message).not.toBe('fetch failed');
    }
  });
});

describe('what a fetch says beside its message', () => {
  it('referrer and cache become fields', async () => {
    await using server = await startServer('echo', {});
    const asked = async (init: RequestInit & { cache?: string }): Promise<unknown[]> => {
      const request = await echoed(await fetch(server.url('/'), init));
      return ['referer', 'cache-control', 'pragma'].map((name) => valuesOf(request, name)[0]);
    };
    const referrer = server.url('/page');
    expect(await asked({ referrer })).toEqual([referrer, undefined, undefined]);
    expect(await asked({ referrer, referrerPolicy: 'no-referrer' })).toEqual([undefined, undefined, undefined]);
    expect(await asked({ cache: 'no-store' })).toEqual([undefined, 'no-cache', 'no-cache']);
    expect(await asked({ cache: 'no-cache' })).toEqual([undefined, 'max-age=0', undefined]);
    expect(await asked({ cache: 'reload', headers: { 'cache-control': 'own' } })).toEqual([undefined, 'own', 'no-cache']);
  });

  it('integrity is checked before the response is had', async () => {
    await using server = await startServer('plain', { body: 'hello' });
    const digest = (name: string, text = 'hello'): string => `${name}-${createHash(name).update(text).digest('base64')}`;
    for (const integrity of [
      digest('sha256'),
      `${digest('sha256', 'other')} ${digest('sha512')}`,
      digest('sha384').replace(/=+$/u, ''),
      'md5-x',
    ]) {
      const response = await fetch(server.url('/'), { integrity });
      expect([response.bodyUsed, await response.text()]).toEqual([false, 'hello']);
    }
    for (const integrity of [digest('sha256', 'other'), `${digest('sha256')} ${digest('sha512', 'other')}`]) {
      await expect(fetch(server.url('/'), { integrity })).rejects.toBeInstanceOf(TypeError);
    }
  });

  it('statuses that the platform can not construct come as they are', async () => {
    await using server = await startRawServer([receiveHead(), send('HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok'), close()]);
    const response = await fetch(server.url('/'));
    expect([response.status, response.ok, response.statusText, response.clone().status, await response.text()]).toEqual([
      999,
      false,
      'Odd',
      999,
      'ok',
    ]);
  });

  it('set in the place of the platform’s, it does not ask itself', async () => {
    const platform = globalThis.fetch;
    globalThis.fetch = fetch;
    try {
      expect(await (await globalThis.fetch('data:,a')).text()).toBe('a');
      const url = URL.createObjectURL(new Blob(['b']));
      expect(await (await globalThis.fetch(url)).text()).toBe('b');
      URL.revokeObjectURL(url);
    } finally {
      globalThis.fetch = platform;
    }
  });

  it('a reader learns of the end of an aborted stream at once', async () => {
    await using server = await startServer('bytes', { size: 100_000_000 });
    const controller = new AbortController();
    const response = await fetch(server.url('/'), { signal: controller.signal });
    const reader = response.body!.getReader();
    const { closed } = reader;
    closed.catch(() => {});
    controller.abort();
    await expect(closed).rejects.toMatchObject({ name: 'AbortError' });
    await expect(reader.read()).rejects.toMatchObject({ name: 'AbortError' });
  });
});

it.each([
  'http://me:secret@',
  'http://me:secret@a b/',
  'http://me:secret@[::1/',
  'http://me:secret@host:port/',
  '//me:secret@host:x',
  'htp//me:secret@host',
  'http:\\\\me:secret@a b',
  'http://secret@%zz/',
  'http://me:se/secret@h:y/',
])('an error of %j shows no user information', async (url) => {
  for (const init of [undefined, { credentials: 'omit' }] as const) {
    const error: unknown = await fetch(url, init).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect(inspect(error, { depth: 9 })).not.toContain('secret');
  }
});

it('nor does that of a URL that is refused for it', async () => {
  const error: unknown = await fetch('http://me:secret@a.example/b', { credentials: 'omit' }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TypeError);
  expect(String(error)).toContain('http://a.example');
  expect(inspect(error, { depth: 9 })).not.toContain('secret');
});

it('what else is wrong is told in the words of the platform', async () => {
  await expect(fetch('http://a.example/@b', { method: 'TRACE' })).rejects.toThrow(/TRACE/u);
});

/** Each of them a turn of the loop later. */
function lateText(chunks: string[]): ReadableStream {
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setImmediate(resolve));
      const chunk = chunks.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
}

describe('a stream that is sent', () => {
  let cancelled = 0;
  const streamOf = (chunk: unknown, milliseconds?: number): RequestInit => ({
    method: 'POST',
    duplex: 'half',
    body: new ReadableStream({
      async pull(controller) {
        if (milliseconds !== undefined) await new Promise((resolve) => setTimeout(resolve, milliseconds));
        controller.enqueue(chunk as Uint8Array);
      },
      cancel: () => void (cancelled += 1),
    }),
  });

  it.each<[string, (url: string, chunk: unknown) => Promise<unknown>]>([
    ['beside the URL', (url, chunk) => fetch(url, streamOf(chunk))],
    ['of a Request', (url, chunk) => fetch(new Request(url, streamOf(chunk)))],
    ['of a Request, and comes late', (url, chunk) => fetch(new Request(url, streamOf(chunk, 5)))],
  ])('%s is of bytes or text alone', async (_name, send) => {
    await using server = await startServer('echo', {});
    const chunks = [null, 1, new ArrayBuffer(1)];
    cancelled = 0;
    for (const chunk of chunks) await expect(send(server.url('/'), chunk)).rejects.toBeInstanceOf(TypeError);
    expect(cancelled).toBe(chunks.length);
  });

  it.each<[string, (url: string, body: ReadableStream) => Promise<Response>]>([
    ['beside the URL', (url, body) => fetch(url, { method: 'POST', duplex: 'half', body })],
    ['of a Request', (url, body) => fetch(new Request(url, { method: 'POST', duplex: 'half', body }))],
  ])('%s sends text as UTF-8', async (_name, send) => {
    await using server = await startServer('echo', {});
    const streams = [Readable.toWeb(Readable.from(['zwölf', ' ', '🎩'])) as ReadableStream, lateText(['zwölf', ' ', '🎩'])];
    for (const stream of streams) expect((await echoed(await send(server.url('/'), stream))).body).toBe('zwölf 🎩');
  });
});

describe("without the platform's fetch", () => {
  it('fetch says what is missing, and the other doors stand open', async () => {
    await using server = await startServer('echo', {});
    for (const name of ['fetch', 'Response', 'Request', 'Headers', 'FormData']) vi.stubGlobal(name, undefined);
    await using without = new Client();
    const unavailable = {
      name: 'ClientError',
      code: 'FETCH_UNAVAILABLE',
      message: expect.stringMatching(/Response, Request, Headers, FormData/) as string,
    };
    await expect(without.fetch(server.url('/'))).rejects.toMatchObject(unavailable);
    await expect(without.fetch(server.url('/'), { method: 'POST', body: 'a' })).rejects.toMatchObject(unavailable);
    expect((await without.get(server.url('/'))).status).toBe(200);
    expect((await without.post(server.url('/'), { json: { a: 1 } })).status).toBe(200);
    expect((await without.post(server.url('/'), { form: { a: '1' } })).status).toBe(200);
    expect((await without.post(server.url('/'), { files: { a: new Uint8Array(3) } })).status).toBe(200);
    expect(() => without.buildRequest('POST', server.url('/'), { body: { getAll() {} } as never })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', option: 'body' }),
    );
    vi.unstubAllGlobals();
    // They may come later.
    expect((await without.fetch(server.url('/'))).status).toBe(200);
  });
});
