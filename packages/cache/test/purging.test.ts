/** What is purged while it is on its way into a store is not in it afterwards. */
import { describe, expect, it } from 'vitest';

import { PurgedTags } from '../src/answer/purged-tags.ts';
import { MemoryStore, type CacheStore } from '../src/index.ts';
import { answer, cachedOrigin, settled as turns } from './cached-origin.ts';

const fields = { 'cache-control': 'max-age=60', 'surrogate-key': 'product-42 shop' };

const settled = async (): Promise<void> => {
  for (let n = 0; n < 4; n += 1) await turns();
};

/** A store whose every answer comes some turns later, as those of a disk or a network do. */
function lateStore(store = new MemoryStore()): CacheStore {
  const late = async <Value>(ask: () => Value | Promise<Value>): Promise<Value> => {
    await new Promise((resolve) => setImmediate(resolve));
    const value = await ask();
    await new Promise((resolve) => setImmediate(resolve));
    return value;
  };
  return {
    find: (key) => late(() => store.find(key)),
    open: (key, response, start, end) => late(() => store.open(key, response, start, end)),
    write: (key, response) => {
      const writer = store.write(key, response);
      return {
        write: (chunk) => writer.write(chunk),
        // Slower than what removes it.
        commit: (length, replaced) => late(() => late(() => late(() => writer.commit(length, replaced)))),
        abort: () => {},
      };
    },
    update: (key, response) => late(() => store.update(key, response)),
    delete: (key, ids) => late(() => store.delete(key, ids)),
    deleteTagged: (tag) => late(() => store.deleteTagged(tag)),
    clear: () => late(() => store.clear()),
    size: () => late(() => store.size()),
  };
}

/** An origin that waits before the head, and in the middle of the body, until it is told to go on. */
function steps(store: CacheStore) {
  const waiting: (() => void)[] = [];
  const pause = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  const origin = cachedOrigin(
    async () => {
      await pause();
      return {
        status: 200,
        headers: Object.entries(fields),
        body: (async function* () {
          yield Buffer.from('half');
          await pause();
          yield Buffer.from('half');
        })(),
      };
    },
    { store, tagField: 'surrogate-key' },
  );
  const goOn = async (): Promise<void> => {
    await expect.poll(() => waiting.length, { interval: 1 }).toBeGreaterThan(0);
    for (const resume of waiting.splice(0)) resume();
  };
  return { origin, goOn };
}

const text = async (opened: ReturnType<ReturnType<typeof cachedOrigin>['open']>): Promise<string> =>
  Buffer.from(await (await opened).body.bytes()).toString();

