/** A store of ours in memory, which is told what the cache knows of a key already. */
import { MemoryStore } from './memory-store.ts';
import type { CacheStore } from './store.ts';

export type HashedStore = Pick<MemoryStore, 'findHashed' | 'putHashed'>;

/** Not where somebody has put something else in the place of what is left out then. */
export function isHashed(store: CacheStore): store is MemoryStore {
  const { find, put } = MemoryStore.prototype;
  return store instanceof MemoryStore && store.find === find && store.put === put;
}
