/** Authentication with a proxy in several rounds, which are bound to a connection, by an authenticator that takes its time. */
import { AsyncLocalStorage } from 'node:async_hooks';

import { serverCertificate, startProxy, startServer, trustedAuthority } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, Proxy, type ProxyAuthenticator, type Timeouts, type UrlParts } from '../../../src/index.ts';
import { originName } from './routes.ts';
import { RoundsAuthenticator, startRoundsProxy, type RoundsProxy, type RoundsProxyOptions } from './rounds.ts';
import { answerOf, auth, basic, failure, generated, password, send, user, type Sent } from './world.ts';

const never = new Promise<never>(() => {});
/** For who says nothing. */
const connectLimit: Timeouts = [50, null, null, null];

interface World extends AsyncDisposable {
  readonly proxy: RoundsProxy;
  readonly pool: ConnectionPool;
  readonly authenticator: RoundsAuthenticator;
  readonly url: UrlParts;
}

async function world(kind: string, options: RoundsProxyOptions, rounds: number | undefined = 4): Promise<World> {
  const origin = await startServer((_request, response) => void response.end('here'));
  const proxy = await startRoundsProxy(options);
  const authenticator = new RoundsAuthenticator(rounds);
  const pool = new ConnectionPool({ proxy: new Proxy(proxy.url, { auth: authenticator, tunnel: kind === 'connect' }) });
  return {
    proxy,
    pool,
    authenticator,
    url: ['http', '127.0.0.1', origin.port, '/'],
    async [Symbol.asyncDispose]() {
      await pool.destroy();
      await proxy[Symbol.asyncDispose]();
      await origin[Symbol.asyncDispose]();
    },
  };
}

/** How many of what each connection was told was something. */
const tokensOf = ({ said }: RoundsProxy): number[] => said.map((told) => told.filter((token) => token !== undefined).length);

async function refusalOf(kind: string, { pool, url }: World, sent?: Sent): Promise<{ status?: number; cause?: unknown }> {
  if (kind === 'connect') return failure(send(pool, url, sent));
  return { status: (await answerOf(pool, url, sent))[0] };
}