describe.each([
  ['in memory', () => new MemoryStore()],
  ['that takes its time', lateStore],
])('a store %s', (_, newStore) => {
  describe.each([
    ['its URL', 'http://origin.test/'],
    ['one of its tags', undefined],
    ['everything', null],
  ])('from which is purged by %s', (__, url) => {
    const purge = async ({ origin }: ReturnType<typeof steps>): Promise<unknown> => {
      const { cache } = origin.dispatcher;
      if (url === null) return cache.purge();
      return url === undefined ? cache.purgeByTag('product-42') : cache.purge(url);
    };

    it('what is not answered yet: nobody else is given it, and it is not kept', async () => {
      const store = newStore();
      const asked = steps(store);
      const first = text(asked.origin.open('/'));
      const follower = text(asked.origin.open('/'));
      await expect.poll(() => asked.origin.seen.length, { interval: 1 }).toBe(1);
      await purge(asked);
      await asked.goOn();
      // Who has waited asks anew.
      await expect.poll(() => asked.origin.seen.length, { interval: 1 }).toBe(2);
      await asked.goOn();
      expect(await first).toBe('halfhalf');
      await asked.goOn();
      expect(await follower).toBe('halfhalf');
      await settled();
      expect([asked.origin.seen.length, (await store.size()).entries]).toEqual([2, 1]);
    });

    it('what is half here: those who read it do so to its end, others ask anew, and it is not kept', async () => {
      const store = newStore();
      const asked = steps(store);
      const opened = asked.origin.open('/');
      await asked.goOn();
      const first = text(opened);
      const follower = text(asked.origin.open('/'));
      await settled();
      await purge(asked);
      const later = text(asked.origin.open('/'));
      await expect.poll(() => asked.origin.seen.length, { interval: 1 }).toBe(2);
      await asked.goOn();
      expect(await Promise.all([first, follower])).toEqual(['halfhalf', 'halfhalf']);
      await settled();
      expect((await store.size()).entries).toBe(0);
      await asked.goOn();
      expect(await later).toBe('halfhalf');
      await settled();
      expect((await store.size()).entries).toBe(1);
    });

    it('what the store is just taking: once the purge is over, it is gone', async () => {
      const store = newStore();
      const asked = steps(store);
      const opened = asked.origin.open('/');
      await asked.goOn();
      const first = text(opened);
      await settled();
      await asked.goOn();
      expect(await first).toBe('halfhalf');
      await purge(asked);
      expect((await store.size()).entries).toBe(0);
      await settled();
      expect((await store.size()).entries).toBe(0);
    });
  });

  it('from which is purged by a tag that it has not: what is on its way is kept', async () => {
    const store = newStore();
    const asked = steps(store);
    const opened = asked.origin.open('/');
    await expect.poll(() => asked.origin.seen.length, { interval: 1 }).toBe(1);
    await asked.origin.dispatcher.cache.purgeByTag('other');
    await asked.goOn();
    const first = text(opened);
    await asked.origin.dispatcher.cache.purgeByTag('product-4');
    await asked.goOn();
    await first;
    await settled();
    expect((await store.size()).entries).toBe(1);
  });

  it.each(['its URL', 'a tag', 'everything', 'a PUT', 'nothing'] as const)(
    'while a reader is far behind, by %s: that one has all of it, and nobody else',
    async (what) => {
      const store = newStore();
      const chunk = new Uint8Array(64 * 1024).fill(7);
      let goOn = (): void => {};
      const origin = cachedOrigin(
        async ({ method }, number) => {
          if (method === 'PUT' || number > 2) return answer('anew', { ...fields, 'cache-control': 'no-store' });
          return {
            status: 200,
            headers: Object.entries(fields),
            body: (async function* () {
              for (let n = 0; n < 40; n += 1) {
                await null;
                yield chunk;
              }
              await new Promise<void>((resolve) => (goOn = resolve));
              yield chunk;
            })(),
          };
        },
        { store, tagField: 'surrogate-key' },
      );
      const { cache } = origin.dispatcher;
      const [fast, slow, gone] = await Promise.all([origin.open('/'), origin.open('/'), origin.open('/')]);
      const behind = slow.body[Symbol.asyncIterator]();
      await gone.body[Symbol.asyncIterator]().next();
      let received = (await behind.next()).value!.length;
      const all = fast.body.bytes();
      const idle = goOn;
      await expect.poll(() => goOn !== idle, { interval: 1 }).toBe(true);
      if (what === 'its URL') await cache.purge('http://origin.test/');
      if (what === 'a tag') await cache.purgeByTag('shop');
      if (what === 'everything') await cache.purge();
      if (what === 'a PUT') await origin.ask('/', { method: 'PUT' });
      await gone.body.close();
      goOn();
      expect((await all).length).toBe(41 * chunk.length);
      await settled();
      if (what !== 'nothing') expect((await origin.ask('/', { context: { cacheMode: 'only-if-cached' } })).status).toBe(504);
      for (let next = await behind.next(); next.done !== true; next = await behind.next()) {
        expect(next.value.every((byte) => byte === 7)).toBe(true);
        received += next.value.length;
      }
      expect(received).toBe(41 * chunk.length);
      await settled();
      expect((await store.size()).entries).toBe(what === 'nothing' ? 1 : 0);
    },
  );

  it('while a reader that is far behind waits for the rest: it may give up', async () => {
    const chunk = new Uint8Array(64 * 1024);
    const origin = cachedOrigin(
      () => ({
        status: 200,
        headers: Object.entries(fields),
        body: (async function* () {
          for (let n = 0; n < 40; n += 1) {
            await null;
            yield chunk;
          }
          await new Promise(() => {});
        })(),
      }),
      { store: newStore() },
    );
    const controller = new AbortController();
    const [fast, slow] = await Promise.all([origin.open('/'), origin.open('/', { context: { signal: controller.signal } })]);
    const behind = slow.body[Symbol.asyncIterator]();
    await behind.next();
    const ahead = fast.body[Symbol.asyncIterator]();
    for (let n = 0; n < 40; n += 1) await ahead.next();
    const waiting = behind.next();
    await settled();
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toMatchObject({ name: 'Aborted' });
    await fast.body.close();
  });

  it('in which parts become a whole: a purge meanwhile leaves neither', async () => {
    const store = newStore();
    const tagged = { ...fields, etag: '"1"' };
    const origin = cachedOrigin(
      ({ headers }) => {
        const isFirst = headers.some(([name, value]) => name === 'range' && value === 'bytes=0-3');
        return answer(isFirst ? 'half' : 'rest', { ...tagged, 'content-range': isFirst ? 'bytes 0-3/8' : 'bytes 4-7/8' }, 206);
      },
      { store, tagField: 'surrogate-key' },
    );
    await origin.ask('/', { headers: { range: 'bytes=0-3' } });
    const { body } = await origin.open('/', { headers: { range: 'bytes=4-7' } });
    await body.bytes();
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await origin.dispatcher.cache.purgeByTag('shop');
    await settled();
    expect((await store.size()).entries).toBe(0);
  });

  it('that is told by a 304 of a tag that was purged meanwhile: it is not what answers with that tag', async () => {
    const store = newStore();
    let goOn = (): void => {};
    const origin = cachedOrigin(
      async (_request, number) => {
        if (number !== 2) return answer('a', { 'cache-control': 'max-age=1', etag: '"1"', 'surrogate-key': 'old' });
        await new Promise<void>((resolve) => (goOn = resolve));
        return answer('', { 'cache-control': 'max-age=60', etag: '"1"', 'surrogate-key': 'new' }, 304);
      },
      { store, tagField: 'surrogate-key' },
    );
    await origin.ask('/');
    origin.pass(2);
    const asking = origin.ask('/');
    await expect.poll(() => origin.seen.length, { interval: 1 }).toBe(2);
    await origin.dispatcher.cache.purgeByTag('new');
    goOn();
    expect((await asking).text).toBe('a');
    expect((await origin.dispatcher.cache.inspect('http://origin.test/')).filter(({ isFresh }) => isFresh)).toEqual([]);
  });
});

