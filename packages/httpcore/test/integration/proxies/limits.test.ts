/** Many origins through one proxy, many proxies in one pool: who shares what, and how many connections that takes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { serverCertificate, startProxy, startServer, trustedAuthority, type LocalProxy, type LocalServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, Proxy, type DuplexBody, type PoolOptions, type UrlParts } from '../../../src/index.ts';
import { openResources, resourcesBackTo } from '../net/sockets.ts';
import { originName } from './routes.ts';
import { answerOf, failure, send } from './world.ts';

const resolve = (): string => '127.0.0.1';

async function closeAll(servers: readonly AsyncDisposable[]): Promise<void> {
  await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
}

async function certified(): Promise<{ certificate: Awaited<ReturnType<typeof serverCertificate>> }> {
  return { certificate: await serverCertificate({ names: [originName, 'other.test'] }) };
}

describe('a thousand requests to fifty origins', () => {
  it.each([
    ['forwarded', 'http', {}, 8],
    ['by CONNECT', 'http', { tunnel: true }, 20],
    ['by CONNECT, over TLS', 'https', {}, 20],
  ] as const)('%s, open no more connections than the limits say', async (_name, scheme, options, most) => {
    const before = openResources();
    const { certificate: ca } = await trustedAuthority();
    const tls = scheme === 'https' && (await certified());
    const origins = await Promise.all(Array.from({ length: 50 }, () => startServer('plain', { tls })));
    const proxy = await startProxy('http', { resolve, keepAlive: true });
    const pool = new ConnectionPool({
      proxy: new Proxy(proxy.url, options),
      maxConnections: 20,
      maxConnectionsPerOrigin: 8,
      tls: { ca },
      timeouts: [null, null, null, null],
    });
    const answers = Array.from({ length: 1000 }, async (_, index) => {
      const [, status, , , body] = await send(pool, [scheme, originName, origins[index % 50]!.port, '/']);
      await body.bytes();
      const { connections, connecting } = pool.stats();
      return [status, connections + connecting <= 20];
    });
    expect(new Set((await Promise.all(answers)).map(String))).toEqual(new Set(['200,true']));
    // A connection that has been given up may still be seen by the proxy while its successor comes.
    expect(pool.stats().connections).toBeLessThanOrEqual(most);
    if (scheme === 'http' && !('tunnel' in options)) expect(proxy.connections.peak).toBeLessThanOrEqual(most);
    expect(origins.reduce((sum, { connections }) => sum + connections.requests, 0)).toBe(1000);
    await pool.close();
    await proxy.connections.until(({ open }) => open === 0);
    await closeAll([proxy, ...origins]);
    await resourcesBackTo(before);
  });
});

describe('one pool', () => {
  it('shares nothing among routes, and everything within one', async () => {
    await using origin = await startServer('plain', {});
    await using secure = await startServer('plain', { tls: await certified() });
    const proxies = await Promise.all([startProxy('http', { resolve }), startProxy('http', { resolve }), startProxy('socks', { resolve })]);
    const { certificate: ca } = await trustedAuthority();
    await using pool = new ConnectionPool({
      proxy: `http://ada:pw@127.0.0.1:${proxies[0].port}`,
      tls: { ca },
      lookup: ((_host: string, _options: unknown, done: (error: null, found: unknown) => void) =>
        setImmediate(done, null, [{ address: '127.0.0.1', family: 4 }])) as never,
    });
    const first = `127.0.0.1:${proxies[0].port}`;
    const ways: (Proxy | null | undefined)[] = [
      undefined,
      null,
      new Proxy(`http://ada:pw@${first}`),
      new Proxy(`http://eve:pw@${first}`),
      new Proxy(`http://${first}`),
      new Proxy(proxies[1].url),
      new Proxy(proxies[2].url()),
      new Proxy(proxies[1].url, { via: proxies[2].url() }),
    ];
    for (let round = 0; round < 2; round += 1) {
      for (const proxy of ways) {
        for (const url of [
          ['http', originName, origin.port, '/'],
          ['https', originName, secure.port, '/'],
        ] as const satisfies UrlParts[]) {
          expect((await answerOf(pool, url, { context: { proxy } }))[0]).toBe(200);
        }
      }
    }
    // The third is the first, written anew.
    expect(pool.stats().opened).toBe(2 * (ways.length - 1));
    const seen = pool.stats().origins.map((each) => `${each.origin} ${each.proxy}`);
    expect(seen.toSorted()).toEqual(
      [
        ...[1, 2, 3].map(() => `http://${first} http://${first}`),
        ...[1, 2, 3].map(() => `https://${originName}:${secure.port} http://${first}`),
        `http://${originName}:${origin.port} undefined`,
        `https://${originName}:${secure.port} undefined`,
        ...[1, 2].map(() => `${proxies[1].url} ${proxies[1].url}`),
        ...[1, 2].map(() => `https://${originName}:${secure.port} ${proxies[1].url}`),
        `http://${originName}:${origin.port} ${proxies[2].url()}`,
        `https://${originName}:${secure.port} ${proxies[2].url()}`,
      ].toSorted(),
    );
    await pool.close();
    await closeAll(proxies);
  });

  it('never lends a connection from one route to another', async () => {
    const { certificate: ca } = await trustedAuthority();
    const lookup = ((_host: string, _options: unknown, done: (error: null, found: unknown) => void) =>
      setImmediate(done, null, [{ address: '127.0.0.1', family: 4 }])) as never;
    await using origin = await startServer('plain', { http2: true, tls: await certified() });
    await using proxy = await startProxy('http', { resolve });
    await using socks = await startProxy('socks', { resolve });
    await using pool = new ConnectionPool({ tls: { ca }, lookup, coalesce: true });
    for (const by of [null, new Proxy(proxy.url), new Proxy(socks.url('socks5'))]) {
      for (const host of [originName, 'other.test'])
        expect((await answerOf(pool, ['https', host, origin.port, '/'], { context: { proxy: by } }))[0]).toBe(200);
    }
    // Directly one serves the other; at the end of a tunnel, nobody knows where it is.
    expect(origin.connections.accepted).toBe(5);
    expect([proxy.tunnels.opened, socks.tunnels.opened]).toEqual([2, 2]);
    await pool.close();
  });

  it('does not take an origin’s connection for one to a proxy with the same address and port', async () => {
    const { certificate: ca } = await trustedAuthority();
    const lookup = ((_host: string, _options: unknown, done: (error: null, found: unknown) => void) =>
      setImmediate(done, null, [{ address: '127.0.0.1', family: 4 }])) as never;
    await using both = await startProxy('http', { resolve, http2: true, tls: await certified() });
    await using pool = new ConnectionPool({ tls: { ca }, lookup, coalesce: true });
    await answerOf(pool, ['https', originName, both.port, '/']);
    const by = new Proxy(`https://other.test:${both.port}`, { tls: { ca }, auth: ['ada', 's3cr3t'] });
    await using origin = await startServer('plain', {});
    expect((await answerOf(pool, ['http', originName, origin.port, '/'], { context: { proxy: by } }))[0]).toBe(200);
    expect(both.connections.accepted).toBe(2);
    await pool.close();
  });

  it('makes a connection beforehand, as a request would', async () => {
    await using origin = await startServer('plain', {});
    await using secure = await startServer('plain', { tls: true });
    const { certificate: ca } = await trustedAuthority();
    await using proxy = await startProxy('http', {});
    await using pool = new ConnectionPool({ proxy: proxy.url, tls: { ca } });
    await pool.preconnect(`http://127.0.0.1:${origin.port}`);
    await pool.preconnect(`https://127.0.0.1:${secure.port}`);
    expect(pool.stats()).toMatchObject({ connections: 2, idle: 2, requests: 0 });
    await secure.connections.until(({ handshakes }) => handshakes === 1);
    expect([proxy.connections.accepted, proxy.tunnels.opened]).toEqual([2, 1]);
    for (const [scheme, { port }] of [
      ['http', origin],
      ['https', secure],
    ] as const)
      await answerOf(pool, [scheme, '127.0.0.1', port, '/']);
    expect(pool.stats().opened).toBe(2);
    await pool.close();
    await using refusing = await startProxy('http', { refuse: { status: 403 } });
    await using refused = new ConnectionPool({ proxy: refusing.url });
    expect(await failure(refused.preconnect('https://127.0.0.1:1'))).toMatchObject({ name: 'ProxyError', status: 403 });
  });

  it('says which options do not go together', () => {
    expect(() => new ConnectionPool({ proxy: 'http://a', socketPath: '/s' })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
    expect(() => new ConnectionPool({ proxy: 'ftp://a' })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });
});

describe('a proxy on a unix socket', () => {
  it.each(['http', 'socks'] as const)('%s, alone and behind it another', async (kind) => {
    const folder = await mkdtemp(join(tmpdir(), 'proxy-'));
    try {
      const socketPath = join(folder, 's');
      await using origin = await startServer('plain', {});
      await using secure = await startServer('plain', { tls: await certified() });
      await using near = await (kind === 'http'
        ? startProxy('http', { socketPath, resolve })
        : startProxy('socks', { socketPath, resolve }));
      await using far = await startProxy('socks', { resolve });
      const { certificate: ca } = await trustedAuthority();
      const by = new Proxy(kind === 'http' ? 'http://nowhere.test' : 'socks5h://nowhere.test', { socketPath });
      for (const proxy of [by, new Proxy(far.url(), { via: by })]) {
        const pool = new ConnectionPool({ proxy, tls: { ca } });
        expect((await answerOf(pool, ['http', originName, origin.port, '/']))[0]).toBe(200);
        expect((await answerOf(pool, ['https', originName, secure.port, '/']))[0]).toBe(200);
        await pool.close();
      }
      expect(near.requests.map(({ target }) => target)).toEqual([
        `${originName}:${origin.port}`,
        `${originName}:${secure.port}`,
        `127.0.0.1:${far.port}`,
        `127.0.0.1:${far.port}`,
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

it('three proxies in a row are gone through in their order', async () => {
  const { certificate: ca } = await trustedAuthority();
  await using origin = await startServer('plain', { tls: await certified() });
  await using plain = await startServer('plain', {});
  await using one = await startProxy('socks', { resolve });
  await using two = await startProxy('http', { resolve, tls: true, http2: true });
  await using three = await startProxy('http', { resolve });
  const by = new Proxy(three.url, { via: new Proxy(two.url, { via: one.url(), tls: { ca } }) });
  await using pool = new ConnectionPool({ proxy: by, tls: { ca } });
  const steps: string[] = [];
  const trace = (name: string, _at: number, detail: unknown): void =>
    void (name.startsWith('proxy') && steps.push(`${name} ${(detail as { proxy: string }).proxy}`));
  expect((await answerOf(pool, ['https', originName, origin.port, '/'], { context: { trace } }))[0]).toBe(200);
  expect((await answerOf(pool, ['http', originName, plain.port, '/']))[0]).toBe(200);
  expect(one.requests.map(({ target }) => target)).toEqual([`127.0.0.1:${two.port}`]);
  expect(two.requests.map(({ target }) => target)).toEqual([`127.0.0.1:${three.port}`, `127.0.0.1:${three.port}`]);
  expect(three.requests.map(({ kind, target }) => [kind, target])).toEqual([
    ['connect', `${originName}:${origin.port}`],
    ['forward', `${originName}:${plain.port}`],
  ]);
  expect(steps).toEqual([
    `proxy-start ${one.url()}`,
    `proxy-end ${one.url()}`,
    `proxy-start ${two.url}`,
    `proxy-end ${two.url}`,
    `proxy-start ${three.url}`,
    `proxy-end ${three.url}`,
  ]);
  await pool.close();
});

describe('what a proxy can’t forward', () => {
  async function upgraded(
    proxy: string | Proxy,
    origin: LocalServer,
    method: string,
    target: string,
    headers: readonly (readonly [string, string])[],
  ): Promise<[number, string]> {
    const pool = new ConnectionPool({ proxy });
    const [, status, , , body] = await send(pool, ['http', originName, origin.port, target], { method, headers });
    const duplex = body as DuplexBody;
    await duplex.write(Buffer.from('hello'));
    let text = '';
    for await (const chunk of duplex) {
      text += Buffer.from(chunk).toString();
      if (text.endsWith('hello')) break;
    }
    await pool.destroy();
    return [status, text];
  }

  it.each(['http', 'socks'] as const)('goes through a tunnel, by %s', async (kind) => {
    await using origin = await startServer('upgrade', { protocol: 'echo' });
    await using proxy = await (kind === 'http' ? startProxy('http', { resolve }) : startProxy('socks', { resolve }));
    const by = typeof proxy.url === 'string' ? proxy.url : proxy.url();
    const upgrade = [
      ['connection', 'upgrade'],
      ['upgrade', 'echo'],
    ] as const;
    expect(await upgraded(by, origin, 'GET', '/', upgrade)).toEqual([101, expect.stringContaining('hello')]);
    expect(await upgraded(by, origin, 'CONNECT', 'inner.test:1', [])).toEqual([200, expect.stringContaining('hello')]);
    expect(proxy.requests.map(({ target }) => target)).toEqual([`${originName}:${origin.port}`, `${originName}:${origin.port}`]);
    if (kind === 'http') expect(proxy.requests.map((request) => request.kind)).toEqual(['connect', 'connect']);
  });

  it.each(['http', 'socks'] as const)('HTTP/2 by prior knowledge is spoken to the origin itself, by %s', async (kind) => {
    await using origin = await startServer('plain', { http2: true });
    await using proxy = await (kind === 'http' ? startProxy('http', { resolve }) : startProxy('socks', { resolve }));
    const options: PoolOptions = { proxy: typeof proxy.url === 'string' ? proxy.url : proxy.url(), http1: false };
    await using pool = new ConnectionPool(options);
    const versions = await Promise.all(
      Array.from({ length: 5 }, () =>
        send(pool, ['http', originName, origin.port, '/']).then(async ([version, , , , body]) => [
          version,
          (await body.bytes()).length > 0,
        ]),
      ),
    );
    expect(versions).toEqual(Array.from({ length: 5 }, () => ['2', true]));
    expect([proxy.tunnels.opened, origin.connections.accepted]).toEqual([1, 1]);
    await pool.close();
  });
});

it('OPTIONS for a whole server is forwarded as that', async () => {
  await using origin = await startServer('echo', {});
  await using proxy = await startProxy('http', { resolve });
  await using pool = new ConnectionPool({ proxy: proxy.url });
  const [status, text] = await answerOf(pool, ['http', originName, origin.port, '*'], { method: 'OPTIONS' });
  expect([status, (JSON.parse(text) as { target: string }).target]).toEqual([200, '*']);
  await pool.close();
});

it('what was refused, and what has gone, leaves no origin behind', async () => {
  await using proxy = await startProxy('http', { refuse: { status: 403 } });
  await using pool = new ConnectionPool({ proxy: proxy.url });
  await Promise.all(Array.from({ length: 20 }, (_, index) => failure(send(pool, ['https', `h${index}.test`, 1, '/']))));
  await failure(send(pool, ['https', 'a.test', 1, '/'], { headers: [['proxy-authorization', 'x']] }));
  await failure(send(pool, ['https', 'b.test', 1, '/'], { context: { signal: AbortSignal.abort() } }));
  expect(pool.stats()).toMatchObject({ origins: [], connections: 0, connecting: 0 });
  await pool.close();
});

interface Through {
  readonly server: LocalProxy;
  readonly proxy: Proxy;
}

describe.each<[string, (ca: string) => Promise<Through>]>([
  [
    'CONNECT',
    async () => {
      const server = await startProxy('http', { resolve });
      return { server, proxy: new Proxy(server.url, { tunnel: true }) };
    },
  ],
  [
    'CONNECT over HTTP/2',
    async (ca) => {
      const server = await startProxy('http', { resolve, tls: await certified(), http2: true });
      return { server, proxy: new Proxy(server.url, { tls: { ca, servername: originName } }) };
    },
  ],
  [
    'SOCKS',
    async () => {
      const server = await startProxy('socks', { resolve });
      return { server, proxy: new Proxy(`socks5h://127.0.0.1:${server.port}`) };
    },
  ],
])('how long connections live, through %s:', (name, start) => {
  /** Eight requests, one after the other; on which connections they were. */
  async function livesOf(
    options: PoolOptions,
    pause: () => Promise<unknown> = async () => {},
  ): Promise<{ lives: number[]; open: number; toProxy: number }> {
    const { certificate: ca } = await trustedAuthority();
    await using origin = await startServer('plain', { tls: await certified() });
    const { server, proxy } = await start(ca);
    await using _server = server;
    await using pool = new ConnectionPool({ proxy, tls: { ca }, ...options });
    for (let count = 0; count < 8; count += 1) {
      expect((await answerOf(pool, ['https', originName, origin.port, '/']))[0]).toBe(200);
      await pause();
    }
    return {
      lives: [...origin.connections.requestsPerConnection],
      open: pool.stats().connections,
      toProxy: server.connections.requestsPerConnection.length,
    };
  }

  it('they are kept, without a word about it', async () => {
    expect(await livesOf({})).toEqual({ lives: [8], open: 1, toProxy: 1 });
  });

  it('maxRequestsPerConnection', async () => {
    const { lives, toProxy } = await livesOf({ maxRequestsPerConnection: 3 });
    expect(lives).toEqual([3, 3, 2]);
    // A tunnel is one request to the proxy, and three of them fit on a connection over HTTP/2.
    expect(toProxy).toBe(name === 'CONNECT over HTTP/2' ? 1 : 3);
  });

  it('maxConnectionAge', async () => {
    const later = async (): Promise<void> => {
      const from = performance.now();
      while (performance.now() < from + 2) await new Promise((resolveTurn) => setTimeout(resolveTurn, 1));
    };
    expect((await livesOf({ maxConnectionAge: 1 }, later)).lives).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('maxIdleConnections', async () => {
    const { certificate: ca } = await trustedAuthority();
    const origins = await Promise.all(Array.from({ length: 3 }, async () => startServer('plain', { tls: await certified() })));
    const { server, proxy } = await start(ca);
    await using pool = new ConnectionPool({ proxy, tls: { ca }, maxIdleConnections: 1 });
    let closed = 0;
    const closedTwice = new Promise<void>((twice) => void pool.observe((event) => event === 'closed' && (closed += 1) === 2 && twice()));
    await Promise.all(origins.map(({ port }) => answerOf(pool, ['https', originName, port, '/'])));
    await closedTwice;
    expect(pool.stats()).toMatchObject({ connections: 1, idle: 1 });
    await closeAll([server, ...origins]);
  });
});