describe.each(['forward', 'connect'])('rounds on one connection, to %s', (kind) => {
  it('come to an end, after which the connection is in', async () => {
    await using it = await world(kind, { rounds: 3 });
    expect(await answerOf(it.pool, it.url)).toEqual([200, 'here']);
    expect(it.proxy.said).toHaveLength(1);
    expect(it.proxy.said[0]!.map((token) => token?.slice(0, 6))).toEqual([undefined, 'Rounds', 'Rounds', 'Rounds']);
    expect(await answerOf(it.pool, it.url)).toEqual([200, 'here']);
    expect(it.proxy.said.map((told) => told.length)).toEqual([kind === 'forward' ? 5 : 4]);
    expect(it.authenticator.accepts).toBe(kind === 'forward' ? 2 : 1);
    expect(it.pool.stats()).toMatchObject({ active: 0, queued: 0, opened: 1 });
  });

  it('are not mixed with those of others', async () => {
    await using it = await world(kind, { rounds: 3, body: 'x'.repeat(5_000) });
    it.authenticator.onAuthorize = () => new Promise((resolve) => setImmediate(resolve));
    const answers = await Promise.all(Array.from({ length: 12 }, () => answerOf(it.pool, it.url)));
    expect(answers.filter(([status]) => status !== 200)).toEqual([]);
    // Not one was said on the wrong connection: that would have begun its rounds anew. Tunnels that nobody needs any more are given up.
    expect(tokensOf(it.proxy).filter((tokens) => tokens > 3)).toEqual([]);
  });

  it.each([1, 2])('begin anew on another connection where theirs is closed in round %i', async (round) => {
    await using it = await world(kind, { rounds: 3, closeIn: { round, times: 1 } }, 8);
    expect(await answerOf(it.pool, it.url)).toEqual([200, 'here']);
    expect(tokensOf(it.proxy)).toEqual([round, 3]);
  });

  it('begin anew where the proxy ends the connection with its challenge', async () => {
    await using it = await world(kind, { rounds: 3, endAfter: { round: 0, times: 1 } }, 8);
    expect(await answerOf(it.pool, it.url)).toEqual([200, 'here']);
    expect(tokensOf(it.proxy)).toEqual([0, 3]);
  });

  it('are as many as the authenticator says, and two where it says nothing', async () => {
    for (const [rounds, expected] of [
      [undefined, 2],
      [1, 1],
      [5, 5],
    ] as const) {
      await using it = await world(kind, { rounds: 9 }, 4);
      Object.assign(it.authenticator, { rounds });
      expect((await refusalOf(kind, it)).status).toBe(407);
      expect(tokensOf(it.proxy)).toEqual([expected]);
      expect(it.pool.stats()).toMatchObject({ active: 0, queued: 0, connecting: 0 });
    }
  });

  it('end with what the authenticator failed with as the cause', async () => {
    await using it = await world(kind, { rounds: 3 });
    it.authenticator.onAuthorize = (_request, challenge) => (challenge === undefined ? undefined : Promise.reject(new Error('no ticket')));
    const { status, cause } = await refusalOf(kind, it);
    expect(status).toBe(407);
    if (kind === 'connect') expect(cause).toEqual(new Error('no ticket'));
  });

  it('are over when the request is aborted, and nobody finds their connection', async () => {
    await using it = await world(kind, { rounds: 3 });
    const controller = new AbortController();
    let rounds = 0;
    it.authenticator.onAuthorize = () => {
      rounds += 1;
      if (rounds !== 3) return;
      controller.abort();
      return never;
    };
    expect(await failure(send(it.pool, it.url, { context: { signal: controller.signal } }))).toMatchObject({ name: 'Aborted' });
    expect(await answerOf(it.pool, it.url)).toEqual([200, 'here']);
    expect(tokensOf(it.proxy)).toEqual([1, 3]);
  });

  it('do not wait for an authenticator for ever', async () => {
    await using it = await world(kind, { rounds: 3 });
    it.authenticator.onAuthorize = () => never;
    expect(await failure(send(it.pool, it.url, { timeouts: connectLimit }))).toMatchObject({ name: 'ConnectTimeout' });
    const late = failure(send(it.pool, it.url, { context: { deadline: performance.now() + 50 } }));
    expect(await late).toMatchObject({ name: 'DeadlineExceeded' });
    expect(it.pool.stats()).toMatchObject({ active: 0, queued: 0 });
  });

  it('do not wait for ever for what a challenge is worth', async () => {
    await using it = await world(kind, { rounds: 3, body: 'x'.repeat(5_000) });
    it.authenticator.challenged = () => never;
    expect(await failure(send(it.pool, it.url, { timeouts: connectLimit }))).toMatchObject({ name: 'ConnectTimeout' });
    const late = failure(send(it.pool, it.url, { context: { deadline: performance.now() + 50 } }));
    expect(await late).toMatchObject({ name: 'DeadlineExceeded' });
    const signal = AbortSignal.timeout(20);
    expect(await failure(send(it.pool, it.url, { context: { signal } }))).toMatchObject({ name: 'Aborted' });
    expect(it.pool.stats()).toMatchObject({ active: 0, queued: 0 });
  });

  it('are gone through in the async context of the request', async () => {
    await using it = await world(kind, { rounds: 2 });
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    it.authenticator.onAuthorize = () => void seen.push(storage.getStore());
    await storage.run('mine', () => answerOf(it.pool, it.url));
    expect(seen).toEqual(['mine', 'mine', 'mine']);
  });
});

describe('a forwarded request', () => {
  it('with a body that can be read once has the 407 for its response, whole', async () => {
    await using it = await world('forward', { rounds: 3, body: 'y'.repeat(300_000) });
    const [status, text] = await answerOf(it.pool, it.url, { method: 'POST', body: generated('a') });
    expect([status, text.length]).toEqual([407, 300_000]);
  });

  it('whose challenge nobody can answer has it for its response, however long it is', async () => {
    await using it = await world('forward', { rounds: 3, body: 'y'.repeat(1_000_000) });
    it.authenticator.challenged = () => new Promise((resolve) => setTimeout(resolve, 5, false));
    const [, status, , , body] = await send(it.pool, it.url);
    expect(status).toBe(407);
    expect((await body.bytes()).length).toBe(1_000_000);
    expect(it.pool.stats()).toMatchObject({ active: 0, bufferedBytes: 0 });
  });

  it('whose challenge is answered late leaves a long answer alone', async () => {
    await using it = await world('forward', { rounds: 1, body: 'y'.repeat(1_000_000) });
    const { challenged } = it.authenticator;
    it.authenticator.challenged = async (...asked) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return challenged.call(it.authenticator, ...asked);
    };
    // Its connection goes with it, and with that what was said on it.
    expect((await answerOf(it.pool, it.url))[0]).toBe(407);
    expect(tokensOf(it.proxy)).toEqual([0, 0, 0, 0, 0]);
    expect(it.pool.stats()).toMatchObject({ active: 0, bufferedBytes: 0 });
  });
});

