import type { Exchange } from '../exchange/exchange.ts';
import { isPipelinable } from '../exchange/pipelinable.ts';
import { OrderedList, type Place } from './ordered-list.ts';
import type { PendingDial } from './pending-dial.ts';

interface Waiter {
  readonly place: Place<Exchange>;
  /** Its place among those that no dial is made for. */
  free: Place<Exchange> | null;
  dial: PendingDial | null;
  readonly isPipelined: boolean;
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
  readonly #depth: number;
  /** Of those that wait, how many may be pipelined. */
  #pipelined = 0;

  /** `onBond` is told for whom a dial is from then on. Of those that may be pipelined, `depth` go on one connection at once. */
  constructor(onBond: (exchange: Exchange) => void, depth: number = 1) {
    this.#onBond = onBond;
    this.#depth = depth;
  }

  get size(): number {
    return this.#all.size;
  }

  /** How many connections would take all who wait at once. */
  get loads(): number {
    return this.#all.size - this.#pipelined + Math.ceil(this.#pipelined / this.#depth);
  }

  get first(): Exchange | undefined {
    return this.#all.first?.item;
  }

  /** Does somebody wait who came before this one? */
  isBefore({ order }: Exchange): boolean {
    const { first } = this.#all;
    return first !== null && first.order < order;
  }

  /** The first that no dial is made for. */
  get firstFree(): Exchange | undefined {
    return this.#free.first?.item;
  }

  /** To where it stands by its number. A dial to spare is made for it, if there is one; returns whether. */
  enter(exchange: Exchange): boolean {
    const { order } = exchange;
    const isPipelined = this.#depth > 1 && isPipelinable(exchange);
    if (isPipelined) this.#pipelined += 1;
    this.#waiters.set(exchange, { place: this.#all.add(exchange, order), free: this.#free.add(exchange, order), dial: null, isPipelined });
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
    const { dial, free, place, isPipelined } = waiter;
    this.#waiters.delete(exchange);
    if (isPipelined) this.#pipelined -= 1;
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
