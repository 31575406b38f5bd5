/**
 * - `hit`: from the cache, without asking the origin.
 * - `stale`: from the cache, past its freshness.
 * - `revalidated`: from the cache, after the origin confirmed it.
 * - `miss`: from the origin.
 * - `bypass`: from the origin, and the cache has kept out of it.
 */
export type CacheState = 'hit' | 'stale' | 'revalidated' | 'miss' | 'bypass';

/** Why a response is the one that it is, of a client with a `cache`. */
export interface CacheOutcome {
  readonly state: CacheState;
  /** Seconds since the origin made or confirmed it (RFC 9111 §4.2.3); `undefined` for what the cache did not look at. */
  readonly age: number | undefined;
  /** Is it in the cache, or on its way there? */
  readonly stored: boolean;
  /** In words, for people. */
  readonly reason: string;
}
