import { describe, expect, test } from 'vitest';
import { median, slope, spread } from './statistics.ts';

describe('the median', () => {
  test.each([
    [[5], 5],
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100, 1, 11], 10],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test('leaves its values in their order', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  test('of nothing is an error', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('the spread', () => {
  test('is the distance of the extremes, as a part of the median', () => {
    expect(spread([90, 100, 120])).toBeCloseTo(0.3);
  });

  test('of equal values is none, even when they are zero', () => {
    expect(spread([7, 7, 7])).toBe(0);
    expect(spread([0, 0])).toBe(0);
  });
});

describe('the slope', () => {
  test('of points on a line is the line', () => {
    expect(
      slope([
        [0, 5],
        [10, 25],
        [20, 45],
      ]),
    ).toBeCloseTo(2);
  });

  test('of noise around a level is small', () => {
    expect(
      Math.abs(
        slope([
          [0, 100],
          [1, 101],
          [2, 99],
          [3, 100],
        ]),
      ),
    ).toBeLessThan(0.5);
  });

  test('is not moved by one step', () => {
    const step = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((x) => [x, x < 2 ? 100 : 150] as const);
    expect(slope(step)).toBe(0);
  });

  test('needs two places', () => {
    expect(() => slope([[1, 1]])).toThrow(RangeError);
    expect(() => slope([])).toThrow(RangeError);
  });
});
