import { describe, expect, it } from 'vitest';

import { BodyMemory } from './body-memory.ts';

const mebibyte = 1_048_576;

/** A memory that says what its share is, whenever it is another, on time that stands still. */
function startMemory(limit: number): { readonly memory: BodyMemory; readonly said: number[]; time: number } {
  const said: number[] = [];
  const memory: BodyMemory = new BodyMemory(limit, () => made.time);
  const made = { memory, said, time: 0 };
  memory.watch({ onShare: () => void said.push(memory.streamWindow) });
  return made;
}

describe('the share of a response', () => {
  it('is a quarter of what it was where there is room for no more than sixteen of them, and so on to nothing', () => {
    const { memory, said } = startMemory(64 * mebibyte);
    memory.add(48 * mebibyte);
    expect([said, memory.streamWindow]).toEqual([[], mebibyte]);
    memory.add(1);
    expect(said).toEqual([mebibyte / 4]);
    memory.add(12 * mebibyte);
    memory.add(3 * mebibyte);
    expect([said, memory.bodyLimit]).toEqual([[mebibyte / 4, mebibyte / 16, mebibyte / 64], 16_384]);
    memory.add(mebibyte);
    expect([said.slice(3), memory.bodyLimit]).toEqual([[4_096, 1_024, 0], 0]);
  });

  it('counts what peers may send as what they have sent', () => {
    const { memory, said } = startMemory(64 * mebibyte);
    for (let count = 0; count < 48; count += 1) memory.open(memory.streamWindow);
    expect(said).toEqual([]);
    memory.use(1_000);
    memory.add(1_000);
    expect(said).toEqual([]);
    memory.open(memory.streamWindow);
    expect([said, memory.allowed]).toEqual([[mebibyte / 4], 49 * mebibyte - 1_000]);
  });

  it.each([
    [48, mebibyte],
    [240, mebibyte / 4],
    [1_008, 65_536],
    [4_080, 16_384],
    [16_368, 4_096],
    [65_520, 1_024],
  ])('of up to %i streams whose windows are open is %i', (most, share) => {
    const { memory } = startMemory(64 * mebibyte);
    const open: number[] = [];
    memory.watch({
      onShare: () => {
        for (const [index, window] of open.entries()) {
          memory.allow(memory.streamWindow - window);
          open[index] = memory.streamWindow;
        }
      },
    });
    const openOne = (): void => {
      open.push(memory.streamWindow);
      memory.open(memory.streamWindow);
    };
    while (open.length < most) openOne();
    expect([memory.streamWindow, memory.allowed]).toEqual([share, most * share]);
    openOne();
    expect(memory.streamWindow).toBeLessThan(share);
  });

  it('is larger again when there is room for all that are open, and room left; once a second in the long run', () => {
    const made = startMemory(64 * mebibyte);
    const { memory, said } = made;
    memory.open(0);
    const wave = (): void => {
      memory.add(49 * mebibyte);
      memory.remove(17 * mebibyte);
      expect(memory.streamWindow).toBe(mebibyte / 4);
      memory.remove(32 * mebibyte);
    };
    for (let count = 0; count < 11; count += 1) wave();
    expect(said).toEqual([...Array.from({ length: 10 }, () => [mebibyte / 4, mebibyte]).flat(), mebibyte / 4]);
    made.time = 999;
    memory.close(0, 0);
    expect(memory.streamWindow).toBe(mebibyte / 4);
    made.time = 1_000;
    memory.allow(0);
    expect(memory.streamWindow).toBe(mebibyte);
    memory.open(0);
    wave();
    expect(memory.streamWindow).toBe(mebibyte / 4);
  });

  it('does not grow by more than there is room for', () => {
    const { memory, said } = startMemory(64 * mebibyte);
    for (let count = 0; count < 100; count += 1) memory.open(0);
    memory.add(64 * mebibyte);
    expect(said.at(-1)).toBe(0);
    memory.remove(64 * mebibyte);
    // A hundred of 1 MiB are too many.
    expect([said.at(-1), said.length]).toEqual([mebibyte / 4, 7]);
  });
});

it('windows grow for being read out of half of it, and not into the last quarter', () => {
  const memory = new BodyMemory(1_000, () => 0);
  expect([memory.grow(300), memory.grow(300), memory.grow(300)]).toEqual([300, 200, 0]);
  memory.close(0, 500);
  memory.add(700);
  expect([memory.grow(1_000), memory.opening]).toEqual([50, 16_384]);
});

it('who is waited for may send what is left, up to 64 KiB, and a frame where nothing is', () => {
  const memory = new BodyMemory(mebibyte, () => 0);
  const openings = [0, mebibyte - 100_000, 60_000, 39_999, 10_000].map((octets) => {
    memory.add(octets);
    return memory.opening;
  });
  expect(openings).toEqual([65_536, 65_536, 40_000, 16_384, 16_384]);
});

it.each([
  [Infinity, mebibyte, mebibyte, 16 * mebibyte, 16 * mebibyte],
  [64 * mebibyte, mebibyte, mebibyte, 16 * mebibyte, 16 * mebibyte],
  [8 * mebibyte, mebibyte / 8, mebibyte, 2 * mebibyte, 2 * mebibyte],
  [mebibyte, 16_384, 262_144, 262_144, 262_144],
  [1_000, 250, 250, 250, 65_535],
  [1, 1, 1, 1, 65_535],
])('a memory of %d gives streams and connections what fits', (limit, stream, read, largest, connection) => {
  const memory = new BodyMemory(limit, () => 0);
  expect([memory.streamWindow, memory.readWindow, memory.largestStreamWindow, memory.connectionWindow]).toEqual([
    stream,
    read,
    largest,
    connection,
  ]);
});
