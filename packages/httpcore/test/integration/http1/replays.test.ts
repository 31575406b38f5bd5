/** What the pool sends again by itself, on another connection. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { ConnectionPool, type DispatchContext, type PoolOptions } from '@x/httpcore';
import { installedProgram, serverCertificate, startNginx, startProxy, startServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

it('sends an iterable again that begins anew each time, if it is told so', async () => {
  await using server = await startServer('closing', { after: 1, how: 'on-next-request' });
  await using pool = new ConnectionPool();
  let opened = 0;
  const body: AsyncIterable<Uint8Array> = {
    async *[Symbol.asyncIterator]() {
      opened += 1;
      yield Buffer.from('x');
      yield Buffer.from('y');
    },
  };
  const put = async (context: DispatchContext): Promise<number> => {
    const [, status, , , answer] = await pool.dispatch(
      'PUT',
      ['http', '127.0.0.1', server.port, '/'],
      [['content-length', '2']],
      body,
      undefined,
      context,
    );
    await answer.bytes();
    return status;
  };
  expect([await put({}), await put({ replayableBody: true })]).toEqual([200, 200]);
  expect(opened).toBe(3);
  await expect(put({ replayableBody: false })).rejects.toMatchObject({ name: 'ReadError', connectionReused: true });
  await expect(put({ replayableBody: 1 as never })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});

describe('pipelining', () => {
  /** Every sixteenth is a POST. Gives how many of the answers were to another request. */
  async function ask(origin: string, count: number, concurrency: number, options: PoolOptions): Promise<{ wrong: number; opened: number }> {
    await using pool = new ConnectionPool({ pipelining: 8, maxConnectionsPerOrigin: 4, ...options });
    const { protocol, hostname, port } = new URL(origin);
    let next = 0;
    let wrong = 0;
    const caller = async (): Promise<void> => {
      while (next < count) {
        const path = `/${(next += 1)}`;
        const isPost = next % 16 === 0;
        const body = isPost ? [Buffer.from('x')] : null;
        const [, status, , , answer] = await pool.dispatch(
          isPost ? 'POST' : 'GET',
          [protocol.slice(0, -1), hostname, Number(port), path],
          [],
          body,
        );
        const text = Buffer.from(await answer.bytes()).toString();
        if (status !== 200 || text !== path) wrong += 1;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, caller));
    return { wrong, opened: pool.stats().opened };
  }

  describe.skipIf(installedProgram('nginx') === undefined)('to nginx', () => {
    it.each([
      ['that closes after 3', 3, false],
      ['that closes after 100, over TLS', 100, true],
    ])('%s: each answer is to its request, and each was asked for once', async (_, requests, tls) => {
      await using nginx = await startNginx({
        tls,
        server: `keepalive_requests ${requests}; location / { return 200 $request_uri; }`,
        accessLog: '$connection $request_uri',
      });
      const { wrong, opened } = await ask(nginx.origin, 800, 32, nginx.ca === undefined ? {} : { tls: { ca: nginx.ca } });
      expect(wrong).toBe(0);
      expect(opened).toBeGreaterThanOrEqual(800 / requests);
      // What is written behind the last that it answers, nginx does not look at.
      const asked = (await nginx.stop()).map((line) => line.split(' ')[1]);
      expect(asked).toHaveLength(800);
      expect(new Set(asked).size).toBe(800);
    });
  });

  async function nodeServer(tls: boolean): Promise<Server & AsyncDisposable & { readonly port: number; ports: number[] }> {
    const ports: number[] = [];
    const answer: Parameters<typeof createServer>[1] = (request, response) => {
      ports.push(request.socket.remotePort!);
      // Its requests run at once, and are answered in order.
      if (Number(request.url!.slice(1)) % 3 === 0) setImmediate(() => response.end(request.url));
      else response.end(request.url);
    };
    const server = tls ? createTlsServer(await serverCertificate(), answer) : createServer(answer);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return Object.assign(server as Server, { port, ports, [Symbol.asyncDispose]: async () => void server.close() });
  }

  it.each([
    ['directly', false, false],
    ['through a tunnel, to TLS', true, true],
    ['one by one through a proxy that forwards', false, true],
  ])('to node:http, %s', async (_, tls, isProxied) => {
    await using server = await nodeServer(tls);
    await using proxy = await startProxy('http');
    server.maxRequestsPerSocket = 50;
    const { ca } = await serverCertificate();
    const options = { ...(isProxied ? { proxy: proxy.url } : {}), tls: { ca } };
    expect(await ask(`http${tls ? 's' : ''}://127.0.0.1:${server.port}`, 200, 16, options)).toMatchObject({ wrong: 0 });
    if (isProxied) expect(proxy.requests[0]!.kind).toBe(tls ? 'connect' : 'forward');
  });
});
