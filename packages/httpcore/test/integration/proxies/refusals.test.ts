/** Everything that can go wrong between us and an origin because of a proxy, and what is left open afterwards: nothing. */

import {
  close,
  cut,
  expiredCertificate,
  hang,
  receiveBytes,
  receiveHead,
  refusedPort,
  reset,
  send as sendBytes,
  serverCertificate,
  startProxy,
  startRawServer,
  startServer,
  trustedAuthority,
  withEnoughTime,
  type RawStep,
} from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, Proxy, type ConnectError, type HttpCoreError, type PoolOptions, type UrlParts } from '../../../src/index.ts';
import { openResources, resourcesBackTo } from '../net/sockets.ts';
import { originName, proxyName } from './routes.ts';
import { answerOf, failure, generated, send } from './world.ts';

const resolve = (): string => '127.0.0.1';
const secure: UrlParts = ['https', originName, 443, '/'];
const plain: UrlParts = ['http', originName, 80, '/'];

/** What a request by this proxy fails with; nothing stays open. */
async function refusalBy(proxy: string | Proxy, url: UrlParts = secure, options: PoolOptions = {}): Promise<HttpCoreError> {
  const before = openResources();
  const pool = new ConnectionPool({ proxy, ...options });
  const error = await failure<HttpCoreError>(answerOf(pool, url));
  expect(pool.stats()).toMatchObject({ active: 0, queued: 0, connecting: 0, connections: 0 });
  await pool.close();
  await resourcesBackTo(before);
  return error;
}

/** The same by a proxy that does as it is told. */
async function refusalOf(
  steps: readonly RawStep[],
  scheme = 'http',
  url?: UrlParts,
  options?: PoolOptions,
): Promise<{ error: HttpCoreError; origin: string }> {
  await using proxy = await startRawServer(steps);
  const origin = `${scheme}://127.0.0.1:${proxy.port}`;
  return { error: await refusalBy(new Proxy(origin, scheme === 'http' ? { tunnel: true } : {}), url, options), origin };
}

