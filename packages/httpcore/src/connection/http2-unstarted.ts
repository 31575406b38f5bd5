import type { HttpCoreError } from '../contract/errors.ts';
import type { Exchange } from '../exchange/exchange.ts';

/** Exchanges that an HTTP/2 connection has taken and not begun: they wait for SETTINGS, for one more look at the socket, or for an authenticator. */
export class Unstarted {
  #exchanges: Exchange[] = [];
  readonly #authorizing = new Set<Exchange>();

  /** Nobody says so when one of them is given up. */
  get size(): number {
    if (this.#exchanges.length > 0) this.#exchanges = this.#exchanges.filter((exchange) => !exchange.ended);
    return this.#exchanges.length + (this.#authorizing.size === 0 ? 0 : this.#stillAuthorizing());
  }

  #stillAuthorizing(): number {
    for (const exchange of this.#authorizing) if (exchange.ended) this.#authorizing.delete(exchange);
    return this.#authorizing.size;
  }

  add(exchange: Exchange): void {
    this.#exchanges.push(exchange);
  }

  /** Those that are still wanted; from now on they are the caller's. */
  take(): readonly Exchange[] {
    const taken = this.#exchanges.filter((exchange) => !exchange.ended);
    this.#exchanges = [];
    return taken;
  }

  /** It begins when it is known what the proxy is told. */
  authorize(exchange: Exchange): void {
    this.#authorizing.add(exchange);
  }

  /** That is known now. Returns whether it is still wanted. */
  authorized(exchange: Exchange): boolean {
    return this.#authorizing.delete(exchange) && !exchange.ended;
  }

  /** The connection is lost. A kept one that is found closed before anything went out is nobody's failure: its exchanges go back. */
  end(error: HttpCoreError, isKept: boolean): void {
    const ended = [...this.take(), ...this.#authorizing].filter((exchange) => !exchange.ended);
    this.#authorizing.clear();
    for (const exchange of ended) {
      if (isKept) exchange.requeue();
      else exchange.refuse(error);
    }
  }

  /** The next moment at which one of them has something to say. */
  checkLimits(now: number): number {
    let next = Infinity;
    for (const exchange of this.#exchanges) next = Math.min(next, exchange.checkLimits(now));
    for (const exchange of this.#authorizing) next = Math.min(next, exchange.checkLimits(now));
    return next;
  }
}
