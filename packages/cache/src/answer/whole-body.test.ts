import type { ResponseBody } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

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
