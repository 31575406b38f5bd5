/** undici of npm, by its own functions, over a client and over a dispatcher. */
import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { Client, Retries, RetryOnStatus } from '@x/client';
import { ConnectionPool } from '@x/httpcore';
import { undiciDispatcher } from '@x/interop/undici';
import { close, receiveHead, send, startRawServer, startServer, type EchoedRequest } from '@x/testbed';
import type { Dispatcher } from 'undici7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadUndici, undiciNames, type AnyUndici, type UndiciName } from './undici-versions.ts';

const client = new Client();
const pool = new ConnectionPool();
afterAll(async () => {
  await client.destroy();
  await pool.destroy();
});

const over = (carrier: Client | ConnectionPool): Dispatcher => undiciDispatcher(carrier);
const cases = undiciNames.flatMap((name) => [
  { name, carrier: 'a client', dispatcher: over(client) },
  { name, carrier: 'a dispatcher', dispatcher: over(pool) },
]);

describe.each(cases)('$name over $carrier', ({ name, dispatcher }) => {
  let undici: AnyUndici;
  beforeAll(async () => {
    undici = await loadUndici(name);
  });

  it('requests: query, fields in each form, bodies of each kind', async () => {
    await using server = await startServer('echo');
    const echoed = async (options: object, path = '/a'): Promise<EchoedRequest> => {
      const { body } = await undici.request(server.url(path), { dispatcher, method: 'POST', ...options });
      return (await body.json()) as EchoedRequest;
    };
    expect(await echoed({ query: { page: 2, tag: ['a', 'b'] } })).toMatchObject({ method: 'POST', target: '/a?page=2&tag=a&tag=b' });
    expect(valuesOf(await echoed({ headers: { 'X-A': '1', 'x-list': ['1', '2'] } }), 'x-a', 'x-list')).toEqual(['1', '1', '2']);
    expect(valuesOf(await echoed({ headers: ['x-a', '1', 'x-a', '2'] }), 'x-a')).toEqual(['1', '2']);
    expect(valuesOf(await echoed({ headers: new Map([['x-a', '1']]) }), 'x-a')).toEqual(['1']);
    const bodies: [unknown, string][] = [
      ['text', 'text'],
      ['', ''],
      [Buffer.from('bytes'), 'bytes'],
      [new Uint16Array([0x6261]), 'ab'],
      [Readable.from(['a', 'stream']), 'astream'],
      [['an ', Buffer.from('iterable')], 'an iterable'],
      [new Blob(['a blob']), 'a blob'],
    ];
    for (const [body, text] of bodies) expect((await echoed({ body })).body).toBe(text);
    async function* later(): AsyncGenerator<string> {
      await Promise.resolve();
      yield 'later';
    }
    expect((await echoed({ body: later() })).body).toBe('later');
    const form = new undici.FormData();
    form.append('name', 'pen');
    const sent = await echoed({ body: form });
    expect(sent.body).toContain('name="name"\r\n\r\npen');
    expect(valuesOf(sent, 'content-type')[0]).toMatch(/^multipart\/form-data; boundary=/);
  });

  it('answers: fields, cookies, trailers, 1xx, what is read as JSON', async () => {
    await using server = await startServer('chunking', { chunks: ['{"a"', ':1}'], trailers: [['x-sum', '7']] });
    const answer = await undici.request(server.url('/'), { dispatcher });
    expect(await answer.body.json()).toEqual({ a: 1 });
    expect(answer.trailers).toEqual({ 'x-sum': '7' });
    await using cookies = await startServer((_, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.end();
    });
    const { headers } = await undici.request(cookies.url('/'), { dispatcher });
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2']);
    await using hints = await startServer('informational');
    const seen: number[] = [];
    await (await undici.request(hints.url('/'), { dispatcher, onInfo: ({ statusCode }) => seen.push(statusCode) })).body.dump();
    expect(seen).toContain(103);
  });

  it('streams into what is slow', async () => {
    await using server = await startServer('bytes', { size: 3 * 1024 * 1024 });
    let size = 0;
    const sink = new Writable({
      highWaterMark: 1024,
      write(chunk: Buffer, _, callback) {
        size += chunk.length;
        setImmediate(callback);
      },
    });
    await undici.stream(server.url('/'), { method: 'GET', dispatcher }, () => sink);
    expect(size).toBe(server.size);
  });

  it('upgrades, and connects', async () => {
    await using server = await startServer('upgrade', { protocol: 'echo' });
    const { socket, headers } = await undici.upgrade(server.url('/'), { dispatcher, protocol: 'echo' });
    expect(headers['upgrade']).toBe('echo');
    socket.write('hi');
    expect(String((await once(socket, 'data'))[0])).toBe('hi');
    socket.end();
    socket.resume();
    await once(socket, 'close');
    const tunnel = await undici.connect(server.url('/'), { dispatcher, path: 'example.com:443' } as never);
    expect(tunnel.statusCode).toBe(200);
    tunnel.socket.write('hi');
    expect(String((await once(tunnel.socket, 'data'))[0])).toBe('hi');
    tunnel.socket.destroy();
    await server.connections.until(({ open }) => open === 0);
  });

  it('aborts by a signal: before, while it waits, while it reads', async () => {
    await using server = await startServer('slow', { pieces: ['a', 'b'] });
    await expect(undici.request(server.url('/'), { dispatcher, signal: AbortSignal.abort() })).rejects.toThrow();
    const waiting = new AbortController();
    const waits = undici.request(server.url('/'), { dispatcher, signal: waiting.signal });
    await server.connections.until(({ requests }) => requests === 1);
    waiting.abort(new Error('no more'));
    await expect(waits).rejects.toThrow('no more');
    server.head.open();
    const reading = new AbortController();
    const { body } = await undici.request(server.url('/'), { dispatcher, signal: reading.signal });
    reading.abort();
    await expect(body.text()).rejects.toThrow();
    await server.connections.until(({ open }) => open === 0);
  });

  it('has its limits: until the head, and between two pieces of the body', async () => {
    await using server = await startServer('slow', { pieces: ['a', 'b'] });
    await expect(undici.request(server.url('/'), { dispatcher, headersTimeout: 20 })).rejects.toMatchObject({
      name: 'HeadersTimeoutError',
      code: 'UND_ERR_HEADERS_TIMEOUT',
    });
    server.head.open();
    server.pieces[0]?.open();
    const { body } = await undici.request(server.url('/'), { dispatcher, bodyTimeout: 20 });
    const error: unknown = await body.text().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'BodyTimeoutError', code: 'UND_ERR_BODY_TIMEOUT' });
    expect(error).toBeInstanceOf(undici.errors.BodyTimeoutError);
  });

  it('fails with errors of its own kind, ours as the cause', async () => {
    const failure = (url: string): Promise<unknown> => undici.request(url, { dispatcher }).catch((reason: unknown) => reason);
    const refused = await failure('http://127.0.0.1:1/');
    expect(refused).toMatchObject({
      code: 'ECONNREFUSED',
      syscall: 'connect',
      address: '127.0.0.1',
      port: 1,
      cause: { name: 'ConnectError' },
    });
    await using garbage = await startRawServer([receiveHead(), send('SSH-2.0-x\r\n'), close()]);
    expect(await failure(garbage.url('/'))).toMatchObject({ name: 'HTTPParserError', code: expect.stringMatching(/^HPE_/) });
    await using silent = await startRawServer([receiveHead(), close()]);
    const closed = await failure(silent.url('/'));
    expect(closed).toBeInstanceOf(undici.errors.SocketError);
    expect(closed).toMatchObject({ code: 'UND_ERR_SOCKET' });
    await using large = await startRawServer([receiveHead(), send(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`), close()]);
    expect(await failure(large.url('/'))).toBeInstanceOf(undici.errors.HeadersOverflowError);
    await using unknown = await startServer('plain', { tls: true });
    expect(await failure(unknown.url('/'))).toMatchObject({ code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO_VERIFY/) });
  });

  it('fetches', async () => {
    await using server = await startServer('echo');
    const answer = await undici.fetch(server.url('/b'), { dispatcher, method: 'POST', body: 'hi', headers: { 'x-a': '1' } });
    const echoed = (await answer.json()) as EchoedRequest;
    expect(echoed).toMatchObject({ method: 'POST', target: '/b', body: 'hi' });
    expect(valuesOf(echoed, 'content-length', 'x-a')).toEqual(['2', '1']);
  });
});

describe.each(undiciNames)('%s over a client with retries', (name: UndiciName) => {
  it('is retried with its body, and given the last answer', async () => {
    const { request } = await loadUndici(name);
    const bodies: string[] = [];
    await using server = await startServer((incoming, response) => {
      void (async () => {
        bodies.push(Buffer.concat(await incoming.toArray()).toString());
        response.statusCode = incoming.url === '/never' || bodies.length < 3 ? 503 : 200;
        response.end(`answer ${bodies.length}`);
      })();
    });
    await using retrying = new Client({
      retries: new Retries(2, { backoffFactor: 0, limits: [new RetryOnStatus({ methods: ['POST'] })] }),
    });
    const dispatcher = over(retrying);
    const answer = await request(server.url('/'), { dispatcher, method: 'POST', body: 'again' });
    expect([answer.statusCode, await answer.body.text()]).toEqual([200, 'answer 3']);
    expect(bodies).toEqual(['again', 'again', 'again']);
    const last = await request(server.url('/never'), { dispatcher, method: 'POST', body: 'x' });
    expect([last.statusCode, await last.body.text()]).toEqual([503, 'answer 6']);
  });
});

function valuesOf({ headers }: EchoedRequest, ...names: readonly string[]): string[] {
  return names.flatMap((name) => headers.filter(([candidate]) => candidate.toLowerCase() === name).map(([, value]) => value));
}
