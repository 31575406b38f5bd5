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
  const releases = signals.map((signal) => onAbort(signal, () => controller.abort(signal.reason)));
  return {
    signal: controller.signal,
    release() {
      for (const release of releases) release();
    },
  };
}

/** Who waits for a signal, behind one listener. */
class Waiting {
  readonly callbacks = new Set<() => void>();
  readonly listener = (): void => {
    // Each takes itself out, and another one perhaps.
    for (const callback of this.callbacks) callback();
  };
}

const waiting = new WeakMap<AbortSignal, Waiting>();

/**
 * Calls once the signal aborts, unless what this gives is called before. A signal may be that of ten thousand calls, and adding a listener to it
 * takes Node longer the more there are: all of them have one.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let all = waiting.get(signal);
  if (all === undefined) {
    all = new Waiting();
    waiting.set(signal, all);
    signal.addEventListener('abort', all.listener, { once: true });
  }
  const { callbacks, listener } = all;
  const once = (): void => {
    callbacks.delete(once);
    callback();
  };
  callbacks.add(once);
  return () => {
    callbacks.delete(once);
    if (callbacks.size > 0 || waiting.get(signal) !== all) return;
    waiting.delete(signal);
    signal.removeEventListener('abort', listener);
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
