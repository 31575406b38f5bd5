import type { HttpCoreError } from '../contract/errors.ts';
import type { Exchange } from '../exchange/exchange.ts';

/** Exchanges that an HTTP/2 connection has taken and not begun: they wait for SETTINGS, or for one more look at the socket. */
export class Unstarted {
  #exchanges: Exchange[] = [];

  /** Nobody says so when one of them is given up. */
  get size(): number {
    if (this.#exchanges.length > 0) this.#exchanges = this.#exchanges.filter((exchange) => !exchange.ended);
    return this.#exchanges.length;
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

  /** The connection is lost. A kept one that is found closed before anything went out is nobody's failure: its exchanges go back. */
  end(error: HttpCoreError, isKept: boolean): void {
    for (const exchange of this.take()) {
      if (isKept) exchange.requeue();
      else exchange.refuse(error);
    }
  }

  /** The next moment at which one of them has something to say. */
  checkLimits(now: number): number {
    let next = Infinity;
    for (const exchange of this.#exchanges) next = Math.min(next, exchange.checkLimits(now));
    return next;
  }
}
