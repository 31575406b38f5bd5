import { describe, expect, test } from 'vitest';
import type { MemorySample } from '../child/job.ts';
import { memoryGrowth } from './flatness.ts';

/** Twenty-one samples over a million requests, with so many bytes of growth for each, after a start that needs 20 MB more. */
function samples(heapPerRequest: number, rssPerRequest: number): readonly MemorySample[] {
  return Array.from({ length: 21 }, (_, index) => {
    const requests = index * 50_000;
    const start = index < 3 ? index * 10_000_000 : 20_000_000;
    // A sawtooth, since no two collections end at the same byte.
    const tooth = (index % 2) * 30_000;
    return {
      requests,
      rss: 60_000_000 + start + tooth + requests * rssPerRequest,
      heapUsed: 8_000_000 + start + tooth + requests * heapPerRequest,
      external: 1_000_000,
    };
  });
}

describe('memory', () => {
  test('that only wobbles is flat, whatever the start needs', () => {
    expect(memoryGrowth(samples(0, 0)).flat).toBe(true);
  });

  test('that grows by an object per request is not', () => {
    const growth = memoryGrowth(samples(16, 16));
    expect(growth.flat).toBe(false);
    expect(growth.heapPerRequest).toBeCloseTo(16, 0);
  });

  test('that grows outside the heap is not', () => {
    expect(memoryGrowth(samples(0, 64)).flat).toBe(false);
  });

  test('that is enlarged once is flat', () => {
    const step = samples(0, 0).map((sample) => ({ ...sample, rss: sample.rss + (sample.requests > 600_000 ? 25_000_000 : 0) }));
    expect(memoryGrowth(step).flat).toBe(true);
  });

  test('that shrinks is flat', () => {
    expect(memoryGrowth(samples(-5, -5)).flat).toBe(true);
  });

  test('is not said to grow for a little over few requests', () => {
    const short = samples(0, 0).map((sample) => ({
      ...sample,
      requests: sample.requests / 1000,
      heapUsed: sample.heapUsed + sample.requests / 10,
    }));
    const growth = memoryGrowth(short);
    expect(growth.heapPerRequest).toBeGreaterThan(16);
    expect(growth.flat).toBe(true);
  });

  test('seen once is no answer', () => {
    expect(() => memoryGrowth(samples(0, 0).slice(0, 1))).toThrow(RangeError);
  });
});
