/** Ways that are left midway, by us or by somebody on them, and what is left open then: nothing. */
import { getEventListeners, once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { connect, createServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

import {
  createGate,
  hang,
  receiveBytes,
  receiveHead,
  send as sendBytes,
  serverCertificate,
  startProxy,
  startRawServer,
  startServer,
  trustedAuthority,
  withEnoughTime,
  type HttpProxy,
  type RawPeer,
  type RawStep,
} from '@x/testbed';
import { describe, expect, it } from 'vitest';

import {
  ConnectionPool,
  Proxy,
  type HttpCoreError,
  type PoolOptions,
  type TraceEventName,
  type TraceObserver,
  type UrlParts,
} from '../../../src/index.ts';
import { openResources, resourcesBackTo, turnsUntil } from '../net/sockets.ts';
import { originName, proxyName } from './routes.ts';
import { answerOf, failure, send } from './world.ts';

const resolve = (): string => '127.0.0.1';
const secure: UrlParts = ['https', originName, 443, '/'];
const plain: UrlParts = ['http', originName, 80, '/'];

describe('a kept connection through a tunnel whose server is just closing', () => {
  type Relay = { readonly url: string; readonly ended: Promise<void>; stop(): void };

  async function listening(server: NetServer): Promise<number> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** Says when the first tunnel's end has left it for the client, who has not run since. */
  async function http1Relay(): Promise<Relay> {
    const left = createGate();
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true }, (client) => {
      sockets.add(client);
      client.on('error', () => {});
      client.once('finish', () => left.open());
      client.once('data', (head: Buffer) => {
        const upstream = connect(Number(/^CONNECT \S+:(\d+)/.exec(head.toString('latin1'))![1]), '127.0.0.1');
        sockets.add(upstream);
        upstream.on('error', () => {});
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(client);
        client.pipe(upstream);
      });
    });
    const port = await listening(server);
    return {
      url: `http://127.0.0.1:${port}`,
      ended: left.opened,
      stop() {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    };
  }

  async function http2Relay(): Promise<Relay> {
    const left = createGate();
    const open = new Set<{ destroy(): void }>();
    const server = createSecureServer(await serverCertificate({ names: [originName] }));
    server.on('session', (session) => void open.add(session));
    server.on('stream', (stream, headers) => {
      const upstream = connect(Number(headers[':authority']!.split(':')[1]), '127.0.0.1');
      open.add(upstream);
      upstream.on('error', () => {});
      stream.on('error', () => {});
      // The frame is written before what is set for the end of the turn.
      stream.once('finish', () => setImmediate(() => left.open()));
      stream.respond({ ':status': 200 });
      upstream.pipe(stream);
      stream.pipe(upstream);
    });
    const port = await listening(server);
    return {
      url: `https://127.0.0.1:${port}`,
      ended: left.opened,
      stop() {
        for (const each of open) each.destroy();
        server.close();
      },
    };
  }

  it.each([
    ['http', 'HTTP/1.1', http1Relay],
    ['https', 'HTTP/1.1', http1Relay],
    ['http', 'HTTP/2', http2Relay],
    ['https', 'HTTP/2', http2Relay],
  ] as const)('is not used for what can not be sent twice: to %s, in %s', async (scheme, _way, start) => {
    const asked: string[] = [];
    const sockets: Socket[] = [];
    const onSocket = (socket: Socket): void => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.on('data', (head: Buffer) => {
        asked.push(head.toString('latin1').split(' ')[0]!);
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    };
    const identity = await serverCertificate({ names: [originName] });
    const server = scheme === 'https' ? createTlsServer(identity, onSocket) : createServer(onSocket);
    const port = await listening(server);
    const relay = await start();
    await using pool = new ConnectionPool({
      proxy: new Proxy(relay.url, { tunnel: true, ...(relay.url.startsWith('https:') && { tls: { ca: identity.ca } }) }),
      tls: { ca: identity.ca },
    });
    const url: UrlParts = [scheme, originName, port, '/'];
    const textOf = async (method: string): Promise<string> => {
      const [, , , , body] = await pool.dispatch(method, url, [], null);
      return Buffer.from(await body.bytes()).toString();
    };
    expect(await textOf('GET')).toBe('ok');
    await new Promise((resolve) => setTimeout(resolve, 5));
    sockets[0]!.end();
    await relay.ended;
    expect(await textOf('POST')).toBe('ok');
    expect([asked, sockets.length]).toEqual([['GET', 'POST'], 2]);
    for (const socket of sockets) socket.destroy();
    relay.stop();
    server.close();
  });
});

describe('a tunnel that dies', () => {
  const proxies: [string, () => Promise<{ proxy: HttpProxy | Awaited<ReturnType<typeof startSocks>>; by: string | Proxy }>][] = [
    ['http', async () => startHttp(false)],
    ['https over HTTP/2', async () => startHttp(true)],
    [
      'socks5h',
      async () => {
        const proxy = await startSocks();
        return { proxy, by: proxy.url() };
      },
    ],
  ];
  async function startHttp(http2: boolean) {
    const proxy = await startProxy('http', { resolve, ...(http2 && { http2, tls: true }) });
    const { certificate: ca } = await trustedAuthority();
    return { proxy, by: new Proxy(proxy.url, { tunnel: true, ...(http2 && { tls: { ca } }) }) };
  }
  function startSocks() {
    return startProxy('socks', { resolve });
  }

  it.each(proxies)('before the head, by %s', async (_name, start) => {
    const { proxy, by } = await start();
    await using _ = proxy;
    await using origin = await startServer(() => proxy.dropTunnels(), {});
    const pool = new ConnectionPool({ proxy: by });
    const error = await failure<HttpCoreError>(send(pool, ['http', originName, origin.port, '/']));
    expect(error).toMatchObject({ name: 'ReadError', phase: 'response-head', requestSent: true });
    expect(origin.connections.requests).toBe(1);
    await pool.close();
  });

  it.each(proxies)('in the body, by %s', async (_name, start) => {
    const { proxy, by } = await start();
    await using _ = proxy;
    await using origin = await startServer(
      (_request, response) => void response.writeHead(200, { 'content-length': '10' }).write('half'),
      {},
    );
    const pool = new ConnectionPool({ proxy: by });
    const [, , , , body] = await send(pool, ['http', originName, origin.port, '/']);
    const reading = failure<HttpCoreError>(body.bytes());
    proxy.dropTunnels();
    expect(await reading).toMatchObject({ phase: 'response-body' });
    expect((await reading).name).toMatch(/RemoteProtocolError|ReadError/);
    await pool.close();
  });

  it.each(proxies)('while it is idle, by %s: what is idempotent is sent again', async (_name, start) => {
    const { proxy, by } = await start();
    await using _ = proxy;
    await using origin = await startServer('plain', {});
    const pool = new ConnectionPool({ proxy: by });
    const url: UrlParts = ['http', originName, origin.port, '/'];
    expect((await answerOf(pool, url))[0]).toBe(200);
    proxy.dropTunnels();
    // Not awaited: it may have been seen by now, or not.
    expect((await answerOf(pool, url))[0]).toBe(200);
    expect(proxy.tunnels.opened).toBe(2);
    await pool.close();
    await proxy.tunnels.until(({ open }) => open === 0);
  });
});

/** Where a way can be left, and how to get it to stand still there. */
interface Step {
  readonly name: string;
  readonly scheme: 'http' | 'https' | 'socks5h' | 'socks5';
  readonly steps: readonly RawStep[];
  readonly url: UrlParts;
  readonly phase: string;
  readonly tls?: boolean;
  readonly lookup?: boolean;
  /** It is waited for a little while, and no limit is needed to end it. */
  readonly endsByItself?: boolean;
}

const steps: readonly Step[] = [
  { name: 'the name of the proxy is looked up', scheme: 'http', steps: [], url: secure, phase: 'dns', lookup: true },
  { name: 'the name of the origin is looked up', scheme: 'socks5', steps: [], url: secure, phase: 'dns', lookup: true },
  { name: 'TLS with the proxy', scheme: 'https', steps: [hang()], url: secure, phase: 'proxy' },
  { name: 'TLS with a proxy that forwards', scheme: 'https', steps: [hang()], url: plain, phase: 'tls' },
  { name: 'CONNECT', scheme: 'http', steps: [receiveHead(), hang()], url: secure, phase: 'proxy' },
  { name: 'CONNECT over TLS', scheme: 'https', tls: true, steps: [receiveHead(), hang()], url: secure, phase: 'proxy' },
  {
    name: 'half an answer to CONNECT',
    scheme: 'http',
    steps: [receiveHead(), sendBytes('HTTP/1.1 200'), hang()],
    url: secure,
    phase: 'proxy',
  },
  {
    name: 'a refusal that does not end',
    scheme: 'http',
    steps: [receiveHead(), sendBytes('HTTP/1.1 502 No\r\n\r\nx'), hang()],
    url: secure,
    phase: 'proxy',
    endsByItself: true,
  },
  { name: 'the greeting of SOCKS', scheme: 'socks5h', steps: [hang()], url: secure, phase: 'proxy' },
  {
    name: 'the reply of SOCKS',
    scheme: 'socks5h',
    steps: [receiveBytes(3), sendBytes(Buffer.of(5, 0)), hang()],
    url: secure,
    phase: 'proxy',
  },
  {
    name: 'TLS with the origin, by CONNECT',
    scheme: 'http',
    steps: [receiveHead(), sendBytes('HTTP/1.1 200 OK\r\n\r\n'), hang()],
    url: secure,
    phase: 'tls',
  },
  {
    name: 'TLS with the origin, by SOCKS',
    scheme: 'socks5h',
    steps: [receiveBytes(3), sendBytes(Buffer.of(5, 0)), receiveBytes(18), sendBytes(Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0)), hang()],
    url: secure,
    phase: 'tls',
  },
];

describe.each(steps)('at $name', ({ scheme, steps: script, url, phase, tls, lookup, endsByItself = false }) => {
  /** A request that stands still at the step. */
  async function world(options: PoolOptions = {}) {
    const { certificate: ca } = await trustedAuthority();
    const reached = createGate();
    const server = await startRawServer(
      [
        async (peer: RawPeer) => {
          for (const step of script.slice(0, -1)) await step(peer);
          reached.open();
        },
        hang(),
      ],
      { tls: tls === true },
    );
    const host = lookup === true ? proxyName : '127.0.0.1';
    const silent = (() => reached.open()) as never;
    const proxy = new Proxy(`${scheme}://${host}:${server.port}`, scheme === 'https' ? { tls: { ca } } : {});
    return { server, reached, pool: new ConnectionPool({ proxy, ...(lookup === true && { lookup: silent }), ...options }) };
  }

  it('an abort leaves nothing', async () => {
    const before = openResources();
    {
      const { server, reached, pool } = await world({ maxConnections: 1 });
      await using _ = server;
      const controller = new AbortController();
      const { signal } = controller;
      const error = failure<HttpCoreError>(send(pool, url, { context: { signal } }));
      await reached.opened;
      controller.abort(new Error('enough'));
      expect(await error).toMatchObject({ name: 'Aborted', code: 'ABORTED', requestSent: false });
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      await turnsUntil(() => pool.stats().connecting === 0);
      expect(pool.stats()).toMatchObject({ active: 0, queued: 0, connecting: 0, connections: 0 });
      await pool.close();
    }
    await resourcesBackTo(before);
  });

  it.skipIf(endsByItself)('the limit and the deadline tell where', async () => {
    const before = openResources();
    await withEnoughTime(async (milliseconds) => {
      const { server, pool } = await world();
      await using _ = server;
      const limit = failure<HttpCoreError>(send(pool, url, { timeouts: [milliseconds, null, null, null] }));
      const deadline = failure<HttpCoreError>(send(pool, url, { context: { deadline: performance.now() + milliseconds } }));
      expect(await limit).toMatchObject({ name: 'ConnectTimeout', phase, requestSent: false });
      expect(await deadline).toMatchObject({ name: 'DeadlineExceeded', requestSent: false });
      await turnsUntil(() => pool.stats().connecting === 0);
      expect(pool.stats()).toMatchObject({ active: 0, queued: 0, connections: 0 });
      await pool.close();
    });
    await resourcesBackTo(before);
  });

  it('destroy() ends it', async () => {
    const before = openResources();
    {
      const { server, reached, pool } = await world();
      await using _ = server;
      const error = failure<HttpCoreError>(send(pool, url));
      await reached.opened;
      await pool.destroy();
      expect(await error).toMatchObject({ name: 'PoolClosed' });
      expect(pool.stats()).toMatchObject({ connecting: 0, connections: 0, queued: 0 });
    }
    await resourcesBackTo(before);
  });

  it.skipIf(endsByItself)('close() waits for it', async () => {
    const before = openResources();
    await withEnoughTime(async (milliseconds) => {
      const { server, reached, pool } = await world();
      await using _ = server;
      const error = failure<HttpCoreError>(send(pool, url, { timeouts: [milliseconds, null, null, null] }));
      await Promise.race([reached.opened, error]);
      const closed = pool.close();
      expect(await error).toMatchObject({ name: 'ConnectTimeout', phase });
      await closed;
    });
    await resourcesBackTo(before);
  });

  it('a server that goes away ends it with an error of the way', async () => {
    const { server, reached, pool } = await world();
    await using _ = server;
    if (lookup === true) {
      await pool.destroy();
      return;
    }
    const error = failure<HttpCoreError>(send(pool, url));
    await reached.opened;
    await server[Symbol.asyncDispose]();
    expect((await error).name).toMatch(/^(?:ProxyError|ConnectError)$/);
    expect(await error).toMatchObject({ requestSent: false });
    await pool.close();
  });
});

describe('an observer', () => {
  const names: TraceEventName[] = [
    'queued',
    'connect-start',
    'connect-end',
    'proxy-start',
    'tls-start',
    'tls-end',
    'proxy-end',
    'assigned',
    'head-sent',
  ];
  const ways = ['direct', 'http', 'https', 'https over HTTP/2', 'socks5h', 'http behind socks5h'] as const;

  async function world(way: (typeof ways)[number]) {
    const { certificate: ca } = await trustedAuthority();
    const http2 = way === 'https over HTTP/2';
    const origin = await startServer('plain', { tls: { certificate: await serverCertificate({ names: [originName] }) } });
    const http = await startProxy('http', { resolve, ...(way.startsWith('https') && { tls: true, http2 }) });
    const socks = await startProxy('socks', { resolve });
    const proxy =
      way === 'socks5h'
        ? new Proxy(socks.url())
        : new Proxy(http.url, { ...(way.startsWith('https') && { tls: { ca } }), ...(way.endsWith('socks5h') && { via: socks.url() }) });
    const pool = new ConnectionPool({ proxy: way === 'direct' ? null : proxy, tls: { ca } });
    const url: UrlParts = ['https', way === 'direct' ? '127.0.0.1' : originName, origin.port, '/'];
    return {
      pool,
      origin,
      url,
      async [Symbol.asyncDispose]() {
        await pool.close();
        // Nothing of ours is left, before the servers end what there is.
        await Promise.all([http, socks, origin].map(({ connections }) => connections.until(({ open }) => open === 0)));
        await Promise.all([http.stop(), socks.stop(), origin[Symbol.asyncDispose]()]);
      },
    };
  }

  it.each(ways)('that throws changes nothing, on the way by %s', async (way) => {
    await using it = await world(way);
    const trace: TraceObserver = () => {
      throw new Error('no');
    };
    expect((await answerOf(it.pool, it.url, { context: { trace } }))[0]).toBe(200);
  });

  it.each(ways)('that aborts at any event leaves nothing, on the way by %s', async (way) => {
    const before = openResources();
    {
      await using it = await world(way);
      for (const name of names) {
        // The second and third of a kind, too: a way may have several.
        for (let nth = 1; nth <= 3; nth += 1) {
          const controller = new AbortController();
          const { signal } = controller;
          let seen = 0;
          const trace: TraceObserver = (event) => {
            if (event === name && ++seen === nth) controller.abort();
          };
          const outcome = await answerOf(it.pool, it.url, { context: { signal, trace } }).then(
            ([status]) => status,
            (error: HttpCoreError) => error.name,
          );
          expect([name, nth, seen >= nth ? 'Aborted' : 200]).toEqual([name, nth, outcome]);
          expect(getEventListeners(signal, 'abort')).toEqual([]);
          await turnsUntil(() => it.pool.stats().connecting === 0);
          expect(it.pool.stats()).toMatchObject({ active: 0, queued: 0 });
          // The next one finds a cold pool again.
          for (const { connections } of it.pool.stats().origins) expect(connections).toBeLessThan(3);
        }
      }
    }
    await resourcesBackTo(before);
  });
});
