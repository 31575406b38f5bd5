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

/** One who waits for a signal, with a place in the list of all who do. */
interface Waiter {
  readonly callback: () => void;
  next: Waiter | undefined;
  previous: Waiter | undefined;
  isIn: boolean;
}

/** All who wait for one signal, behind one listener, in a list: a `Set` that lives long leaves tables behind that hold on to what was in them. */
class Waiting {
  readonly #signal: AbortSignal;
  #first: Waiter | undefined = undefined;
  #last: Waiter | undefined = undefined;
  readonly #tell = (): void => {
    // Each takes itself out, and another one perhaps.
    for (let waiter = this.#first; waiter !== undefined; waiter = this.#first) {
      this.#remove(waiter);
      waiter.callback();
    }
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Gives what takes it out. */
  add(callback: () => void): () => void {
    const waiter: Waiter = { callback, next: undefined, previous: this.#last, isIn: true };
    if (this.#last === undefined) {
      this.#first = waiter;
      waiting.set(this.#signal, this);
      this.#signal.addEventListener('abort', this.#tell, { once: true });
    } else {
      this.#last.next = waiter;
    }
    this.#last = waiter;
    return () => this.#remove(waiter);
  }

  #remove(waiter: Waiter): void {
    if (!waiter.isIn) return;
    waiter.isIn = false;
    const { next, previous } = waiter;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    waiter.next = waiter.previous = undefined;
    if (this.#first !== undefined) return;
    waiting.delete(this.#signal);
    this.#signal.removeEventListener('abort', this.#tell);
  }
}

const waiting = new WeakMap<AbortSignal, Waiting>();

/**
 * Calls once the signal aborts, unless what this gives is called before. A signal may be that of ten thousand calls, and adding a listener to it
 * takes Node longer the more there are: all of them have one.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  return (waiting.get(signal) ?? new Waiting(signal)).add(callback);
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
