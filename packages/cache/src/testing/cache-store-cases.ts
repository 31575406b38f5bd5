/** What every store has to do. */
import assert from 'node:assert/strict';

import type { CacheStore, StoredBytes, StoredResponse } from '../store/store.ts';

/** A store to be proven, and what is around it. */
export interface CacheStoreSubject {
  readonly store: CacheStore;
  /**
   * Another one over the same data, as the next process would have: absent for a store that ends with its process. The first one is not closed
   * before.
   */
  readonly reopen?: (() => CacheStore | Promise<CacheStore>) | undefined;
  /** Changes the bytes of a stored body, or of all of them: absent where nobody could. */
  readonly corrupt?: ((key: string, response: StoredResponse) => void | Promise<void>) | undefined;
  readonly close?: (() => void | Promise<void>) | undefined;
}

export interface CacheStoreCase {
  readonly name: string;
  run(subject: CacheStoreSubject): Promise<void>;
}

const key = 'https://example.com/a?b=c d';

let lastId = 0;

/** A response of an id of its own. */
function response(changes: Partial<StoredResponse> = {}): StoredResponse {
  lastId += 1;
  const receivedAt = Date.now();
  return {
    id: `response-${lastId}`,
    url: 'https://example.com/a?b=c',
    status: 200,
    reason: 'OK',
    httpVersion: '1.1',
    headers: [
      ['Cache-Control', 'max-age=60'],
      ['X-Latin', 'grün'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ],
    selecting: [['accept', null]],
    partition: '',
    requestedAt: receivedAt - 5,
    receivedAt,
    part: null,
    askedRange: null,
    tags: [],
    usefulUntil: receivedAt + 3_600_000,
    length: -1,
    ...changes,
  };
}

function bytes(length: number, seed = 1): Uint8Array {
  const body = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) body[at] = (at * 31 + seed * 17) & 0xff;
  return body;
}

async function put(
  store: CacheStore,
  stored: StoredResponse,
  body: Uint8Array,
  at: string = key,
  replaced: readonly string[] = [],
): Promise<StoredResponse> {
  const writer = store.write(at, stored);
  if (writer === undefined) throw new Error('The store has no place');
  for (let from = 0; from < body.length; from += 50_000) await writer.write(body.slice(from, from + 50_000));
  await writer.commit(body.length, replaced);
  return { ...stored, length: body.length };
}

async function read(opened: StoredBytes | undefined): Promise<Uint8Array | undefined> {
  if (opened === undefined || opened instanceof Uint8Array) return opened;
  const chunks: Uint8Array[] = [];
  for await (const chunk of opened) chunks.push(new Uint8Array(chunk));
  return new Uint8Array(Buffer.concat(chunks));
}

async function only(store: CacheStore, at: string = key): Promise<StoredResponse> {
  const found = await store.find(at);
  if (found.length !== 1) throw new Error(`There are ${found.length} responses instead of one`);
  return found[0]!;
}

async function body(store: CacheStore, at: string = key): Promise<Uint8Array | undefined> {
  const found = await only(store, at);
  return read(await store.open(at, found, 0, found.length));
}

function equal(actual: Uint8Array | undefined, expected: Uint8Array): void {
  assert.ok(actual !== undefined, 'there is no body');
  assert.ok(
    Buffer.compare(actual, expected) === 0,
    `the body has ${actual.length} bytes, and not the ${expected.length} that were written`,
  );
}

