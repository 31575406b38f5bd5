import { expect, it } from 'vitest';

import { FakeClock } from '../testing/fake-clock.ts';
import { CoarseTimer } from './coarse-timer.ts';

it('looks at the earliest moment that was asked for, and again when it is told to', () => {
  const clock = new FakeClock();
  const looks: number[] = [];
  const answers = [500, Infinity];
  const timer = new CoarseTimer(clock, (now) => {
    looks.push(now);
    return answers.shift() ?? Infinity;
  });
  timer.ensure(300);
  timer.ensure(900);
  timer.ensure(100);
  expect(clock.pending).toBe(1);
  expect(clock.pendingForeground).toBe(0);
  clock.advance(1_000);
  expect(looks).toEqual([100, 500]);
  expect(clock.pending).toBe(0);
});

it('never spins on a moment that has passed', () => {
  const clock = new FakeClock();
  let looks = 0;
  const timer = new CoarseTimer(clock, () => {
    looks += 1;
    return 0;
  });
  timer.ensure(10);
  clock.advance(20);
  expect(looks).toBeLessThanOrEqual(11);
  timer.stop();
  expect(clock.pending).toBe(0);
});
