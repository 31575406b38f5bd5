/** The exchanges that are under way, by what they bring. */
import type { Dispatcher } from '@x/httpcore';

import { pathOfKey } from '../rules/no-vary-search.ts';
import { RecentFacts } from '../store/recent-facts.ts';
import type { CacheRequest } from '../cache-request.ts';
import { signatureOf } from './collapsing.ts';
import { Flight } from './flight.ts';
import { PurgedTags } from './purged-tags.ts';

/** Flights that are over are taken out when there are more of them than this, and than of the others. */
const mostOver = 64;

export class Flights {
  /**
   * Of each key the first; others hang on to it. One that is over stays until many are, and a new map takes the place of this one: a map of V8 out of
   * which each request takes what it has put in lets no memory go before the next full collection, and costs every small one more than the request.
   */
  #flights = new Map<string, Flight>();
  #over = 0;
  /** URLs whose responses are for one request only: nobody waits for them in vain. */
  readonly #loners = new RecentFacts<true>(1000);
  readonly #purged = new PurgedTags();

  /** Of an equal request. */
  find(request: CacheRequest): Flight | undefined {
    let flight = this.#flights.get(request.key);
    if (flight === undefined || flight.isOver || this.isLoner(request.key)) return undefined;
    const signature = signatureOf(request);
    while (flight !== undefined && (flight.isOutdated || flight.signature !== signature)) flight = flight.next;
    return flight;
  }

  /** `shared`: the request whose equals may find it. */
  begin(key: string, shared: CacheRequest | undefined): Flight {
    const flight = new Flight(key, shared, this.#purged.moment);
    const first = this.#flights.get(key);
    if (first !== undefined) {
      if (first.isOver) this.#over -= 1;
      else flight.next = first;
    }
    this.#flights.set(key, flight);
    return flight;
  }

  end(flight: Flight): void {
    if (flight.isOver) return;
    flight.letGo();
    const first = this.#flights.get(flight.key);
    if (first === flight) {
      if (flight.next === undefined) this.#isOver();
      else this.#flights.set(flight.key, flight.next);
    } else {
      let before = first;
      while (before !== undefined && before.next !== flight) before = before.next;
      if (before !== undefined) before.next = flight.next;
    }
    flight.next = undefined;
  }

  /** What is under way may have been made before the change. Resolves when none of it is in the store. */
  async outdate(key: string): Promise<void> {
    const first = this.#flights.get(key);
    if (first === undefined || first.isOver) return;
    const leaving: Promise<unknown>[] = [];
    for (let flight: Flight | undefined = first; flight !== undefined; flight = flight.next) flight.outdate(leaving);
    this.#flights.delete(key);
    await Promise.all(leaving);
  }

  /** As `outdate`, for all URLs that differ in their query alone. */
  async outdatePath(path: string): Promise<void> {
    await Promise.all([...this.#flights.keys()].filter((key) => pathOfKey(key) === path).map((key) => this.outdate(key)));
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
    await Promise.all([...this.#flights.keys()].map((key) => this.outdate(key)));
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
    for (const first of this.#flights.values()) {
      let flight: Flight | undefined = first;
      while (flight !== undefined) {
        // Which it is no longer part of, once it is over.
        const { next }: Flight = flight;
        if (!flight.isOver) act(flight);
        flight = next;
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

  #isOver(): void {
    this.#over += 1;
    if (this.#over <= mostOver || this.#over * 2 < this.#flights.size) return;
    const flights = new Map<string, Flight>();
    for (const [key, flight] of this.#flights) if (!flight.isOver) flights.set(key, flight);
    this.#flights = flights;
    this.#over = 0;
  }
}
