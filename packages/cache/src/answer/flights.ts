/** The exchanges that are under way, by what they bring. */
import type { Dispatcher } from '@x/httpcore';

import { pathOfKey } from '../rules/no-vary-search.ts';
import { hashOfKey } from '../store/key-hash.ts';
import { RecentFacts } from '../store/recent-facts.ts';
import type { CacheRequest } from '../cache-request.ts';
import { signatureOf } from './collapsing.ts';
import { Flight } from './flight.ts';
import { PurgedTags } from './purged-tags.ts';

const fewestChains = 64;

export class Flights {
  /**
   * By the hash of their key, each the first of a chain. Not a map of V8: out of that, each request would take what it has put in, and no memory of it goes
   * before the next full collection, which costs every small one more than the request.
   */
  #chains = noChains(fewestChains);
  #count = 0;
  /** URLs whose responses are for one request only: nobody waits for them in vain. */
  readonly #loners = new RecentFacts<true>(1000);
  readonly #purged = new PurgedTags();

  /** Of an equal request. */
  find(request: CacheRequest): Flight | undefined {
    const { key, hash } = request;
    let flight = this.#chains[hash & (this.#chains.length - 1)];
    while (flight !== undefined && (flight.hash !== hash || flight.key !== key)) flight = flight.next;
    if (flight === undefined || this.isLoner(key)) return undefined;
    const signature = signatureOf(request);
    while (flight !== undefined && (flight.isOutdated || flight.key !== key || flight.signature !== signature)) flight = flight.next;
    return flight;
  }

  /** `shared`: the request whose equals may find it. */
  begin(key: string, hash: number, shared: CacheRequest | undefined): Flight {
    if (this.#count === this.#chains.length) this.#grow();
    const flight = new Flight(key, hash, shared, this.#purged.moment);
    this.#link(flight);
    this.#count += 1;
    return flight;
  }

  end(flight: Flight): void {
    if (flight.isOver) return;
    flight.letGo();
    this.#unlink(flight);
  }

  /** What is under way may have been made before the change. Resolves when none of it is in the store. */
  async outdate(key: string): Promise<void> {
    const leaving: Promise<unknown>[] = [];
    const hash = hashOfKey(key);
    let next: Flight | undefined;
    for (let flight = this.#chains[hash & (this.#chains.length - 1)]; flight !== undefined; flight = next) {
      next = flight.next;
      if (flight.key === key) this.#outdate(flight, leaving);
    }
    await Promise.all(leaving);
  }

  /** As `outdate`, for all URLs that differ in their query alone. */
  async outdatePath(path: string): Promise<void> {
    const leaving: Promise<unknown>[] = [];
    this.#each((flight) => {
      if (pathOfKey(flight.key) === path) this.#outdate(flight, leaving);
    });
    await Promise.all(leaving);
  }

  #outdate(flight: Flight, leaving: Promise<unknown>[]): void {
    flight.outdate(leaving);
    this.#unlink(flight);
  }

  /** As `outdate`, for whatever has this tag, or turns out to have it. */
  async outdateTagged(tag: string): Promise<void> {
    this.#purged.add(tag);
    const leaving: Promise<unknown>[] = [];
    this.#each((flight) => {
      if (flight.tags.includes(tag)) flight.outdate(leaving);
    });
    await Promise.all(leaving);
  }

  /** What a flight brings has these tags. */
  brings(flight: Flight, tags: readonly string[]): void {
    flight.tags = tags;
    if (this.#purged.since(flight.begunAt, tags)) flight.isOutdated = true;
  }

  /** As `outdate`, whatever it is about. */
  async outdateAll(): Promise<void> {
    const leaving: Promise<unknown>[] = [];
    this.#each((flight) => this.#outdate(flight, leaving));
    await Promise.all(leaving);
  }

  /** Nothing of what is under way is kept, and what nobody reads is not fetched to its end. What is whole already is still written. */
  close(): void {
    this.#each((flight) => {
      flight.isOutdated = true;
      flight.body?.stopKeeping();
    });
  }

  /** What nobody reads is not fetched to its end by this dispatcher. */
  leave(dispatcher: Dispatcher): void {
    this.#each((flight) => {
      if (flight.dispatcher === dispatcher) flight.body?.stopUnread();
    });
  }

  #each(act: (flight: Flight) => void): void {
    for (const first of this.#chains) {
      let next: Flight | undefined;
      for (let flight = first; flight !== undefined; flight = next) {
        // Which it is no longer part of, once it is over.
        next = flight.next;
        act(flight);
      }
    }
  }

  isLoner(key: string): boolean {
    return this.#loners.get(key) === true;
  }

  markLoner(key: string, isLoner: boolean): void {
    if (isLoner) this.#loners.set(key, true);
    else this.#loners.delete(key);
  }

  #link(flight: Flight): void {
    const at = flight.hash & (this.#chains.length - 1);
    flight.next = this.#chains[at];
    this.#chains[at] = flight;
  }

  /** Where it is not among them, nothing happens. */
  #unlink(flight: Flight): void {
    const at = flight.hash & (this.#chains.length - 1);
    let before: Flight | undefined;
    let each = this.#chains[at];
    while (each !== undefined && each !== flight) {
      before = each;
      each = each.next;
    }
    if (each === undefined) return;
    if (before === undefined) this.#chains[at] = flight.next;
    else before.next = flight.next;
    flight.next = undefined;
    this.#count -= 1;
  }

  #grow(): void {
    const chains = this.#chains;
    this.#chains = noChains(chains.length * 2);
    for (const first of chains) {
      let next: Flight | undefined;
      for (let flight = first; flight !== undefined; flight = next) {
        next = flight.next;
        this.#link(flight);
      }
    }
  }
}

function noChains(count: number): (Flight | undefined)[] {
  return Array.from({ length: count }, () => undefined);
}
