import { describe, expect, it } from 'vitest';

import { backoffDelay } from './backoff.ts';

const backoff = { factor: 250, maxDelay: 20_000, jitter: true };

describe('backoff', () => {
  it('doubles up to its limit', () => {
    const delays = [0, 1, 2, 3, 4, 5, 6, 7, 8, 2000].map((retry) => backoffDelay(retry, { ...backoff, jitter: false }, () => 0));
    expect(delays).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000, 20_000]);
  });

  it('with jitter is anything from half to all of that', () => {
    expect([0, 0.5, 0.998].map((random) => backoffDelay(2, backoff, () => random))).toEqual([500, 750, 999]);
  });

  it('of nothing is nothing, however often', () => {
    expect(backoffDelay(5000, { ...backoff, factor: 0 }, () => 1)).toBe(0);
  });
});
