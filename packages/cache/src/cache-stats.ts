import type { CacheOutcome, CacheState } from './outcome.ts';

/** How many responses came from where. */
export interface CacheCounts {
  readonly hit: number;
  readonly stale: number;
  readonly revalidated: number;
  readonly miss: number;
  readonly bypass: number;
  /** Bytes of bodies that did not have to be fetched. */
  readonly bytesSaved: number;
}

/** What a cache has done since it was made, in all and by origin. */
export interface CacheStats extends CacheCounts {
  /** Responses that were answered from the store, of all but those that bypassed it; `undefined` before the first. */
  readonly hitRatio: number | undefined;
  /** By `scheme://host:port`, for the 1,000 origins that were asked last. */
  readonly origins: ReadonlyMap<string, CacheCounts>;
}

type Counts = { -readonly [Name in keyof CacheCounts]: number };

const mostOrigins = 1000;

export class StatsKeeper {
  readonly #all: Counts = none();
  readonly #origins = new Map<string, Counts>();
  #latest = '';
  #countsOfLatest = none();

  count(origin: string, { state }: CacheOutcome): void {
    this.#all[state] += 1;
    this.#of(origin)[state] += 1;
  }

  saved(origin: string, bytes: number): void {
    this.#all.bytesSaved += bytes;
    this.#of(origin).bytesSaved += bytes;
  }

  read(): CacheStats {
    const { hit, stale, revalidated, miss } = this.#all;
    const answered = hit + stale + revalidated;
    const all = answered + miss;
    const origins = new Map([...this.#origins].map(([origin, counts]) => [origin, { ...counts }]));
    return { ...this.#all, hitRatio: all === 0 ? undefined : answered / all, origins };
  }

  #of(origin: string): Counts {
    if (origin === this.#latest) return this.#countsOfLatest;
    let counts = this.#origins.get(origin);
    if (counts === undefined) counts = none();
    else this.#origins.delete(origin);
    if (this.#origins.size >= mostOrigins) this.#origins.delete(this.#origins.keys().next().value!);
    this.#origins.set(origin, counts);
    this.#latest = origin;
    this.#countsOfLatest = counts;
    return counts;
  }
}

function none(): Counts {
  return { hit: 0, stale: 0, revalidated: 0, miss: 0, bypass: 0, bytesSaved: 0 } satisfies Record<CacheState | 'bytesSaved', number>;
}
