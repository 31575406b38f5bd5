import type { Dispatcher, DispatchResponse, ResponseBody } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { cached } from '../cached.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { WholeBody } from './whole-body.ts';

function source(bytes: () => Promise<Uint8Array<ArrayBuffer>>): ResponseBody {
  return { bytes, close: () => Promise.resolve(), trailers: [['x-after', '1']], async *[Symbol.asyncIterator]() {} };
}

async function collected(body: ResponseBody): Promise<number[]> {
  const all: number[] = [];
  for await (const chunk of body) all.push(...chunk);
  return all;
}

describe('a body that is whole', () => {
  const here = source(async () => Uint8Array.of(1, 2));

  it('is told of whether or not somebody reads it, and read once', async () => {
    const taken: unknown[] = [];
    const one = new WholeBody(here, (bytes) => taken.push(bytes));
    const two = new WholeBody(here, (bytes) => taken.push(bytes));
    const left = new WholeBody(here, (bytes) => taken.push(bytes));
    await left.close();
    expect(one.trailers).toBeUndefined();
    expect(await one.bytes()).toEqual(Uint8Array.of(1, 2));
    expect(await one.bytes()).toEqual(new Uint8Array(0));
    expect(one.trailers).toEqual([['x-after', '1']]);
    expect(await collected(two)).toEqual([1, 2]);
    expect(await collected(two)).toEqual([]);
    expect(await left.bytes()).toEqual(new Uint8Array(0));
    expect(taken).toEqual([Uint8Array.of(1, 2), Uint8Array.of(1, 2), Uint8Array.of(1, 2)]);
  });

  it('that is none after all fails for who reads it, and for nobody else', async () => {
    const taken: unknown[] = [];
    const broken = source(() => Promise.reject(new Error('read before')));
    const body = new WholeBody(broken, (bytes) => taken.push(bytes));
    const unread = new WholeBody(broken, (bytes) => taken.push(bytes));
    await expect(body.bytes()).rejects.toThrow('read before');
    await expect(collected(unread)).rejects.toThrow('read before');
    expect(taken).toEqual([undefined, undefined]);
  });
});

describe('a response that is here as a whole', () => {
  const bytesOf = (response: DispatchResponse): Promise<Uint8Array> => response[4].bytes();

  function origin(unread: Uint8Array<ArrayBuffer>, length: string): Dispatcher & { readonly given: DispatchResponse } {
    const body: ResponseBody = { ...source(async () => unread), unread };
    const fields = [
      ['cache-control', 'max-age=60'],
      ['content-length', length],
    ] as const;
    const given: DispatchResponse = ['1.1', 200, 'OK', fields, body];
    return { given, dispatch: async () => given, close: async () => {}, [Symbol.asyncDispose]: async () => {} };
  }

  it.each([3, 2000])(
    'goes on as it is, and %i bytes of it are kept though nobody reads it, and whatever its reader does',
    async (length) => {
      const bytes = new Uint8Array(length).fill(7);
      const inner = origin(bytes, String(length));
      const dispatcher = cached(inner);
      const first = await dispatcher.dispatch('GET', ['http', 'origin.test', null, '/'], [], null);
      expect(first).toBe(inner.given);
      bytes.fill(8);
      const second = await dispatcher.dispatch('GET', ['http', 'origin.test', null, '/'], [], null);
      expect(await bytesOf(second)).toEqual(new Uint8Array(length).fill(7));
      expect(dispatcher.cache.stats()).toMatchObject({ hit: 1, miss: 1 });
    },
  );

  it('is not kept where it is not as long as it says', async () => {
    const store = new MemoryStore();
    const outcomes: unknown[] = [];
    await cached(origin(Uint8Array.of(1), '2'), { store }).dispatch('GET', ['http', 'origin.test', null, '/'], [], null, undefined, {
      onCacheOutcome: ({ stored, reason }) => outcomes.push([stored, reason]),
    });
    expect(outcomes).toEqual([[false, 'nothing stored; not stored: the store has not taken it']]);
    expect(store.size().entries).toBe(0);
  });
});
