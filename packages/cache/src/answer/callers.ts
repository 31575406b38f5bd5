/** Who is told when a signal aborts. */
export interface Caller {
  left(): void;
  nextCaller: Caller | undefined;
  previousCaller: Caller | undefined;
  /** Those it is among, while it is. */
  callers: Callers | undefined;
}

/** The signals that requests came with last, while some of them run. A client has one for all that it sends. */
const latest: (Callers | undefined)[] = Array.from({ length: 8 }, () => undefined);
let last = 0;

/**
 * All who have the same signal, behind one listener: adding to a signal takes Node the longer the more there are. A list through those who are in it: a
 * `Set` leaves tables behind that hold on to what was in them.
 */
export class Callers {
  readonly #signal: AbortSignal;
  readonly #tell: () => void;
  #first: Caller | undefined = undefined;
  #last: Caller | undefined = undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    // By way of a variable: V8 puts a function that is assigned as it is written into old memory, with all that it can reach.
    const tell = (): void => {
      for (let caller = this.#first; caller !== undefined; caller = this.#first) {
        this.remove(caller);
        caller.left();
      }
    };
    this.#tell = tell;
    signal.addEventListener('abort', tell);
  }

  /** Among those who have the signal. One that has aborted tells nobody. */
  static add(signal: AbortSignal, caller: Caller): void {
    let callers = latest[last];
    if (callers === undefined || callers.#signal !== signal) callers = latest.find((each) => each !== undefined && each.#signal === signal);
    if (callers === undefined) {
      callers = new Callers(signal);
      last = (last + 1) % latest.length;
      latest[last] = callers;
    }
    callers.#add(caller);
  }

  #add(caller: Caller): void {
    caller.callers = this;
    caller.previousCaller = this.#last;
    if (this.#last === undefined) this.#first = caller;
    else this.#last.nextCaller = caller;
    this.#last = caller;
  }

  /** With the last of them, the listener goes. */
  remove(caller: Caller): void {
    if (caller.callers !== this) return;
    const { nextCaller: next, previousCaller: previous } = caller;
    if (previous === undefined) this.#first = next;
    else previous.nextCaller = next;
    if (next === undefined) this.#last = previous;
    else next.previousCaller = previous;
    caller.callers = caller.nextCaller = caller.previousCaller = undefined;
    if (this.#first !== undefined) return;
    stopListening(this.#signal, this.#tell);
    const place = latest.indexOf(this);
    if (place !== -1) latest[place] = undefined;
  }
}

/** A signal may be of anybody's making, and throw. Whoever it still tells then is not here any more. */
export function stopListening(signal: AbortSignal, listener: () => void): void {
  try {
    signal.removeEventListener('abort', listener);
  } catch {
    // Nothing else can be done about it.
  }
}

/** `undefined` too where the signal does not say. */
export function reasonOf(signal: AbortSignal): unknown {
  try {
    return signal.reason as unknown;
  } catch {
    return undefined;
  }
}
