/** A client behind proxies by other hands, with credentials as they want them. */
import { Client, DigestAuth, Proxy, type ClientOptions } from '@x/client';
import {
  canReplaceFiles,
  installedProgram,
  serverCertificate,
  startDante,
  startNginx,
  startServer,
  startSquid,
  startTinyproxy,
  trustedAuthority,
} from '@x/testbed';
import { describe, expect, it } from 'vitest';

const hosts = { 'origin.test': '127.0.0.1' };

async function trusting(options: ClientOptions): Promise<Client> {
  return new Client({ tls: { ca: (await trustedAuthority()).certificate }, ...options } as ClientOptions);
}

async function secureOrigin(): ReturnType<typeof startServer> {
  const certificate = await serverCertificate({ names: Object.keys(hosts) });
  return startServer('plain', { tls: { certificate }, http2: true, body: 'inside' });
}

describe.skipIf(installedProgram('squid') === undefined)('squid', () => {
  it.each(['basic', 'digest'] as const)('wants %s, for what it forwards and for tunnels', async (auth) => {
    await using plain = await startServer('plain', { body: 'forwarded' });
    await using secure = await secureOrigin();
    const squid = await startSquid({ auth, hosts, user: 'ada', password: 'l0ve:lace' });
    await using client = await trusting({ proxy: squid.url.replace('//', '//ada:l0ve%3Alace@') });
    for (let round = 0; round < 2; round++) {
      expect((await client.get(`http://origin.test:${plain.port}/${round}`)).text()).toBe('forwarded');
      const tunnelled = await client.post(`https://origin.test:${secure.port}/${round}`, { body: 'x' });
      expect([tunnelled.text(), tunnelled.httpVersion]).toEqual(['inside', '2']);
    }
    const wrong = await client
      .get(`https://origin.test:${secure.port}/`, { proxy: new Proxy(squid.url, { auth: ['ada', 'wrong'] }) })
      .catch((error: unknown) => error);
    expect(wrong).toMatchObject({ code: 'PROXY_AUTH_REQUIRED', status: 407 });
    const admitted = (await squid.stop()).filter((line) => line.endsWith('200 ada'));
    expect(admitted.toSorted()).toEqual([
      // One tunnel for both rounds.
      `CONNECT origin.test:${secure.port} 200 ada`,
      `GET http://origin.test:${plain.port}/0 200 ada`,
      `GET http://origin.test:${plain.port}/1 200 ada`,
    ]);
  });

  it('over TLS of its own, with Digest alone', async () => {
    await using secure = await secureOrigin();
    await using squid = await startSquid({ auth: 'digest', hosts, tls: true });
    const proxy = new Proxy(squid.url, { auth: new DigestAuth('ada', 'lovelace'), tls: { ca: squid.ca } });
    await using client = await trusting({ proxy });
    expect((await client.get(`https://origin.test:${secure.port}/`)).text()).toBe('inside');
  });

  it('admits each of many at once, though a nonce of its Digest is good for a few', async () => {
    await using plain = await startServer('plain', { body: 'forwarded' });
    await using squid = await startSquid({ auth: 'digest', hosts, nonceUses: 3 });
    await using client = await trusting({ proxy: new Proxy(squid.url, { auth: new DigestAuth('ada', 'lovelace') }) });
    const url = `http://origin.test:${plain.port}/`;
    let left = 150;
    const seen = await Promise.all(
      Array.from({ length: 15 }, async () => {
        const statuses = new Set<number>();
        while (left-- > 0) statuses.add((await client.get(url)).status);
        return [...statuses];
      }),
    );
    expect(new Set(seen.flat())).toEqual(new Set([200]));
  });
});

describe.skipIf(installedProgram('tinyproxy') === undefined)('tinyproxy', () => {
  it('wants Basic', async () => {
    await using plain = await startServer('plain', { body: 'forwarded' });
    await using secure = await startServer('plain', { tls: true, body: 'inside' });
    await using tinyproxy = await startTinyproxy({ user: 'ada', password: 'lovelace' });
    await using client = await trusting({ proxy: tinyproxy.url.replace('//', '//ada:lovelace@') });
    expect((await client.get(plain.url('/'))).text()).toBe('forwarded');
    expect((await client.get(secure.url('/'))).text()).toBe('inside');
    expect((await client.get(plain.url('/'), { proxy: tinyproxy.url })).status).toBe(407);
  });
});

describe.skipIf(installedProgram('danted') === undefined)('dante', () => {
  it.each(['socks5', 'socks5h', 'socks4'] as const)('speaks %s, in front of nginx too', async (scheme) => {
    await using dante = await startDante();
    await using plain = await startServer('plain', { body: 'through' });
    await using client = await trusting({ proxy: dante.url(scheme) });
    expect((await client.get(plain.url('/'))).text()).toBe('through');
    if (installedProgram('nginx') === undefined) return;
    await using nginx = await startNginx({ tls: true, http2: true, server: 'location / { return 200 "from nginx"; }' });
    const response = await client.get(nginx.url('/'));
    expect([response.text(), response.httpVersion]).toEqual(['from nginx', '2']);
  });

  it.skipIf(!canReplaceFiles())('wants a user, and knows names that nobody else does', async () => {
    await using secure = await secureOrigin();
    await using dante = await startDante({ user: 'ada', password: 'lovelace', hosts });
    const url = `https://origin.test:${secure.port}/`;
    await using client = await trusting({ proxy: dante.url().replace('//', '//ada:lovelace@') });
    expect((await client.get(url)).text()).toBe('inside');
    const failed = await client.get(url, { proxy: dante.url() }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ name: 'ProxyError', code: 'PROXY_AUTH_REQUIRED' });
  });
});
