/**
 * A store that can do no harm: what it throws and what takes too long counts as an empty answer, and is told to whoever listens. After several
 * failures in a row it is left alone for a while.
 */
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';

import { StoreError } from '../errors.ts';
import { isHashed, type HashedStore } from './hashed-store.ts';
import { hashOfKey } from './key-hash.ts';
import { RecentResponses } from './recent-responses.ts';
import { isStoredResponse } from './stored-shape.ts';
import type { Awaitable, CacheStore, StoredBytes, StoredResponse, StoreSize, StoreWriter, Unlock } from './store.ts';

/** What a store was asked for when it failed. */
export type StoreOperation = 'find' | 'open' | 'write' | 'update' | 'delete' | 'clear' | 'size' | 'lock' | 'purge';

export interface StoreFailure {
  readonly operation: StoreOperation;
  readonly error: unknown;
}

export interface GuardOptions {
  /** Milliseconds. */
  readonly timeout: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Makes the error of a reader whose body ends too early. */
  readonly brokenOff: (message: string, cause: unknown) => Error;
  readonly onFailure: (failure: StoreFailure) => void;
  /** `true`: nothing is asked of it for a while; `false`: it is asked again. */
  readonly onBreaker: (isOpen: boolean) => void;
}

const failuresBeforeOpen = 5;
const openFor = 5000;
const notLocked: Unlock = () => {};
const nobody: readonly StoredResponse[] = Object.freeze([]);

export class GuardedStore {
  readonly #store: CacheStore;
  /** The same, where it can be told what is known of a key already. */
  readonly #hashed: HashedStore | undefined;
  readonly #options: GuardOptions;
  readonly #wellFormedOnes = new RecentResponses<true>();
  readonly #unfinished = new Set<Promise<unknown>>();
  #failures = 0;
  #openUntil = -Infinity;

  constructor(store: CacheStore, options: GuardOptions) {
    this.#store = store;
    this.#hashed = isHashed(store) ? store : undefined;
    this.#options = options;
  }

  /** Is it left alone at the moment? */
  get isOpen(): boolean {
    return this.#options.now() < this.#openUntil;
  }