it('over HTTP/2 an authenticator may take its time, too', async () => {
  const { certificate: ca } = await trustedAuthority();
  await using secure = await startServer('echo', { tls: { certificate: await serverCertificate({ names: [originName] }) } });
  await using plain = await startServer('echo', {});
  await using proxy = await startProxy('http', { resolve: () => '127.0.0.1', tls: true, http2: true, auth });
  const challenged = new WeakSet<object>();
  const slow: ProxyAuthenticator = {
    async authorize(request) {
      await new Promise((resolve) => setImmediate(resolve));
      return challenged.has(request) ? basic(user, password) : undefined;
    },
    challenged: async (request) => challenged.add(request).has(request),
  };
  await using pool = new ConnectionPool({ proxy: new Proxy(proxy.url, { auth: slow, tls: { ca } }), tls: { ca } });
  const urls = Array.from({ length: 20 }, (_, id): UrlParts =>
    id % 2 === 0 ? ['https', originName, secure.port, `/${id}`] : ['http', originName, plain.port, `/${id}`],
  );
  const answers = await Promise.all(urls.map((url) => answerOf(pool, url)));
  expect(answers.map(([status, text]) => [status, (JSON.parse(text) as { target: string }).target])).toEqual(
    urls.map(([, , , target]) => [200, target]),
  );
  // What an abort, or the end of the connection, leaves undecided.
  const controller = new AbortController();
  const aborted = failure(send(pool, urls[1]!, { context: { signal: controller.signal } }));
  setImmediate(() => controller.abort());
  expect(await aborted).toMatchObject({ name: 'Aborted' });
  const ended = failure(send(pool, urls[1]!));
  await pool.destroy();
  expect(await ended).toMatchObject({ name: 'PoolClosed' });
});

interface SilentWorld extends AsyncDisposable, Pick<World, 'pool' | 'url'> {
  /** The authenticator answers from now on. */
  answer(): void;
  /** It has been asked, and says nothing. */
  readonly asked: Promise<void>;
}

describe.each(['forward', 'connect'])('over HTTP/2 an authenticator that never answers, to %s,', (kind) => {
  async function silentWorld(silent: 'authorize' | 'challenged'): Promise<SilentWorld> {
    const { certificate: ca } = await trustedAuthority();
    const origin = await startServer((_request, response) => void response.end('here'));
    const proxy = await startProxy('http', { resolve: () => '127.0.0.1', tls: true, http2: true, auth });
    let isSilent = true;
    let isAsked = (): void => {};
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    const say = <Value>(value: Value, where: typeof silent): Value | Promise<never> => {
      if (!isSilent || where !== silent) return value;
      isAsked();
      return never;
    };
    const authenticator: ProxyAuthenticator = {
      authorize: () => say(isSilent ? undefined : basic(user, password), 'authorize'),
      challenged: () => say(false, 'challenged'),
    };
    const pool = new ConnectionPool({
      proxy: new Proxy(proxy.url, { auth: authenticator, tls: { ca }, tunnel: kind === 'connect' }),
      http2: { idleTimeout: 20 },
    });
    return {
      pool,
      asked,
      answer: () => void (isSilent = false),
      url: ['http', originName, origin.port, '/'],
      async [Symbol.asyncDispose]() {
        await pool.destroy();
        await proxy[Symbol.asyncDispose]();
        await origin[Symbol.asyncDispose]();
      },
    };
  }

  it.each(['authorize', 'challenged'] as const)('with %s, is given up with the limit on connecting, or the deadline', async (silent) => {
    await using it = await silentWorld(silent);
    expect(await failure(send(it.pool, it.url, { timeouts: connectLimit }))).toMatchObject({ name: 'ConnectTimeout' });
    const late = failure(send(it.pool, it.url, { context: { deadline: performance.now() + 50 } }));
    expect(await late).toMatchObject({ name: 'DeadlineExceeded' });
    expect(it.pool.stats()).toMatchObject({ active: 0, queued: 0 });
    it.answer();
    expect(await answerOf(it.pool, it.url)).toEqual([200, 'here']);
  });

  it.each(['authorize', 'challenged'] as const)('with %s, holds no connection once its request is aborted', async (silent) => {
    await using it = await silentWorld(silent);
    const closed = new Promise<void>((resolve) => void it.pool.observe((name) => name === 'closed' && resolve()));
    const controller = new AbortController();
    const aborted = failure(send(it.pool, it.url, { context: { signal: controller.signal } }));
    await it.asked;
    controller.abort();
    expect(await aborted).toMatchObject({ name: 'Aborted' });
    // It is idle, and so it expires; those to which tunnels lead are not this pool's.
    if (kind === 'forward') await closed;
    expect(it.pool.stats()).toMatchObject({ active: 0, connections: 0 });
  });
});
