import { performance } from 'node:perf_hooks';

import type { ByteIterable, CloseOptions, Dispatcher, DispatchResponse, HeaderPair, Timeouts, UrlParts } from '@x/httpcore';

import { Answering } from './answer/answering.ts';
import { CacheCore } from './answer/cache-core.ts';
import { readCacheOptions, type HttpCacheOptions } from './cache-options.ts';
import type { CacheStats } from './cache-stats.ts';
import type { CacheContext } from './outcome.ts';
import { keyOfUrl } from './rules/cache-key.ts';
import { currentAge } from './rules/reuse.ts';
import type { StoreSize } from './store/store.ts';

/** A stored response, as `inspect` shows it. */
export interface InspectedResponse {
  readonly url: string;
  readonly status: number;
  readonly headers: readonly HeaderPair[];
  /** Names of the request fields that it depends on. */
  readonly varies: readonly string[];
  /** Is it for requests with certain credentials only? */
  readonly isPersonal: boolean;
  /** Seconds. */
  readonly age: number;
  /** Seconds for which it is fresh from the moment it was made. */
  readonly lifetime: number;
  readonly isFresh: boolean;
  /** Bytes of its body, as they travelled. */
  readonly length: number;
  /** Which bytes of how many there are, for a part. */
  readonly part: string | undefined;
  readonly tags: readonly string[];
  readonly receivedAt: Date;
}

/**
 * An HTTP cache (RFC 9111), for a client or for any dispatcher. One cache may serve many of them. By default it is private: what it keeps is for
 * the user of this program, and answers to requests with credentials only for requests with the same.
 *
 * @example
 * const cache = new HttpCache({ store: new MemoryStore({ maxBytes: 256 * 1024 * 1024 }) });
 * await using client = new Client({ cache });
 * const response = await client.get('https://example.com/');
 * console.log(response.cache?.state, response.cache?.reason);
 */
export class HttpCache {
  readonly #core: CacheCore;
  readonly #dispatchers = new WeakMap<Dispatcher, CachedDispatcher>();

  /** @throws {InvalidCacheOption} naming the option. */
  constructor(options: HttpCacheOptions = {}) {
    const { store, settings } = readCacheOptions(options);
    this.#core = new CacheCore(store, settings);
  }

  /** A dispatcher that asks this cache first, and `dispatcher` where that is not enough. The same one gives the same one. */
  over(dispatcher: Dispatcher): CachedDispatcher {
    let cached = this.#dispatchers.get(dispatcher);
    if (cached === undefined) this.#dispatchers.set(dispatcher, (cached = new CachedDispatcher(this, this.#core, dispatcher)));
    return cached;
  }

  /**
   * What is stored for a URL.
   * @throws {TypeError} it is no URL.
   */
  async inspect(url: string | URL): Promise<InspectedResponse[]> {
    const now = this.#core.clock.now();
    const found = await this.#core.store.find(this.#keyOf(url));
    return found.map((response) => {
      const policy = this.#core.policyOf(response);
      const age = currentAge(policy, response, now);
      const { part } = response;
      return {
        url: response.url,
        status: response.status,
        headers: response.headers,
        varies: response.selecting.map(([name]) => name),
        isPersonal: response.partition !== '*' && response.partition !== '',
        age,
        lifetime: policy.lifetime.seconds,
        isFresh: policy.lifetime.seconds > age && !policy.mustValidate,
        length: response.length,
        part: part === null ? undefined : `${part.first}-${part.last}/${part.complete ?? '*'}`,
        tags: response.tags,
        receivedAt: new Date(response.receivedAt),
      };
    });
  }

  /**
   * Forgets what is stored for a URL, or without one everything; what this cache has asked for before, and is still on its way, is not kept. Gives the
   * number of responses that were stored; of everything, `undefined`.
   * @throws {TypeError} it is no URL. What the store throws arrives as it is.
   */
  async purge(url?: string | URL): Promise<number | undefined> {
    if (url === undefined) {
      const out = this.#core.flights.outdateAll();
      await told(this.#core.purges.all(), () => this.#core.store.clear());
      await out;
      return undefined;
    }
    const { keys, out } = this.#core.outdate(keyOfUrl(url));
    const deleted = await told(this.#core.purges.urls(keys), async () => {
      let sum = 0;
      for (const key of keys) sum += await this.#core.store.deleteAll(key);
      return sum;
    });
    await out;
    return deleted;
  }

  #keyOf(url: string | URL): string {
    const key = keyOfUrl(url);
    return this.#core.searchRules?.keyOf(key) ?? key;
  }

  /**
   * Forgets every response that has the tag in the field of the option `tagField`; what this cache has asked for before, and turns out to have the tag, is
   * not kept. Gives the number of those that were stored. What the store throws arrives as it is.
   * @example
   * const cache = new HttpCache({ tagField: 'surrogate-key' });
   * await cache.purgeByTag('product-42');
   */
  async purgeByTag(tag: string): Promise<number> {
    const out = this.#core.flights.outdateTagged(tag);
    const deleted = await told(this.#core.purges.tag(tag), () => this.#core.store.deleteTagged(tag));
    await out;
    return deleted;
  }

  /** How the responses of this process came about, since the cache was made. */
  stats(): CacheStats {
    return this.#core.stats.read();
  }

  /** How much is stored. What the store throws arrives as it is. */
  size(): Promise<StoreSize> {
    return this.#core.store.size();
  }

  /**
   * Ends what is being written, and closes what the store has open, such as a database. What is stored stays; a body of which not all has come yet is not
   * kept, and is fetched on only for those who read it. A program that ends, or closes a client of Redis, waits for this before.
   */
  close(): Promise<void> {
    this.#core.flights.close();
    return this.#core.store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** First the others are told, and what could not be told is removed all the same. Throws what either has thrown. */
async function told<Removed>(telling: Promise<void>, remove: () => Promise<Removed>): Promise<Removed> {
  let failure: { readonly error: unknown } | undefined;
  await telling.catch((error: unknown) => (failure = { error }));
  const removed = await remove();
  if (failure !== undefined) throw failure.error;
  return removed;
}

/** A dispatcher with a cache before it. Closing it closes the dispatcher, and not the cache. */
export class CachedDispatcher implements Dispatcher {
  readonly cache: HttpCache;
  readonly #inner: Dispatcher;
  readonly #answering: Answering;
  #isClosed = false;

  /** @internal */
  constructor(cache: HttpCache, core: CacheCore, inner: Dispatcher) {
    this.cache = cache;
    this.#inner = inner;
    this.#answering = new Answering(core, inner);
  }

  dispatch(
    method: string,
    url: UrlParts,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    timeouts?: Timeouts,
    context?: CacheContext,
  ): Promise<DispatchResponse> {
    const { signal, deadline } = context ?? {};
    // The dispatcher knows best how to say that it is too late.
    const isOver = this.#isClosed || signal?.aborted === true || (deadline !== undefined && deadline <= performance.now());
    if (isOver) return this.#inner.dispatch(method, url, headers, body, timeouts, context);
    return this.#answering.dispatch({ method, url, headers, body, timeouts, context });
  }

  /** As that of the dispatcher: what runs has its grace, and so has what the cache itself asks for. */
  close(options?: CloseOptions): Promise<void> {
    this.#isClosed = true;
    return this.#inner.close(options);
  }

  /** Ends at once what nobody reads: also what is fetched for the store alone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#answering.leave();
    await this.#inner[Symbol.asyncDispose]();
  }
}
