/** A client behind proxies: who is told what, and which way each request takes. */
import { inspect } from 'node:util';

import { Client, ConnectError, ConnectTimeout, DigestAuth, InvalidOption, Proxy, ProxyError, Retries, type ClientOptions } from '@x/client';
import { nodeHandlerDispatcher } from '@x/httpcore';
import {
  hang,
  refusedPort,
  startProxy,
  startRawServer,
  startServer,
  trustedAuthority,
  withEnoughTime,
  type HttpProxyOptions,
} from '@x/testbed';
import { afterEach, describe, expect, it, vi } from 'vitest';

const resolve = (): string => '127.0.0.1';

async function secured(options: ClientOptions = {}): Promise<Client> {
  return new Client({ tls: { ca: (await trustedAuthority()).certificate }, ...options } as ClientOptions);
}

const credentials = { user: 'ada', password: 'l0ve:lace' };

describe.each<[string, NonNullable<HttpProxyOptions['auth']>]>([
  ['Basic', { scheme: 'basic', ...credentials }],
  ['Digest', { scheme: 'digest', ...credentials }],
  ['Digest with MD5 and nonces for one request', { scheme: 'digest', ...credentials, algorithm: 'MD5', uses: 1 }],
  ['Digest of RFC 2069', { scheme: 'digest', ...credentials, algorithm: 'MD5', qop: null }],
])('a proxy that wants %s', (_name, auth) => {
  describe.each(['http', 'https'] as const)('and %s', (scheme) => {
    it('is told who we are, once it has asked, and the origin is not', async () => {
      await using origin = await startServer('echo', { tls: scheme === 'https' });
      await using proxy = await startProxy('http', { auth });
      const url = proxy.url.replace('http://', 'http://ada:l0ve%3Alace@');
      await using client = await secured({ proxy: url });
      for (let round = 0; round < 3; round++) {
        const response = await client.post(origin.url('/x'), { body: 'content' });
        expect(response.status).toBe(200);
        const { headers, body } = response.json<{ headers: [string, string][]; body: string }>();
        expect(body).toBe('content');
        expect(headers.map(([name]) => name.toLowerCase())).not.toContain('proxy-authorization');
      }
      expect(proxy.requests.filter(({ authorized }) => authorized)).toHaveLength(scheme === 'https' ? 1 : 3);
      expect(proxy.requests.every(({ kind }) => kind === (scheme === 'https' ? 'connect' : 'forward'))).toBe(true);
    });

    it('and is told others, refuses', async () => {
      await using origin = await startServer('echo', { tls: scheme === 'https' });
      await using proxy = await startProxy('http', { auth });
      await using client = await secured({ proxy: new Proxy(proxy.url, { auth: ['ada', 'wr0ng'] }) });
      const outcome = await client.get(origin.url('/')).catch((error: unknown) => error as ProxyError);
      expect(outcome.status).toBe(407);
      if (scheme === 'https') {
        expect(outcome).toBeInstanceOf(ProxyError);
        expect(outcome).toMatchObject({
          code: 'PROXY_AUTH_REQUIRED',
          phase: 'proxy',
          requestSent: false,
          body: '407 Proxy Authentication Required\n',
        });
        expect((outcome as ProxyError).message).not.toMatch(/ada|wr0ng/);
      }
      expect(origin.connections.requests).toBe(0);
    });
  });
});

it('never sends the password where Digest is meant', async () => {
  await using origin = await startServer('echo');
  await using proxy = await startProxy('http', { auth: { scheme: 'digest', ...credentials } });
  await using client = new Client({ proxy: new Proxy(proxy.url, { auth: new DigestAuth('ada', 'l0ve:lace') }) });
  expect((await client.get(origin.url('/'))).status).toBe(200);
  const said = proxy.requests.flatMap(({ headers }) => headers.filter(([name]) => name.toLowerCase() === 'proxy-authorization'));
  expect(said.map(([, value]) => value.split(' ')[0])).toEqual(['Digest']);
});

