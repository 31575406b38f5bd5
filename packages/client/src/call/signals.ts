/** What ends a call: signals of callers, what clients have of their own, and several of them as one for as long as a call lasts. */
import { setMaxListeners } from 'node:events';

/** As all that only listens has them. */
export type AnySignal = AbortSignal | Ending;

export interface CallSignal {
  /** For whoever may do anything with it: where there is none yet, it is made now. */
  readonly signal: AbortSignal | undefined;
  /** The same, for those who only listen. */
  readonly ending: AnySignal | undefined;
  /** The call is over: nothing listens any more. Idempotent. */
  release(): void;
}

export const noSignal: CallSignal = Object.freeze({ signal: undefined, ending: undefined, release() {} });

/** Not `AbortSignal.any`, whose bookkeeping stays with a long-lived signal until the collector gets to it. */
export function joinSignals(signals: readonly AnySignal[]): CallSignal {
  const [only] = signals;
  if (only === undefined) return noSignal;
  return signals.length === 1 ? new OnlySignal(only) : new JoinedEnding(signals);
}

class OnlySignal implements CallSignal {
  readonly ending: AnySignal;

  constructor(ending: AnySignal) {
    this.ending = ending;
  }

  get signal(): AbortSignal {
    return this.ending instanceof Ending ? this.ending.signal : this.ending;
  }

  release(): void {}
}

/** One who waits for a signal, with a place in the list of all who do. */
export abstract class Waiter {
  next: Waiter | undefined = undefined;
  previous: Waiter | undefined = undefined;
  isIn = false;

  abstract told(): void;
}

/** All who wait, in a list: a `Set` that lives long leaves tables behind that hold on to what was in them. */
class Waiters {
  #first: Waiter | undefined = undefined;
  #last: Waiter | undefined = undefined;

  add(waiter: Waiter): void {
    const last = this.#last;
    waiter.previous = last;
    waiter.isIn = true;
    this.#last = waiter;
    if (last !== undefined) last.next = waiter;
    else {
      this.#first = waiter;
      this.onFirst();
    }
  }

  remove(waiter: Waiter): void {
    if (!waiter.isIn) return;
    waiter.isIn = false;
    const { next, previous } = waiter;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    waiter.next = waiter.previous = undefined;
    if (this.#first === undefined) this.onNone();
  }

  protected get first(): Waiter | undefined {
    return this.#first;
  }

  protected tell(): void {
    // Each takes itself out, and another one perhaps.
    for (let waiter = this.#first; waiter !== undefined; waiter = this.#first) {
      this.remove(waiter);
      waiter.told();
    }
  }

  protected onFirst(): void {}
  protected onNone(): void {}
}

/** Those who wait for somebody's signal, behind one listener: adding one takes Node longer the more there are. */
class Waiting extends Waiters {
  readonly #signal: AbortSignal;
  readonly #listener = (): void => this.tell();

  constructor(signal: AbortSignal) {
    super();
    this.#signal = signal;
  }

  protected override onFirst(): void {
    waiting.set(this.#signal, this);
    this.#signal.addEventListener('abort', this.#listener, { once: true });
  }

  protected override onNone(): void {
    waiting.delete(this.#signal);
    this.#signal.removeEventListener('abort', this.#listener);
  }
}

const waiting = new WeakMap<AbortSignal, Waiting>();

function waitersOf(signal: AnySignal): Waiters {
  return signal instanceof Ending ? signal : (waiting.get(signal) ?? new Waiting(signal));
}

/**
 * An end that is ours to bring: of an `AbortSignal` it has what those ask of one who only listen, which is the core as well. A real one costs as much
 * as all else of a small request (on Node 20, half of one), so there is none until somebody asks.
 */
export class Ending extends Waiters {
  aborted = false;
  reason: unknown = undefined;
  #controller: AbortController | undefined = undefined;

  /** Once: what comes later changes nothing. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.#controller?.abort(reason);
    this.tell();
  }

  /** The same as a real one. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      expectManyListeners(this.#controller.signal);
      if (this.aborted) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  addEventListener(_type: 'abort', callback: () => void): void {
    if (!this.aborted) this.add(new Listener(callback));
  }

  removeEventListener(_type: 'abort', callback: () => void): void {
    let waiter = this.first;
    while (waiter !== undefined && !(waiter instanceof Listener && waiter.told === callback)) waiter = waiter.next;
    if (waiter !== undefined) this.remove(waiter);
  }
}

class Listener extends Waiter {
  readonly told: () => void;

  constructor(callback: () => void) {
    super();
    this.told = callback;
  }
}

/** Ends with the first of several, or by a call. */
export class JoinedEnding extends Ending implements CallSignal {
  #sources: Source[] | undefined;

  constructor(signals: readonly AnySignal[]) {
    super();
    const aborted = signals.find((signal) => signal.aborted);
    if (aborted === undefined) this.#sources = signals.map((signal) => new Source(signal, this));
    else this.abort(aborted.reason);
  }

  get ending(): this {
    return this;
  }

  release(): void {
    const sources = this.#sources;
    this.#sources = undefined;
    if (sources !== undefined) for (const source of sources) source.leave();
  }
}

/** One of those that are joined. */
class Source extends Waiter {
  readonly #signal: AnySignal;
  readonly #waiters: Waiters;
  readonly #joined: Ending;

  constructor(signal: AnySignal, joined: Ending) {
    super();
    this.#signal = signal;
    this.#joined = joined;
    this.#waiters = waitersOf(signal);
    this.#waiters.add(this);
  }

  told(): void {
    this.#joined.abort(this.#signal.reason);
  }

  leave(): void {
    this.#waiters.remove(this);
  }
}

/** What ends many calls at once. It waits for that while there is a call, in one place for all of them. */
export class CommonEnd extends Waiters {
  readonly #places: readonly CommonPlace[];
  /** Of the end, once it has come. */
  reason: unknown = undefined;

  constructor(signals: readonly AnySignal[]) {
    super();
    this.#places = signals.map((signal) => new CommonPlace(signal, this));
  }

  get isReached(): boolean {
    for (const { signal } of this.#places) if (signal.aborted) return true;
    return false;
  }

  reach(reason: unknown): void {
    this.reason = reason;
    this.tell();
  }

  protected override onFirst(): void {
    for (const place of this.#places) place.enter();
  }

  protected override onNone(): void {
    for (const place of this.#places) place.leave();
  }
}

class CommonPlace extends Waiter {
  readonly signal: AnySignal;
  readonly #common: CommonEnd;
  #waiters: Waiters | undefined = undefined;

  constructor(signal: AnySignal, common: CommonEnd) {
    super();
    this.signal = signal;
    this.#common = common;
  }

  enter(): void {
    this.#waiters = waitersOf(this.signal);
    this.#waiters.add(this);
  }

  leave(): void {
    this.#waiters?.remove(this);
    this.#waiters = undefined;
  }

  told(): void {
    this.#common.reach(this.signal.reason);
  }
}

/** Calls once the signal aborts, unless what this gives is called before. A signal may be that of ten thousand calls. */
export function onAbort(signal: AnySignal, callback: () => void): () => void {
  const waiters = waitersOf(signal);
  const listener = new Listener(callback);
  waiters.add(listener);
  return () => waiters.remove(listener);
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
