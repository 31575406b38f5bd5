/** Who we are to a proxy: how it is told, what happens when it wants to hear something else, and who must never hear any of it. */
import {
  forever,
  receiveHead,
  serverCertificate,
  send as sendBytes,
  startProxy,
  startRawServer,
  startServer,
  trustedAuthority,
  type RawPeer,
} from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, Proxy, type ByteIterable, type HeaderPair, type ProxyAuthenticator, type UrlParts } from '../../../src/index.ts';
import { originName } from './routes.ts';
import {
  answerOf,
  auth,
  basic,
  credentialsSeen,
  echoed,
  echoWorld,
  failure,
  fieldOf,
  generated,
  inUrl,
  password,
  resolve,
  send,
  user,
  Words,
  type Sent,
} from './world.ts';

/** The two things that are asked of an HTTP proxy. */
const kinds = [
  { kind: 'forward', scheme: 'http' },
  { kind: 'connect', scheme: 'https' },
] as const;

describe.each(kinds)('Basic, to $kind', ({ kind, scheme }) => {
  it('goes up front, from the URL or from `auth`', async () => {
    await using it = await echoWorld(scheme, { auth });
    const { port, url } = it.proxy;
    const ways = [
      `http://${inUrl}@127.0.0.1:${port}`,
      new Proxy(url, { auth: [user, password] }),
      new Proxy(`http://eve@127.0.0.1:${port}`, { auth: [user, password] }),
    ];
    for (const way of ways) {
      const [status, text] = await answerOf(it.pool(way), it.url);
      expect([status, echoed(text).target]).toEqual([200, '/a?b']);
      expect(echoed(text).headers.map(([name]) => name.toLowerCase())).not.toContain('proxy-authorization');
    }
    expect(credentialsSeen(it.proxy)).toEqual(ways.map(() => basic(user, password)));
    expect(it.proxy.requests.map((request) => request.kind)).toEqual(ways.map(() => kind));
  });

  it('goes with `headers` that say it, once', async () => {
    await using it = await echoWorld(scheme, { auth });
    const proxy = new Proxy(`http://eve:pw@127.0.0.1:${it.proxy.port}`, {
      headers: [
        ['Proxy-Authorization', basic(user, password)],
        ['x-for-proxy', '1'],
      ],
    });
    const [status, text] = await answerOf(it.pool(proxy), it.url);
    expect(status).toBe(200);
    expect(it.proxy.requests[0]!.headers.filter(([name]) => name.toLowerCase() === 'proxy-authorization')).toHaveLength(1);
    expect(fieldOf(it.proxy.requests[0]!, 'x-for-proxy')).toBe('1');
    // Beside a request that it forwards, a proxy passes on what is not its own.
    expect(fieldOf(echoed(text), 'x-for-proxy')).toBe(kind === 'forward' ? '1' : undefined);
  });

  it.each([
    ['none', (port: number) => new Proxy(`http://127.0.0.1:${port}`), undefined],
    ['nobody, whatever the URL says', (port: number) => new Proxy(`http://${inUrl}@127.0.0.1:${port}`, { auth: null }), undefined],
    ['the wrong ones', (port: number) => new Proxy(`http://${encodeURIComponent(user)}:s3cr3t@127.0.0.1:${port}`), basic(user, 's3cr3t')],
  ])('with %s is refused, and tells nobody', async (_name, by, seen) => {
    await using it = await echoWorld(scheme, { auth });
    const pool = it.pool(by(it.proxy.port));
    if (kind === 'forward') {
      const [, status, , headers, body] = await send(pool, it.url);
      expect([status, Buffer.from(await body.bytes()).toString(), fieldOf({ headers }, 'proxy-authenticate')]).toEqual([
        407,
        'not admitted\n',
        'Basic realm="testbed", charset="UTF-8"',
      ]);
    } else {
      const error = await failure(send(pool, it.url));
      expect(error).toMatchObject({
        name: 'ProxyError',
        code: 'PROXY_AUTH_REQUIRED',
        phase: 'proxy',
        status: 407,
        requestSent: false,
        method: 'GET',
        body: '407 Proxy Authentication Required\n',
      });
      expect(error.origin).toBe(`https://${originName}:${it.origin.port}`);
      expect(error.message).toContain(`http://127.0.0.1:${it.proxy.port} refused a tunnel to ${originName}:${it.origin.port} with 407`);
      expect(fieldOf(error, 'proxy-authenticate')).toBe('Basic realm="testbed", charset="UTF-8"');
      expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain(seen ?? 's3cr3t');
    }
    // It would say the same again.
    expect(credentialsSeen(it.proxy)).toEqual([seen]);
    expect(pool.stats()).toMatchObject({ active: 0, queued: 0, connecting: 0 });
  });
});

