import type { Dispatcher } from '@x/httpcore';

import type { HttpCacheOptions } from './cache-options.ts';
import { HttpCache, type CachedDispatcher } from './http-cache.ts';

/**
 * A dispatcher with a cache of its own before it (RFC 9111).
 *
 * @throws {InvalidCacheOption} naming the option.
 * @example
 * await using pool = cached(new ConnectionPool(), { store: new MemoryStore() });
 * const [, status, , headers, body] = await pool.dispatch('GET', ['https', 'example.com', null, '/'], [], null, undefined, {
 *   onCacheOutcome: ({ state, reason }) => console.log(state, reason),
 * });
 */
export function cached(dispatcher: Dispatcher, options: HttpCacheOptions = {}): CachedDispatcher {
  return new HttpCache(options).over(dispatcher);
}
