/** `@x/cache`: an HTTP cache (RFC 9111) around any dispatcher, private or shared. */
export { cached } from './cached.ts';
export { cacheChannelName, type CacheDiagnosticsMessage } from './cache-channel.ts';
export type { HeuristicsOptions, HttpCacheOptions } from './cache-options.ts';
export type { CacheCounts, CacheStats } from './cache-stats.ts';
export { CacheError, InvalidCacheOption, StoreError } from './errors.ts';
export type { CacheEvent } from './events.ts';
export { CachedDispatcher, HttpCache, type InspectedResponse } from './http-cache.ts';
export type { CacheContext, CacheMode, CacheOutcome, CacheState } from './outcome.ts';
export type { ByteRange, ContentRange } from './rules/ranges.ts';
export type { SelectingField } from './rules/vary.ts';
export type { StoreOperation } from './store/guarded-store.ts';
export { MemoryStore, type MemoryStoreOptions } from './store/memory-store.ts';
export type { Awaitable, CacheStore, StoredBytes, StoredResponse, StoreSize, StoreWriter, Unlock } from './store/store.ts';
