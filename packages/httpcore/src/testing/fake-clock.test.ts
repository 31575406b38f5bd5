import { describe, expect, it } from 'vitest';

import { FakeClock } from './fake-clock.ts';

describe('FakeClock', () => {
  it('runs due timers in the order of their times, each at its own time', () => {
    const clock = new FakeClock(1_000);
    const ran: string[] = [];
    for (const [name, delay] of Object.entries({ late: 300, early: 100, sameAsEarly: 100, never: 301 })) {
      clock.schedule(delay, () => ran.push(`${name}@${clock.now()}`));
    }
    clock.advance(300);
    expect(ran).toEqual(['early@1100', 'sameAsEarly@1100', 'late@1300']);
    expect(clock.pending).toBe(1);
    expect(clock.nextDue).toBe(1_301);
  });

  it('runs timers that are scheduled on the way, if they are due too', () => {
    const clock = new FakeClock();
    const ran: number[] = [];
    const again = (): void => {
      ran.push(clock.now());
      clock.schedule(10, again);
    };
    clock.schedule(10, again);
    clock.advance(35);
    expect(ran).toEqual([10, 20, 30]);
    expect(clock.now()).toBe(35);
  });

  it('runs turns before the next timer, and what a turn queues in the turn after', () => {
    const clock = new FakeClock();
    const ran: string[] = [];
    clock.nextTurn(() => {
      ran.push('first');
      clock.nextTurn(() => ran.push('second'));
    });
    clock.runTurn();
    expect(ran).toEqual(['first']);
    clock.schedule(0, () => ran.push('timer'));
    clock.advance(0);
    expect(ran).toEqual(['first', 'second', 'timer']);
  });

  it('forgets what is cancelled, also by a task of the same turn', () => {
    const clock = new FakeClock();
    const timer = clock.schedule(5, () => expect.unreachable());
    clock.nextTurn(() => doomed.cancel());
    const doomed = clock.nextTurn(() => expect.unreachable());
    timer.cancel();
    timer.cancel();
    clock.advance(10);
    expect(clock.pending).toBe(0);
  });

  it('counts timers that would keep a process alive apart', () => {
    const clock = new FakeClock();
    clock.schedule(5, () => {}, true);
    const foreground = clock.schedule(5, () => {});
    expect([clock.pending, clock.pendingForeground]).toEqual([2, 1]);
    foreground.cancel();
    expect([clock.pending, clock.pendingForeground]).toEqual([1, 0]);
  });

  it('settles promise chains and turns without moving time', async () => {
    const clock = new FakeClock();
    const ran: string[] = [];
    void (async () => {
      for (let hop = 0; hop < 50; hop++) await null;
      clock.nextTurn(() => ran.push('turn'));
      await null;
      ran.push('after');
    })();
    await clock.settle();
    expect(ran.sort()).toEqual(['after', 'turn']);
    expect(clock.now()).toBe(0);
  });

  it('refuses to spin for ever', () => {
    const clock = new FakeClock();
    const forever = (): void => void clock.nextTurn(forever);
    clock.nextTurn(forever);
    expect(() => clock.advance(1)).toThrow('without an end');
  });
});
