import { expect, it } from 'vitest';

import { FakeClock } from '../testing/fake-clock.ts';
import { PatientTimer } from './patient-timer.ts';

function started(delay: number): { readonly clock: FakeClock; readonly fired: number[]; readonly timer: PatientTimer } {
  const clock = new FakeClock();
  const fired: number[] = [];
  return { clock, fired, timer: new PatientTimer(clock, delay, () => fired.push(clock.now())) };
}

it('fires when it is due, once', () => {
  const { clock, fired } = started(300);
  clock.advance(1_000);
  expect(fired).toEqual([300]);
});

it('waits again for as long as it was late, and can be called off meanwhile', () => {
  const { clock, fired, timer } = started(300);
  clock.jump(700);
  clock.advance(399);
  expect(fired).toEqual([]);
  timer.cancel();
  clock.advance(10_000);
  expect(fired).toEqual([]);
  expect(clock.pending).toBe(0);
});

it('is called off where the sockets have brought what was waited for', () => {
  const { clock, fired, timer } = started(300);
  clock.jump(700);
  clock.nextTurn(() => timer.cancel());
  clock.advance(5_000);
  expect(fired).toEqual([]);
});

it('keeps to a delay that is longer than any timer of the platform', () => {
  const clock = new FakeClock();
  const short = { ...clock, now: () => clock.now(), nextTurn: clock.nextTurn.bind(clock) };
  const fired: number[] = [];
  const timer = new PatientTimer({ ...short, schedule: (delay, task) => clock.schedule(Math.min(delay, 1_000), task) }, 2_500, () => {
    fired.push(clock.now());
  });
  clock.advance(10_000);
  expect(fired).toEqual([2_500]);
  timer.cancel();
});
