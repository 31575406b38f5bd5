/** What happens around the body of a response that is being handed over. */
import type { ResponseBody } from '@x/httpcore';

import type { StoreWriter, Awaitable, StoredResponse } from '../store/store.ts';
import { variesOnEverything } from '../rules/vary.ts';
import type { CacheCore } from './cache-core.ts';
import type { Fetch } from './fetch.ts';
import { joinParts } from './joining.ts';
import type { BodyOwner } from './shared-body.ts';

/** It goes into the store. */
export class KeptBody implements BodyOwner {
  readonly #core: CacheCore;
  readonly #fetch: Fetch;
  readonly #key: string;
  readonly #stored: StoredResponse;
  readonly #replaced: readonly string[];

  constructor(core: CacheCore, fetch: Fetch, key: string, stored: StoredResponse, replaced: readonly string[]) {
    this.#core = core;
    this.#fetch = fetch;
    this.#key = key;
    this.#stored = stored;
    this.#replaced = replaced;
  }

  reserve(bytes: number): boolean {
    return this.#core.reserve(bytes);
  }

  writeFailed(error: unknown): void {
    this.#core.store.failedWrite(error);
  }

  abort(writer: StoreWriter): void {
    this.#core.store.abort(writer);
  }

  commit(writer: StoreWriter, length: number, takeOut: () => Awaitable<false>): Awaitable<boolean> {
    return this.#core.purges.commit(this.#key, this.#stored, writer, length, this.#replaced, takeOut);
  }

  remove(): Awaitable<false> {
    const removed = this.#core.store.delete(this.#key, [this.#stored.id]);
    return removed instanceof Promise ? removed.then(() => false) : false;
  }

  /** No request matches it any more. */
  hide(length: number): Awaitable<boolean> {
    return this.#core.store.update(this.#key, { ...this.#stored, length, selecting: variesOnEverything, tags: [] });
  }

  settled(isStored: boolean): void {
    if (isStored) this.#fetch.relay?.ended();
    else this.#fetch.relay?.release();
    this.#fetch.end();
    if (isStored && this.#stored.part !== null) joinParts(this.#core, this.#key, this.#stored);
  }

  async open(start: number): Promise<AsyncIterable<Uint8Array> | undefined> {
    const { store } = this.#core;
    const found = (await store.find(this.#key)).find(({ id }) => id === this.#stored.id);
    const bytes = found === undefined ? undefined : await store.open(this.#key, found, start, found.length);
    return bytes instanceof Uint8Array ? only(bytes) : bytes;
  }
}

/** It does not; but the caller's signal is to be let go once it is over. */
export class PassedBody implements BodyOwner {
  readonly #fetch: Fetch;
  readonly #source: ResponseBody;

  constructor(fetch: Fetch, source: ResponseBody) {
    this.#fetch = fetch;
    this.#source = source;
  }

  reserve(): boolean {
    return true;
  }

  writeFailed(): void {}

  abort(): void {}

  commit(): boolean {
    return false;
  }

  remove(): false {
    return false;
  }

  hide(): false {
    return false;
  }

  settled(): void {
    if (this.#source.trailers === undefined) this.#fetch.relay?.release();
    else this.#fetch.relay?.ended();
  }

  open(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
