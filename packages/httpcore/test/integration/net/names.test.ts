/** Where names lead: given, known, failing, moved. Real sockets on the loopback, at 127.0.0.1, 127.0.0.2 and so on. */
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { LookupFunction, Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

import { refusedPort, serverCertificate, startProxy, startServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, Proxy, type PoolOptions, type TraceObserver } from '../../../src/index.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { connectTo, dialerWith, dialTo, listen } from './sockets.ts';

/** Says where it was asked. */
function whereabouts(): Server {
  return createServer((request, response) => response.end(`${request.socket.localAddress} ${request.headers.host}`));
}

/** Two places of one service, at the same port. */
async function listenAtBoth(
  first: () => Server,
  second: () => Server,
): Promise<AsyncDisposable & { readonly port: number; leave(): Promise<void> }> {
  for (;;) {
    const one = await listen(first());
    const other = await listen(second(), { host: '127.0.0.2', port: one.port }).catch(() => undefined);
    const leave = (): Promise<void> => one[Symbol.asyncDispose]() as Promise<void>;
    if (other !== undefined) {
      return {
        port: one.port,
        leave,
        async [Symbol.asyncDispose]() {
          await leave();
          await other[Symbol.asyncDispose]();
        },
      };
    }
    await leave();
  }
}

async function read(pool: ConnectionPool, url: string, trace?: TraceObserver): Promise<string> {
  const { protocol, hostname, port, pathname } = new URL(url);
  const parts = [protocol.slice(0, -1), hostname, Number(port), pathname] as const;
  const [, , , , body] = await pool.dispatch('GET', parts, [], null, undefined, { trace });
  return new TextDecoder().decode(await body.bytes());
}

/** A look-up of which the test says what it finds. */
function changingLookup(addresses: string[]): { lookup: LookupFunction; addresses: string[]; asked: number } {
  const state = {
    addresses,
    asked: 0,
    lookup: ((_host: string, _options: unknown, done: (error: null, all: readonly string[]) => void) => {
      state.asked += 1;
      setImmediate(done, null, state.addresses);
    }) as unknown as LookupFunction,
  };
  return state;
}

function steps(): { trace: TraceObserver; log: string[] } {
  const log: string[] = [];
  const trace: TraceObserver = (name, _at, detail) => {
    const { source, addresses, address } = (detail ?? {}) as { source?: string; addresses?: string[]; address?: string };
    if (name === 'dns-end') log.push(`${addresses!.join(' ')} (${source})`);
    if (name.startsWith('connect-')) log.push(`${name} ${address}`);
  };
  return { trace, log };
}

describe('names that are given', () => {
  it.each([
    ['an address', (port: number) => ({ 'example.test': '127.0.0.1', '*': '192.0.2.1', x: String(port) })],
    ['a port of its own', (port: number) => ({ 'example.test:443': `127.0.0.1:${port}` })],
    ['another name', (port: number) => ({ '*.test:443': `app.localhost:${port}` })],
  ])('lead to %s, and the host is the same', async (_, resolveTo) => {
    await using server = await listen(whereabouts());
    const hasPort = JSON.stringify(resolveTo(server.port)).includes(`:${server.port}`);
    await using pool = new ConnectionPool({ resolve: resolveTo(server.port) });
    const port = hasPort ? 443 : server.port;
    expect(await read(pool, `http://example.test:${port}/`)).toBe(`127.0.0.1 example.test:${port}`);
  });

  it('keep the TLS server name, over HTTP/2, and an address may be one', async () => {
    const { cert, key, ca } = await serverCertificate();
    const names: unknown[] = [];
    await using server = await listen(
      createTlsServer({ cert, key, SNICallback: (name, done) => (names.push(name), done(null)) }, (socket) => void socket.end()),
    );
    const options: PoolOptions = { tls: { ca }, resolve: { 'localhost:443': `127.0.0.1:${server.port}` } };
    const secured = await connectTo({ scheme: 'https', host: 'localhost', port: 443 }, options);
    expect(names).toEqual(['localhost']);
    secured.destroy();

    await using http2 = await listen(createHttp2Server((request, response) => response.end(request.authority)));
    await using pool = new ConnectionPool({ http1: false, resolve: { '192.0.2.1': [`127.0.0.1:${http2.port}`] } });
    expect(await read(pool, 'http://192.0.2.1:81/')).toBe('192.0.2.1:81');
    await using elsewhere = new ConnectionPool({ http1: false, resolve: { '*:81': `:${http2.port}` } });
    expect(await read(elsewhere, 'http://127.0.0.1:81/')).toBe('127.0.0.1:81');
  });

  it('are asked about by a guard as they are dialled', async () => {
    await using server = await listen(whereabouts());
    const asked: string[] = [];
    const guard = {
      check: ({ host, address, port }: { host: string; address: unknown; port: unknown }) =>
        void asked.push(`${host} ${String(address)} ${String(port)}`),
    };
    await using pool = new ConnectionPool({ guard, resolve: { '*': `127.0.0.1:${server.port}` } });
    await read(pool, 'http://example.test:443/');
    await read(pool, 'http://192.0.2.1:443/');
    expect(asked).toEqual([`example.test 127.0.0.1 ${server.port}`, `192.0.2.1 127.0.0.1 ${server.port}`]);
  });

  it('are those of a proxy, and of what a SOCKS proxy is told by address', async () => {
    await using server = await listen(whereabouts());
    const http = await startProxy('http');
    const socks = await startProxy('socks');
    try {
      const resolve = { 'proxy.test': '127.0.0.1', 'example.test:443': `127.0.0.1:${server.port}` };
      await using pool = new ConnectionPool({ resolve, proxy: `http://proxy.test:${http.port}` });
      expect(await read(pool, `http://127.0.0.1:${server.port}/`)).toContain('127.0.0.1');
      await using other = new ConnectionPool({ resolve, proxy: new Proxy(`socks5://proxy.test:${socks.port}`) });
      expect(await read(other, 'http://example.test:443/')).toBe('127.0.0.1 example.test:443');
    } finally {
      await http.stop();
      await socks.stop();
    }
  });

  it('are checked when the pool is made', () => {
    expect(() => new ConnectionPool({ resolve: { 'a:x': '10.0.0.1' } })).toThrow(/The option "resolve": "a:x"/);
    expect(() => new ConnectionPool({ dns: { servers: ['here'] } })).toThrow(/dns\.servers/);
    expect(() => new ConnectionPool({ dns: { servers: 'system' }, lookup: changingLookup([]).lookup })).toThrow(/dns\.servers.*lookup/);
  });
});

it('names below localhost are this machine, and the trace says so', async () => {
  await using server = await listen(whereabouts());
  await using pool = new ConnectionPool();
  const { trace, log } = steps();
  expect(await read(pool, `http://app.localhost:${server.port}/`, trace)).toBe(`127.0.0.1 app.localhost:${server.port}`);
  expect(log.at(-1)).toBe('connect-end 127.0.0.1');
  expect(log[0]).toBe('::1 127.0.0.1 (localhost)');
});

describe('a service that moves', () => {
  it('is followed at once where nobody is left at its old address, though that is known still', async () => {
    await using places = await listenAtBoth(whereabouts, whereabouts);
    const dns = changingLookup(['127.0.0.1']);
    await using pool = new ConnectionPool({ lookup: dns.lookup, dns: { ttl: 60_000 }, maxRequestsPerConnection: 1 });
    const url = `http://moves.test:${places.port}/`;
    expect(await read(pool, url)).toMatch(/^127\.0\.0\.1/);
    dns.addresses = ['127.0.0.2'];
    expect(await read(pool, url)).toMatch(/^127\.0\.0\.1/);
    await places.leave();
    const { trace, log } = steps();
    expect(await read(pool, url, trace)).toMatch(/^127\.0\.0\.2/);
    expect(log).toEqual([
      '127.0.0.1 (cache)',
      'connect-start 127.0.0.1',
      'connect-failed 127.0.0.1',
      '127.0.0.2 (lookup)',
      'connect-start 127.0.0.2',
      'connect-end 127.0.0.2',
    ]);
    expect(await read(pool, url)).toMatch(/^127\.0\.0\.2/);
    expect(dns.asked).toBe(2);
  });

  it('is the first failure where it has not moved, and asked about once', async () => {
    const dns = changingLookup(['127.0.0.1']);
    const clock = new FakeClock();
    const port = refusedPort();
    const dialer = dialerWith({ lookup: dns.lookup, dns: { ttl: 60_000 } }, clock);
    const fail = (): Promise<unknown> => dialTo(dialer, { host: 'gone.test', port }).result.catch((error: unknown) => error);
    const failures = [await fail(), ...(await Promise.all(Array.from({ length: 20 }, fail)))];
    for (const failure of failures)
      expect(failure).toMatchObject({ name: 'ConnectError', phase: 'connect', attempts: [{ code: 'ECONNREFUSED' }] });
    // Once for the first, and once for all that found the answer of the first to lead nowhere.
    expect(dns.asked).toBeLessThanOrEqual(3);
  });

  it('may be aborted while it is asked about again, and leaves nothing', async () => {
    const dns = changingLookup(['127.0.0.1']);
    const port = refusedPort();
    await using pool = new ConnectionPool({ lookup: dns.lookup, dns: { ttl: 60_000 } });
    const url = `http://gone.test:${port}/`;
    await read(pool, url).catch(() => {});
    const controller = new AbortController();
    let times = 0;
    const trace: TraceObserver = (name) => {
      if (name === 'dns-start' && (times += 1) === 2) controller.abort();
    };
    const parts = ['http', 'gone.test', port, '/'] as const;
    await expect(pool.dispatch('GET', parts, [], null, undefined, { trace, signal: controller.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(times).toBe(2);
    expect(pool.stats()).toMatchObject({ connections: 0, connecting: 0, queued: 0 });
  });
});

describe('addresses of one name', () => {
  it('that fail come after the others for a while', async () => {
    await using places = await listenAtBoth(whereabouts, whereabouts);
    const { lookup } = changingLookup(['127.0.0.1', '127.0.0.2']);
    await using pool = new ConnectionPool({ lookup, maxRequestsPerConnection: 1 });
    const url = `http://both.test:${places.port}/`;
    expect(await read(pool, url)).toMatch(/^127\.0\.0\.1/);
    await places.leave();
    const told: string[][] = [];
    for (let count = 0; count < 3; count += 1) {
      const { trace, log } = steps();
      expect(await read(pool, url, trace)).toMatch(/^127\.0\.0\.2/);
      told.push(log.slice(1));
    }
    const usual = ['connect-start 127.0.0.2', 'connect-end 127.0.0.2'];
    expect(told).toEqual([['connect-start 127.0.0.1', 'connect-failed 127.0.0.1', ...usual], usual, usual]);
  });

  it('are connected to in turn, where that is wanted', async () => {
    await using places = await listenAtBoth(whereabouts, whereabouts);
    await using pool = new ConnectionPool({
      lookup: changingLookup(['127.0.0.1', '127.0.0.2']).lookup,
      dns: { spread: true },
      maxRequestsPerConnection: 1,
    });
    const seen: string[] = [];
    for (let count = 0; count < 4; count += 1) seen.push((await read(pool, `http://both.test:${places.port}/`)).split(' ')[0]!);
    expect(seen).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.1', '127.0.0.2']);
  });

  it('that fail in TLS come after the others, too', async () => {
    const { cert, key, ca } = await serverCertificate();
    const broken = (): Server => createTlsServer({ cert, key }).on('connection', (socket) => void setImmediate(() => socket.destroy()));
    await using places = await listenAtBoth(broken, () => createTlsServer({ cert, key }, (socket) => void socket.end()));
    const dialer = dialerWith({ lookup: changingLookup(['127.0.0.1', '127.0.0.2']).lookup, tls: { ca } });
    const dial = (): Promise<string | undefined> =>
      dialTo(dialer, { scheme: 'https', host: 'localhost', port: places.port }).result.then(
        ({ transport }) => (transport.destroy(), transport.facts.remoteAddress),
        () => 'failed',
      );
    expect([await dial(), await dial()]).toEqual(['failed', '127.0.0.2']);
  });
});

it('many dials to a name that is known ask nobody, and a thousand names are forgotten in their turn', async () => {
  await using server = await startServer('plain', {});
  const dns = changingLookup(['127.0.0.1']);
  await using pool = new ConnectionPool({ lookup: dns.lookup, dns: { ttl: 60_000 }, http2: false });
  const url = `http://many.test:${server.port}/`;
  await Promise.all(Array.from({ length: 60 }, () => read(pool, url)));
  await read(pool, url);
  expect(dns.asked).toBe(1);
});