describe.each(kinds)('a scheme of one’s own, to $kind', ({ kind, scheme }) => {
  const right = basic(user, password);

  it('answers a challenge on the same connection', async () => {
    await using it = await echoWorld(scheme, { auth });
    const words = new Words(undefined, right);
    const pool = it.pool(new Proxy(it.proxy.url, { auth: words }));
    expect((await answerOf(pool, it.url))[0]).toBe(200);
    expect(credentialsSeen(it.proxy)).toEqual([undefined, right]);
    expect(it.proxy.connections.accepted).toBe(1);
    const target = kind === 'forward' ? `http://${originName}:${it.origin.port}/a?b` : `${originName}:${it.origin.port}`;
    const asked = { proxy: it.proxy.url, method: kind === 'forward' ? 'GET' : 'CONNECT', target };
    expect(words.asked).toEqual([asked, asked]);
    expect(words.challenges).toMatchObject([{ refused: undefined, attempt: 0 }]);
    expect(fieldOf(words.challenges[0]!, 'proxy-authenticate')).toMatch(/^Basic/);
    expect(words.accepts).toHaveLength(1);
    expect(pool.stats()).toMatchObject({ opened: 1, connections: 1, active: 0 });
    // What was learnt holds for the next.
    await answerOf(pool, it.url);
    expect(credentialsSeen(it.proxy).slice(2)).toEqual(kind === 'forward' ? [right] : []);
  });

  it('is heard three times at most', async () => {
    await using it = await echoWorld(scheme, { auth });
    const words = new Words('Own 1', 'Own 2', 'Own 3', right);
    const pool = it.pool(new Proxy(it.proxy.url, { auth: words }));
    const outcome = kind === 'forward' ? (await answerOf(pool, it.url))[0] : (await failure(send(pool, it.url))).status;
    expect(outcome).toBe(407);
    expect(credentialsSeen(it.proxy)).toEqual(['Own 1', 'Own 2', 'Own 3']);
    expect(words.challenges.map(({ refused, attempt }) => [refused, attempt])).toEqual([
      ['Own 1', 0],
      ['Own 2', 1],
    ]);
    expect(words.accepts).toEqual([]);
    expect(pool.stats()).toMatchObject({ active: 0, queued: 0, connecting: 0 });
  });

  it('breaks nothing by throwing, or by what can’t be sent', async () => {
    await using it = await echoWorld(scheme);
    const throwing: ProxyAuthenticator = {
      authorize() {
        throw new Error('authorize');
      },
      challenged() {
        throw new Error('challenged');
      },
      accepted() {
        throw new Error('accepted');
      },
    };
    const injecting: ProxyAuthenticator = { authorize: () => 'Own 1\r\nx-injected: 1', challenged: () => false };
    for (const each of [throwing, injecting])
      expect((await answerOf(it.pool(new Proxy(it.proxy.url, { auth: each })), it.url))[0]).toBe(200);
    expect(credentialsSeen(it.proxy)).toEqual([undefined, undefined]);
    expect(it.proxy.requests.some((request) => fieldOf(request, 'x-injected') !== undefined)).toBe(false);
    await using strict = await echoWorld(scheme, { auth });
    const pool = strict.pool(new Proxy(strict.proxy.url, { auth: throwing }));
    const outcome = kind === 'forward' ? (await answerOf(pool, strict.url))[0] : (await failure(send(pool, strict.url))).status;
    expect(outcome).toBe(407);
    expect(strict.proxy.requests).toHaveLength(1);
  });

  it('is told of an answer that the proxy gave once it let it in', async () => {
    await using it = await echoWorld(scheme);
    const words = new Words(right);
    const pool = it.pool(new Proxy(it.proxy.url, { auth: words }));
    const nowhere: UrlParts = [scheme, 'nowhere.invalid', 1, '/'];
    await (kind === 'forward' ? answerOf(pool, nowhere) : failure(send(pool, nowhere)));
    expect(words.accepts).toHaveLength(1);
  });
});

