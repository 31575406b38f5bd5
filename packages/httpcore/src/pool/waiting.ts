import type { Exchange } from '../exchange/exchange.ts';
import { Line, type Place } from './line.ts';
import type { PendingDial } from './pending-dial.ts';

interface Waiter {
  readonly place: Place<Exchange>;
  /** Its place among those that no dial is made for. */
  free: Place<Exchange> | null;
  dial: PendingDial | null;
}

/**
 * The exchanges that wait at one peer, in the order in which they came, and which dial is made for which. Nothing here takes longer where
 * more are waiting.
 */
export class Waiting {
  readonly #line = new Line<Exchange>();
  readonly #free = new Line<Exchange>();
  readonly #waiters = new Map<Exchange, Waiter>();

  get size(): number {
    return this.#line.size;
  }

  get first(): Exchange | undefined {
    return this.#line.first?.item;
  }

  /** The first that no dial is made for. */
  get firstFree(): Exchange | undefined {
    return this.#free.first?.item;
  }

  has(exchange: Exchange): boolean {
    return this.#waiters.has(exchange);
  }

  add(exchange: Exchange): void {
    const { order } = exchange;
    this.#waiters.set(exchange, { place: this.#line.add(exchange, order), free: this.#free.add(exchange, order), dial: null });
  }

  /** Returns the dial that was made for it, which is for nobody now. */
  remove(exchange: Exchange): PendingDial | null {
    const waiter = this.#waiters.get(exchange);
    if (waiter === undefined) return null;
    const { dial, free, place } = waiter;
    this.#waiters.delete(exchange);
    this.#line.remove(place);
    if (free !== null) this.#free.remove(free);
    if (dial !== null) dial.exchange = null;
    return dial;
  }

  dialFor(exchange: Exchange): PendingDial | null {
    return this.#waiters.get(exchange)?.dial ?? null;
  }

  bind(exchange: Exchange, dial: PendingDial): void {
    const waiter = this.#waiters.get(exchange)!;
    if (waiter.free !== null) this.#free.remove(waiter.free);
    waiter.free = null;
    waiter.dial = dial;
    dial.exchange = exchange;
  }

  /** The dial is for nobody any more. Returns whom it was for, who waits like the others now. */
  unbind(dial: PendingDial): Exchange | null {
    const { exchange } = dial;
    dial.exchange = null;
    const waiter = exchange === null ? undefined : this.#waiters.get(exchange);
    if (exchange === null || waiter === undefined) return null;
    waiter.dial = null;
    waiter.free = this.#free.add(exchange, exchange.order);
    return exchange;
  }

  [Symbol.iterator](): Iterator<Exchange> {
    return this.#line[Symbol.iterator]();
  }

  /** Those that no dial is made for. */
  free(): Iterable<Exchange> {
    return this.#free;
  }
}
