import { describe, expect, it } from 'vitest';

import { MemoryStore, type CacheEvent, type CacheStore } from '../src/index.ts';
import { answer, cachedOrigin, settled, type CachedOrigin } from './cached-origin.ts';

const fresh = { 'cache-control': 'max-age=60' };

describe('a store that fails', () => {
  const broken = (failing: Partial<CacheStore>): CacheStore => {
    const store = new MemoryStore();
    return {
      find: (key) => store.find(key),
      open: (key, response, start, end) => store.open(key, response, start, end),
      write: (key, response) => store.write(key, response),
      update: (key, response) => store.update(key, response),
      delete: (key, ids) => store.delete(key, ids),
      deleteTagged: (tag) => store.deleteTagged(tag),
      clear: () => store.clear(),
      size: () => store.size(),
      ...failing,
    };
  };
  const never = (): Promise<never> => new Promise(() => {});
  const fail = (): never => {
    throw new Error('disk on fire');
  };
  const cases: Readonly<Record<string, Partial<CacheStore>>> = {
    'throws when asked': { find: fail },
    'rejects when asked': { find: () => Promise.reject(new Error('gone')) },
    'never answers': { find: never },
    'throws when opened': { open: fail },
    'never opens': { open: never },
    'has lost the body': { open: () => undefined },
    'opens null': { open: () => null as never },
    'opens something else': { open: () => ({ length: 1 }) as never },
    'opens less than there is': { open: () => new Uint8Array(0) },
    'gives a writer late': { write: () => Promise.reject(new Error('gone')) as never },
    'gives something else to write to': { write: () => ({}) as never },
    'gives null to write to': { write: () => null as never },
    'locks with something else': { lock: () => ({}) as never },
    'throws when unlocked': { lock: () => fail },
    'rejects when unlocked': { lock: () => Promise.resolve(() => Promise.reject(new Error('gone'))) },
    'takes nothing': { write: () => undefined },
    'throws when written to': { write: fail },
    'throws at a chunk': { write: () => ({ write: fail, commit: () => {}, abort: fail }) },
    'rejects a chunk': {
      write: () => ({ write: () => Promise.reject(new Error('full')), commit: never, abort: () => Promise.reject(new Error('no')) }),
    },
    'never commits': { write: () => ({ write: () => {}, commit: never, abort: () => {} }) },
    'throws at the commit': { write: () => ({ write: () => {}, commit: fail, abort: () => {} }) },
    'never tells of purges': { markPurged: never, purgedAgo: never },
    'fails to tell of purges': { markPurged: fail, purgedAgo: () => Promise.reject(new Error('gone')) },
    'never locks': { lock: never },
    'fails to lock': { lock: fail },
  };

  for (const [what, failing] of Object.entries(cases)) {
    it(`because it ${what}, fails no request`, async () => {
      const origin = cachedOrigin([answer('a', { ...fresh, etag: '"1"' })], { store: broken(failing), storeTimeout: 10 });
      for (let n = 0; n < 3; n += 1) expect(await origin.ask('/')).toMatchObject({ status: 200, text: 'a' });
      expect((await Promise.all([origin.ask('/'), origin.ask('/')])).map(({ text }) => text)).toEqual(['a', 'a']);
      expect(await origin.ask('/', { method: 'POST' })).toMatchObject({ status: 200 });
    });
  }

  it.each(['find', 'lock'] as const)('does not answer "%s" is waited for once by each request, until it is left alone', async (what) => {
    const asked: string[] = [];
    const store = broken({
      find: async () => {
        asked.push('find');
        return what === 'find' ? never() : [];
      },
      lock: async () => {
        asked.push('lock');
        return what === 'lock' ? never() : () => {};
      },
      write: () => undefined,
    });
    const events: string[] = [];
    const origin = cachedOrigin([answer('a', { 'cache-control': 'no-store' })], {
      store,
      storeTimeout: 5,
      onEvent: ({ type }) => events.push(type),
    });
    for (let n = 0; n < 7; n += 1) {
      asked.length = 0;
      expect((await origin.ask(`/${n}`)).text).toBe('a');
      expect(asked.filter((each) => each === what).length).toBeLessThanOrEqual(1);
      if (what === 'find') expect(asked).toEqual(n < 5 ? ['find'] : []);
    }
    expect(events.includes('store-suspended')).toBe(what === 'find');
  });

  it('is closed once all that came is in it, and its lock is given back', async () => {
    const steps: string[] = [];
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const late = (step: string) => async (): Promise<void> => {
      for (let n = 0; n < 3; n += 1) await turn();
      steps.push(step);
    };
    const store = broken({
      find: async () => [],
      write: () => ({ write: () => {}, commit: late('committed'), abort: () => {} }),
      lock: async () => late('unlocked'),
      close: () => void steps.push('closed'),
    });
    const origin = cachedOrigin([answer('a', fresh)], { store });
    const { body } = await origin.open('/');
    await body.bytes();
    await origin.dispatcher.cache.close();
    expect(steps).toEqual(['committed', 'unlocked', 'closed']);
  });

  it('does not answer when a lock is given back or a draft is dropped, is closed all the same', async () => {
    const store = broken({
      find: async () => [],
      write: () => ({ write: fail, commit: () => {}, abort: never }),
      lock: async () => never,
    });
    const origin = cachedOrigin([answer('a', fresh)], { store, storeTimeout: 10 });
    await origin.ask('/');
    await expect(origin.dispatcher.cache.close()).resolves.toBe(undefined);
  });

  describe('is closed, or cleared, while a response is on its way', () => {
    /** An origin that has sent half of a body, and a reader that has got it. */
    async function halfway(store: CacheStore) {
      let release = (): void => {};
      let isLeft = false;
      const origin = cachedOrigin(
        () => ({
          status: 200,
          headers: Object.entries(fresh),
          body: (async function* () {
            try {
              yield Buffer.from('half');
              await new Promise<void>((resolve) => (release = resolve));
              yield Buffer.from('half');
            } finally {
              isLeft = true;
            }
          })(),
        }),
        { store },
      );
      const { body } = await origin.open('/');
      const reader = body[Symbol.asyncIterator]();
      await reader.next();
      return { origin, reader, body, release: () => release(), isLeft: () => isLeft };
    }

    it.each(['purge', 'close'] as const)('(%s): what is read is read to its end, and not kept', async (what) => {
      const store = new MemoryStore();
      const { origin, reader, release } = await halfway(store);
      await origin.dispatcher.cache[what]();
      const next = reader.next();
      release();
      expect(Buffer.from((await next).value as Uint8Array).toString()).toBe('half');
      expect(await reader.next()).toMatchObject({ done: true });
      await settled();
      expect(store.size().entries).toBe(0);
    });

    it('and nobody reads it: its exchange ends, and its draft is gone before the store is closed', async () => {
      const steps: string[] = [];
      const abort = async (): Promise<void> => {
        await settled();
        steps.push('dropped');
      };
      const store = broken({ write: () => ({ write: () => {}, commit: fail, abort }), close: () => void steps.push('closed') });
      const { origin, reader, isLeft, release } = await halfway(store);
      await reader.return!();
      expect(isLeft()).toBe(false);
      await origin.dispatcher.cache.close();
      expect(steps).toEqual(['dropped', 'closed']);
      release();
      await settled();
      expect(isLeft()).toBe(true);
    });
  });

  it('is left alone after some failures, and told of', async () => {
    let asked = 0;
    const events: string[] = [];
    const store = broken({
      find() {
        asked += 1;
        throw new Error('down');
      },
      write: () => undefined,
    });
    const origin = cachedOrigin([answer('a', fresh)], { store, onEvent: ({ type }) => events.push(type) });
    for (let n = 0; n < 20; n += 1) await origin.ask('/');
    expect(asked).toBe(5);
    expect(events).toEqual([...Array.from({ length: 5 }, () => 'store-failed'), 'store-suspended']);
  });

  it.each([
    ['ends too early', [new Uint8Array(1)]],
    ['has too much', [new Uint8Array(2), new Uint8Array(2)]],
    ['is something else', ['abc']],
  ])('whose body %s does not hand it out as if it were whole', async (_, chunks) => {
    const store = broken({
      open: async function* () {
        yield* chunks as Uint8Array[];
      },
    });
    const events: CacheEvent[] = [];
    const origin = cachedOrigin([answer('abc', fresh)], { store, onEvent: (event) => events.push(event) });
    await origin.ask('/');
    await expect(origin.ask('/')).rejects.toMatchObject({ name: 'ReadError' });
    expect(events).toMatchObject([{ type: 'store-failed', operation: 'open' }]);
  });

  describe('in the middle of a body', () => {
    /** A store that has one large body, and gives the chunks of `chunks` instead of it. */
    async function opening(
      chunks: () => AsyncIterable<Uint8Array>,
      storeTimeout = 20,
    ): Promise<{ origin: CachedOrigin; events: CacheEvent[] }> {
      const events: CacheEvent[] = [];
      const origin = cachedOrigin((_, number) => answer(`v${number}`, fresh), {
        store: broken({ open: chunks }),
        storeTimeout,
        onEvent: (event) => events.push(event),
      });
      await origin.ask('/');
      return { origin, events };
    }

    it('is an error as of a connection that breaks off: it can be asked for again', async () => {
      const { origin, events } = await opening(async function* () {
        yield new Uint8Array(1);
        throw new Error('disk on fire');
      });
      const { body, outcome } = await origin.open('/');
      expect(outcome.state).toBe('hit');
      await expect(body.bytes()).rejects.toMatchObject({ name: 'ReadError', phase: 'response-body', cause: { message: 'disk on fire' } });
      expect(events).toMatchObject([{ type: 'store-failed', operation: 'open' }]);
    });

    it('is waited for no longer than for any answer', async () => {
      const { origin } = await opening(async function* () {
        yield new Uint8Array(1);
        await never();
      });
      const { body } = await origin.open('/');
      await expect(body.bytes()).rejects.toMatchObject({ name: 'ReadError', cause: { code: 'STORE_TIMEOUT' } });
    });

    it('keeps nobody who has given up', async () => {
      const { origin } = await opening(async function* () {
        yield new Uint8Array(1);
        await never();
      }, 10_000);
      const controller = new AbortController();
      const { body } = await origin.open('/', { context: { signal: controller.signal } });
      const reading = body.bytes();
      controller.abort('enough');
      await expect(reading).rejects.toMatchObject({ name: 'Aborted', cause: 'enough' });
      const late = async (): Promise<unknown> => (await origin.open('/', { context: { deadline: performance.now() + 20 } })).body.bytes();
      await expect(late()).rejects.toMatchObject({ name: 'DeadlineExceeded' });
    });
  });
});