it.each(['forward', 'tunnel'] as const)('is told a nonce of few uses by many at the same time: %s', async (kind) => {
  await using origin = await startServer('echo');
  await using proxy = await startProxy('http', { auth: { scheme: 'digest', ...credentials, uses: 3 } });
  const way = new Proxy(proxy.url, { auth: new DigestAuth('ada', 'l0ve:lace'), tunnel: kind === 'tunnel' });
  await using client = new Client({ proxy: way, limits: { maxConnectionsPerOrigin: 30 } });
  for (let round = 0; round < 2; round++) {
    const statuses = await Promise.all(Array.from({ length: 60 }, async (_, index) => (await client.get(origin.url(`/${index}`))).status));
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  }
});

it('chooses the way anew for each hop of a redirect, and tells each proxy only what is its own', async () => {
  await using last = await startServer('echo', { tls: true });
  await using first = await startServer((_request, response) => void response.writeHead(302, { location: last.url('/end') }).end());
  await using plain = await startProxy('http', { auth: { scheme: 'basic', ...credentials } });
  await using tunnels = await startProxy('http');
  await using client = await secured({
    mounts: { 'http://': new Proxy(plain.url, { auth: ['ada', 'l0ve:lace'] }), 'https://': new Proxy(tunnels.url) },
  });
  const response = await client.get(first.url('/'), { auth: ['me', 'mine'] });
  expect(response.url).toBe(last.url('/end'));
  const { headers } = response.json<{ headers: [string, string][] }>();
  expect(headers.map(([name]) => name.toLowerCase())).not.toContain('authorization');
  expect([plain.requests.map(({ kind }) => kind), tunnels.requests.map(({ kind }) => kind)]).toEqual([['forward'], ['connect']]);
  const names = tunnels.requests[0]!.headers.map(([name]) => name.toLowerCase());
  expect(names).not.toContain('proxy-authorization');
  expect(names).not.toContain('authorization');
});

it('takes a proxy per request, or none, beside that of the client', async () => {
  await using origin = await startServer('echo');
  await using one = await startProxy('http');
  await using other = await startProxy('socks');
  await using client = new Client({ proxy: one.url });
  await client.get(origin.url('/a'));
  await client.get(origin.url('/b'), { proxy: other.url() });
  await client.get(origin.url('/c'), { proxy: null });
  await client.extend({ proxy: null }).get(origin.url('/d'));
  expect(one.requests).toHaveLength(1);
  expect(other.requests).toHaveLength(1);
  expect(origin.connections.requests).toBe(4);
});

it('asks a function for each hop, and for each try', async () => {
  await using last = await startServer('echo', { tls: true });
  await using first = await startServer((_request, response) => void response.writeHead(302, { location: last.url('/end') }).end());
  await using plain = await startProxy('http', { auth: { scheme: 'basic', ...credentials } });
  await using tunnels = await startProxy('http');
  const dead = refusedPort();
  const asked: string[] = [];
  const client = await secured({
    proxy: async (url) => {
      asked.push(url.href);
      return url.protocol === 'http:' ? new Proxy(plain.url, { auth: ['ada', 'l0ve:lace'] }) : [`http://127.0.0.1:${dead}`, tunnels.url];
    },
  });
  const response = await client.get(first.url('/'), { auth: ['me', 'mine'] });
  expect(response.url).toBe(last.url('/end'));
  expect(asked).toEqual([first.url('/'), last.url('/end')]);
  const seen = [...tunnels.requests[0]!.headers, ...response.json<{ headers: [string, string][] }>().headers];
  expect(seen.filter(([name]) => /authorization/i.test(name))).toEqual([]);
  const socket = await client.connect(last.url('').replace(/\/$/, ''));
  expect(socket.authorized).toBe(true);
  socket.destroy();
  expect(tunnels.requests).toHaveLength(2);
  await client.close();
});

