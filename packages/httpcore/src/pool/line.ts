import type { Exchange } from '../exchange/exchange.ts';
import { OrderedList, type Place } from './ordered-list.ts';
import type { PendingDial } from './pending-dial.ts';

interface Waiter {
  readonly place: Place<Exchange>;
  /** Its place among those that no dial is made for. */
  free: Place<Exchange> | null;
  dial: PendingDial | null;
}

/**
 * The exchanges that wait at one peer, in the order in which they came, and the bonds between them and the dials under way: each dial is
 * for the first that had none, or to spare. Nothing here takes longer where more are waiting.
 */
export class Line {
  readonly #all = new OrderedList<Exchange>();
  readonly #free = new OrderedList<Exchange>();
  readonly #waiters = new Map<Exchange, Waiter>();
  /** For nobody: who came for one has got another connection, or will come later. */
  readonly #spare = new Set<PendingDial>();
  readonly #onBond: (exchange: Exchange) => void;

  /** `onBond` is told for whom a dial is from then on. */
  constructor(onBond: (exchange: Exchange) => void) {
    this.#onBond = onBond;
  }

  get size(): number {
    return this.#all.size;
  }

  /** The first that no dial is made for. */
  get firstFree(): Exchange | undefined {
    return this.#free.first?.item;
  }

  /** To where it stands by its number. A dial to spare is made for it, if there is one; returns whether. */
  enter(exchange: Exchange): boolean {
    const { order } = exchange;
    this.#waiters.set(exchange, { place: this.#all.add(exchange, order), free: this.#free.add(exchange, order), dial: null });
    const [dial] = this.#spare;
    if (dial === undefined) return false;
    this.#bind(exchange, dial);
    return true;
  }

  /** Takes the first out. */
  next(): Exchange | undefined {
    const exchange = this.#all.first?.item;
    if (exchange !== undefined) this.leave(exchange);
    return exchange;
  }

  /** The dial that was made for it goes to the first that has none; returns it if it is to spare now. */
  leave(exchange: Exchange): PendingDial | null {
    const waiter = this.#waiters.get(exchange);
    if (waiter === undefined) return null;
    const { dial, free, place } = waiter;
    this.#waiters.delete(exchange);
    this.#all.remove(place);
    if (free !== null) this.#free.remove(free);
    if (dial === null) return null;
    dial.exchange = null;
    return this.bond(dial) ? null : dial;
  }

  /** A dial is made for the first that has none; returns whether there is one. */
  bond(dial: PendingDial): boolean {
    const exchange = this.firstFree;
    if (exchange === undefined) this.#spare.add(dial);
    else this.#bind(exchange, dial);
    return exchange !== undefined;
  }

  /** The dial is over. Returns whom it was for, who waits like the others now. */
  unbond(dial: PendingDial): Exchange | null {
    this.#spare.delete(dial);
    const { exchange } = dial;
    dial.exchange = null;
    const waiter = exchange === null ? undefined : this.#waiters.get(exchange);
    if (exchange === null || waiter === undefined) return null;
    waiter.dial = null;
    waiter.free = this.#free.add(exchange, exchange.order);
    return exchange;
  }

  dialFor(exchange: Exchange): PendingDial | null {
    return this.#waiters.get(exchange)?.dial ?? null;
  }

  isSpare(dial: PendingDial): boolean {
    return this.#spare.has(dial);
  }

  [Symbol.iterator](): Iterator<Exchange> {
    return this.#all[Symbol.iterator]();
  }

  /** Those that no dial is made for. */
  free(): Iterable<Exchange> {
    return this.#free;
  }

  #bind(exchange: Exchange, dial: PendingDial): void {
    const waiter = this.#waiters.get(exchange)!;
    if (waiter.free !== null) this.#free.remove(waiter.free);
    waiter.free = null;
    waiter.dial = dial;
    this.#spare.delete(dial);
    dial.exchange = exchange;
    this.#onBond(exchange);
  }
}
