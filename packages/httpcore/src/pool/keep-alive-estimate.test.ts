import { describe, expect, it } from 'vitest';

import { KeepAliveEstimate } from './keep-alive-estimate.ts';

const usual = { initial: 5_000, longest: 30_000 };
const minute = 60_000;

/** A server that closes idle connections after `timeout`; our uses of it are `pause` apart. */
function live(
  estimate: KeepAliveEstimate,
  timeout: number,
  uses: number,
  pause: number,
  from = 0,
): { dead: number; reused: number; now: number } {
  const counts = { dead: 0, reused: 0, now: from };
  for (let count = 0; count < uses; count += 1) {
    const limit = estimate.limit(counts.now);
    counts.now += pause;
    if (pause >= timeout && limit >= timeout) {
      estimate.onClosed(timeout, counts.now - pause + timeout);
      counts.dead += 1;
    } else if (pause >= limit) {
      estimate.onKept(limit, counts.now - pause + limit);
    } else {
      counts.reused += 1;
    }
  }
  return counts;
}

describe('KeepAliveEstimate', () => {
  it('begins with what it is given', () => {
    expect(new KeepAliveEstimate(usual).limit(0)).toBe(5_000);
    expect(new KeepAliveEstimate(usual).ceiling(0)).toBe(Infinity);
  });

  it.each([
    [2_000, 1_600],
    [500, 400],
    [5_000, 4_000],
    [60, 48],
  ])('closes before a server that closes after %i ms: after %i', (timeout, limit) => {
    const estimate = new KeepAliveEstimate(usual);
    const { dead, now } = live(estimate, timeout, 10, Math.max(timeout, 5_000) + 10);
    expect(estimate.limit(now)).toBe(limit);
    expect(dead).toBe(timeout > 5_000 ? 0 : 2);
  });

  it('takes one closing for what it is, and so a hundred at one moment', () => {
    const estimate = new KeepAliveEstimate(usual);
    for (let count = 0; count < 100; count += 1) estimate.onClosed(1_000 + count, 10_000);
    // A restart, with whatever had been idle for however long; then another.
    for (let count = 0; count < 100; count += 1) estimate.onClosed(40 * count, 20_000);
    expect(estimate.limit(20_000)).toBe(5_000);
  });

  it('does not take it for a limit when a connection is closed at once', () => {
    const estimate = new KeepAliveEstimate(usual);
    for (let at = 0; at < 10; at += 1) estimate.onClosed(at % 3, at * 1_000);
    expect(estimate.limit(10_000)).toBe(5_000);
  });

  it('keeps for longer what is kept, up to an end, and to where the server closes', () => {
    const estimate = new KeepAliveEstimate(usual);
    const { reused } = live(estimate, 60_000, 20, 25_000);
    expect(estimate.limit(600_000)).toBe(30_000);
    expect(reused).toBe(17);
    const other = new KeepAliveEstimate(usual);
    live(other, 12_000, 20, 15_000);
    expect(other.limit(300_000)).toBe(11_000);
    const told = new KeepAliveEstimate({ initial: 5_000, longest: 5_000 });
    told.onKept(5_000, 0);
    expect(told.limit(0)).toBe(5_000);
  });

  it('forgets after a while, and what is contradicted at once', () => {
    const estimate = new KeepAliveEstimate(usual);
    const { now } = live(estimate, 2_000, 2, 6_000);
    expect(estimate.limit(now)).toBe(1_600);
    expect(estimate.ceiling(now + 9 * minute)).toBe(1_600);
    expect(estimate.limit(now + 11 * minute)).toBe(5_000);
    expect(estimate.doubtedFrom).toBe(2_000);
    estimate.onKept(2_500, now);
    expect(estimate.ceiling(now)).toBe(Infinity);
  });

  it('does not believe two restarts between which a connection was kept for longer', () => {
    const estimate = new KeepAliveEstimate(usual);
    estimate.onClosed(700, 10_000);
    expect(estimate.doubtedFrom).toBeCloseTo(805);
    estimate.onReused(750);
    estimate.onReused(900);
    expect(estimate.doubtedFrom).toBe(Infinity);
    estimate.onClosed(700, 60_000);
    expect(estimate.limit(60_000)).toBe(5_000);
    estimate.onClosed(700, 70_000);
    expect(estimate.limit(70_000)).toBe(560);
    estimate.onReused(701);
    expect(estimate.limit(70_000)).toBe(5_000);
  });

  it('follows a server that closes sooner than it did', () => {
    const estimate = new KeepAliveEstimate(usual);
    const { now } = live(estimate, 3_000, 4, 6_000);
    const later = live(estimate, 1_000, 4, 2_000, now);
    expect(later.dead).toBe(2);
    expect(estimate.limit(later.now)).toBe(800);
  });
});