describe('a forwarded request that is challenged', () => {
  const right = basic(user, password);
  const again: [name: string, body: () => ByteIterable | null][] = [
    ['no body', () => null],
    ['a list of chunks', () => [Buffer.from('ab'), Buffer.from('cd')]],
  ];

  it.each(again)('is sent again with %s, whatever the method', async (_name, body) => {
    await using it = await echoWorld('http', { auth });
    const pool = it.pool(new Proxy(it.proxy.url, { auth: new Words(undefined, right) }));
    const [status, text] = await answerOf(pool, it.url, { method: 'POST', body: body() });
    expect(status).toBe(200);
    expect(echoed(text).body).toBe(body() === null ? '' : 'abcd');
    expect(it.proxy.connections.accepted).toBe(1);
  });

  it('is given up with a body that is under way: the 407 is the answer', async () => {
    await using it = await echoWorld('http', { auth });
    const pool = it.pool(new Proxy(it.proxy.url, { auth: new Words(undefined, right) }));
    expect((await answerOf(pool, it.url, { method: 'POST', body: generated('ab', 'cd') }))[0]).toBe(407);
    expect(it.proxy.requests).toHaveLength(1);
    expect((await answerOf(pool, it.url))[0]).toBe(200);
  });

  it('waits with a body that `Expect` holds back', async () => {
    await using it = await echoWorld('http', { auth });
    const pool = it.pool(new Proxy(it.proxy.url, { auth: new Words(undefined, right) }));
    const sent: Sent = {
      method: 'POST',
      body: generated('ab', 'cd'),
      headers: [
        ['expect', '100-continue'],
        ['content-length', '4'],
      ],
    };
    const [status, text] = await answerOf(pool, it.url, sent);
    expect([status, echoed(text).body]).toEqual([200, 'abcd']);
  });

  it('leaves a connection alone that has a long answer, or one that never ends', async () => {
    const heads = ['Content-Length: 1000000\r\n\r\nx', 'Transfer-Encoding: chunked\r\n\r\n', 'Content-Length: 10\r\n\r\nx'];
    for (const head of heads) {
      await using proxy = await startRawServer((connection) =>
        connection === 0
          ? [receiveHead(), sendBytes(`HTTP/1.1 407 No\r\n${head}`)]
          : [receiveHead(), sendBytes('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')],
      );
      await using pool = new ConnectionPool({
        proxy: new Proxy(`http://127.0.0.1:${proxy.port}`, { auth: new Words(undefined, right) }),
        maxConnectionsPerOrigin: 1,
      });
      expect(await answerOf(pool, ['http', originName, 80, '/'])).toEqual([200, 'ok']);
      expect(proxy.transcripts).toHaveLength(2);
      await pool.destroy();
    }
  });

  it('can be aborted between the one and the other', async () => {
    await using proxy = await startRawServer([receiveHead(), sendBytes('HTTP/1.1 407 No\r\nContent-Length: 10\r\n\r\nx')]);
    const controller = new AbortController();
    const words = new Words(undefined, right);
    words.challenged = () => {
      setImmediate(() => controller.abort());
      return true;
    };
    await using pool = new ConnectionPool({ proxy: new Proxy(`http://127.0.0.1:${proxy.port}`, { auth: words }) });
    const error = await failure(send(pool, ['http', originName, 80, '/'], { context: { signal: controller.signal } }));
    expect(error).toMatchObject({ name: 'Aborted' });
    await pool.destroy();
    expect(proxy.transcripts).toHaveLength(1);
  });
});

