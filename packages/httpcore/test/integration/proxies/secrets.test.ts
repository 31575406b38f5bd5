/** Who must never hear what we tell a proxy, and what a proxy must never hear. */
import { serverCertificate, startServer, trustedAuthority } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, Proxy, type HeaderPair } from '../../../src/index.ts';
import { originName, routes } from './routes.ts';
import {
  answerOf,
  auth,
  basic,
  credentialsSeen,
  echoed,
  echoWorld,
  failure,
  fieldOf,
  inUrl,
  password,
  send,
  user,
  Words,
} from './world.ts';

describe('nobody else hears of it', () => {
  it.each(routes.filter(({ name }) => name !== 'direct' && !name.startsWith('socks')))('on the way by $name', async (route) => {
    await using origin = await startServer('echo', {});
    await using secure = await startServer('echo', { tls: { certificate: await serverCertificate({ names: [originName] }) } });
    await using way = await route.open();
    const { certificate: ca } = await trustedAuthority();
    const tls = way.proxy!.scheme === 'https' ? { tls: await import('./routes.ts').then(({ proxyTls }) => proxyTls()) } : {};
    const proxy = new Proxy(way.proxy!.origin, {
      auth: ['ada', 's3cr3t'],
      headers: [['x-proxy', 's3cr3t']],
      tunnel: way.proxy!.tunnel,
      ...tls,
      ...(way.proxy!.via !== null && { via: way.proxy!.via }),
    });
    const lookup = ((_host: string, _options: unknown, done: (error: Error | null, addresses: unknown) => void) =>
      setImmediate(done, null, [{ address: '127.0.0.1', family: 4 }])) as never;
    const pool = new ConnectionPool({ proxy, tls: { ca }, lookup });
    const own: HeaderPair[] = [
      ['authorization', 'Bearer own'],
      ['cookie', 'own=1'],
      ['x-own', 'own'],
    ];
    for (const [scheme, { port }] of [
      ['http', origin],
      ['https', secure],
    ] as const) {
      const [status, text] = await answerOf(pool, [scheme, originName, port, '/own?own=1'], { headers: own });
      expect(status).toBe(200);
      const forwarded = scheme === 'http' && route.forwards && !proxy.tunnel;
      expect(text).not.toContain(basic('ada', 's3cr3t'));
      expect(fieldOf(echoed(text), 'proxy-authorization')).toBeUndefined();
      expect(fieldOf(echoed(text), 'x-proxy')).toBe(forwarded ? 's3cr3t' : undefined);
      expect(fieldOf(echoed(text), 'authorization')).toBe('Bearer own');
    }
    const { requests } = way.proxies.at(-1)!;
    expect(requests).toHaveLength(2);
    for (const request of requests) {
      expect(fieldOf(request, 'proxy-authorization')).toBe(basic('ada', 's3cr3t'));
      if (request.kind === 'connect') expect(JSON.stringify(request)).not.toContain('own');
    }
    // The nearer of two proxies hears nothing of what is for the farther.
    for (const near of way.proxies.slice(0, -1)) expect(JSON.stringify(near.requests)).not.toMatch(/own|s3cr3t|YWRh/);
    await pool.destroy();
  });

  it('no pool has it where people look', async () => {
    await using it = await echoWorld('https', { auth });
    const pool = it.pool(`http://${inUrl}@127.0.0.1:${it.proxy.port}`);
    await answerOf(pool, it.url);
    expect(pool.stats().origins.map(({ proxy }) => proxy)).toEqual([`http://127.0.0.1:${it.proxy.port}`]);
    expect(JSON.stringify(pool.stats())).not.toContain(inUrl);
  });
});

describe('credentials that a request brings', () => {
  it('are passed on where a proxy forwards, in the place of its own', async () => {
    await using it = await echoWorld('http', { auth });
    const words = new Words('Own 1');
    const pool = it.pool(new Proxy(it.proxy.url, { auth: words }));
    const [status] = await answerOf(pool, it.url, { headers: [['Proxy-Authorization', basic(user, password)]] });
    const [refused] = await answerOf(pool, it.url, { headers: [['Proxy-Authorization', 'Own 2']] });
    expect([status, refused]).toEqual([200, 407]);
    expect(credentialsSeen(it.proxy)).toEqual([basic(user, password), 'Own 2']);
    expect([words.asked, words.challenges]).toEqual([[], []]);
  });

  it.each([
    ['https', (port: number) => `http://127.0.0.1:${port}`],
    ['http', (port: number) => new Proxy(`http://127.0.0.1:${port}`, { tunnel: true })],
    ['http', (port: number) => `socks5h://127.0.0.1:${port}`],
    ['https', (port: number) => `socks4a://127.0.0.1:${port}`],
  ] as const)('are refused where they would reach the origin: %s', async (scheme, by) => {
    await using pool = new ConnectionPool({ proxy: by(1) });
    const error = await failure(send(pool, [scheme, originName, 1, '/'], { headers: [['PROXY-Authorization', 's3cr3t']] }));
    expect(error).toMatchObject({ name: 'LocalProtocolError', code: 'PROXY_AUTHORIZATION', phase: 'request', requestSent: false });
    expect(error.message).not.toContain('s3cr3t');
    expect(pool.stats()).toMatchObject({ requests: 0, connecting: 0, origins: [] });
  });
});
