/** Equal requests that are under way at the same time. */
import { Aborted, ConnectError, mockDispatcher, Proxy } from '@x/httpcore';
import { withEnoughTime } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { HttpCache, MemoryStore, type CacheStore } from '../src/index.ts';
import { answer, cachedOrigin, settled, type CachedOrigin } from './cached-origin.ts';

const fresh = { 'cache-control': 'max-age=60' };

describe('equal requests', () => {
  it('share one exchange; what is for one only is sent by each', async () => {
    for (const [control, reached] of [
      ['max-age=60', 1],
      ['no-store', 5],
      ['no-cache', 5],
    ] as const) {
      const origin = cachedOrigin(() => answer('a', { 'cache-control': control, etag: '"1"' }));
      const all = await Promise.all(Array.from({ length: 5 }, () => origin.ask('/')));
      expect(all.every(({ text }) => text === 'a')).toBe(true);
      expect(origin.seen).toHaveLength(reached);
    }
  });

  it('are ten thousand at a time: one is sent, and none of what ten thousand others bring is mixed up', async () => {
    const origin = cachedOrigin(({ url }) => answer(url[3].padEnd(2000, '.'), { 'cache-control': 'max-age=60' }));
    const ask = async (path: string): Promise<string> => {
      const [, , , , body] = await origin.dispatcher.dispatch('GET', ['http', 'origin.test', null, path], [], null);
      return Buffer.from(await body.bytes())
        .toString()
        .slice(0, path.length);
    };
    const equal = await Promise.all(Array.from({ length: 10_000 }, () => ask('/equal')));
    expect(new Set(equal)).toEqual(new Set(['/equal']));
    expect(origin.seen).toHaveLength(1);
    const paths = Array.from({ length: 10_000 }, (_, n) => `/${n}`);
    expect(await Promise.all(paths.map(ask))).toEqual(paths);
    expect(origin.seen).toHaveLength(10_001);
  });

  it('are those with the same credentials', async () => {
    const origin = cachedOrigin((request) => answer(request.headers.map(String).join(), fresh));
    const users = ['ada', 'bob', 'ada'];
    const all = await Promise.all(users.map((user) => origin.ask('/', { headers: { authorization: user } })));
    expect(all.map(({ text }) => text)).toEqual(users.map((user) => `authorization,${user}`));
    expect(origin.seen).toHaveLength(2);
  });

  it('go on when the one who was first gives up', async () => {
    let answerNow: (() => void) | undefined;
    const origin = cachedOrigin(async (request) => {
      await new Promise<void>((resolve) => {
        answerNow = resolve;
        request.signal.addEventListener('abort', () => resolve());
      });
      return answer('late', fresh);
    });
    const controller = new AbortController();
    const first = origin.ask('/', { context: { signal: controller.signal } });
    const second = origin.ask('/');
    await settled();
    controller.abort(new Error('not me'));
    await expect(first).rejects.toThrow(Aborted);
    await settled();
    answerNow!();
    expect((await second).text).toBe('late');
    expect(origin.seen).toHaveLength(2);
  });

  it('all fail when it fails, each with an error of its own', async () => {
    const origin = cachedOrigin([new ConnectError('refused')]);
    const all = await Promise.allSettled(Array.from({ length: 3 }, () => origin.ask('/')));
    const errors = all.map((result) => (result as PromiseRejectedResult).reason as unknown);
    expect(errors.every((error) => error instanceof ConnectError)).toBe(true);
    expect(new Set(errors).size).toBe(3);
    expect(origin.seen).toHaveLength(1);
  });

  it('can stop waiting', async () => {
    const origin = cachedOrigin(() => new Promise(() => {}));
    void origin.ask('/').catch(() => {});
    const controller = new AbortController();
    const second = origin.ask('/', { context: { signal: controller.signal } });
    await settled();
    controller.abort('enough');
    await expect(second).rejects.toMatchObject({ name: 'Aborted', cause: 'enough' });
    await expect(origin.ask('/', { context: { deadline: performance.now() + 5 } })).rejects.toMatchObject({ name: 'DeadlineExceeded' });
  });

  it('read at their own speed: who is far behind gets the rest from the store', async () => {
    const chunk = new Uint8Array(64 * 1024).fill(7);
    const origin = cachedOrigin(() => ({
      status: 200,
      headers: Object.entries(fresh),
      body: (async function* () {
        for (let n = 0; n < 64; n += 1) {
          await null;
          yield chunk;
        }
      })(),
    }));
    const [fast, slow] = await Promise.all([origin.open('/'), origin.open('/')]);
    const chunks = slow.body[Symbol.asyncIterator]();
    let received = (await chunks.next()).value!.length;
    expect((await fast.body.bytes()).length).toBe(64 * chunk.length);
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) received += next.value.length;
    expect(received).toBe(64 * chunk.length);
    expect(origin.seen).toHaveLength(1);
  });

  describe('of which the first has less time than the others', () => {
    /** An origin that sends one half of a body, and the other when it is told to. */
    function halves(): { readonly origin: CachedOrigin; readonly more: () => void; readonly aborted: () => boolean } {
      let more: (() => void) | undefined;
      let isAborted = false;
      const origin = cachedOrigin((request) => {
        const until = new Promise<void>((resolve) => (more = resolve));
        request.signal.addEventListener('abort', () => (isAborted = true));
        const body = (async function* () {
          yield new Uint8Array(1000).fill(1);
          await until;
          yield new Uint8Array(1000).fill(2);
        })();
        return { status: 200, headers: [['cache-control', 'max-age=60']], body };
      });
      return { origin, more: () => more!(), aborted: () => isAborted };
    }

    it('have the body go on for them when it is over in the middle of it', async () => {
      await withEnoughTime(async (limit) => {
        const { origin, more } = halves();
        const [first, second] = await Promise.all([
          origin.open('/', { context: { deadline: performance.now() + limit } }),
          origin.open('/', { context: { deadline: performance.now() + 60_000 } }),
        ]);
        const whole = second.body.bytes();
        // It waits for nothing that may not come.
        await expect(first.body.bytes()).rejects.toMatchObject({ name: 'DeadlineExceeded', phase: 'response-body', method: 'GET' });
        more();
        expect(await whole).toHaveLength(2000);
        expect(origin.seen).toHaveLength(1);
        expect(await origin.state('/')).toBe('hit');
      });
    });

    it('end with their own time, and leave the first alone', async () => {
      await withEnoughTime(async (limit) => {
        const { origin, more } = halves();
        const [first, second] = await Promise.all([
          origin.open('/'),
          origin.open('/', { context: { deadline: performance.now() + limit } }),
        ]);
        const whole = first.body.bytes();
        await expect(second.body.bytes()).rejects.toMatchObject({ name: 'DeadlineExceeded', phase: 'response-body' });
        more();
        expect(await whole).toHaveLength(2000);
      });
    });

    it('ask anew when it is over before there was an answer, and the exchange of the first ends', async () => {
      let isFirstAborted = false;
      const origin = cachedOrigin((request, number) => {
        if (number > 1) return answer('second', fresh);
        return new Promise((resolve) =>
          request.signal.addEventListener('abort', () => {
            isFirstAborted = true;
            resolve(answer('', {}));
          }),
        );
      });
      const first = origin.ask('/', { context: { deadline: performance.now() + 30 } });
      const others = [origin.ask('/'), origin.ask('/')];
      await expect(first).rejects.toMatchObject({ name: 'DeadlineExceeded' });
      expect((await Promise.all(others)).map(({ text }) => text)).toEqual(['second', 'second']);
      expect([isFirstAborted, origin.seen.length]).toEqual([true, 2]);
    });

    it('nothing goes on where there is nobody else, and the body is large', async () => {
      const origin = cachedOrigin((request) => {
        const body = (async function* () {
          yield new Uint8Array(1000);
          await new Promise((_, reject) => request.signal.addEventListener('abort', () => reject(new Error('aborted'))));
        })();
        return { status: 200, headers: [...Object.entries(fresh), ['content-length', '10000000']], body };
      });
      await withEnoughTime(async (limit) => {
        const { body } = await origin.open('/', { context: { deadline: performance.now() + limit } });
        await expect(body.bytes()).rejects.toMatchObject({ name: 'DeadlineExceeded' });
        expect(origin.requests.at(-1)!.signal.aborted).toBe(true);
      });
    });

    it('has far more time than a timer knows', async () => {
      const origin = cachedOrigin([answer('a', fresh)]);
      const context = { deadline: performance.now() + 2 ** 40 };
      const all = await Promise.all([origin.ask('/', { context }), origin.ask('/', { context })]);
      expect(all.map(({ text }) => text)).toEqual(['a', 'a']);
    });
  });

  it('of two dispatchers do not fail by the way of the other', async () => {
    const cache = new HttpCache();
    const refusing = cache.over(mockDispatcher(async () => Promise.reject(new ConnectError('no way'))));
    const working = cache.over(mockDispatcher(() => answer('a', fresh)));
    const url = ['http', 'origin.test', null, '/'] as const;
    const [failed, worked] = await Promise.allSettled([refusing.dispatch('GET', url, [], null), working.dispatch('GET', url, [], null)]);
    expect(failed).toMatchObject({ reason: { name: 'ConnectError' } });
    expect(worked).toMatchObject({ value: { 1: 200 } });
  });

  it('are those with equal limits and by one way', async () => {
    const origin = cachedOrigin([answer('a', fresh)]);
    const proxy = new Proxy('http://proxy.test:1');
    await Promise.all(
      [{}, { servername: 'other.test' }, { proxy }, { proxy }, { proxy: null }].map((context) => origin.ask('/', { context })),
    );
    expect(origin.seen).toHaveLength(4);
  });

  it('are not sent for one who has aborted while the store was asked', async () => {
    const slow = new MemoryStore();
    let find: (() => void) | undefined;
    const store: CacheStore = Object.assign(Object.create(slow) as CacheStore, {
      find: () => new Promise<never[]>((resolve) => (find = () => resolve([]))),
      open: () => undefined,
      write: () => undefined,
    });
    const origin = cachedOrigin(() => new Promise(() => {}), { store });
    const controller = new AbortController();
    const asked = origin.ask('/', { context: { signal: controller.signal } });
    controller.abort('early');
    find!();
    await expect(asked).rejects.toMatchObject({ name: 'Aborted', cause: 'early' });
  });
});
