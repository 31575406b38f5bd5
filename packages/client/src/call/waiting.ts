/** Waiting between two requests of a call. */
import { Aborted } from '@x/httpcore';

import { ClientClosed } from '../errors.ts';
import type { Lifetime } from './lifetime.ts';
import { onAbort, type AnySignal } from './signals.ts';
import type { Clock } from '../time/clock.ts';

/**
 * Resolves after so many milliseconds, whatever happens with one timer and nothing left behind.
 * @throws {Aborted} the signal aborted, or the client was destroyed.
 */
export function wait(milliseconds: number, signal: AnySignal | undefined, lifetime: Lifetime, clock: Clock): Promise<void> {
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

function abortedBy(signal: AnySignal): Aborted {
  return new Aborted('The request was aborted while it waited to be sent again', { cause: signal.reason });
}
