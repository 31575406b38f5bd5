import { runOutside } from './outside.ts';
import { clearImmediate, clearTimeout, now, setImmediate, setTimeout } from './platform.ts';

/** Something that was scheduled and can be called off. Cancelling twice, or after it ran, does nothing. */
export interface Scheduled {
  cancel(): void;
}

/**
 * All the time there is. Nothing in this package reads the time or sets a timer but through a `Clock`, so that a test can
 * run a whole pool on time of its own.
 */
export interface Clock {
  /** Monotonic milliseconds, as `performance.now()`. */
  now(): number;
  /** Runs `task` once after `delay` milliseconds. A `background` task does not keep the process alive. */
  schedule(delay: number, task: () => void, background?: boolean): Scheduled;
  /** Runs `task` once after the events that the system has already delivered, as `setImmediate`. */
  nextTurn(task: () => void): Scheduled;
}

// setTimeout takes a signed 32-bit delay; a larger one fires at once.
const longestDelay = 2 ** 31 - 1;

/** The real time. */
export const systemClock: Clock = {
  now,
  schedule(delay, task, background = false) {
    const timer = runOutside(() => setTimeout(task, Math.min(Math.max(0, Math.ceil(delay)), longestDelay)));
    if (background) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  nextTurn(task) {
    const immediate = setImmediate(task);
    return { cancel: () => clearImmediate(immediate) };
  },
};
