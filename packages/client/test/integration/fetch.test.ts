/** `client.fetch` beside the platform's own: what both must do is asked of both. */
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';

import { Client, Retries, RetryOnStatus } from '@x/client';
import { close, receiveHead, reset, send, startRawServer, startServer, type EchoedRequest } from '@x/testbed';
import busboy from 'busboy';
import { afterAll, describe, expect, it } from 'vitest';

const client = new Client();
afterAll(() => client.destroy());

const named = (echoed: EchoedRequest, name: string): string[] =>
  echoed.headers.filter(([candidate]) => candidate.toLowerCase() === name).map(([, value]) => value);

async function failureOf(task: () => Promise<unknown>): Promise<Error> {
  try {
    await task();
  } catch (error) {
    return error as Error;
  }
  return expect.unreachable();
}

describe.each([
  ["the platform's fetch", globalThis.fetch],
  ["a client's fetch", client.fetch],
])('%s', (_, fetch) => {
  it('resolves with a Response', async () => {
    await using server = await startServer('plain', { headers: { 'X-Two': ['a', 'b'], 'Set-Cookie': ['a=1', 'b=2'] } });
    const response = await fetch(server.url('/x?y#fragment'));
    expect(response).toBeInstanceOf(Response);
    expect(response).toMatchObject({ status: 200, statusText: 'OK', ok: true, redirected: false, type: 'basic', bodyUsed: false });
    expect(response.url).toBe(server.url('/x?y'));
    expect(response.headers.get('x-two')).toBe('a, b');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(() => response.headers.set('a', 'b')).toThrow(TypeError);
    const copy = response.clone();
    expect(copy).toMatchObject({ url: response.url, type: 'basic' });
    expect(await response.text()).toBe('hello world');
    expect(response.bodyUsed).toBe(true);
    expect(await copy.text()).toBe('hello world');
  });

  it('resolves whatever the status', async () => {
    await using server = await startServer('status');
    expect(await fetch(server.url('/503'))).toMatchObject({ status: 503, ok: false });
    expect((await fetch(server.url('/204'))).body).toBeNull();
    expect((await fetch(server.url('/200'), { method: 'HEAD' })).body).toBeNull();
  });

  it.each<[string, () => NonNullable<RequestInit['body']>, string, string | undefined, length: boolean]>([
    ['text', () => 'grüße', 'grüße', 'text/plain;charset=UTF-8', true],
    ['bytes', () => Buffer.from('bytes'), 'bytes', undefined, true],
    ['part of a buffer', () => new Uint8Array([120, 104, 105, 120]).subarray(1, 3), 'hi', undefined, true],
    ['an ArrayBuffer', () => new Uint8Array([104, 105]).buffer, 'hi', undefined, true],
    ['a Blob', () => new Blob(['blob'], { type: 'text/x-own' }), 'blob', 'text/x-own', true],
    ['URLSearchParams', () => new URLSearchParams({ a: 'b c' }), 'a=b+c', 'application/x-www-form-urlencoded;charset=UTF-8', true],
    ['a stream', () => new Blob(['stream']).stream() as ReadableStream, 'stream', undefined, false],
    ['a Node stream', () => Readable.from(['no', 'de']), 'node', undefined, false],
  ])('sends %s', async (_, body, text, type, hasLength) => {
    await using server = await startServer('echo');
    const init = { method: 'post', body: body(), duplex: 'half' as const };
    const echoed = (await (await fetch(server.url('/'), init)).json()) as EchoedRequest;
    expect(echoed).toMatchObject({ method: 'POST', body: text });
    expect(named(echoed, 'content-type')).toEqual(type === undefined ? [] : [type]);
    if (hasLength) expect(named(echoed, 'content-length')).toEqual([String(Buffer.byteLength(text))]);
  });

  it('sends a form with files', async () => {
    await using server = await startServer((request, response) => {
      const seen: string[] = [];
      const form = busboy({ headers: request.headers, defParamCharset: 'utf8' });
      form.on('field', (name, value) => seen.push(`${name}=${value}`));
      form.on('file', (name, file, { filename, mimeType }) => {
        file.on('data', (chunk: Buffer) => seen.push(`${name}=${filename} ${mimeType} ${chunk.toString()}`));
      });
      form.on('close', () => response.end(JSON.stringify([...seen, request.headers['content-length'] !== undefined])));
      request.pipe(form);
    });
    const form = new FormData();
    form.set('name', 'Ada "L"');
    form.set('file', new File(['content'], 'ü.txt', { type: 'text/plain' }));
    const response = await fetch(server.url('/'), { method: 'POST', body: form });
    expect(await response.json()).toEqual(['name=Ada "L"', 'file=ü.txt text/plain content', true]);
  });

  it('sends a Request, as it is and with changes', async () => {
    await using server = await startServer('echo');
    const request = new Request(server.url('/a'), {
      method: 'PUT',
      body: '{"a":1}',
      headers: { 'X-One': '1', 'content-type': 'application/json' },
    });
    const echoed = (await (await fetch(request.clone())).json()) as EchoedRequest;
    expect(echoed).toMatchObject({ method: 'PUT', target: '/a', body: '{"a":1}' });
    expect(named(echoed, 'content-type')).toEqual(['application/json']);
    expect(named(echoed, 'x-one')).toEqual(['1']);
    const changes: RequestInit = { headers: { 'x-two': '2' }, body: 'other' };
    const changed = (await (await fetch(request, changes)).json()) as EchoedRequest;
    expect(changed).toMatchObject({ method: 'PUT', body: 'other' });
    expect([...named(changed, 'x-one'), ...named(changed, 'x-two')]).toEqual(['2']);
    await expect(fetch(new URL(server.url('/url')))).resolves.toMatchObject({ status: 200 });
  });

  it('uses up the Request that it sends', async () => {
    await using server = await startServer('echo');
    const request = new Request(server.url('/'), { method: 'POST', body: 'once' });
    await (await fetch(request)).arrayBuffer();
    expect(request.bodyUsed).toBe(true);
    await expect(fetch(request)).rejects.toBeInstanceOf(TypeError);
  });

  it('decodes', async () => {
    await using server = await startServer((_, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('plain')));
    const response = await fetch(server.url('/'));
    expect(await response.text()).toBe('plain');
    expect(response.headers.get('content-encoding')).toBe('gzip');
  });

  describe('redirected', () => {
    it('to an empty Location fails where it is followed, as on the platform', async () => {
      await using server = await startRawServer(
        [1, 2, 3].map(() => [receiveHead(), send('HTTP/1.1 302 Found\r\nLocation:\r\nContent-Length: 0\r\n\r\n'), close()]).flat(),
      );
      const url = server.url('/');
      await expect(fetch(url, { redirect: 'manual' })).resolves.toMatchObject({ status: 302 });
      await expect(fetch(url)).rejects.toMatchObject({ name: 'TypeError', message: 'fetch failed' });
    });

    it('follows', async () => {
      await using server = await startServer('redirect');
      const response = await fetch(server.url('/redirect/3'));
      expect(response.redirected).toBe(true);
      expect(response.clone().redirected).toBe(true);
      expect(response.url).toBe(server.url('/echo'));
      expect(((await response.json()) as EchoedRequest).method).toBe('GET');
    });

    it.each([
      [302, 'POST', 'GET', ''],
      [303, 'PUT', 'GET', ''],
      [307, 'POST', 'POST', 'body'],
      [308, 'PUT', 'PUT', 'body'],
    ])('by %i turns %s into %s', async (status, method, onward, body) => {
      await using server = await startServer('redirect');
      const url = server.url(`/redirect/1?status=${status}`);
      for (const response of [await fetch(url, { method, body: 'body' }), await fetch(new Request(url, { method, body: 'body' }))]) {
        expect((await response.json()) as EchoedRequest).toMatchObject({ method: onward, body });
      }
    });

    it('gives it back by hand', async () => {
      await using server = await startServer('redirect');
      const response = await fetch(server.url('/redirect/1'), { redirect: 'manual' });
      expect(response).toMatchObject({ status: 302, redirected: false, url: server.url('/redirect/1') });
      expect(response.headers.get('location')).toBe('/echo');
      expect(await response.text()).toContain('go to');
    });

    it('fails when told to, when there are too many, and when the body is gone', async () => {
      await using server = await startServer('redirect');
      const failures = [
        await failureOf(() => fetch(server.url('/redirect/1'), { redirect: 'error' })),
        await failureOf(() => fetch(server.url('/loop'))),
        await failureOf(() => fetch(server.url('/redirect-to?url=file:///etc/passwd'))),
        await failureOf(() =>
          fetch(server.url('/redirect/1?status=307'), { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' }),
        ),
      ];
      for (const error of failures)
        expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed', cause: expect.any(Error) as Error });
      expect((await fetch(server.url('/redirect/20'))).redirected).toBe(true);
      await expect(fetch(server.url('/redirect/21'))).rejects.toBeInstanceOf(TypeError);
    });

    it('leaves credentials behind at another origin', async () => {
      await using other = await startServer('echo');
      await using server = await startServer('redirect');
      const init = { headers: { authorization: 'Bearer secret', cookie: 'own=1', 'x-kept': '1' } };
      const echoed = (await (
        await fetch(server.url(`/redirect-to?url=${encodeURIComponent(other.url('/'))}`), init)
      ).json()) as EchoedRequest;
      expect(named(echoed, 'authorization')).toEqual([]);
      expect(named(echoed, 'cookie').join()).not.toContain('own=1');
      expect(named(echoed, 'x-kept')).toEqual(['1']);
    });
  });

  describe('aborted', () => {
    it('before it began, rejects with the reason', async () => {
      await using server = await startServer('plain');
      const error = await failureOf(() => fetch(server.url('/'), { signal: AbortSignal.abort() }));
      expect(error).toBeInstanceOf(DOMException);
      expect(error.name).toBe('AbortError');
      const reason = new Error('mine');
      expect(await failureOf(() => fetch(server.url('/'), { signal: AbortSignal.abort(reason) }))).toBe(reason);
      expect(server.connections.accepted).toBe(0);
    });

    it('while it waits for the head', async () => {
      await using server = await startServer('slow');
      const controller = new AbortController();
      for (const pending of [
        fetch(server.url('/'), { signal: controller.signal }),
        fetch(new Request(server.url('/'), { signal: controller.signal })),
      ]) {
        const failed = failureOf(() => pending);
        await server.connections.until(({ requests }) => requests > 0);
        controller.abort();
        expect((await failed).name).toBe('AbortError');
      }
      if (fetch === client.fetch) await server.connections.until(({ open }) => open === 0);
    });

    it('while its body is read', async () => {
      await using server = await startServer('slow');
      server.head.open();
      server.pieces[0]!.open();
      const controller = new AbortController();
      const response = await fetch(server.url('/'), { signal: controller.signal });
      const reader = response.body!.getReader();
      expect(Buffer.from((await reader.read()).value).toString()).toBe('slow ');
      const failed = failureOf(() => reader.read());
      controller.abort();
      expect((await failed).name).toBe('AbortError');
      if (fetch === client.fetch) await server.connections.until(({ open }) => open === 0);
    });

    it('before its body is asked for, though all of it may be here', async () => {
      await using server = await startServer('echo', {});
      for (const read of ['text', 'json', 'arrayBuffer', 'blob', 'formData', 'body'] as const) {
        const controller = new AbortController();
        const response = await fetch(server.url('/'), { signal: controller.signal });
        controller.abort();
        const failed = await failureOf(() => (read === 'body' ? response.body!.getReader().read() : response[read]()));
        expect([read, failed.name]).toEqual([read, 'AbortError']);
      }
    });

    it('by a timeout, rejects with that', async () => {
      await using server = await startServer('slow');
      const error = await failureOf(() => fetch(server.url('/'), { signal: AbortSignal.timeout(20) }));
      expect(error.name).toBe('TimeoutError');
    });
  });

  describe('a body', () => {
    it('comes as it comes', async () => {
      await using server = await startServer('slow');
      server.head.open();
      const response = await fetch(server.url('/'));
      const seen: string[] = [];
      let index = 0;
      server.pieces[0]!.open();
      for await (const chunk of response.body!) {
        seen.push(Buffer.from(chunk as Uint8Array).toString());
        server.pieces[++index]?.open();
      }
      expect(seen).toEqual(['slow ', 'and ', 'steady']);
    });

    it('that nobody reads is not sent on and on', async () => {
      let written = 0;
      await using server = await startServer((_, response) => {
        const piece = Buffer.alloc(65_536);
        const write = (): void => {
          while (!response.destroyed) {
            written += piece.length;
            if (!response.write(piece)) return;
          }
        };
        response.on('drain', write);
        write();
      });
      const response = await fetch(server.url('/'));
      const reader = response.body!.getReader();
      for (let read = 0; read < 1_000_000;) read += (await reader.read()).value!.length;
      // What the sockets and the client hold; a client without backpressure would hold all that there is time for.
      expect(written).toBeLessThan(64 * 1024 * 1024);
      await reader.cancel();
      if (fetch === client.fetch) await server.connections.until(({ open }) => open === 0);
    });

    it('can be read into memory of the reader', async () => {
      await using server = await startServer('plain');
      const reader = (await fetch(server.url('/'))).body!.getReader({ mode: 'byob' });
      const first = await reader.read(new Uint8Array(5));
      expect(Buffer.from(first.value!).toString()).toBe('hello');
      const second = await reader.read(new Uint8Array(100));
      expect(Buffer.from(second.value!).toString()).toBe(' world');
      expect((await reader.read(new Uint8Array(1))).done).toBe(true);
    });

    it('cut short is a TypeError', async () => {
      await using server = await startRawServer([receiveHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal'), close()]);
      const response = await fetch(server.url('/'));
      const error = await failureOf(() => response.text());
      expect(error).toMatchObject({ name: 'TypeError', message: 'terminated', cause: expect.any(Error) as Error });
    });

    it('goes out while the answer comes in', async () => {
      await using server = await startServer('echo', { format: 'raw' });
      let push!: ReadableStreamDefaultController<Uint8Array>;
      const body = new ReadableStream<Uint8Array>({ start: (controller) => void (push = controller) });
      push.enqueue(Buffer.from('ping'));
      const response = await fetch(server.url('/'), { method: 'POST', body, duplex: 'half' });
      const reader = response.body!.getReader();
      expect(Buffer.from((await reader.read()).value).toString()).toBe('ping');
      push.enqueue(Buffer.from('pong'));
      expect(Buffer.from((await reader.read()).value).toString()).toBe('pong');
      push.close();
      expect((await reader.read()).done).toBe(true);
    });

    it('that throws on its way out is the cause', async () => {
      await using server = await startServer('echo');
      const cause = new Error('disk on fire');
      const body = new ReadableStream({
        pull() {
          throw cause;
        },
      });
      const error = await failureOf(() => fetch(server.url('/'), { method: 'POST', body, duplex: 'half' }));
      expect(error.name).toBe('TypeError');
    });
  });

  it('fails with a TypeError whose cause says why', async () => {
    await using server = await startRawServer([receiveHead(), reset()]);
    expect(await failureOf(() => fetch(server.url('/')))).toMatchObject({
      name: 'TypeError',
      message: 'fetch failed',
      cause: expect.any(Error) as Error,
    });
    expect(await failureOf(() => fetch('ftp://127.0.0.1/'))).toMatchObject({
      name: 'TypeError',
      message: 'fetch failed',
      cause: expect.any(Error) as Error,
    });
  });

  it.each<[string, string, unknown]>([
    ['a URL that is none', 'http://', {}],
    ['a relative URL', '/x', {}],
    ['credentials in the URL', 'http://user:pass@127.0.0.1/', {}],
    ['a body with GET', 'http://127.0.0.1/', { body: 'x' }],
    ['a method that is none', 'http://127.0.0.1/', { method: 'A B' }],
    ['TRACE', 'http://127.0.0.1/', { method: 'TRACE' }],
    ['a header that is none', 'http://127.0.0.1/', { headers: { 'a b': 'c' } }],
    ['a stream without duplex', 'http://127.0.0.1/', { method: 'POST', body: new Blob(['x']).stream() }],
    ['a signal that is none', 'http://127.0.0.1/', { signal: {} }],
  ])('rejects %s with a TypeError, and sends nothing', async (_, url, init) => {
    await expect(fetch(url, init as RequestInit)).rejects.toBeInstanceOf(TypeError);
  });

  it('knows data: and blob: URLs', async () => {
    expect(await (await fetch('data:text/plain,hello')).text()).toBe('hello');
    const url = URL.createObjectURL(new Blob(['blob']));
    expect(await (await fetch(url)).text()).toBe('blob');
    URL.revokeObjectURL(url);
  });
});

describe('the fetch of a client', () => {
  it('is one function, and needs no client to be called on', async () => {
    await using server = await startServer('plain');
    const { fetch } = client;
    expect(client.fetch).toBe(fetch);
    expect(await (await fetch(server.url('/'))).text()).toBe('hello world');
  });

  it("has the client's headers, base, cookies and credentials", async () => {
    await using server = await startServer('login');
    await using own = new Client({ baseUrl: server.url('/'), headers: { 'x-own': '1' } });
    const entered = await own.fetch('login', { method: 'POST', body: new URLSearchParams({ user: 'ada', password: 'lovelace' }) });
    expect(entered.redirected).toBe(true);
    expect(await entered.json()).toMatchObject({ user: 'ada' });
    expect(await (await own.fetch('account')).json()).toMatchObject({ user: 'ada' });
    expect((await own.fetch('account', { credentials: 'omit' })).status).toBe(401);

    await using echo = await startServer('echo');
    await using authorized = new Client({
      baseUrl: echo.url('/v1'),
      headers: { 'x-own': '1' },
      params: { key: 'k' },
      auth: ['me', 'secret'],
    });
    const echoed = (await (await authorized.fetch('/items?a=b', { headers: { 'x-call': '2' } })).json()) as EchoedRequest;
    expect(echoed.target).toBe('/v1/items?a=b&key=k');
    expect(named(echoed, 'authorization')).toEqual([`Basic ${btoa('me:secret')}`]);
    expect([...named(echoed, 'x-own'), ...named(echoed, 'x-call')]).toEqual(['1', '2']);
    const omitted = (await (await authorized.fetch('/items', { credentials: 'omit' })).json()) as EchoedRequest;
    expect(named(omitted, 'authorization')).toEqual([]);
  });

  it('hands out the last response when retries are used up', async () => {
    await using server = await startServer('status');
    await using own = new Client({ retries: new Retries(2, { limits: [new RetryOnStatus()], backoffFactor: 0 }) });
    const response = await own.fetch(server.url('/503'));
    expect(response.status).toBe(503);
    expect(await response.text()).toBe('status 503');
    expect(server.connections.requests).toBe(3);
  });

  it('has the errors of the client as causes', async () => {
    await using server = await startServer('slow');
    await using own = new Client({ timeout: 30 });
    expect(await failureOf(() => own.fetch(server.url('/')))).toMatchObject({ cause: { code: 'DEADLINE_EXCEEDED' } });
    await own.close();
    expect(await failureOf(() => own.fetch(server.url('/')))).toMatchObject({ cause: { code: 'CLIENT_CLOSED' } });
  });

  it('refuses what it would have to ignore', async () => {
    await expect(client.fetch('http://127.0.0.1:1/', { dispatcher: {} } as RequestInit)).rejects.toThrow(/dispatcher/);
  });

  it('gives the connection of a response back that is dropped unread', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    await using server = await startServer('bytes', { size: 10_000_000 });
    await client.fetch(server.url('/'));
    expect(server.connections.open).toBe(1);
    while (server.connections.open > 0) {
      collect();
      await setImmediate();
    }
  });
});
