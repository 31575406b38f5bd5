/** Waiting between two requests of a call. */
import { Aborted } from '@x/httpcore';

import { ClientClosed } from '../errors.ts';
import type { Lifetime } from './lifetime.ts';
import { onAbort } from './signals.ts';
import { now } from '../time/platform.ts';

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

/**
 * Resolves after so many milliseconds, whatever happens with one timer and nothing left behind.
 * @throws {Aborted} the signal aborted, or the client was destroyed.
 */
export function wait(milliseconds: number, signal: AbortSignal | undefined, lifetime: Lifetime, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortedBy(signal));
      return;
    }
    const settle = (): void => {
      cancelTimer();
      forget();
      release?.();
    };
    const onClosed = (reason: string): void => {
      settle();
      reject(new Aborted(reason, { cause: new ClientClosed(reason) }));
    };
    const cancelTimer = clock.schedule(milliseconds, () => {
      settle();
      resolve();
    });
    const forget = lifetime.whenClosed(onClosed);
    const release =
      signal === undefined
        ? undefined
        : onAbort(signal, () => {
            settle();
            reject(abortedBy(signal));
          });
  });
}

function abortedBy(signal: AbortSignal): Aborted {
  return new Aborted('The request was aborted while it waited to be sent again', { cause: signal.reason });
}
