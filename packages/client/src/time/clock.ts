import { now } from './platform.ts';

/** Time, so that tests can have it their way. */
export interface Clock {
  /** Monotonic milliseconds, as `performance.now()`. */
  now(): number;
  /** Unix milliseconds. */
  today(): number;
  /** Calls once after so many milliseconds; gives what calls that off. */
  schedule(milliseconds: number, task: () => void): () => void;
}

/** Milliseconds, 24 days: told a longer time, a timer of Node fires at once. */
export const longestTimer = 0x7fff_ffff;

export const systemClock: Clock = {
  now,
  today: () => Date.now(),
  schedule(milliseconds, task) {
    // Not the platform's own: a test that fakes the timers drives the waits of its retries, as those of its own code.
    let left = milliseconds;
    let timer: NodeJS.Timeout;
    const next = (): void => {
      const step = Math.min(left, longestTimer);
      left -= step;
      timer = setTimeout(left > 0 ? next : task, step);
    };
    next();
    return () => clearTimeout(timer);
  },
};
