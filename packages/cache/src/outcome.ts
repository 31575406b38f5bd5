/** What a cache tells of each response, and what it may be told for each request. */
import type { DispatchContext, HeaderPair } from '@x/httpcore';

/**
 * - `hit`: from the store, or from the exchange of an equal request, without asking the origin.
 * - `stale`: from the store, past its freshness.
 * - `revalidated`: from the store, after the origin confirmed it.
 * - `miss`: from the origin.
 * - `bypass`: from the origin, and the cache has kept out of it.
 */
export type CacheState = 'hit' | 'stale' | 'revalidated' | 'miss' | 'bypass';

/** Why a response is the one that it is. */
export interface CacheOutcome {
  readonly state: CacheState;
  /** Seconds since the origin made or confirmed it (RFC 9111 §4.2.3); `undefined` for what the cache did not look at. */
  readonly age: number | undefined;
  /** Is it in the store, or on its way there? */
  readonly stored: boolean;
  /** In words, for people: `fresh by max-age for another 58 s`. */
  readonly reason: string;
}

/**
 * How a request wants the cache, as the modes of `fetch` (Fetch Standard §2.2.5):
 * - `default`: by the rules.
 * - `no-store`: past the cache; nothing is used and nothing kept.
 * - `reload`: from the origin, and kept.
 * - `no-cache`: what is stored is used once the origin has confirmed it.
 * - `force-cache`: what is stored is used whatever its age; else the origin is asked.
 * - `only-if-cached`: the same, and without a stored response the answer is 504.
 */
export type CacheMode = 'default' | 'no-store' | 'reload' | 'no-cache' | 'force-cache' | 'only-if-cached';

/** What a dispatcher of `@x/cache` takes beside the context of every dispatcher. */
export interface CacheContext extends DispatchContext {
  /** Default `default`. */
  readonly cacheMode?: CacheMode | undefined;
  /**
   * Is the origin to be asked, since what answered the request before is of no use, as for a retry? As the mode `reload`, with nothing said of it to the
   * servers on the way; of the modes, it counts beside `default` and `force-cache`. Default `false`.
   */
  readonly asksOrigin?: boolean | undefined;
  /** Names, in lower case, of fields that tell users apart, beside those of the option `credentialFields`. */
  readonly credentialFields?: readonly string[] | undefined;
  /**
   * Told once for each response, before it is handed over. `received` are the fields that the origin has sent for this very request: those of a
   * 304 too, and none where it was not asked. Must not throw.
   */
  readonly onCacheOutcome?: ((outcome: CacheOutcome, received: readonly HeaderPair[]) => void) | undefined;
  /**
   * Told when the cache asks the origin about what it has just handed over stale (`stale-while-revalidate`), for nobody. `end` ends that, unless another
   * request waits for it by then. What it gives is called when it has ended. Must not throw.
   */
  readonly onBackground?: ((end: () => void) => () => void) | undefined;
}