  /** Did it fail when it was last asked? Then no request waits for it twice. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  get hasLocks(): boolean {
    return this.#store.lock !== undefined;
  }

  /** What is no stored response is none, and is removed. */
  find(key: string, hash: number = hashOfKey(key)): Awaitable<readonly StoredResponse[]> {
    if (this.#hashed !== undefined && this.#failures === 0) return this.#findHashed(this.#hashed, key, hash);
    const found = this.#guard('find', () => this.#store.find(key), nobody);
    return found instanceof Promise ? found.then((responses) => this.#wellFormed(key, responses)) : this.#wellFormed(key, found);
  }

  #findHashed(store: HashedStore, key: string, hash: number): readonly StoredResponse[] {
    try {
      const found = store.findHashed(key, hash);
      return found.length === 0 ? found : this.#wellFormed(key, found);
    } catch (error) {
      this.#failed('find', error);
      return nobody;
    }
  }

  open(key: string, response: StoredResponse, start: number, end: number): Awaitable<StoredBytes | undefined> {
    const opened = this.#guard('open', () => this.#store.open(key, response, start, end), undefined);
    if (!(opened instanceof Promise)) return this.#guardedBytes(opened, response, end - start);
    return opened.then((bytes) => this.#guardedBytes(bytes, response, end - start));
  }

  write(key: string, response: StoredResponse): StoreWriter | undefined {
    if (this.isOpen) return undefined;
    try {
      const writer: StoreWriter | Promise<unknown> | null | undefined = this.#store.write(key, response);
      if (writer === undefined || writer === null) return undefined;
      if (!(writer instanceof Promise) && typeof writer.write === 'function') return writer;
      if (writer instanceof Promise) writer.catch(() => {});
      throw new StoreError('write() of the store must give a writer or undefined, at once', 'STORE_FAILED');
    } catch (error) {
      this.#failed('write', error);
      return undefined;
    }
  }

  /** Does it keep in one step what is here as a whole? */
  get takesWhole(): boolean {
    return this.#store.put !== undefined && !this.hearsOfPurges;
  }

  /** Does it tell what others that share it have purged? */
  get hearsOfPurges(): boolean {
    return this.#store.purgedAgo !== undefined && this.#store.markPurged !== undefined;
  }

  /** `false`: it did not come to that. */
  put(key: string, response: StoredResponse, body: Uint8Array, replaced: readonly string[], hash: number): boolean {
    if (this.#openUntil !== -Infinity && this.isOpen) return false;
    try {
      const isKept =
        this.#hashed === undefined
          ? this.#store.put!(key, response, body, replaced)
          : this.#hashed.putHashed(key, response, body, replaced, hash);
      if (this.#failures > 0) this.#succeeded();
      return isKept;
    } catch (error) {
      this.#failed('write', error);
      return false;
    }
  }

  /** `false`: it did not come to that. */
  commit(writer: StoreWriter, length: number, replaced: readonly string[]): Awaitable<boolean> {
    const done = this.#guard('write', () => toTrue(writer.commit(length, replaced)), false);
    if (done instanceof Promise) return this.running(done.then((isDone) => this.#orAbort(writer, isDone)));
    return this.#orAbort(writer, done);
  }

  #orAbort(writer: StoreWriter, isDone: boolean): boolean {
    if (!isDone) this.abort(writer);
    return isDone;
  }

  abort(writer: StoreWriter): void {
    try {
      const ended = writer.abort();
      if (ended instanceof Promise) void this.running(this.#ended(ended.catch((error: unknown) => this.#failed('write', error))));
    } catch (error) {
      this.#failed('write', error);
    }
  }

  update(key: string, response: StoredResponse): Awaitable<boolean> {
    return this.#guard('update', () => this.#store.update(key, response), false);
  }

  delete(key: string, ids?: readonly string[]): Awaitable<number> {
    return this.#guard('delete', () => this.#store.delete(key, ids), 0);
  }

  markPurged(names: readonly string[], by: string, milliseconds: number): Awaitable<void> {
    return this.#guard('purge', () => this.#store.markPurged?.(names, by, milliseconds), undefined);
  }

  /** Where it can't be told, it may have been this moment. */
  purgedAgo(names: readonly string[], by: string): Awaitable<number | undefined> {
    return this.#guard('purge', () => this.#store.purgedAgo?.(names, by), 0);
  }

  /** A lock that fails is nobody's: nobody waits for it. */
  lock(name: string, milliseconds: number): Awaitable<Unlock | undefined> {
    const locked = this.#guard('lock', () => this.#store.lock?.(name, milliseconds), notLocked);
    return locked instanceof Promise ? locked.then((unlock) => this.#awaitedUnlock(unlock)) : this.#awaitedUnlock(locked);
  }

  /** It runs out by itself: who is done with it waits for nothing, and hears of no failure. */
  #awaitedUnlock(unlock: Unlock | null | undefined): Unlock | undefined {
    if (unlock === undefined || unlock === null) return undefined;
    return () => {
      try {
        const unlocked = unlock();
        return unlocked instanceof Promise ? this.running(this.#ended(unlocked)) : undefined;
      } catch (error) {
        this.#failed('lock', error);
        return undefined;
      }
    };
  }

  /** Waited for as long as for any answer. It says nothing of how the store is: it may not have been asked. */
  #ended(work: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.timeout);
      const end = (): void => {
        clearTimeout(timer);
        resolve();
      };
      work.then(end, end);
    });
  }

  /** The store is closed once this is over. */
  running<Value>(work: Promise<Value>): Promise<Value> {
    this.#unfinished.add(work);
    const end = (): void => void this.#unfinished.delete(work);
    work.then(end, end);
    return work;
  }

  /** Those whom a person waits for are told what went wrong, also while nothing else is asked of the store. */
  async deleteAll(key: string): Promise<number> {
    return this.#store.delete(key);
  }

  async tellPurged(names: readonly string[], by: string, milliseconds: number): Promise<void> {
    await this.#store.markPurged?.(names, by, milliseconds);
  }

  async deleteTagged(tag: string): Promise<number> {
    return this.#store.deleteTagged(tag);
  }

  async clear(): Promise<void> {
    await this.#store.clear();
  }

  async size(): Promise<StoreSize> {
    return this.#store.size();
  }

  /** What is being written is, and others learn that they need not wait for it. */
  async close(): Promise<void> {
    while (this.#unfinished.size > 0) {
      await Promise.allSettled(this.#unfinished);
      // Who waited for that may have something to do now, such as to give a lock back.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await this.#store.close?.();
  }

  /** A chunk was not taken: what comes of it is for the caller to decide. */
  failedWrite(error: unknown): void {
    this.#failed('write', error);
  }

  /** `length`: so much was asked for. What is not what was asked for is nothing. */
  #guardedBytes(bytes: StoredBytes | null | undefined, response: StoredResponse, length: number): StoredBytes | undefined {
    if (bytes === undefined || bytes === null) return undefined;
    if (bytes instanceof Uint8Array) {
      if (bytes.length === length) return bytes;
    } else if (typeof bytes[Symbol.asyncIterator] === 'function') return this.#guardedChunks(bytes, response, length);
    const given = bytes instanceof Uint8Array ? `${bytes.length} bytes` : 'neither bytes nor chunks of them';
    this.#failed('open', new StoreError(`The store gave ${given} instead of ${length} bytes`, 'STORE_FAILED'));
    return undefined;
  }

  /** A body that breaks off here has broken off for whoever reads it, as it would have on the network: it can be asked for again. */
  async *#guardedChunks(
    chunks: AsyncIterable<Uint8Array>,
    { url }: StoredResponse,
    length: number,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    let left = length;
    const iterator = chunks[Symbol.asyncIterator]();
    try {
      for (;;) {
        const result = await this.#inTime(iterator.next());
        if (result.done === true && left === 0) return;
        left -= result.done === true || !(result.value instanceof Uint8Array) ? Infinity : result.value.length;
        if (left < 0) throw new StoreError(`What the store gave are not the ${length} bytes that are stored`, 'STORE_FAILED');
        yield result.value as Uint8Array;
      }
    } catch (error) {
      this.#failed('open', error);
      const why = error instanceof Error ? error.message : String(error);
      throw this.#options.brokenOff(`The stored body of ${url.split('?', 1)[0]} could not be read to its end: ${why}`, error);
    } finally {
      iterator.return?.().then(undefined, () => {});
    }
  }

  /** @throws {StoreError} `STORE_TIMEOUT` */
  #inTime<Value>(answer: Promise<Value>): Promise<Value> {
    const { timeout } = this.#options;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new StoreError(`The store gave no bytes for ${timeout} ms ("storeTimeout")`, 'STORE_TIMEOUT'));
      }, timeout);
      answer.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  #wellFormed(key: string, found: readonly StoredResponse[]): readonly StoredResponse[] {
    if (Array.isArray(found) && found.every((response) => this.#isWellFormed(response))) return found;
    this.#failed(
      'find',
      new StoreError(`What the store has for ${key.split('?', 1)[0]} is no stored response; it is removed`, 'STORE_FAILED'),
    );
    const removed = this.delete(key);
    if (removed instanceof Promise) void removed;
    return nobody;
  }

  #isWellFormed(response: StoredResponse | null | undefined): boolean {
    if (typeof response !== 'object' || response === null) return false;
    if (this.#wellFormedOnes.get(response) === true) return true;
    if (!isStoredResponse(response)) return false;
    this.#wellFormedOnes.set(response, true);
    return true;
  }

  #guard<Value>(operation: StoreOperation, ask: () => Awaitable<Value>, otherwise: Value): Awaitable<Value> {
    if (this.#openUntil !== -Infinity && this.isOpen) return otherwise;
    try {
      const answer = ask();
      if (!(answer instanceof Promise)) {
        if (this.#failures > 0) this.#succeeded();
        return answer;
      }
      return this.#within(operation, answer, otherwise);
    } catch (error) {
      this.#failed(operation, error);
      return otherwise;
    }
  }

  #within<Value>(operation: StoreOperation, answer: Promise<Value>, otherwise: Value): Promise<Value> {
    const { timeout } = this.#options;
    return new Promise((resolve) => {
      let isOver = false;
      const timer = setTimeout(() => {
        isOver = true;
        this.#failed(
          operation,
          new StoreError(`The store did not answer "${operation}" within ${timeout} ms ("storeTimeout")`, 'STORE_TIMEOUT'),
        );
        resolve(otherwise);
      }, timeout);
      const settle = (value: Value): void => {
        if (isOver) return;
        isOver = true;
        clearTimeout(timer);
        resolve(value);
      };
      answer.then(
        (value) => {
          if (!isOver) this.#succeeded();
          settle(value);
        },
        (error: unknown) => {
          if (!isOver) this.#failed(operation, error);
          settle(otherwise);
        },
      );
    });
  }

  #succeeded(): void {
    if (this.#failures >= failuresBeforeOpen) this.#options.onBreaker(false);
    this.#failures = 0;
    this.#openUntil = -Infinity;
  }

  #failed(operation: StoreOperation, error: unknown): void {
    this.#failures += 1;
    this.#options.onFailure({ operation, error });
    // After a pause one attempt is made; if that fails too, there is another pause.
    if (this.#failures < failuresBeforeOpen) return;
    this.#openUntil = this.#options.now() + openFor;
    this.#options.onBreaker(true);
  }
}

function toTrue(done: Awaitable<void>): Awaitable<boolean> {
  return done instanceof Promise ? done.then(() => true) : true;
}
