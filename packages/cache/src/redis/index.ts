/** `@x/cache/redis`: a cache that processes and machines share, in Redis or Valkey. */
export type { RedisClient } from './redis-commands.ts';
export { RedisStore, type RedisStoreOptions } from './redis-store.ts';