describe('SOCKS', () => {
  const ask = async (proxy: string | Proxy): Promise<number> => {
    await using origin = await startServer('plain', {});
    const pool = new ConnectionPool({ proxy });
    try {
      return (await answerOf(pool, ['http', originName, origin.port, '/']))[0];
    } finally {
      await pool.destroy();
    }
  };

  it('5 has a user and a password', async () => {
    await using proxy = await startProxy('socks', { auth: { user, password }, resolve });
    expect(await ask(`socks5h://${inUrl}@127.0.0.1:${proxy.port}`)).toBe(200);
    expect(await ask(new Proxy(proxy.url(), { auth: [user, password] }))).toBe(200);
    expect(proxy.requests.map((request) => request.user)).toEqual([user, user]);
  });

  it.each([
    ['none', new Proxy('socks5h://a'), 'lets nobody in without credentials'],
    ['the wrong ones', new Proxy('socks5h://ada:s3cr3t@a'), 'did not accept the user and the password'],
  ])('5 refuses %s', async (_name, { scheme }, words) => {
    await using proxy = await startProxy('socks', { auth: { user, password }, resolve });
    const by = words.startsWith('lets') ? proxy.url() : `${scheme}://ada:s3cr3t@127.0.0.1:${proxy.port}`;
    const error = await failure(ask(by));
    expect(error).toMatchObject({ name: 'ProxyError', code: 'PROXY_AUTH_REQUIRED', phase: 'proxy', status: undefined, requestSent: false });
    expect(error.message).toContain(words);
    expect(error.message).toContain(`socks5h://127.0.0.1:${proxy.port}`);
    expect(error.message).not.toContain('s3cr3t');
  });

  it('5 shows no password to who wants none', async () => {
    await using proxy = await startProxy('socks', { resolve });
    expect(await ask(`socks5h://${inUrl}@127.0.0.1:${proxy.port}`)).toBe(200);
    expect(proxy.requests[0]!.user).toBeUndefined();
  });

  it.each(['socks4', 'socks4a'])('%s has a user alone', async (scheme) => {
    await using proxy = await startProxy('socks', { resolve });
    await using origin = await startServer('plain', {});
    await using pool = new ConnectionPool({ proxy: `${scheme}://ada@127.0.0.1:${proxy.port}` });
    expect((await answerOf(pool, ['http', '127.0.0.1', origin.port, '/']))[0]).toBe(200);
    expect(proxy.requests.map((request) => request.user)).toEqual(['ada']);
    const error = await failure(ask(`${scheme}://ada:s3cr3t@127.0.0.1:${proxy.port}`));
    expect(error.code).toMatch(/INVALID_OPTION|DNS_FAILED/);
    expect(error.message).not.toContain('s3cr3t');
  });
});

it('over HTTP/2, credentials are asked for and given as over HTTP/1.1', async () => {
  const { certificate: ca } = await trustedAuthority();
  await using secure = await startServer('echo', { tls: { certificate: await serverCertificate({ names: [originName] }) } });
  await using plain = await startServer('echo', {});
  await using proxy = await startProxy('http', { resolve, tls: true, http2: true, auth });
  const words = new Words(undefined, basic(user, password));
  await using pool = new ConnectionPool({ proxy: new Proxy(proxy.url, { auth: words, tls: { ca } }), tls: { ca } });
  expect((await answerOf(pool, ['https', originName, secure.port, '/']))[0]).toBe(200);
  expect((await answerOf(pool, ['http', originName, plain.port, '/'], { method: 'POST', body: [Buffer.from('ab')] }))[0]).toBe(200);
  expect(credentialsSeen(proxy)).toEqual([undefined, basic(user, password), basic(user, password)]);
  await pool.destroy();
});

it('a raw proxy sees exactly what it should of a tunnel', async () => {
  const heads: string[] = [];
  await using proxy = await startRawServer([
    forever(async (peer: RawPeer) => heads.push(await peer.head()), sendBytes('HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n')),
  ]);
  const by = new Proxy(`http://127.0.0.1:${proxy.port}`, { auth: ['a', 'b'], headers: [['User-Agent', 'x']] });
  await using pool = new ConnectionPool({ proxy: by });
  const headers: HeaderPair[] = [
    ['authorization', 'own'],
    ['cookie', 'own'],
    ['host', 'own.test'],
    ['user-agent', 'own'],
  ];
  for (const host of [originName, '::1', '127.0.0.1']) await failure(send(pool, ['https', host, null, '/own'], { headers }));
  const rest = 'User-Agent: x\r\nproxy-authorization: Basic YTpi\r\n\r\n';
  expect(heads).toEqual([
    `CONNECT ${originName}:443 HTTP/1.1\r\nhost: ${originName}:443\r\n${rest}`,
    `CONNECT [::1]:443 HTTP/1.1\r\nhost: [::1]:443\r\n${rest}`,
    `CONNECT 127.0.0.1:443 HTTP/1.1\r\nhost: 127.0.0.1:443\r\n${rest}`,
  ]);
  expect(proxy.transcripts).toHaveLength(1);
});
