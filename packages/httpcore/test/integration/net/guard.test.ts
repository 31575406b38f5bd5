/** A pool with a guard: on every way on which an address is dialled, and on those on which somebody else dials it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startProxy, startServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { publicOnly } from '../../../src/guard/index.ts';
import { AddressRefused, ConnectionPool, Proxy, type Guard, type GuardTarget, type PoolOptions } from '../../../src/index.ts';

const noLimits = [null, null, null, null] as const;

/** Answers every name with these addresses. */
function lookupOf(...addresses: string[]): NonNullable<PoolOptions['lookup']> {
  return ((_host: string, _options: unknown, done: (error: null, found: unknown) => void) =>
    setImmediate(
      done,
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )) as never;
}

async function statusOf(pool: ConnectionPool, host: string, port: number, scheme = 'http', proxy?: Proxy): Promise<number> {
  const [, status, , , body] = await pool.dispatch('GET', [scheme, host, port, '/'], [], null, noLimits, { proxy });
  await body.bytes();
  return status;
}

async function refusal(work: Promise<unknown>): Promise<AddressRefused> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AddressRefused);
  return error as AddressRefused;
}

describe('a pool with a guard', () => {
  it('dials no address that it forbids: literal, resolved, or one of several', async () => {
    await using server = await startServer('plain', {});
    await using pool = new ConnectionPool({ guard: publicOnly(), lookup: lookupOf('127.0.0.1', '::1', '10.0.0.1') });
    for (const host of ['127.0.0.1', '::1', '[::ffff:127.0.0.1]', 'name.example', 'localhost']) {
      const error = await refusal(statusOf(pool, host.replace(/^\[|\]$/g, ''), server.port));
      expect(error).toMatchObject({ code: 'ADDRESS_REFUSED', requestSent: false, method: 'GET' });
      expect(error.rule).toMatch(/RFC/);
      expect(error.message).not.toMatch(/127\.0\.0\.1.*RFC|Loopback/);
    }
    expect(server.connections.peak).toBe(0);
    const named = await refusal(statusOf(pool, 'name.example', server.port));
    expect(named).toMatchObject({ address: '127.0.0.1', rule: '127.0.0.0/8 (Loopback, RFC 1122)' });
    expect(named.message).toBe('Connecting to "name.example" is not allowed here');
    await refusal(pool.preconnect(`http://name.example:${server.port}`));
    await refusal(pool.connect(`http://name.example:${server.port}`));
    expect(server.connections.peak).toBe(0);
    expect(pool.stats()).toMatchObject({ connections: 0, connecting: 0, queued: 0 });
  });

  it('tries those addresses of a name that it allows, and tells the others', async () => {
    await using server = await startServer('plain', {});
    const told: unknown[] = [];
    await using pool = new ConnectionPool({ guard: publicOnly({ allow: ['127.0.0.1'] }), lookup: lookupOf('10.0.0.1', '127.0.0.1') });
    const trace = (name: string, _at: number, detail: unknown): void => void (name.startsWith('connect-') && told.push([name, detail]));
    const [, , , , body] = await pool.dispatch('GET', ['http', 'name.example', server.port, '/'], [], null, noLimits, { trace });
    await body.bytes();
    expect(told.map((event) => (event as [string, { address: string }])[0])).toEqual(['connect-failed', 'connect-start', 'connect-end']);
    expect(told[0]).toEqual(['connect-failed', { address: '10.0.0.1', port: server.port, code: 'ADDRESS_REFUSED' }]);
  });

  it('dials the address that was judged, whatever the name leads to afterwards', async () => {
    await using server = await startServer('plain', {});
    let asked = 0;
    const lookup = ((_host: string, _options: unknown, done: (error: null, found: unknown) => void) => {
      asked += 1;
      setImmediate(done, null, [{ address: asked === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }]);
    }) as never;
    await using pool = new ConnectionPool({ guard: publicOnly({ allow: ['127.0.0.1'] }), lookup });
    expect(await statusOf(pool, 'name.example', server.port)).toBe(200);
    expect(asked).toBe(1);
    // A connection that is there leads where it led.
    expect(await statusOf(pool, 'name.example', server.port)).toBe(200);
    expect(asked).toBe(1);
    const error = await refusal(statusOf(pool, 'name.example', server.port + 1));
    expect(error.address).toBe('10.0.0.1');
  });

  it('lets proxies be where they are, and judges where they are asked to connect to', async () => {
    await using server = await startServer('plain', {});
    await using secure = await startServer('plain', { tls: true });
    await using http = await startProxy('http', { resolve: () => '127.0.0.1', keepAlive: true });
    await using socks = await startProxy('socks', { resolve: () => '127.0.0.1' });
    const ways = [new Proxy(http.url), new Proxy(http.url, { tunnel: true }), new Proxy(socks.url('socks5h'))];
    await using strict = new ConnectionPool({ guard: publicOnly(), lookup: lookupOf('127.0.0.1') });
    for (const proxy of [...ways, new Proxy(socks.url('socks5'))]) {
      for (const host of ['name.example', '127.0.0.1', '10.0.0.1']) {
        const error = await refusal(statusOf(strict, host, server.port, 'http', proxy));
        expect(error.rule).toMatch(host === 'name.example' && !proxy.origin.startsWith('socks5:') ? /allowRemoteNames/ : /RFC/);
        await refusal(statusOf(strict, host, secure.port, 'https', proxy));
      }
      await refusal(strict.connect(`http://10.0.0.1:${server.port}`, { proxy }));
    }
    expect(http.requests).toHaveLength(0);
    await using trusting = new ConnectionPool({ guard: publicOnly({ allowRemoteNames: true }), lookup: lookupOf('127.0.0.1') });
    for (const proxy of ways) {
      expect(await statusOf(trusting, 'name.example', server.port, 'http', proxy)).toBe(200);
      // On the connection to the proxy that is there already, too.
      await refusal(statusOf(trusting, '127.0.0.1', server.port, 'http', proxy));
    }
    await refusal(statusOf(trusting, 'name.example', server.port, 'http', new Proxy(socks.url('socks5'))));
  });

  it('judges unix sockets', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'guard-'));
    const socketPath = join(folder, 's');
    const server = createServer((_request, response) => response.end('ok')).listen(socketPath);
    await using strict = new ConnectionPool({ guard: publicOnly(), socketPath });
    const error = await refusal(statusOf(strict, 'name.example', 80));
    expect(error.address).toBe(socketPath);
    await using open = new ConnectionPool({ guard: publicOnly({ allowSockets: true }), socketPath });
    expect(await statusOf(open, 'name.example', 80)).toBe(200);
    await open.close();
    server.close();
    await rm(folder, { recursive: true });
  });

  it('tells it all that there is to know, forbids what it throws at, and wants an answer at once', async () => {
    const seen: GuardTarget[] = [];
    const noting: Guard = {
      check(target) {
        seen.push(target);
        return 'mine';
      },
    };
    await using pool = new ConnectionPool({ guard: noting, lookup: lookupOf('192.0.2.1') });
    const error = await refusal(statusOf(pool, 'name.example', 80));
    expect(error.rule).toBe('mine');
    expect(seen).toEqual([{ host: 'name.example', port: 80, address: '192.0.2.1', socketPath: undefined, proxy: undefined }]);
    const failing = new Error('oops');
    await using throwing = new ConnectionPool({
      guard: {
        check() {
          throw failing;
        },
      },
    });
    expect((await refusal(statusOf(throwing, '127.0.0.1', 80))).cause).toBe(failing);
    // An answer that comes later is none, and its failure ends nothing.
    for (const check of [async () => undefined, () => Promise.reject(new Error('late'))] as (() => never)[]) {
      await using late = new ConnectionPool({ guard: { check } });
      expect((await refusal(statusOf(late, '127.0.0.1', 80))).rule).toMatch(/neither/);
    }
    for (const guard of [true, {}, 'public']) expect(() => new ConnectionPool({ guard: guard as never })).toThrow(/"guard"/);
  });
});
