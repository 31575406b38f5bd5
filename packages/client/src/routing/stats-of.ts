/** What the connections behind a dispatcher tell of themselves. */
import type { Dispatcher, PoolStats } from '@x/httpcore';

type Watchable = { readonly dispatcher?: unknown; stats?(): PoolStats; observe?(): unknown };

/** Of the pool that `dispatcher` is, or stands before, such as with a limit, a cache or telemetry; `undefined` where there is none. */
export function statsOf(dispatcher: Pick<Dispatcher, 'dispatch'>): PoolStats | undefined {
  for (let each: unknown = dispatcher; typeof each === 'object' && each !== null; each = (each as Watchable).dispatcher) {
    const pool = each as Watchable;
    // Others have statistics as well, but no connections to be watched.
    if (typeof pool.stats === 'function' && typeof pool.observe === 'function') return pool.stats();
  }
  return undefined;
}