describe('a proxy that can’t be reached', () => {
  it.each(['http', 'https', 'socks4a', 'socks5h'])('%s: by its address', async (scheme) => {
    const port = refusedPort();
    const error = (await refusalBy(`${scheme}://127.0.0.1:${port}`)) as ConnectError;
    expect(error).toMatchObject({
      name: 'ConnectError',
      code: 'CONNECT_FAILED',
      phase: 'connect',
      requestSent: false,
      origin: `https://${originName}:443`,
    });
    expect(error.message).toContain(`${scheme}://127.0.0.1:${port}`);
    expect(error.unreachedProxy).toBe(`${scheme}://127.0.0.1:${port}`);
    expect(error.attempts).toMatchObject([{ address: '127.0.0.1', port, code: 'ECONNREFUSED' }]);
  });

  it.each(['http', 'https', 'socks4a', 'socks5h'])('%s: by its name', async (scheme) => {
    const lookup = ((_host: string, _options: unknown, done: (error: Error) => void) =>
      setImmediate(done, Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }))) as never;
    const error = await refusalBy(`${scheme}://${proxyName}:1`, secure, { lookup });
    const unreachedProxy = `${scheme}://${proxyName}:1`;
    expect(error).toMatchObject({ name: 'ConnectError', code: 'DNS_FAILED', phase: 'dns', requestSent: false, unreachedProxy });
    expect(error.message).toContain(proxyName);
  });

  it('for a forwarded request it is the same', async () => {
    const port = refusedPort();
    const error = (await refusalBy(`http://127.0.0.1:${port}`, plain)) as ConnectError;
    expect(error).toMatchObject({ name: 'ConnectError', code: 'CONNECT_FAILED', requestSent: false, attempts: [{ port }] });
    expect(error.message).toContain(`http://127.0.0.1:${port}`);
    expect(error.unreachedProxy).toBe(`http://127.0.0.1:${port}`);
  });

  it.each(['http', 'https', 'socks5h'])('%s: by a dial of one’s own', async (scheme) => {
    const unreachedProxy = `${scheme}://127.0.0.1:${refusedPort()}`;
    await using pool = new ConnectionPool({ proxy: unreachedProxy });
    await expect(pool.connect('https://origin.test')).rejects.toMatchObject({ name: 'ConnectError', unreachedProxy });
    await expect(pool.preconnect('http://origin.test')).rejects.toMatchObject({ name: 'ConnectError', unreachedProxy });
  });

  it('is not why an origin, or its name, is not found', async () => {
    await using near = await startProxy('socks', { resolve });
    const lookup = ((_host: string, _options: unknown, done: (error: Error) => void) =>
      setImmediate(done, Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }))) as never;
    const unnamed = await refusalBy(near.url('socks5'), secure, { lookup });
    expect(unnamed).toMatchObject({ name: 'ConnectError', code: 'DNS_FAILED', unreachedProxy: undefined });
    const port = refusedPort();
    expect(await refusalBy(near.url('socks5h'), ['https', originName, port, '/'])).toMatchObject({ unreachedProxy: undefined });
    await using origin = await startServer('plain', { tls: { certificate: await expiredCertificate() } });
    const untrusted = await refusalBy(near.url('socks5h'), ['https', originName, origin.port, '/']);
    expect(untrusted).toMatchObject({ name: 'ConnectError', code: 'TLS_FAILED', unreachedProxy: undefined });
    const direct = await failure<HttpCoreError>(answerOf(new ConnectionPool(), ['http', '127.0.0.1', port, '/']));
    expect(direct).toMatchObject({ name: 'ConnectError', unreachedProxy: undefined });
  });

  it('behind another, which says so', async () => {
    await using near = await startProxy('http', {});
    const far = `http://127.0.0.1:${refusedPort()}`;
    const error = await refusalBy(new Proxy(far, { via: near.url }));
    expect(error).toMatchObject({ name: 'ProxyError', code: 'PROXY_REFUSED', status: 502, body: 'ECONNREFUSED\n', unreachedProxy: far });
    expect(error.message).toContain(near.url);
  });
});

