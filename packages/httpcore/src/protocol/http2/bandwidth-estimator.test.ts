import { describe, expect, it } from 'vitest';

import { BandwidthEstimator } from './bandwidth-estimator.ts';

const mebibyte = 1_048_576;

/** A link of so many octets per millisecond and so much delay: what comes in one round trip through a window. */
function grow(octetsPerMillisecond: number, delay: number, limit = 16 * mebibyte): number {
  const estimator = new BandwidthEstimator(mebibyte, limit);
  for (let trip = 0; trip < 200; trip += 1) {
    const octets = Math.min(estimator.window, octetsPerMillisecond * delay);
    // What does not fit into the link waits in front of it.
    estimator.measure(octets, Math.max(delay, octets / octetsPerMillisecond));
  }
  return estimator.window;
}

describe('the window', () => {
  it.each([
    ['200 Mbit/s and 50 ms', 25_000, 50],
    ['200 Mbit/s and 100 ms', 25_000, 100],
    ['1 Gbit/s and 50 ms', 125_000, 50],
    ['50 Mbit/s and 600 ms', 6_250, 600],
  ])('grows to what the link holds, and not far past it: %s', (_link, octetsPerMillisecond, delay) => {
    const held = octetsPerMillisecond * delay;
    expect(grow(octetsPerMillisecond, delay)).toBeGreaterThan(held);
    expect(grow(octetsPerMillisecond, delay)).toBeLessThan(3 * held);
  });

  it('stays where the link is short or slow', () => {
    expect(grow(125_000, 1)).toBe(mebibyte);
    expect(grow(1_000, 200)).toBe(mebibyte);
  });

  it('has a limit', () => {
    expect(grow(1_250_000, 200)).toBe(16 * mebibyte);
    expect(grow(1_250_000, 200, 3 * mebibyte)).toBe(3 * mebibyte);
    expect(grow(1_250_000, 200, 100)).toBe(mebibyte);
  });

  it('does not take a round trip of no time for a bandwidth without end', () => {
    const estimator = new BandwidthEstimator(mebibyte, 16 * mebibyte);
    expect(estimator.measure(mebibyte, 0)).toBe(true);
    expect(estimator.measure(2 * mebibyte, 10)).toBe(false);
  });
});

describe('measuring', () => {
  it('is due after some data, less and less often while nothing changes', () => {
    const estimator = new BandwidthEstimator(mebibyte, 16 * mebibyte);
    expect(estimator.isDue(65_535)).toBe(false);
    expect(estimator.isDue(65_536)).toBe(true);
    for (let count = 0; count < 20; count += 1) estimator.measure(1_000, 10);
    expect(estimator.isDue(16 * mebibyte - 1)).toBe(false);
    expect(estimator.isDue(16 * mebibyte)).toBe(true);
  });

  it('is never due at the limit', () => {
    const estimator = new BandwidthEstimator(mebibyte, mebibyte);
    expect(estimator.isDue(2 ** 40)).toBe(false);
  });
});
