import type { HttpCoreError } from '../contract/errors.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Keeper } from '../exchange/parties.ts';

/** Exchanges that an HTTP/2 connection has taken and not begun: they wait for SETTINGS, for one more look at the socket, or for an authenticator. */
export class Unstarted implements Keeper<Exchange> {
  readonly #waiting = new Set<Exchange>();
  readonly #authorizing = new Set<Exchange>();
  readonly #onGivenUp: () => void;

  /** `onGivenUp`: one of them is not wanted any more. */
  constructor(onGivenUp: () => void) {
    this.#onGivenUp = onGivenUp;
  }

  get size(): number {
    return this.#waiting.size + this.#authorizing.size;
  }

  add(exchange: Exchange): void {
    exchange.keeper = this;
    this.#waiting.add(exchange);
  }

  /** From now on they are the caller's. One that is begun may end others. */
  *take(): Generator<Exchange> {
    const taken = Array.from(this.#waiting);
    this.#waiting.clear();
    for (const exchange of taken) {
      exchange.keeper = null;
      if (!exchange.ended) yield exchange;
    }
  }

  /** It begins when it is known what the proxy is told. */
  authorize(exchange: Exchange): void {
    exchange.keeper = this;
    this.#authorizing.add(exchange);
  }

  /** That is known now. Returns whether it is still wanted, and the caller's. */
  authorized(exchange: Exchange): boolean {
    if (!this.#authorizing.delete(exchange)) return false;
    exchange.keeper = null;
    return true;
  }

  onGivenUp(exchange: Exchange): void {
    exchange.keeper = null;
    if (this.#waiting.delete(exchange) || this.#authorizing.delete(exchange)) this.#onGivenUp();
  }

  /** The connection is lost. A kept one that is found closed before anything went out is nobody's failure: its exchanges go back. */
  end(error: HttpCoreError, isKept: boolean): void {
    const ended = [...this.take(), ...this.#authorizing];
    this.#authorizing.clear();
    for (const exchange of ended) {
      exchange.keeper = null;
      if (exchange.ended) continue;
      if (isKept) exchange.requeue();
      else exchange.refuse(error);
    }
  }

  /** The next moment at which one of them has something to say. */
  checkLimits(now: number): number {
    let next = Infinity;
    for (const exchange of this.#waiting) next = Math.min(next, exchange.checkLimits(now));
    for (const exchange of this.#authorizing) next = Math.min(next, exchange.checkLimits(now));
    return next;
  }
}
