/** The signals that exchanges are given instead of their callers' own. A new one costs more than all else that a response is kept by, so they serve again. */

/** So many wait for their next exchange at most. */
const mostIdle = 64;
/** What a dispatcher may have left listening goes with its signal after so many exchanges. */
const mostExchanges = 256;

const idle: ExchangeSignal[] = [];
const nothing = (): void => {};

export class ExchangeSignal {
  readonly #controller = new AbortController();
  readonly signal: AbortSignal = this.#controller.signal;
  #exchanges = 0;

  constructor() {
    // Without one that stays, Node makes a list for the first that listens, and drops it with the last.
    this.signal.addEventListener('abort', nothing);
  }

  static take(): ExchangeSignal {
    return idle.pop() ?? new ExchangeSignal();
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** The exchange has ended by itself: nobody looks at its signal any more. */
  giveBack(): void {
    this.#exchanges += 1;
    if (this.#exchanges < mostExchanges && idle.length < mostIdle && !this.signal.aborted) idle.push(this);
  }
}
