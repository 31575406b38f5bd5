/**
 * A store that can do no harm: what it throws and what takes too long counts as an empty answer, and is told to whoever listens. After several
 * failures in a row it is left alone for a while.
 */
import { clearTimeout, setTimeout } from 'node:timers';

import { StoreError } from '../errors.ts';
import type { Awaitable, CacheStore, StoredBytes, StoredResponse, StoreSize, StoreWriter, Unlock } from './store.ts';

export type StoreOperation = 'find' | 'open' | 'write' | 'update' | 'delete' | 'clear' | 'size' | 'lock';

export interface StoreFailure {
  readonly operation: StoreOperation;
  readonly error: unknown;
}

export interface GuardOptions {
  /** Milliseconds. */
  readonly timeout: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly onFailure: (failure: StoreFailure) => void;
  /** `true`: nothing is asked of it for a while; `false`: it is asked again. */
  readonly onBreaker: (isOpen: boolean) => void;
}

const failuresBeforeOpen = 5;
const openFor = 5000;
const nobody: readonly StoredResponse[] = Object.freeze([]);

export class GuardedStore {
  readonly #store: CacheStore;
  readonly #options: GuardOptions;
  #failures = 0;
  #openUntil = -Infinity;

  constructor(store: CacheStore, options: GuardOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Is it left alone at the moment? */
  get isOpen(): boolean {
    return this.#options.now() < this.#openUntil;
  }

  get hasLocks(): boolean {
    return this.#store.lock !== undefined;
  }

  find(key: string): Awaitable<readonly StoredResponse[]> {
    return this.#guard('find', () => this.#store.find(key), nobody);
  }

  open(key: string, response: StoredResponse, start: number, end: number): Awaitable<StoredBytes | undefined> {
    return this.#guard('open', () => this.#store.open(key, response, start, end), undefined);
  }

  write(key: string, response: StoredResponse): StoreWriter | undefined {
    if (this.isOpen) return undefined;
    try {
      return this.#store.write(key, response);
    } catch (error) {
      this.#failed('write', error);
      return undefined;
    }
  }

  /** `false`: it did not come to that. */
  async commit(writer: StoreWriter, length: number, replaced: readonly string[]): Promise<boolean> {
    const done = await this.#guard('write', () => toTrue(writer.commit(length, replaced)), false);
    if (!done) this.abort(writer);
    return done;
  }

  abort(writer: StoreWriter): void {
    try {
      const ended = writer.abort();
      if (ended instanceof Promise) ended.catch((error: unknown) => this.#failed('write', error));
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

  lock(name: string, milliseconds: number): Awaitable<Unlock | undefined> {
    return this.#guard('lock', () => this.#store.lock?.(name, milliseconds), undefined);
  }

  /** Those whom a person waits for are told what went wrong. */
  async deleteTagged(tag: string): Promise<number> {
    return this.#store.deleteTagged(tag);
  }

  async clear(): Promise<void> {
    await this.#store.clear();
  }

  async size(): Promise<StoreSize> {
    return this.#store.size();
  }

  async close(): Promise<void> {
    await this.#store.close?.();
  }

  /** A chunk was not taken: what comes of it is for the caller to decide. */
  failedWrite(error: unknown): void {
    this.#failed('write', error);
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

async function toTrue(done: Awaitable<void>): Promise<boolean> {
  await done;
  return true;
}
