import { setMaxListeners } from 'node:events';

/** Who is to be told, with a place in the list of all who wait for the same signal. */
export interface AbortHandler {
  handleEvent(): void;
  nextListening: AbortHandler | null;
  previousListening: AbortHandler | null;
}

/** What stands between a signal and who is told. */
export type AbortListener = (() => void) | SharedListener;

/**
 * All who wait for one signal, behind one listener: adding to a signal takes Node the longer the more there are. A list through those who are
 * there anyway: a `Set` leaves tables behind that hold on to what was in them.
 */
class SharedListener {
  readonly #signal: AbortSignal;
  #first: AbortHandler | null = null;
  #last: AbortHandler | null = null;
  readonly #tell = (): void => {
    // Each takes itself out, and another one perhaps.
    for (let handler = this.#first; handler !== null; handler = this.#first) {
      handler.handleEvent();
      this.remove(handler);
    }
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(handler: AbortHandler): this {
    const last = this.#last;
    this.#last = handler;
    if (last === null) {
      this.#first = handler;
      this.#signal.addEventListener('abort', this.#tell);
    } else {
      last.nextListening = handler;
      handler.previousListening = last;
    }
    return this;
  }

  remove(handler: AbortHandler): void {
    const { nextListening: next, previousListening: previous } = handler;
    if (previous === null && this.#first !== handler) return;
    if (previous === null) this.#first = next;
    else previous.nextListening = next;
    if (next === null) this.#last = previous;
    else next.previousListening = previous;
    handler.nextListening = handler.previousListening = null;
    if (this.#first === null) removeListener(this.#signal, this.#tell);
  }
}

/** Of signals that several exchanges have had at once. One that a single exchange has is not worth an entry. */
const shared = new WeakMap<AbortSignal, SharedListener>();
/** The signals of the latest exchanges that have one for themselves, while they run. */
const alone: (AbortSignal | null)[] = Array.from({ length: 8 }, () => null);
let latest = 0;

/**
 * Listens by a function. Not by the handler itself, as an object with `handleEvent`: Node goes on holding it after it has been taken away, until a
 * full collection, and signals that a test environment brings (happy-dom) may know functions only. One signal for a hundred requests is no leak:
 * each goes with its exchange. Gives what {@link stopListening} is to be told.
 */
export function listenForAbort(signal: AbortSignal, handler: AbortHandler): AbortListener {
  const known = shared.get(signal);
  if (known !== undefined) return known.add(handler);
  if (signal instanceof EventTarget) setMaxListeners(0, signal);
  const place = alone.indexOf(signal);
  if (place !== -1) {
    alone[place] = null;
    const listener = new SharedListener(signal);
    shared.set(signal, listener);
    return listener.add(handler);
  }
  latest = (latest + 1) % alone.length;
  alone[latest] = signal;
  const listener = (): void => handler.handleEvent();
  signal.addEventListener('abort', listener);
  return listener;
}

export function stopListening(signal: AbortSignal | undefined, listener: AbortListener | null, handler: AbortHandler): void {
  if (signal === undefined || listener === null) return;
  if (listener instanceof SharedListener) {
    listener.remove(handler);
    return;
  }
  removeListener(signal, listener);
  const place = alone.indexOf(signal);
  if (place !== -1) alone[place] = null;
}

/** Signals of others may throw: whatever ends has to end all the same. */
function removeListener(signal: AbortSignal, listener: () => void): void {
  try {
    signal.removeEventListener('abort', listener);
  } catch {
    // It goes on listening, and is told nothing any more.
  }
}

/** Why it was aborted, where it says so. */
export function reasonOf(signal: AbortSignal): unknown {
  try {
    return signal.reason;
  } catch {
    return undefined;
  }
}