describe('an HTTP proxy', () => {
  const opened = 'HTTP/1.1 200 OK\r\n\r\n';

  it.each<[string, RawStep[], object]>([
    ['closes at once', [close()], { code: 'PROXY_CLOSED' }],
    ['closes instead of answering', [receiveHead(), close()], { code: 'PROXY_CLOSED' }],
    ['resets instead of answering', [receiveHead(), reset()], { code: 'PROXY_CLOSED' }],
    [
      'closes within the head',
      [receiveHead(), sendBytes('HTTP/1.1 200 O'), close()],
      { code: 'PROXY_PROTOCOL', cause: { code: 'INCOMPLETE_HEAD' } },
    ],
    [
      'speaks another protocol',
      [receiveHead(), sendBytes('SSH-2.0-OpenSSH_9.2\r\n')],
      { code: 'PROXY_PROTOCOL', cause: { code: 'INVALID_RESPONSE' } },
    ],
    ['speaks first', [sendBytes('220 mail.example ESMTP\r\n')], { name: /ProxyError|ConnectError/ }],
    [
      'has a head that is too large',
      [receiveHead(), sendBytes(`HTTP/1.1 200 OK\r\na: ${'b'.repeat(70_000)}`), hang()],
      { code: 'PROXY_PROTOCOL', cause: { code: 'HEAD_TOO_LARGE' } },
    ],
    [
      'switches protocols',
      [receiveHead(), sendBytes('HTTP/1.1 101 OK\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n')],
      { code: 'PROXY_PROTOCOL' },
    ],
    [
      'is of two minds',
      [receiveHead(), sendBytes('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n')],
      { code: 'PROXY_PROTOCOL', cause: { code: 'CONFLICTING_FRAMING' } },
    ],
    [
      'redirects',
      [receiveHead(), sendBytes('HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 5\r\n\r\nlogin')],
      {
        code: 'PROXY_REFUSED',
        status: 302,
        body: 'login',
        headers: [
          ['Location', 'http://login.example/'],
          ['Content-Length', '5'],
        ],
      },
    ],
    [
      'forbids',
      [receiveHead(), sendBytes('HTTP/1.0 403 Forbidden\r\n\r\nno'), close()],
      { code: 'PROXY_REFUSED', status: 403, body: 'no' },
    ],
    [
      'fails',
      [receiveHead(), sendBytes('HTTP/1.1 503 \r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbusy\r\n0\r\n\r\n')],
      { code: 'PROXY_REFUSED', status: 503, body: 'busy' },
    ],
    [
      'fails within its answer',
      [receiveHead(), sendBytes('HTTP/1.1 503 \r\nContent-Length: 10\r\n\r\nbusy'), close()],
      { code: 'PROXY_REFUSED', status: 503, body: 'busy' },
    ],
    [
      'has much to say',
      [receiveHead(), sendBytes(`HTTP/1.1 502 \r\nContent-Length: 9000000\r\n\r\n${'x'.repeat(200_000)}`), hang()],
      { code: 'PROXY_REFUSED', body: 'x'.repeat(4096) },
    ],
    [
      'has an octet more to say',
      [receiveHead(), sendBytes(`HTTP/1.1 502 \r\nContent-Length: 4097\r\n\r\n${'x'.repeat(4096)}`), hang()],
      { code: 'PROXY_REFUSED', body: 'x'.repeat(4096) },
    ],
    [
      'wants credentials and has no words',
      [receiveHead(), sendBytes('HTTP/1.1 407 \r\nContent-Length: 0\r\n\r\n')],
      { code: 'PROXY_AUTH_REQUIRED', status: 407, body: '' },
    ],
  ])('that %s', async (_name, steps, expected) => {
    const { error, origin } = await refusalOf(steps);
    const { name = 'ProxyError', ...rest } = expected as { name?: string | RegExp };
    if (typeof name === 'string') expect(error).toMatchObject({ name, phase: 'proxy' });
    else expect(error.name).toMatch(name);
    expect(error).toMatchObject({ ...rest, requestSent: false, origin: `https://${originName}:443` });
    expect(error.message).toContain(origin);
  });

  it.each([
    ['never ends what it says', 'HTTP/1.1 502 \r\n\r\nwait'],
    ['does not send what it announced', 'HTTP/1.1 502 \r\nContent-Length: 100\r\n\r\nwait'],
  ])('that %s is waited for a moment', async (_name, answer) => {
    const { error } = await refusalOf([receiveHead(), sendBytes(answer), hang()]);
    expect(error).toMatchObject({ name: 'ProxyError', code: 'PROXY_REFUSED', status: 502, body: 'wait' });
  });

  it.each(['http', 'https', 'socks4a', 'socks5h'])('%s: that is silent', async (scheme) => {
    await withEnoughTime(async (limit) => {
      const { error, origin } = await refusalOf([hang()], scheme, secure, { timeouts: [limit, null, null, null] });
      expect(error).toMatchObject({ name: 'ConnectTimeout', phase: 'proxy', requestSent: false, unreachedProxy: origin });
      expect(error.message).toContain(origin);
    });
  });

  it.each([
    ['with a word before', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
    // RFC 9110 §9.3.6: a 2xx answer to CONNECT has no content, whatever it says.
    ['with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['with a length of something', 'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n'],
    ['with a coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['of old', 'HTTP/1.0 200 Connection established\r\nProxy-agent: x\r\n\r\n'],
    ['that closes', 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'],
  ])('that opens a tunnel %s', async (_name, answer) => {
    for (const pieceBytes of [1, 100_000]) {
      await using proxy = await startRawServer([
        receiveHead(),
        sendBytes(answer, { pieceBytes }),
        receiveHead(),
        sendBytes('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
      ]);
      await using pool = new ConnectionPool({ proxy: new Proxy(`http://127.0.0.1:${proxy.port}`, { tunnel: true }) });
      expect(await answerOf(pool, plain)).toEqual([200, 'ok']);
      expect(proxy.transcripts[0]!.received.toString()).toContain(`GET / HTTP/1.1\r\nhost: ${originName}\r\n`);
      await pool.destroy();
    }
  });

  const early = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse';

  it('whose bytes come too early for TLS', async () => {
    const { error, origin } = await refusalOf([receiveHead(), sendBytes(`${opened}${early}`), hang()]);
    expect(error).toMatchObject({ name: 'ProxyError', code: 'PROXY_PROTOCOL', phase: 'proxy', requestSent: false });
    expect(error.message).toContain(origin);
  });

  it('whose bytes come before there is a request: they answer nothing', async () => {
    const { error, origin } = await refusalOf([receiveHead(), sendBytes(`${opened}${early}`), hang()], 'http', plain);
    expect(error).toMatchObject({ name: 'ProxyError', code: 'PROXY_PROTOCOL', phase: 'proxy', requestSent: false });
    expect(error.message).toContain(origin);
    const socks = await refusalOf(
      [
        receiveBytes(3),
        sendBytes(Buffer.of(5, 0)),
        receiveBytes(10),
        sendBytes(Buffer.concat([Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0), Buffer.from(early)])),
        hang(),
      ],
      'socks5h',
      plain,
    );
    expect(socks.error).toMatchObject({ name: 'ProxyError', code: 'PROXY_PROTOCOL', phase: 'proxy', requestSent: false });
  });
});

describe('a SOCKS proxy', () => {
  const five: RawStep[] = [receiveBytes(3), sendBytes(Buffer.of(5, 0)), receiveBytes(10)];
  const four: RawStep[] = [receiveBytes(9)];

  it.each<[string, string, RawStep[], object]>([
    ['socks5h', 'closes at once', [close()], { code: 'PROXY_CLOSED' }],
    ['socks5h', 'closes after the greeting', [receiveBytes(3), sendBytes(Buffer.of(5, 0)), close()], { code: 'PROXY_CLOSED' }],
    ['socks5h', 'closes within the reply', [...five, sendBytes(Buffer.of(5, 0, 0, 1, 0)), close()], { code: 'PROXY_CLOSED' }],
    ['socks5h', 'resets', [...five, reset()], { code: 'PROXY_CLOSED' }],
    ['socks5h', 'speaks HTTP', [receiveBytes(3), sendBytes('HTTP/1.1 400 Bad Request\r\n\r\n')], { code: 'PROXY_PROTOCOL' }],
    ['socks5h', 'has an address of no type', [...five, sendBytes(Buffer.of(5, 0, 0, 9))], { code: 'PROXY_PROTOCOL' }],
    ['socks5h', 'wants what was not offered', [receiveBytes(3), sendBytes(Buffer.of(5, 1))], { code: 'PROXY_PROTOCOL' }],
    ['socks5h', 'wants credentials', [receiveBytes(3), sendBytes(Buffer.of(5, 255))], { code: 'PROXY_AUTH_REQUIRED' }],
    ...[1, 2, 3, 4, 5, 6, 7, 8, 99].map((reply): [string, string, RawStep[], object] => [
      'socks5h',
      `refuses with ${reply}`,
      [...five, sendBytes(Buffer.of(5, reply, 0, 1, 0, 0, 0, 0, 0, 0)), close()],
      { code: 'PROXY_REFUSED', status: undefined },
    ]),
    ...[91, 92, 93, 0].map((reply): [string, string, RawStep[], object] => [
      'socks4a',
      `refuses with ${reply}`,
      [...four, sendBytes(Buffer.of(0, reply, 0, 0, 0, 0, 0, 0)), close()],
      { code: 'PROXY_REFUSED' },
    ]),
    ['socks4a', 'speaks HTTP', [...four, sendBytes('HTTP/1.1 400 Bad Request\r\n\r\n')], { code: 'PROXY_PROTOCOL' }],
    ['socks4a', 'closes', [...four, close()], { code: 'PROXY_CLOSED' }],
  ])('%s, that %s', async (scheme, _name, steps, expected) => {
    const { error, origin } = await refusalOf(steps, scheme);
    expect(error).toMatchObject({
      name: 'ProxyError',
      phase: 'proxy',
      requestSent: false,
      origin: `https://${originName}:443`,
      ...expected,
    });
    expect(error.message).toContain(origin);
    expect(error.message).toContain(`${originName}:443`);
  });

  it('is asked for one address after the other', async () => {
    await using origin = await startServer('plain', {});
    const proxies = await startProxy('socks', {});
    await using proxy = proxies;
    const addresses = [
      { address: '::1', family: 6 },
      { address: '127.0.0.9', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const lookup = ((_host: string, _options: unknown, done: (error: null, found: unknown) => void) =>
      setImmediate(done, null, addresses)) as never;
    for (const scheme of ['socks5', 'socks4']) {
      const pool = new ConnectionPool({ proxy: `${scheme}://127.0.0.1:${proxy.port}`, lookup });
      expect((await answerOf(pool, ['http', originName, origin.port, '/']))[0]).toBe(200);
      await pool.close();
    }
    const asked = (kind: string) => proxy.requests.filter((request) => request.kind === kind).map(({ target }) => target);
    expect(asked('socks5')).toEqual(
      [`[::1]:${origin.port}`, `127.0.0.9:${origin.port}`, `127.0.0.1:${origin.port}`].filter((target) => asked('socks5').includes(target)),
    );
    expect(asked('socks5').at(-1)).toBe(`127.0.0.1:${origin.port}`);
    expect(asked('socks4')).toEqual([`127.0.0.9:${origin.port}`, `127.0.0.1:${origin.port}`]);
  });

  it.each([1, 3, 4, 5, 6, 8])('that says %i of an address is asked for the next one; of the last one that is the error', async (reply) => {
    const greeting = [receiveBytes(3), sendBytes(Buffer.of(5, 0)), receiveBytes(10)];
    await using proxy = await startRawServer((connection) =>
      connection === 1
        ? [
            ...greeting,
            sendBytes(Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0)),
            receiveHead(),
            sendBytes('HTTP/1.1 204 No Content\r\n\r\n'),
            hang(),
          ]
        : [...greeting, sendBytes(Buffer.of(5, reply, 0, 1, 0, 0, 0, 0, 0, 0)), hang()],
    );
    let addresses = ['127.0.0.9', '127.0.0.1'];
    const lookup = ((_host: string, _options: unknown, done: (error: null, found: unknown) => void) =>
      setImmediate(
        done,
        null,
        addresses.map((address) => ({ address, family: 4 })),
      )) as never;
    await using pool = new ConnectionPool({
      proxy: `socks5://127.0.0.1:${proxy.port}`,
      lookup,
      maxRequestsPerConnection: 1,
      dns: { ttl: 0 },
    });
    expect((await answerOf(pool, plain))[0]).toBe(204);
    addresses = ['127.0.0.1'];
    expect(await failure(answerOf(pool, plain))).toMatchObject({ name: 'ProxyError', code: 'PROXY_REFUSED', reply });
  });
});

describe('TLS that fails', () => {
  const names = { names: [originName] };

  it.each([
    ['is expired', async () => expiredCertificate({ names: ['127.0.0.1'] }), /expired/],
    ['is for another name', async () => serverCertificate({ onlyNames: ['other.test'] }), /altnames|does not match/i],
  ])('with the proxy, whose certificate %s', async (_name, certificate, reason) => {
    const { certificate: ca } = await trustedAuthority();
    for (const http2 of [false, true]) {
      await using proxy = await startProxy('http', { resolve, tls: { certificate: await certificate() }, http2 });
      for (const url of [secure, plain]) {
        const error = await refusalBy(new Proxy(proxy.url, { tls: { ca } }), url, { tls: { ca } });
        expect(error).toMatchObject({ name: 'ConnectError', code: 'TLS_FAILED', phase: 'tls', requestSent: false });
        expect(error.message).toMatch(reason);
        expect(error.message).toContain(`TLS with the proxy at https://127.0.0.1:${proxy.port} failed`);
      }
      expect(proxy.requests).toEqual([]);
    }
  });

  it('with the proxy, which is not who `tls.servername` says', async () => {
    const { certificate: ca } = await trustedAuthority();
    await using origin = await startServer('plain', {});
    await using proxy = await startProxy('http', { resolve, tls: { certificate: await serverCertificate({ names: ['named.test'] }) } });
    const url: UrlParts = ['http', originName, origin.port, '/'];
    expect((await refusalBy(new Proxy(proxy.url, { tls: { ca, servername: 'other.test' } }), url)).code).toBe('TLS_FAILED');
    await using pool = new ConnectionPool({ proxy: new Proxy(proxy.url, { tls: { ca, servername: 'named.test' } }) });
    expect((await answerOf(pool, url))[0]).toBe(200);
  });

  it.each([
    ['is expired', async () => expiredCertificate(names), /expired/],
    ['is for another name', async () => serverCertificate({ onlyNames: ['other.test'] }), /altnames|does not match/i],
  ])('with the origin, whose certificate %s', async (_name, certificate, reason) => {
    const { certificate: ca } = await trustedAuthority();
    await using origin = await startServer('plain', { tls: { certificate: await certificate() } });
    await using http = await startProxy('http', { resolve });
    await using https = await startProxy('http', { resolve, tls: true, http2: true });
    await using socks = await startProxy('socks', { resolve });
    for (const by of [http.url, new Proxy(https.url, { tls: { ca } }), socks.url()]) {
      const pool = new ConnectionPool({ proxy: by, tls: { ca } });
      const error = await failure<HttpCoreError>(send(pool, ['https', originName, origin.port, '/']));
      expect(error).toMatchObject({ name: 'ConnectError', code: 'TLS_FAILED', phase: 'tls', requestSent: false });
      expect(error.message).toMatch(reason);
      expect(error.message).toContain(`TLS with https://${originName}:${origin.port} failed`);
      await pool.close();
    }
  });

  it('with the origin, whose tunnel is closed at once', async () => {
    const { error } = await refusalOf([receiveHead(), sendBytes('HTTP/1.1 200 OK\r\n\r\n'), close()]);
    expect(error.name).toMatch(/ProxyError|ConnectError/);
    expect(error).toMatchObject({ requestSent: false });
  });

  it('with the origin, whose tunnel is cut in the middle of it', async () => {
    const { error } = await refusalOf([receiveHead(), sendBytes('HTTP/1.1 200 OK\r\n\r\n'), receiveBytes(5), cut()]);
    expect(error).toMatchObject({ name: 'ConnectError', code: 'TLS_FAILED', phase: 'tls', requestSent: false });
  });
});

it('a request body that is generated is not touched before there is a way', async () => {
  let isPulled = false;
  const body = (async function* () {
    isPulled = true;
    yield* generated('a');
  })();
  await using proxy = await startProxy('http', { resolve, refuse: { status: 403 } });
  await using pool = new ConnectionPool({ proxy: proxy.url });
  await failure(send(pool, secure, { method: 'POST', body }));
  expect(isPulled).toBe(false);
});

it('what is no proxy is refused for what it is', async () => {
  await using pool = new ConnectionPool();
  for (const proxy of [{ origin: 'http://a:80', via: null }, 'http://a', 5, {}]) {
    for (const url of [plain, secure]) {
      const error = await failure<HttpCoreError>(send(pool, url, { context: { proxy: proxy as Proxy } }));
      expect(error).toMatchObject({ name: 'LocalProtocolError', code: 'INVALID_OPTION', phase: 'request' });
    }
  }
  expect(pool.stats().origins).toEqual([]);
});
