/**
 * The one interface between the cache and where its responses are kept. Whatever has it can be proven with `describeCacheStore` of
 * `@x/cache/testing`.
 */
import type { HeaderPair } from '@x/httpcore';

import type { ContentRange } from '../rules/ranges.ts';
import type { SelectingField } from '../rules/vary.ts';

/** A value that is here, or comes. A store in memory answers at once, and nobody waits for it. */
export type Awaitable<Value> = Value | Promise<Value>;

/** A stored response without its body. All of it is plain data: `JSON.stringify` keeps it. */
export interface StoredResponse {
  /** Of this response among all of a store, of letters, digits, `-` and `_`. */
  readonly id: string;
  readonly url: string;
  readonly status: number;
  readonly reason: string;
  readonly httpVersion: string;
  /** As received, but for those of the connection; of a part, those of the whole. */
  readonly headers: readonly HeaderPair[];
  /** The request fields that chose it (`Vary`). */
  readonly selecting: readonly SelectingField[];
  /** Of the credentials that it is for; `*`: for everybody. */
  readonly partition: string;
  /** Milliseconds since 1970. */
  readonly requestedAt: number;
  readonly receivedAt: number;
  /** Which bytes there are; `null`: all of them. */
  readonly part: ContentRange | null;
  /** The `Range` that a part is the answer to; `null` for a whole one. */
  readonly askedRange: string | null;
  /** What it can be purged by beside its URL. */
  readonly tags: readonly string[];
  /** Milliseconds since 1970: from then on nobody will want it, and the store may forget it. */
  readonly usefulUntil: number;
  /** Bytes of the body that are stored, as they travelled; known once it is committed. */
  readonly length: number;
}

/** Bytes of a body: at once, or as they come. */
export type StoredBytes = Uint8Array | AsyncIterable<Uint8Array>;

/** A response on its way into a store. Until it is committed, nobody finds it. */
export interface StoreWriter {
  /** The chunk is the store's from now on, and nobody changes it. */
  write(chunk: Uint8Array): Awaitable<void>;
  /** All of it is written: from now on it is found, and those with the ids in `replaced` are not. */
  commit(length: number, replaced: readonly string[]): Awaitable<void>;
  /** It is not wanted after all. Never throws; may be called after a failed `commit`. */
  abort(): Awaitable<void>;
}

/** How much a store holds. */
export interface StoreSize {
  readonly entries: number;
  readonly bytes: number;
}

/** Says that a lock is no longer needed. Never rejects. */
export type Unlock = () => Awaitable<void>;

/** Where a cache keeps responses. One of your own proves itself with `describeCacheStore` of `@x/cache/testing`. */
export interface CacheStore {
  /** All responses under a key, in any order. A broken one, or one of another make, is none: it is removed. */
  find(key: string): Awaitable<readonly StoredResponse[]>;
  /**
   * Bytes of a body, from `start` to before `end`. `undefined` where they are gone or broken: then the response is removed. A body
   * that turns out to be broken while it is read throws, and hands out nothing of what is broken.
   */
  open(key: string, response: StoredResponse, start: number, end: number): Awaitable<StoredBytes | undefined>;
  /** A place for a response; `undefined`: there is none. */
  write(key: string, response: StoredResponse): StoreWriter | undefined;
  /**
   * For a store that keeps what it is given at once: a response all of which is here, which is found from now on, and those with the ids in `replaced` are
   * not. The bytes are not the store's, and change afterwards: it copies what it keeps. `false`: there is no place. May throw as `commit` does. Without
   * it, such a response is written like any other.
   */
  put?(key: string, response: StoredResponse, body: Uint8Array, replaced: readonly string[]): boolean;
  /** Other fields and moments for a response of this id, with its body as it is. `false`: there is no such response any more. */
  update(key: string, response: StoredResponse): Awaitable<boolean>;
  /** Forgets the responses with these ids, or all under the key. Gives their number. */
  delete(key: string, ids?: readonly string[]): Awaitable<number>;
  /** Forgets every response with this tag. Gives their number. */
  deleteTagged(tag: string): Awaitable<number>;
  /** Forgets everything. */
  clear(): Awaitable<void>;
  size(): Awaitable<StoreSize>;
  /**
   * For a store that processes share: `undefined` where another has the lock of this name, else how to give it back. It ends by itself after
   * `milliseconds`.
   */
  lock?(name: string, milliseconds: number): Awaitable<Unlock | undefined>;
  /**
   * For a store that processes share, together with `purgedAgo`: for so many milliseconds, the others are to know that what these names stand for has been
   * purged at this moment. `by` is a name for who says so. A later mark of a name takes the place of an earlier one; `clear` leaves marks alone.
   */
  markPurged?(names: readonly string[], by: string, milliseconds: number): Awaitable<void>;
  /** How many milliseconds ago somebody else than `by` has marked one of these names; `undefined`: nobody has, as far as is still known. */
  purgedAgo?(names: readonly string[], by: string): Awaitable<number | undefined>;
  /** The cache is closed, and what the store has open is no longer needed. */
  close?(): Awaitable<void>;
}
