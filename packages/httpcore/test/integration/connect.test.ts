/** Connections without HTTP on them, by the ways of a pool. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { ConnectionPool, Proxy } from '@x/httpcore';
import { startProxy, startServer } from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let echo: Server;
let origin: string;
const accepted = new Set<Socket>();
beforeAll(async () => {
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.add(socket);
    socket.on('close', () => accepted.delete(socket));
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await once(echo.listen(0, '127.0.0.1'), 'listening');
  origin = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;
});
afterAll(() => {
  for (const socket of accepted) socket.destroy();
  echo.close();
});

describe('ConnectionPool.connect', () => {
  it('gives a stream of both directions, and knows its ends', async () => {
    await using pool = new ConnectionPool();
    const socket = await pool.connect(origin);
    expect(socket).toMatchObject({
      encrypted: false,
      authorized: false,
      authorizationError: null,
      alpnProtocol: false,
      remoteAddress: '127.0.0.1',
      connecting: false,
    });
    socket.end('hello');
    expect(Buffer.concat((await socket.toArray()) as Buffer[]).toString()).toBe('hello');
    if (!socket.closed) await once(socket, 'close');
  });

  it('carries a lot, at the pace of who reads', async () => {
    await using pool = new ConnectionPool();
    const socket = await pool.connect(origin);
    const size = 4 * 1024 * 1024;
    const sent = Buffer.alloc(size, 'abcdefg');
    socket.end(sent);
    const received: Buffer[] = [];
    for await (const chunk of socket) {
      received.push(chunk as Buffer);
      if (received.length % 8 === 0) await new Promise((resolve) => void setImmediate(resolve));
    }
    expect(Buffer.concat(received).equals(sent)).toBe(true);
  });

  it('has TLS with the options of the pool', async () => {
    await using server = await startServer('plain', { tls: true, body: 'hi' });
    await using pool = new ConnectionPool({ tls: { ca: server.ca } });
    const socket = await pool.connect(server.origin);
    expect(socket).toMatchObject({ encrypted: true, authorized: true, alpnProtocol: 'http/1.1' });
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(Buffer.concat((await socket.toArray()) as Buffer[]).toString()).toMatch(/^HTTP\/1\.1 200 [^]*hi/);
    await using other = new ConnectionPool();
    await expect(other.connect(server.origin)).rejects.toMatchObject({ name: 'ConnectError', phase: 'tls' });
    await using careless = new ConnectionPool({ tls: { rejectUnauthorized: false } });
    const mistrusted = await careless.connect(server.origin);
    expect(mistrusted).toMatchObject({ encrypted: true, authorized: false, readyState: 'open', remoteFamily: 'IPv4' });
    expect(String(mistrusted.authorizationError)).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY/);
    expect(mistrusted.getPeerCertificate()).toMatchObject({ subject: expect.any(Object) as object });
    mistrusted.destroy();
  });

  it.each([
    ['http', () => startProxy('http')],
    ['socks5', () => startProxy('socks')],
  ] as const)('goes through a proxy: %s', async (scheme, start) => {
    await using proxy = await start();
    const url = `${scheme}://127.0.0.1:${proxy.port}`;
    await using pool = new ConnectionPool({ proxy: url });
    const socket = await pool.connect(origin);
    socket.write('through');
    expect(String((await once(socket, 'data'))[0])).toBe('through');
    expect(proxy.requests).toHaveLength(1);
    const direct = await pool.connect(origin, { proxy: null });
    expect(proxy.requests).toHaveLength(1);
    const again = await pool.connect(origin, { proxy: new Proxy(url) });
    expect(proxy.requests).toHaveLength(2);
    for (const each of [socket, direct, again]) each.destroy();
  });

  it('is aborted, and refused', async () => {
    await using pool = new ConnectionPool();
    await expect(pool.connect(origin, { signal: AbortSignal.abort(new Error('no')) })).rejects.toMatchObject({ name: 'Aborted' });
    await expect(pool.connect('http://127.0.0.1:1')).rejects.toMatchObject({ name: 'ConnectError', code: 'CONNECT_FAILED' });
    await expect(pool.connect('nonsense')).rejects.toMatchObject({ code: 'INVALID_TARGET' });
    await pool.close();
    await expect(pool.connect(origin)).rejects.toMatchObject({ name: 'PoolClosed' });
  });

  it('is the caller’s: the pool is closed without it', async () => {
    const pool = new ConnectionPool();
    const socket = await pool.connect(origin);
    await pool.destroy();
    socket.write('still');
    expect(String((await once(socket, 'data'))[0])).toBe('still');
    socket.destroy();
  });

  it('says when it was silent for too long, and when it was dropped', async () => {
    await using pool = new ConnectionPool();
    const dropping = createServer((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
      socket.on('error', () => {});
    });
    await once(dropping.listen(0, '127.0.0.1'), 'listening');
    const socket = await pool.connect(`http://127.0.0.1:${(dropping.address() as AddressInfo).port}`);
    await new Promise<void>((resolve) => socket.setTimeout(5, resolve));
    socket.write('x');
    const [error] = (await once(socket, 'error').catch((reason: unknown) => [reason])) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
    dropping.close();
  });
});
