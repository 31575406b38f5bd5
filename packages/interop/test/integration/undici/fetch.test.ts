/** Node's own fetch over a client, and what each of the two decides. */
import { gzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Client, CookieJar, DigestAuth, Retries, RetryOnStatus } from '@x/client';
import { ConnectionPool, mockDispatcher } from '@x/httpcore';
import { install, undiciDispatcher } from '@x/interop/undici';
import { close, receiveHead, refusedPort, send, startRawServer, startServer, type EchoedRequest } from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const client = new Client({ headers: { 'x-through': 'client' } });
const pool = new ConnectionPool();
afterAll(async () => {
  await client.destroy();
  await pool.destroy();
});

describe.each([
  ['a client', client],
  ['a dispatcher', pool],
] as const)('fetch over %s', (name, carrier) => {
  let off: () => void;
  beforeAll(() => {
    off = install(carrier);
    return () => off();
  });

  it('sends what it was given, with the fields of fetch', async () => {
    await using server = await startServer('echo');
    const bodies: [RequestInit, string][] = [
      [{ body: 'text' }, 'text'],
      [{ body: new URLSearchParams({ a: '1' }) }, 'a=1'],
      [{ body: new Blob(['blob']) }, 'blob'],
      [{ body: new Uint8Array([104, 105]) }, 'hi'],
      [{ body: new Blob(['a', 'b']).stream(), duplex: 'half' }, 'ab'],
    ];
    for (const [init, text] of bodies) {
      const echoed = (await (await fetch(server.url('/p?q=1'), { method: 'POST', ...init })).json()) as EchoedRequest;
      expect(echoed).toMatchObject({ method: 'POST', target: '/p?q=1', body: text });
      const fields = new Headers(echoed.headers.map(([field, value]): [string, string] => [field, value]));
      expect(fields.get('user-agent')).toBe('node');
      expect(fields.get('x-through')).toBe(name === 'a client' ? 'client' : null);
    }
    const form = new FormData();
    form.append('file', new File(['content'], 'a.txt'));
    const echoed = (await (await fetch(server.url('/'), { method: 'POST', body: form })).json()) as EchoedRequest;
    expect(echoed.body).toContain('filename="a.txt"');
  });

  it('reads: JSON, streams, what is large, clones, nothing', async () => {
    await using server = await startServer('site');
    const answer = await fetch(server.url('/echo'));
    const copy = answer.clone();
    expect(await answer.text()).toBe(await copy.text());
    expect((await fetch(server.url('/status/204'))).body).toBeNull();
    expect(await (await fetch(server.url('/echo'), { method: 'HEAD' })).text()).toBe('');
  });

  it('follows redirects by the rules of fetch', async () => {
    await using server = await startServer('redirect');
    const followed = await fetch(server.url('/redirect/2'));
    expect([followed.status, followed.redirected]).toEqual([200, true]);
    const manual = await fetch(server.url('/redirect/2'), { redirect: 'manual' });
    expect(manual.status).toBe(302);
    await expect(fetch(server.url('/redirect/2'), { redirect: 'error' })).rejects.toThrow(TypeError);
    const posted = await fetch(server.url('/redirect/1?status=307'), { method: 'POST', body: 'again' });
    expect(((await posted.json()) as EchoedRequest).body).toBe('again');
    await expect(fetch(server.url('/loop'))).rejects.toMatchObject({ cause: { message: 'redirect count exceeded' } });
  });

  it('decodes above the client, and shows what was sent', async () => {
    await using server = await startServer((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(gzipSync('unpacked'));
    });
    const answer = await fetch(server.url('/'));
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(await answer.text()).toBe('unpacked');
  });

  it('aborts with the reason of its signal, and lets go of the connection', async () => {
    await using server = await startServer('slow', { pieces: ['a', 'b'] });
    await expect(fetch(server.url('/'), { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ name: 'TimeoutError' });
    server.head.open();
    server.pieces[0]?.open();
    const controller = new AbortController();
    const answer = await fetch(server.url('/'), { signal: controller.signal });
    const reading = answer.text();
    controller.abort(new Error('no more'));
    await expect(reading).rejects.toThrow('no more');
    const left = await fetch(server.url('/'));
    await left.body?.cancel();
    await server.connections.until(({ open }) => open === 0);
  });

  it('lets go of a response that is dropped unread', async () => {
    await using server = await startServer('bytes', { size: 32 * 1024 * 1024 });
    const drop = async (): Promise<void> => {
      expect((await fetch(server.url('/'))).status).toBe(200);
    };
    await drop();
    expect(server.connections.open).toBe(1);
    await expect
      .poll(() => {
        collect();
        return server.connections.open;
      })
      .toBe(0);
  });

  it('sends each call with what is its own, however alike they are', async () => {
    await using server = await startServer('echo');
    const calls: [path: string, init: RequestInit & { headers: Record<string, string> }][] = [
      ['/a', { headers: { 'x-a': '1' } }],
      ['/a', { headers: { 'x-a': '1' } }],
      ['/a', { headers: { 'x-a': '2' } }],
      ['/b', { headers: { 'x-a': '2' } }],
      ['/b', { method: 'POST', headers: { 'x-a': '2' } }],
      ['/b', { method: 'DELETE', headers: { 'x-a': '2' } }],
      ['/b', { headers: { 'x-a': '2', 'x-b': '3' } }],
      ['/a', { headers: { 'x-a': '1' } }],
    ];
    for (const [path, init] of calls) {
      const { method, target, headers } = (await (await fetch(server.url(path), init)).json()) as EchoedRequest;
      const own = headers.filter(([field]) => /^x-[ab]$/i.test(field));
      expect([method, target, Object.fromEntries(own)]).toEqual([init.method ?? 'GET', path, init.headers]);
      expect(headers.some(([field]) => field.toLowerCase() === 'content-length')).toBe(method === 'POST');
    }
  });

  it('ends with who carries it', async () => {
    await using server = await startServer('slow', { pieces: ['a', 'b'] });
    await using own = carrier instanceof Client ? new Client() : new ConnectionPool();
    using _off = install(own);
    const waiting = fetch(server.url('/'));
    await server.connections.until(({ requests }) => requests === 1);
    server.head.open();
    server.pieces[0]?.open();
    const reading = (await waiting).text();
    const queued = fetch(server.url('/'));
    await server.connections.until(({ requests }) => requests === 2);
    const failures = Promise.all(
      [reading, queued].map((one) =>
        one.then(
          () => undefined,
          (error: unknown) => error,
        ),
      ),
    );
    await own.destroy();
    for (const failure of await failures) expect(failure).toBeInstanceOf(TypeError);
    await expect(fetch(server.url('/'))).rejects.toMatchObject({ cause: { code: 'UND_ERR_CLOSED' } });
  });

  it('holds back a server while nobody reads', async () => {
    await using server = await startServer('bytes', { size: 32 * 1024 * 1024 });
    const answer = await fetch(server.url('/'));
    const hash = createHash('sha256');
    for await (const chunk of answer.body!) hash.update(chunk as Uint8Array);
    expect(hash.digest('hex')).toBe(server.sha256);
  });

  it('fails as fetch does, with what undici would say and ours below it', async () => {
    await using server = await startRawServer([receiveHead(), send('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'), close()]);
    const answer = await fetch(server.url('/'));
    await expect(answer.text()).rejects.toMatchObject({
      message: 'terminated',
      cause: { code: 'UND_ERR_SOCKET', cause: { name: 'RemoteProtocolError' } },
    });
    await expect(fetch(`http://127.0.0.1:${refusedPort()}/`)).rejects.toMatchObject({
      message: 'fetch failed',
      cause: { code: 'ECONNREFUSED', cause: { name: 'ConnectError' } },
    });
  });

  it.skipIf(typeof WebSocket === 'undefined')('carries a WebSocket', async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const sent: string[] = [];
    server.on('upgrade', (request, socket) => {
      const accept = createHash('sha1')
        .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
      );
      socket.write(Buffer.from([0x81, 2, 0x68, 0x69]));
      socket.on('data', (chunk: Buffer) => {
        sent.push(String(chunk[0]));
        socket.end();
      });
      socket.on('error', () => {});
    });
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    const [event] = (await once(socket, 'message')) as [MessageEvent];
    expect(event.data).toBe('hi');
    socket.close();
    await once(socket, 'close');
    expect(sent.length).toBeGreaterThan(0);
    server.close();
  });
});