it.each([
  ['a whole body', () => 'content'],
  ['a stream that can be read once', () => new Blob(['content']).stream()],
])('goes on to the next proxy of a list with %s', async (_name, body) => {
  await withEnoughTime(async (connect) => {
    await using origin = await startServer('echo');
    await using silent = await startRawServer([hang()]);
    await using there = await startProxy('socks');
    const dead = refusedPort();
    const list = [`http://127.0.0.1:${dead}`, new Proxy(`http://127.0.0.1:${silent.port}`, { tunnel: true }), there.url()];
    await using client = new Client({ proxy: list, timeout: { connect }, limits: { maxConcurrency: 2 } });
    const response = await client.post(origin.url('/'), { body: body() });
    expect(response.json<{ body: string }>().body).toBe('content');
    expect(response.attempts).toHaveLength(1);
    const again = await client.stream('POST', origin.url('/'), { body: body() });
    expect(JSON.parse(await again.text())).toMatchObject({ body: 'content' });
    expect(silent.transcripts).toHaveLength(1);
    await expect(client.get(origin.url('/'), { proxy: list.slice(0, 2) })).rejects.toMatchObject({ name: 'ConnectError' });
    const socket = await client.connect(origin.url('').replace(/\/$/, ''));
    socket.destroy();
  });
});

it('shows each step in the timings', async () => {
  await using origin = await startServer('plain', { tls: true });
  await using proxy = await startProxy('http', { resolve });
  await using client = await secured({ proxy: proxy.url });
  const { timings } = await client.get(origin.url('/'));
  for (const step of ['connect', 'proxy', 'tls', 'firstByte'] as const) expect(timings[step]).toBeGreaterThanOrEqual(0);
  const again = await client.get(origin.url('/'));
  expect(again.timings).toMatchObject({ reused: true, proxy: undefined, tls: undefined });
});

it('is tried again where the way failed, as a connection is', async () => {
  await using origin = await startServer('plain', { tls: true });
  let refusals = 0;
  const refuse = (): { status: number } | undefined => (++refusals < 3 ? { status: 503 } : undefined);
  await using proxy = await startProxy('http', { refuse });
  await using client = await secured({ proxy: proxy.url });
  const failed = await client.get(origin.url('/')).catch((error: unknown) => error);
  expect(failed).toMatchObject({ name: 'ProxyError', code: 'PROXY_REFUSED', status: 503 });
  const response = await client.get(origin.url('/'), { retries: new Retries(3, { backoffFactor: 0 }) });
  expect(response.attempts).toHaveLength(2);
});

it('names the proxy that can not be reached, without its credentials', async () => {
  const port = refusedPort();
  await using client = new Client({ proxy: `http://ada:secret@127.0.0.1:${port}` });
  const error = await client.get('https://x.test/').catch((thrown: unknown) => thrown as ConnectError);
  expect(error).toBeInstanceOf(ConnectError);
  expect(error).toMatchObject({
    code: 'CONNECT_FAILED',
    phase: 'connect',
    requestSent: false,
    method: 'GET',
    origin: 'https://x.test:443',
  });
  expect((error as ConnectError).message).toContain(`127.0.0.1:${port}`);
  expect((error as ConnectError).message).not.toMatch(/ada|secret/);
  await using slow = await startRawServer([hang()]);
  const timeout = await client
    .get('https://x.test/', { proxy: `socks5h://127.0.0.1:${slow.port}`, timeout: { connect: 50 } })
    .catch((thrown: unknown) => thrown);
  expect(timeout).toBeInstanceOf(ConnectTimeout);
});

