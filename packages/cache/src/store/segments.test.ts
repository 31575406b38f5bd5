import { describe, expect, it } from 'vitest';

import { recordHead, Segments } from './segments.ts';

/** Where each record is, and what is in it. */
class Keeper {
  readonly places = new Map<number, readonly [segment: number, offset: number]>();
  moves = 0;

  isAt(record: number, segment: number, offset: number): boolean {
    const place = this.places.get(record);
    return place !== undefined && place[0] === segment && place[1] === offset;
  }

  moved(record: number, segment: number, offset: number): void {
    this.moves += 1;
    this.places.set(record, [segment, offset]);
  }
}

describe('segments', () => {
  function filled(order: 'as they came' | 'at random'): { keeper: Keeper; segments: Segments; used: number } {
    const keeper = new Keeper();
    const segments = new Segments(keeper, 1_000_000);
    const used = new Set<Uint8Array>();
    let seed = 3;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const lengths = new Map<number, number>();
    for (let record = 0; record < 8_000; record += 1) {
      const length = 1 + random(600);
      const offset = segments.reserve(record, length);
      const bytes = segments.bytes(segments.current);
      used.add(bytes);
      bytes.fill(record & 0xff, offset + recordHead, offset + recordHead + length);
      keeper.places.set(record, [segments.current, offset]);
      lengths.set(record, length);
      while (keeper.places.size > 1000) {
        const gone = order === 'as they came' ? keeper.places.keys().next().value! : [...keeper.places.keys()][random(1000)]!;
        const [segment, at] = keeper.places.get(gone)!;
        keeper.places.delete(gone);
        segments.drop(segment, at);
      }
    }
    for (const [record, [segment, offset]] of keeper.places) {
      const bytes = segments.bytes(segment).subarray(offset + recordHead, offset + recordHead + lengths.get(record)!);
      expect(bytes.every((byte) => byte === (record & 0xff))).toBe(true);
    }
    return { keeper, segments, used: used.size };
  }

  it('are used again in turn, without anything being moved, where records go as they came', () => {
    const { keeper, segments, used } = filled('as they came');
    expect(keeper.moves).toBe(0);
    // A thousand records of 300 bytes, in segments of 16 KiB: what is wanted takes 20 of them.
    expect(segments.longest).toBe(2048);
    expect(used).toBeLessThan(30);
  });

  it('take no more than a quarter beyond what is wanted, and two, in whatever order records go', () => {
    const { keeper, segments } = filled('at random');
    expect(keeper.moves).toBeGreaterThan(0);
    expect(segments.taken).toBeLessThanOrEqual(30);
  });
});