it('whoever purges is told that the store could not, however often that was so before', async () => {
  const fail = (): never => {
    throw new Error('the store is gone');
  };
  const store: CacheStore = Object.assign(new MemoryStore(), { find: fail, delete: fail, deleteTagged: fail, clear: fail });
  const {
    dispatcher: { cache },
    ask,
  } = cachedOrigin(() => ({ status: 200, body: 'body', headers: Object.entries(fields) }), {
    store,
    tagField: 'surrogate-key',
  });
  for (let n = 0; n < 10; n += 1) {
    await ask('/a');
    for (const purge of [() => cache.purge('http://app.test/a'), () => cache.purgeByTag('shop'), () => cache.purge()])
      await expect(purge()).rejects.toThrow('the store is gone');
  }
});

describe('purged tags', () => {
  it('are told apart by when, up to a number of them; an earlier moment is then before all', () => {
    const purged = new PurgedTags();
    const before = purged.moment;
    purged.add('a');
    const after = purged.moment;
    expect([purged.since(before, ['b', 'a']), purged.since(before, ['b']), purged.since(after, ['a'])]).toEqual([true, false, false]);
    for (let n = 0; n < 10_000; n += 1) purged.add(String(n));
    expect([purged.since(after, ['b']), purged.since(after, []), purged.since(purged.moment - 5, ['b', '9994'])]).toEqual([
      true,
      false,
      false,
    ]);
    expect(purged.since(purged.moment - 5, ['9995'])).toBe(true);
  });
});
