/** What a cache tells beside its outcomes: its store's troubles. */
import type { StoreOperation } from './store/guarded-store.ts';

/** What goes wrong behind the requests, which never see it: in the store, and in what is done in the background. */
export type CacheEvent =
  /** The store failed or was too slow; the request went on without it. */
  | { readonly type: 'store-failed'; readonly operation: StoreOperation; readonly error: unknown }
  /** After several failures in a row the store is not asked for five seconds. */
  | { readonly type: 'store-suspended' }
  | { readonly type: 'store-resumed' }
  /** A response was to be confirmed while it was used stale, and that failed. */
  | { readonly type: 'background-failed'; readonly url: string; readonly error: unknown };