describe('the environment', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('counts where it is trusted, and where nobody says otherwise', async () => {
    await using origin = await startServer('echo');
    await using proxy = await startProxy('http', { resolve });
    vi.stubEnv('http_proxy', proxy.url);
    vi.stubEnv('no_proxy', 'direct.test,127.0.0.0/8');
    const url = (host: string): string => `http://${host}:${origin.port}/`;
    await using trusting = new Client({ trustEnv: true });
    await trusting.get(url('origin.test'));
    await trusting.get(url('127.0.0.1'));
    expect(proxy.requests.map(({ target }) => target)).toEqual([`origin.test:${origin.port}`]);
    await trusting.get(url('127.0.0.1'), { proxy: proxy.url });
    expect(proxy.requests).toHaveLength(2);
    await trusting.get(url('localhost'), { proxy: null });
    await trusting.extend({ trustEnv: false }).get(url('localhost'));
    await using other = new Client();
    await other.get(url('localhost'));
    expect(proxy.requests).toHaveLength(2);
    expect(proxy.connections.accepted).toBe(1);
  });

  it.each(['gopher://ada:s3cret@127.0.0.1', 'http://ada:s3#cret@127.0.0.1:1', 'http://127.0.0.1:281280', 'http://ada:%zz@127.0.0.1:1'])(
    'that names no proxy is no reason to go without one: %s',
    async (value) => {
      vi.stubEnv('no_proxy', 'localhost');
      vi.stubEnv('http_proxy', value);
      await using origin = await startServer('plain');
      await using client = new Client({ trustEnv: true, retries: 3 });
      const ways = [
        client.get(origin.url('/')),
        client.stream('GET', origin.url('/')),
        client.extend({ headers: {} }).post(origin.url('/')),
        client.fetch(origin.url('/')).catch((error: unknown) => Promise.reject((error as Error).cause as Error)),
      ];
      for (const way of ways) {
        const error = await way.then(() => undefined).catch((thrown: unknown) => thrown as Error);
        expect(error).toMatchObject({ name: 'InvalidOption', option: 'trustEnv', code: 'INVALID_PROXY_VARIABLE' });
        expect(error!.message).toMatch(/http_proxy/);
        expect(inspect(error)).not.toMatch(/ada|s3|%zz/);
      }
      expect(origin.connections.accepted).toBe(0);
      expect((await client.get(origin.url('/'), { proxy: null })).status).toBe(200);
      expect((await client.get(`http://localhost:${origin.port}/`)).status).toBe(200);
    },
  );

  it('is read when the client is made, and is left out where it can not be understood and is to be', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    vi.stubEnv('http_proxy', 'gopher://ada:s3cret@proxy.test');
    vi.stubEnv('https_proxy', 'http://ada:%zz@proxy.test');
    vi.stubEnv('no_proxy', '10.0.0.0/99');
    await using origin = await startServer('plain');
    await using client = new Client({ trustEnv: { onInvalid: 'direct' } });
    expect((await client.get(origin.url('/'))).status).toBe(200);
    for (const trustEnv of ['yes', { onInvalid: 'ignore' }, { on: 1 }])
      expect(() => new Client({ trustEnv: trustEnv as never })).toThrow(InvalidOption);
    await client.get('https://127.0.0.1:1/').catch(() => {});
    await client.get('https://127.0.0.1:1/').catch(() => {});
    expect(warnings.mock.calls.length).toBeGreaterThanOrEqual(2);
    for (const [text, options] of warnings.mock.calls) {
      expect(String(text)).not.toMatch(/ada|s3cret|%zz/);
      expect(options).toEqual({ type: 'ProxyEnvironmentWarning' });
    }
    warnings.mockRestore();
  });

  it('says nothing to applications in this process', async () => {
    vi.stubEnv('http_proxy', 'http://127.0.0.1:1');
    const app = nodeHandlerDispatcher((_request, response) => void response.end('here'));
    await using client = new Client({ trustEnv: true, dispatcher: app });
    expect((await client.get('http://app.test/')).text()).toBe('here');
    await using mounted = new Client({ trustEnv: true, mounts: { 'http://app.test': app } });
    expect((await mounted.get('http://app.test/')).text()).toBe('here');
  });
});

it('refuses what makes no sense before anything is sent', async () => {
  const app = nodeHandlerDispatcher((_request, response) => void response.end('here'));
  expect(() => new Client({ dispatcher: app, proxy: 'http://p.test' } as never)).toThrow(InvalidOption);
  await using client = new Client({ dispatcher: app });
  await expect(client.get('http://a.test/', { proxy: null })).rejects.toThrow(InvalidOption);
  await using plain = new Client();
  await expect(plain.get('http://a.test/', { proxy: 'ftp://p.test' })).rejects.toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  await expect(plain.get('http://a.test/', { proxy: 7 as never })).rejects.toThrow(InvalidOption);
});
