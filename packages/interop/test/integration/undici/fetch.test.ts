/** Node's own fetch over a client, and what each of the two decides. */
import { gzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, CookieJar, DigestAuth, Retries, RetryOnStatus } from '@x/client';
import { ConnectionPool, mockDispatcher } from '@x/httpcore';
import { install, undiciDispatcher } from '@x/interop/undici';
import { close, receiveHead, send, startRawServer, startServer, type EchoedRequest } from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

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
    await using gone = await startServer('plain');
    const url = gone.url('/');
    await gone.close();
    await expect(fetch(url)).rejects.toMatchObject({
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
