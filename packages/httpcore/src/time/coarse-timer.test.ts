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

it('looks at what lies in the sockets before it judges, when the loop was blocked, and gives the time back', () => {
  const clock = new FakeClock();
  const order: string[] = [];
  const timer = new CoarseTimer(clock, (now) => {
    order.push(`look at ${now}`);
    return Infinity;
  });
  timer.ensure(300);
  clock.jump(600);
  clock.nextTurn(() => order.push('sockets are read'));
  clock.advance(0);
  expect(order).toEqual(['sockets are read']);
  clock.advance(299);
  expect(order).toHaveLength(1);
  clock.advance(1);
  expect(order).toEqual(['sockets are read', 'look at 900']);
  expect(clock.pending).toBe(0);
});

it('looks at the sockets again when the loop was blocked again, and gives no time back any more', () => {
  const clock = new FakeClock();
  const order: string[] = [];
  const timer = new CoarseTimer(clock, (now) => {
    order.push(`look at ${now}`);
    return Infinity;
  });
  timer.ensure(300);
  clock.jump(600);
  clock.advance(0);
  clock.jump(700);
  clock.nextTurn(() => order.push('sockets are read'));
  clock.advance(0);
  expect(order).toEqual(['sockets are read', 'look at 1300']);
});

it('gives no more than a second back, and nothing for a timer that is late as timers are', () => {
  const clock = new FakeClock();
  const looks: number[] = [];
  const timer = new CoarseTimer(clock, (now) => {
    looks.push(now);
    return Infinity;
  });
  timer.ensure(300);
  clock.jump(60_000);
  clock.advance(1_000);
  timer.ensure(70_000);
  clock.jump(9_040);
  clock.advance(0);
  expect(looks).toEqual([61_000, 70_040]);
});

it('gives the time back also where somebody asks for a moment that has passed meanwhile', () => {
  const clock = new FakeClock();
  const looks: number[] = [];
  const timer = new CoarseTimer(clock, (now) => {
    looks.push(now);
    return Infinity;
  });
  timer.ensure(300);
  clock.jump(600);
  clock.advance(0);
  timer.ensure(290);
  clock.advance(299);
  expect(looks).toEqual([]);
  clock.advance(1);
  expect(looks).toEqual([900]);
});

it('looks at once at a moment that has passed already', () => {
  const clock = new FakeClock(60_000);
  const looks: number[] = [];
  const timer = new CoarseTimer(clock, (now) => {
    looks.push(now);
    return Infinity;
  });
  timer.ensure(30_000);
  clock.advance(0);
  expect(looks).toEqual([60_000]);
});

it('notices that its timer was lost', () => {
  let isFake = true;
  const real = new FakeClock();
  const clock = {
    now: () => real.now(),
    schedule: (delay: number, task: () => void) => (isFake ? { cancel() {} } : real.schedule(delay, task)),
    nextTurn: (task: () => void) => real.nextTurn(task),
  };
  const looks: number[] = [];
  const timer = new CoarseTimer(clock, (now) => {
    looks.push(now);
    return Infinity;
  });
  timer.ensure(300);
  isFake = false;
  real.advance(4_000);
  timer.review(4_000);
  real.advance(2_000);
  expect(looks).toEqual([]);
  timer.review(6_000);
  real.advance(1_000);
  expect(looks).toEqual([7_000]);
});
