/** What has become of the names that were to be connected to, since the pool was made. Addresses, and what `resolve` fixes, are none. */
export interface NameStats {
  /** How often somebody was asked: the system, `dns.servers` or the option `lookup`. Many that want one name at a time ask once. */
  readonly lookups: number;
  /** Of these, how many brought no address. */
  readonly failed: number;
  /** How many dials were answered by what was known and good. */
  readonly hits: number;
  /** How many had an answer whose time was over: nobody could say better, or not in time. */
  readonly stale: number;
  /** How many were told at once that there is no such name. */
  readonly negative: number;
  /** Names of which something is remembered now. */
  readonly known: number;
}

export const noNames: NameStats = Object.freeze({ lookups: 0, failed: 0, hits: 0, stale: 0, negative: 0, known: 0 });
