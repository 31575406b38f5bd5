import { describe, expect, it } from 'vitest';

import { BodyMemory } from './body-memory.ts';

const mebibyte = 1_048_576;

describe('the memory of a pool', () => {
  it('says when half of it is used, and when a quarter is left of that', () => {
    const memory = new BodyMemory(1_000);
    const said: boolean[] = [];
    const watcher = { onTight: (isTight: boolean): void => void said.push(isTight) };
    memory.watch(watcher);
    memory.add(500);
    expect(said).toEqual([]);
    memory.add(1);
    memory.add(400);
    memory.remove(600);
    expect([said, memory.isTight, memory.bodyLimit]).toEqual([[true], true, 0]);
    memory.watch({ onTight: (isTight) => void said.push(isTight) });
    expect(said).toEqual([true, true]);
    memory.unwatch(watcher);
    memory.remove(51);
    expect([said, memory.isTight, memory.held]).toEqual([[true, true, false], false, 250]);
  });

  it('has room for windows to grow, while it is not tight', () => {
    const memory = new BodyMemory(1_000);
    expect([memory.take(300), memory.take(300), memory.take(300)]).toEqual([300, 200, 0]);
    expect(memory.takeAnyway(50)).toBe(50);
    memory.give(350);
    expect(memory.take(1_000)).toBe(300);
    memory.give(500);
    memory.add(501);
    expect(memory.take(1)).toBe(0);
  });

  it.each([
    [Infinity, mebibyte, mebibyte, 16 * mebibyte, 16 * mebibyte],
    [64 * mebibyte, mebibyte, mebibyte, 16 * mebibyte, 16 * mebibyte],
    [8 * mebibyte, mebibyte / 8, mebibyte, 2 * mebibyte, 2 * mebibyte],
    [1, 16_384, 16_384, 16_384, 65_535],
  ])('of %d gives streams and connections what fits', (limit, stream, read, largest, connection) => {
    const memory = new BodyMemory(limit);
    expect([memory.streamWindow, memory.readWindow, memory.largestStreamWindow, memory.connectionWindow]).toEqual([
      stream,
      read,
      largest,
      connection,
    ]);
  });
});
