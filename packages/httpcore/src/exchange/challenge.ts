import type { ProxyError } from '../contract/errors.ts';
import type { Clock, Scheduled } from '../time/clock.ts';
import { UnwantedAnswer } from './unwanted-answer.ts';

/** What a challenge may ask of its exchange. */
export interface Challenged {
  /** Can the request still be sent again? */
  mayAnswer(): boolean;
  /** How many milliseconds are worth waiting for the rest of the answer; 0: none. */
  patience(): number;
  /** Breaks the answer off, and sends the request again on another connection. */
  breakOff(): void;
  /** Bytes of the answer were taken. */
  onConsumed(bytes: number): void;
  /** The answer is the response after all; these bytes of its body have come. */
  deliver(chunks: readonly Uint8Array<ArrayBuffer>[]): void;
}

/** The limits in time of the exchange. */
export interface ChallengeLimits {
  waitFor(what: 'authenticator' | 'nothing', now: number): void;
  /** Ends it where its time is over; else returns when that can be. */
  checkLimits(now: number): number;
}

/**
 * An answer by which a proxy asks for other credentials. Until it is decided whether there are any, which may be later, what comes of it is kept, and
 * its end, too; then it is the response, or only waited for because its connection can take the request again.
 */
export class Challenge {
  readonly error: ProxyError;
  readonly #limits: ChallengeLimits;
  readonly #exchange: Challenged;
  readonly #clock: Clock;
  /** `null`: it is decided. */
  #kept: Uint8Array<ArrayBuffer>[] | null = [];
  #unwanted: UnwantedAnswer | null = null;
  #isOver = false;
  /** The connection may be somebody else's by the time that it is decided, or gone: nobody else looks at the limits. */
  #watching: Scheduled | null = null;
  #end: (() => void) | null = null;
  #endWithoutConnection: (() => void) | null = null;

  constructor(error: ProxyError, clock: Clock, limits: ChallengeLimits, exchange: Challenged) {
    this.error = error;
    this.#limits = limits;
    this.#clock = clock;
    this.#exchange = exchange;
  }

  /** Bytes that are kept. */
  get size(): number {
    return this.#kept === null ? 0 : sizeOf(this.#kept);
  }

  onData(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#kept === null) this.#unwanted?.onData(bytes.length);
    else this.#kept.push(bytes);
  }

  /**
   * The answer is whole. Returns false when it is decided what follows; else calls `end` once it is, or `endWithoutConnection` where the connection is
   * gone by then.
   */
  endsLater(endWithoutConnection: () => void, end: () => void = endWithoutConnection): boolean {
    if (this.#kept === null) return false;
    this.#end = end;
    this.#endWithoutConnection = endWithoutConnection;
    return true;
  }

  /** The connection is gone. */
  breaksLater(end: () => void): boolean {
    if (this.#kept === null) return false;
    this.#end = this.#endWithoutConnection ?? end;
    return true;
  }

  /** Are there other credentials? It may be over before that is known. */
  decide(again: true | PromiseLike<boolean>): void {
    if (again === true) {
      this.#answer();
      return;
    }
    this.#limits.waitFor('authenticator', this.#clock.now());
    this.#watch();
    void Promise.resolve(again).then((isYes) => {
      if (this.#isOver) return;
      this.#watching?.cancel();
      this.#limits.waitFor('nothing', this.#clock.now());
      if (isYes && this.#exchange.mayAnswer()) this.#answer();
      else this.#decline();
    });
  }

  #watch(): void {
    const now = this.#clock.now();
    const next = this.#limits.checkLimits(now);
    if (next !== Infinity && !this.#isOver) this.#watching = this.#clock.schedule(next - now, () => this.#watch());
  }

  /** The request is sent again. */
  #answer(): void {
    const bytes = this.size;
    this.#kept = null;
    if (this.#end !== null) {
      this.#end();
      return;
    }
    const patience = this.#exchange.patience();
    if (patience === 0) {
      this.#exchange.breakOff();
      return;
    }
    this.#unwanted = new UnwantedAnswer(this.error, this.#clock, patience, () => this.#exchange.breakOff());
    if (bytes === 0) return;
    this.#exchange.onConsumed(bytes);
    this.#unwanted.onData(bytes);
  }

  /** There are no others: the response is this one. */
  #decline(): void {
    const chunks = this.#kept!;
    this.#kept = null;
    this.#exchange.deliver(chunks);
    this.#end?.();
  }

  stop(): void {
    this.#isOver = true;
    this.#watching?.cancel();
    this.#unwanted?.stop();
  }
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((size, { length }) => size + length, 0);
}
