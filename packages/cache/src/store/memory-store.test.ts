import type { HeaderPair } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { MemoryStore } from './memory-store.ts';
import type { StoredResponse } from './store.ts';

function response(id: string, headers: readonly HeaderPair[] = [['etag', '"a"']]): StoredResponse {
  return {
    id,
    url: 'http://origin.test/',
    status: 200,
    reason: 'OK',
    httpVersion: '1.1',
    headers,
    selecting: [],
    partition: '',
    requestedAt: 1,
    receivedAt: 2,
    part: null,
    askedRange: null,
    tags: [],
    usefulUntil: 3,
    length: 0,
  };
}

function put(store: MemoryStore, key: string, stored: StoredResponse, ...chunks: Uint8Array[]): void {
  const writer = store.write(key, stored);
  for (const chunk of chunks) void writer.write(chunk);
  void writer.commit(
    chunks.reduce((length, chunk) => length + chunk.length, 0),
    [],
  );
}

describe('a store in memory', () => {
  it('hands out the very bytes of small bodies, of one piece or of several', () => {
    const store = new MemoryStore();
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    put(store, 'one', response('one'), all);
    put(store, 'two', response('two'), all.subarray(0, 100), all.subarray(100));
    for (const key of ['one', 'two']) expect(store.open(key, response(key), 3, 250)).toEqual(all.slice(3, 250));
  });

  it('gives the same object for a response that is asked for again, which is how it is known', () => {
    const store = new MemoryStore();
    put(store, '/', response('one', []));
    expect(store.find('/')[0]).toBe(store.find('/')[0]);
    for (let n = 0; n < 3000; n += 1) {
      put(store, `/${n}`, response(`n${n}`));
      store.find(`/${n}`);
    }
    expect(store.find('/')).toEqual([response('one', [])]);
  });

  it('has what no message of HTTP could have said for nothing', () => {
    const store = new MemoryStore();
    put(store, '/', response('one', [['x-two', 'a\nset-cookie\nb']]));
    expect(store.find('/')).toEqual([]);
    expect(store.size()).toEqual({ entries: 0, bytes: 0 });
  });

  it('forgets any of several responses of a key, and counts what is left', () => {
    for (const gone of ['a', 'b', 'c']) {
      const store = new MemoryStore();
      for (const id of ['a', 'b', 'c']) put(store, '/', { ...response(id), tags: [id] }, new Uint8Array(2000));
      const { bytes } = store.size();
      expect(store.delete('/', [gone])).toBe(1);
      expect(
        store
          .find('/')
          .map(({ id }) => id)
          .sort(),
      ).toEqual(['a', 'b', 'c'].filter((id) => id !== gone));
      expect(store.size()).toEqual({ entries: 2, bytes: (bytes / 3) * 2 });
      expect(store.deleteTagged(gone)).toBe(0);
      expect(store.delete('/')).toBe(2);
      expect(store.size()).toEqual({ entries: 0, bytes: 0 });
    }
  });

  it('has what it was given last for each key, whatever comes, goes, is asked for, changes or moves, of whatever size and letters', () => {
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const store = new MemoryStore({ maxBytes: 250_000 });
    const given = new Map<string, { readonly stored: StoredResponse; readonly body: Uint8Array }>();
    let missing = 0;
    const checks = (key: string): void => {
      const known = given.get(key);
      const found = store.find(key);
      if (known === undefined || found.length === 0) {
        expect(found).toEqual([]);
        missing += known === undefined ? 0 : 1;
        given.delete(key);
        return;
      }
      expect(found).toEqual([known.stored]);
      const bytes = store.open(key, known.stored, 1, known.body.length) as Uint8Array;
      expect(Buffer.compare(bytes, known.body.subarray(1))).toBe(0);
    };
    for (let step = 0; step < 2500; step += 1) {
      const key = `http://origin.test/${random(1200)}${random(50) === 0 ? '\u0142' : ''}`;
      const length = [0, 11, 300, 1024, 1025, 3000][random(6)]!;
      const headers: [string, string][] = [['server', 'one']];
      // Like those before and unlike them, at any place, and some long.
      for (let field = random(5); field > 0; field -= 1) headers.push([`x-${random(3)}`, `${random(4)}`]);
      if (random(40) === 0) headers.push(['x-long', 'l'.repeat(random(30_000))]);
      if (random(20) === 0) headers.splice(random(headers.length), 0, ['x-wide', '\u20ac']);
      const tags = random(10) === 0 ? ['tag'] : [];
      const url = random(3) === 0 ? key : 'http://origin.test/';
      const stored = { ...response(`id-${step}`, headers), url, tags, length, receivedAt: step };
      const known = given.get(key);
      const what = random(10);
      if (what === 0) {
        store.delete(key);
        given.delete(key);
      } else if (what === 1 && known !== undefined) {
        const changed = { ...stored, id: known.stored.id, length: known.stored.length };
        if (store.update(key, changed)) given.set(key, { ...known, stored: changed });
      } else if (what < 6) checks(key);
      else {
        const body = new Uint8Array(length).fill(step);
        expect(store.put(key, stored, body, known === undefined ? [] : [known.stored.id])).toBe(true);
        given.set(key, { stored, body });
        body.slice().fill(0);
      }
      expect(store.size().bytes).toBeLessThanOrEqual(250_000);
    }
    for (const key of given.keys()) checks(key);
    expect([missing > 20, given.size > 50, store.size().entries]).toEqual([true, true, given.size]);
  });
});