describe('what the client does to a call of an SDK', () => {
  it('authenticates, with the body sent again', async () => {
    await using server = await startServer('digest', { user: 'u', password: 'p' });
    await using own = new Client({ auth: new DigestAuth('u', 'p') });
    using _off = install(own);
    const answer = await fetch(server.url('/'), { method: 'POST', body: 'hi' });
    expect(answer.status).toBe(200);
  });

  it('keeps cookies, sees every hop of a redirect, and retries', async () => {
    let requests = 0;
    await using server = await startServer((request, response) => {
      requests += 1;
      if (request.url === '/login') response.writeHead(302, { location: '/account', 'set-cookie': 'session=1' }).end();
      else if (requests < 4) response.writeHead(503).end();
      else response.end(request.headers.cookie);
    });
    const seen: string[] = [];
    await using own = new Client({
      cookies: new CookieJar(),
      retries: new Retries(3, { backoffFactor: 0, limits: [new RetryOnStatus()] }),
      interceptors: [
        (request, _, next) => {
          seen.push(new URL(request.url).pathname);
          return next(request);
        },
      ],
    });
    using _off = install(own);
    expect(await (await fetch(server.url('/login'))).text()).toBe('session=1');
    expect(seen).toEqual(['/login', '/account']);
    expect(requests).toBe(4);
  });

  it('shows its interceptors, and dispatchers of others, a signal that is one, and ends with the fetch', async () => {
    await using server = await startServer('slow');
    const signals: unknown[] = [];
    const network = new ConnectionPool();
    await using _network = network;
    await using own = new Client({
      dispatcher: {
        dispatch(...request) {
          signals.push(request[5]?.signal);
          return network.dispatch(...request);
        },
        close: () => Promise.resolve(),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      },
      interceptors: [
        (request, context, next) => {
          signals.push(context.signal === undefined ? undefined : AbortSignal.any([context.signal]));
          return next(request);
        },
      ],
    });
    using _off = install(own);
    const controller = new AbortController();
    const waiting = fetch(server.url('/'), { signal: controller.signal });
    await server.connections.until(({ requests }) => requests === 1);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(signals.map((signal) => signal instanceof AbortSignal && signal.aborted)).toEqual([true, true]);
    await server.connections.until(({ open }) => open === 0);
  });

  it('is aborted while it waits for its turn, and makes room for the next', async () => {
    await using server = await startServer('slow', { pieces: ['a'] });
    await using own = new Client({ limits: { maxConcurrency: 1 } });
    using _off = install(own);
    const first = fetch(server.url('/'));
    const left = fetch(server.url('/'), { signal: AbortSignal.timeout(20) });
    await expect(left).rejects.toMatchObject({ name: 'TimeoutError' });
    const next = fetch(server.url('/'));
    server.release();
    expect(await (await first).text()).toBe('a');
    expect(await (await next).text()).toBe('a');
    expect(server.connections.requests).toBe(2);
  });

  it('goes to its mounts', async () => {
    await using own = new Client({
      mounts: { 'http://mocked.test': mockDispatcher(() => ['1.1', 200, 'OK', [], 'mocked']) },
    });
    using _off = install(own);
    expect(await (await fetch('http://mocked.test/')).text()).toBe('mocked');
  });
});

it('takes a dispatcher for one call', async () => {
  await using server = await startServer('echo');
  const dispatcher = undiciDispatcher(client);
  const answer = await fetch(server.url('/'), { dispatcher });
  expect(await answer.text()).toContain('x-through');
});
