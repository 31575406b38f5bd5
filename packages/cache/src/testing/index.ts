/** `@x/cache/testing`: the conformance suite for cache stores. */
export { describeCacheStore } from './describe-cache-store.ts';
export type { CacheStoreSubject } from './cache-store-cases.ts';
export type { DescribeCacheStoreOptions, TestFunctions } from './describe-cache-store.ts';
