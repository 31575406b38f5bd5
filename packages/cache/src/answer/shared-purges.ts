/** What processes that share a store tell each other of their purges: what another has asked for before one is not to be kept. */
import { randomUUID } from 'node:crypto';

import type { CacheClock } from '../cache-clock.ts';
import type { GuardedStore } from '../store/guarded-store.ts';
import type { Awaitable, StoredResponse, StoreWriter } from '../store/store.ts';

/** Milliseconds for which the others know of a purge. What takes longer to come is not kept where there is anybody to tell. */
const knownFor = 600_000;
const everything = 'all';

export class SharedPurges {
  readonly #store: GuardedStore;
  readonly #clock: CacheClock;
  /** What this process purges it knows better by itself. */
  readonly #by: string = randomUUID();

  constructor(store: GuardedStore, clock: CacheClock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** For a request that has changed them, which does not fail for that. */
  async changed(keys: readonly string[]): Promise<void> {
    if (this.#store.hearsOfPurges) await this.#store.markPurged(keys.map(nameOfUrl), this.#by, knownFor);
  }

  /** Before anything is removed: what comes into the store from then on, its process looks after. Throws what the store throws. */
  async urls(keys: readonly string[]): Promise<void> {
    await this.#store.tellPurged(keys.map(nameOfUrl), this.#by, knownFor);
  }

  async tag(tag: string): Promise<void> {
    await this.#store.tellPurged([nameOfTag(tag)], this.#by, knownFor);
  }

  async all(): Promise<void> {
    await this.#store.tellPurged([everything], this.#by, knownFor);
  }

  /** Into the store, and by `takeOut` out of it again where another process has purged it since it was asked for. Resolves to whether it is in it. */
  commit(
    key: string,
    stored: StoredResponse,
    writer: StoreWriter,
    length: number,
    replaced: readonly string[],
    takeOut: () => Awaitable<false>,
  ): Awaitable<boolean> {
    const committed = this.#store.commit(writer, length, replaced);
    if (!this.#store.hearsOfPurges) return committed;
    return committed instanceof Promise
      ? this.#store.running(committed.then((isStored) => isStored && this.#unlessPurged(key, stored, takeOut)))
      : committed && this.#unlessPurged(key, stored, takeOut);
  }

  #unlessPurged(key: string, stored: StoredResponse, takeOut: () => Awaitable<false>): Awaitable<boolean> {
    const ago = this.#store.purgedAgo([nameOfUrl(key), everything, ...stored.tags.map(nameOfTag)], this.#by);
    return ago instanceof Promise
      ? ago.then((milliseconds) => this.#isStill(milliseconds, stored) || takeOut())
      : this.#isStill(ago, stored) || takeOut();
  }

  /** Durations are compared, and no moments: the clocks of the processes may differ. */
  #isStill(ago: number | undefined, { requestedAt }: StoredResponse): boolean {
    const taken = this.#clock.now() - requestedAt;
    // A millisecond is what clocks round.
    return ago === undefined ? taken < knownFor : ago > taken + 1;
  }
}

function nameOfUrl(key: string): string {
  return `url ${key}`;
}

function nameOfTag(tag: string): string {
  return `tag ${tag}`;
}
