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
    for (const key of ['one', 'two']) expect(store.open(key, response(key), 3, 250)).toEqual(Buffer.from(all.subarray(3, 250)));
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
});
