/** Several signals as one, for as long as a call lasts. */
import { setMaxListeners } from 'node:events';

export interface CallSignal {
  readonly signal: AbortSignal | undefined;
  /** The call is over: nothing listens any more. Idempotent. */
  release(): void;
}

export const noSignal: CallSignal = Object.freeze({ signal: undefined, release() {} });

/** Not `AbortSignal.any`, whose bookkeeping stays with a long-lived signal until the collector gets to it. */
export function joinSignals(signals: readonly AbortSignal[]): CallSignal {
  const [only] = signals;
  if (only === undefined) return noSignal;
  return signals.length === 1 ? { signal: only, release() {} } : link(signals);
}

function link(signals: readonly AbortSignal[]): CallSignal {
  const controller = new AbortController();
  const aborted = signals.find((signal) => signal.aborted);
  if (aborted !== undefined) {
    controller.abort(aborted.reason);
    return { signal: controller.signal, release() {} };
  }
  const listeners = signals.map((signal) => [signal, () => controller.abort(signal.reason)] as const);
  for (const [signal, listener] of listeners) signal.addEventListener('abort', listener, { once: true });
  return {
    signal: controller.signal,
    release() {
      for (const [signal, listener] of listeners) signal.removeEventListener('abort', listener);
    },
  };
}

/** A signal that many calls share has a listener for each call that runs, which is no leak; Node warns at eleven. */
export function expectManyListeners(signal: AbortSignal): AbortSignal {
  try {
    setMaxListeners(0, signal);
  } catch {
    // Of a test environment's own making: it counts nothing.
  }
  return signal;
}