export const cases: readonly CacheStoreCase[] = [
  {
    name: 'finds nothing where there is nothing',
    async run({ store }) {
      assert.deepEqual([...(await store.find(key))], []);
      assert.equal(await store.open(key, response(), 0, 1), undefined);
      assert.equal(await store.delete(key), 0);
      assert.equal(await store.deleteTagged('none'), 0);
      assert.equal(await store.update(key, response()), false);
      assert.equal((await store.size()).entries, 0);
    },
  },
  ...[0, 1, 1000, 70_000, 300_000, 3_000_000].map((length): CacheStoreCase => ({
    name: `gives back a response with a body of ${length} bytes as it was written`,
    async run({ store }) {
      const expected = await put(store, response(), bytes(length));
      assert.deepEqual(JSON.parse(JSON.stringify(await only(store))), JSON.parse(JSON.stringify(expected)));
      if (length > 0) equal(await body(store), bytes(length));
      assert.ok((await store.size()).bytes >= length);
    },
  })),
  {
    name: 'gives any range of a body',
    async run({ store }) {
      const whole = bytes(1_300_000);
      await put(store, response(), whole);
      const found = await only(store);
      for (const [start, end] of [
        [0, 1],
        [0, 1_300_000],
        [1_299_999, 1_300_000],
        [262_143, 262_145],
        [500_000, 900_001],
        [524_288, 1_048_576],
      ] as const) {
        equal(await read(await store.open(key, found, start, end)), whole.slice(start, end));
      }
    },
  },
  {
    name: 'keeps keys apart, however they look',
    async run({ store }) {
      const keys = [
        key,
        `${key} host=other`,
        'https://example.com/A?b=c d',
        'https://example.com/../../etc/passwd',
        `https://example.com/${'x'.repeat(5000)}`,
        'https://example.com/grün',
      ];
      for (const [index, each] of keys.entries()) await put(store, response(), bytes(100, index), each);
      for (const [index, each] of keys.entries()) equal(await body(store, each), bytes(100, index));
      assert.equal((await store.size()).entries, keys.length);
    },
  },
  {
    name: 'keeps several responses under one key, and replaces those that it is told to',
    async run({ store }) {
      const one = await put(store, response(), bytes(10, 1));
      const two = await put(store, response(), bytes(10, 2));
      assert.deepEqual((await store.find(key)).map(({ id }) => id).toSorted(), [one.id, two.id].toSorted());
      const three = await put(store, response(), bytes(10, 3), key, [one.id]);
      assert.deepEqual((await store.find(key)).map(({ id }) => id).toSorted(), [two.id, three.id].toSorted());
    },
  },
  {
    name: 'shows nobody what is not committed, and forgets what is aborted',
    async run({ store }) {
      const stored = response();
      const writer = store.write(key, stored)!;
      await writer.write(bytes(400_000));
      assert.deepEqual([...(await store.find(key))], []);
      await writer.abort();
      await writer.abort();
      assert.deepEqual([...(await store.find(key))], []);
      assert.equal((await store.size()).entries, 0);
    },
  },
  {
    name: 'keeps what it has until what replaces it is committed',
    async run({ store }) {
      await put(store, response(), bytes(100, 1));
      const old = await only(store);
      const writer = store.write(key, response())!;
      await writer.write(bytes(100, 2));
      equal(await body(store), bytes(100, 1));
      await writer.commit(100, [old.id]);
      equal(await body(store), bytes(100, 2));
    },
  },
  ...[0, 11, 5000].map((length): CacheStoreCase => ({
    name: `keeps ${length} bytes in one step, if it can, and none of the memory that they came in`,
    async run({ store }) {
      if (store.put === undefined) return;
      const old = await put(store, response({ tags: ['old'] }), bytes(10));
      const given = bytes(length, 7);
      const stored = response({ length, tags: ['new'] });
      assert.equal(store.put(key, stored, given, [old.id]), true);
      given.fill(0);
      assert.deepEqual(JSON.parse(JSON.stringify(await only(store))), JSON.parse(JSON.stringify(stored)));
      if (length > 0) equal(await body(store), bytes(length, 7));
      assert.equal(await store.deleteTagged('old'), 0);
      assert.equal(await store.deleteTagged('new'), 1);
      assert.deepEqual(await store.size(), { entries: 0, bytes: 0 });
    },
  })),
  {
    name: 'updates what is said of a response, and leaves its body',
    async run({ store }) {
      await put(store, response(), bytes(90_000));
      const found = await only(store);
      const updated: StoredResponse = { ...found, headers: [['Cache-Control', 'max-age=120']], receivedAt: found.receivedAt + 1000 };
      assert.equal(await store.update(key, updated), true);
      assert.deepEqual(JSON.parse(JSON.stringify(await only(store))), JSON.parse(JSON.stringify(updated)));
      equal(await body(store), bytes(90_000));
      equal(await read(await store.open(key, updated, 0, 90_000)), bytes(90_000));
    },
  },
  {
    name: 'knows a response by the tags that it has since its update',
    async run({ store }) {
      for (const length of [10, 600_000]) {
        await put(store, response({ tags: ['old', 'both'] }), bytes(length));
        assert.equal(await store.update(key, { ...(await only(store)), tags: ['both', 'new'] }), true);
        assert.equal(await store.deleteTagged('old'), 0);
        assert.equal(await store.deleteTagged('new'), 1);
        assert.equal(await store.deleteTagged('both'), 0);
        assert.equal((await store.size()).entries, 0);
      }
    },
  },
  {
    name: 'deletes by id, by key and by tag',
    async run({ store }) {
      const one = await put(store, response({ tags: ['red', 'round'] }), bytes(10));
      await put(store, response({ tags: ['red'] }), bytes(600_000));
      await put(store, response({ tags: ['red'] }), bytes(10), 'https://example.com/other');
      await put(store, response({ tags: ['green'] }), bytes(10), 'https://example.com/third');
      assert.equal(await store.delete(key, [one.id, 'no-such']), 1);
      assert.equal((await store.find(key)).length, 1);
      assert.equal(await store.deleteTagged('red'), 2);
      assert.equal(await store.deleteTagged('red'), 0);
      assert.equal(await store.delete('https://example.com/third'), 1);
      assert.equal((await store.size()).entries, 0);
    },
  },
  {
    name: 'clears everything',
    async run({ store }) {
      await put(store, response(), bytes(10));
      await store.clear();
      assert.deepEqual([...(await store.find(key))], []);
      assert.equal((await store.size()).entries, 0);
    },
  },
  {
    name: 'lets a reader end early',
    async run({ store }) {
      await put(store, response(), bytes(2_000_000));
      const found = await only(store);
      const opened = await store.open(key, found, 0, found.length);
      if (opened !== undefined && !(opened instanceof Uint8Array)) {
        for await (const _ of opened) break;
      }
      await store.delete(key);
    },
  },
  {
    name: 'is written to by many at once',
    async run({ store }) {
      await Promise.all(Array.from({ length: 20 }, (_, index) => put(store, response(), bytes(1000 + index, index), `${key}${index % 4}`)));
      assert.equal((await store.size()).entries, 20);
      const found = await Promise.all([0, 1, 2, 3].map(async (index) => store.find(`${key}${index}`)));
      assert.equal(found.flat().length, 20);
    },
  },
  {
    name: 'is read by the next process, if it outlives this one',
    async run({ store, reopen }) {
      if (reopen === undefined) return;
      await put(store, response({ tags: ['kept'] }), bytes(100));
      await put(store, response(), bytes(2_000_000), 'https://example.com/large');
      const unfinished = store.write('https://example.com/unfinished', response())!;
      await unfinished.write(bytes(900_000));
      const next = await reopen();
      equal(await body(next), bytes(100));
      equal(await body(next, 'https://example.com/large'), bytes(2_000_000));
      assert.deepEqual([...(await next.find('https://example.com/unfinished'))], []);
      assert.equal(await next.deleteTagged('kept'), 1);
      await next.close?.();
      await unfinished.abort();
    },
  },
  ...[1000, 700_000, 3_000_000].map((length): CacheStoreCase => ({
    name: `hands out no body of ${length} bytes that was changed behind its back`,
    async run({ store, corrupt }) {
      if (corrupt === undefined) return;
      await put(store, response(), bytes(length));
      const found = await only(store);
      await corrupt(key, found);
      const again = (await store.find(key))[0];
      if (again !== undefined) {
        const opened = await store.open(key, again, 0, again.length);
        if (opened instanceof Uint8Array) assert.fail('it was handed out');
        if (opened !== undefined) {
          // What comes before the error is what was written.
          let at = 0;
          const expected = bytes(length);
          const reading = async (): Promise<void> => {
            for await (const chunk of opened) {
              equal(chunk, expected.subarray(at, at + chunk.length));
              at += chunk.length;
            }
          };
          await assert.rejects(reading());
        }
      }
      assert.deepEqual([...(await store.find(key))], [], 'it is still there');
    },
  })),
  {
    name: 'lets others know for a while what was purged, and by whom, if it can',
    async run({ store, reopen }) {
      if (store.markPurged === undefined || store.purgedAgo === undefined) {
        assert.equal(store.markPurged ?? store.purgedAgo, undefined, 'one of markPurged and purgedAgo is nothing without the other');
        return;
      }
      assert.equal(await store.purgedAgo(['url a', 'tag a'], 'two'), undefined);
      await store.markPurged(['url a', `tag ${'x'.repeat(3000)}/../grün *?`], 'one', 60_000);
      await store.clear();
      const next = await reopen?.();
      for (const each of next === undefined ? [store] : [store, next]) {
        for (const names of [['url a'], ['url b', `tag ${'x'.repeat(3000)}/../grün *?`]]) {
          const ago = await each.purgedAgo!(names, 'two');
          assert.ok(ago !== undefined && ago >= 0 && ago < 60_000, `${names[0]} was purged ${ago} ms ago`);
          assert.equal(await each.purgedAgo!(names, 'one'), undefined);
        }
        assert.equal(await each.purgedAgo!(['url b', 'tag x', 'a'], 'two'), undefined);
      }
      // Who marks last is who has marked it.
      await store.markPurged(['url a'], 'two', 60_000);
      assert.equal(await store.purgedAgo(['url a'], 'two'), undefined);
      assert.notEqual(await store.purgedAgo(['url a'], 'one'), undefined);
      await store.markPurged(['url short'], 'one', 1);
      while ((await store.purgedAgo(['url short'], 'two')) !== undefined) await new Promise((resolve) => setTimeout(resolve, 1));
      assert.equal((await store.size()).entries, 0);
      await next?.close?.();
    },
  },
  {
    name: 'gives a lock to one, until it is given back or runs out',
    async run({ store }) {
      if (store.lock === undefined) return;
      const unlock = await store.lock('name', 10_000);
      assert.ok(unlock);
      assert.equal(await store.lock('name', 10_000), undefined);
      assert.ok((await store.lock('other', 1)) !== undefined);
      await unlock();
      const again = await store.lock('name', 10_000);
      assert.ok(again !== undefined);
      await unlock();
      assert.equal(await store.lock('name', 10_000), undefined, 'a lock was taken from its owner');
    },
  },
];
