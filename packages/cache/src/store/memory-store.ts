import { InvalidCacheOption } from '../errors.ts';
import { largestText } from './kept-bytes.ts';
import { hashOfKey } from './key-hash.ts';
import { nowhere } from './key-index.ts';
import { MemoryPlaces } from './memory-places.ts';
import type { CacheStore, StoredBytes, StoredResponse, StoreSize, StoreWriter } from './store.ts';

/** How much a store in memory may hold. */
export interface MemoryStoreOptions {
  /** Bytes of everything that is kept, the overhead of keeping it included. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
}

/** So many of those that were asked for last are kept as they are handed out. */
const mostUnpacked = 1024;
const nothing: readonly StoredResponse[] = Object.freeze([]);

/**
 * Keeps responses in this process, and forgets those that nobody has used for longest.
 *
 * @throws {InvalidCacheOption} `maxBytes` is no positive number.
 * @example
 * const cache = new HttpCache({ store: new MemoryStore({ maxBytes: 256 * 1024 * 1024 }) });
 */
export class MemoryStore implements CacheStore {
  readonly #maxBytes: number;
  #places: MemoryPlaces;
  readonly #tagged = new Map<string, Set<number>>();
  readonly #tags = new Map<number, readonly string[]>();
  /** As they are handed out, by their place. */
  readonly #unpacked: (StoredResponse | undefined)[] = [];
  readonly #lately: number[] = [];
  #lastUnpacked = 0;

  constructor({ maxBytes = 64 * 1024 * 1024 }: MemoryStoreOptions = {}) {
    if (typeof maxBytes !== 'number' || !(maxBytes > 0)) throw new InvalidCacheOption('maxBytes', 'must be a positive number of bytes');
    this.#maxBytes = maxBytes;
    this.#places = new MemoryPlaces(maxBytes);
  }

  find(key: string): readonly StoredResponse[] {
    return this.findHashed(key, hashOfKey(key));
  }

  /** @internal As `find`, with what is known already of the key: see `hashOfKey`. */
  findHashed(key: string, hash: number): readonly StoredResponse[] {
    const first = this.#places.first(key, hash);
    if (first === nowhere) return nothing;
    const found: StoredResponse[] = [];
    let following: number;
    for (let place = first; place !== nowhere; place = following) {
      following = this.#places.next(place);
      const response = this.#unpacked[place] ?? this.#unpack(place);
      if (response === undefined) this.#remove(place);
      else found.push(response);
    }
    return found;
  }

  open(key: string, { id }: StoredResponse, start: number, end: number): StoredBytes | undefined {
    const place = this.#find(key, id);
    if (place === nowhere) return undefined;
    this.#places.touch(place);
    return this.#places.body(place, start, end);
  }

  put(key: string, response: StoredResponse, body: Uint8Array, replaced: readonly string[]): boolean {
    return this.putHashed(key, response, body, replaced, hashOfKey(key));
  }

  /** @internal As `put`, with what is known already of the key: see `hashOfKey`. */
  putHashed(key: string, response: StoredResponse, body: Uint8Array, replaced: readonly string[], hash: number): boolean {
    // Larger ones are kept as the bytes that they are, and those are the caller's.
    const bytes = body.length > largestText ? new Uint8Array(body) : body;
    return this.#add(key, hash, response, body.length, [bytes], replaced);
  }

  write(key: string, response: StoredResponse): StoreWriter {
    return new MemoryWriter(this.#maxBytes, (length, chunks, replaced) =>
      this.#add(key, hashOfKey(key), response, length, chunks, replaced),
    );
  }

  update(key: string, response: StoredResponse): boolean {
    const place = this.#find(key, response.id);
    if (place === nowhere) return false;
    this.#forget(place);
    this.#added(this.#places.update(place, response), response.tags);
    return true;
  }

  delete(key: string, ids?: readonly string[]): number {
    let deleted = 0;
    let following: number;
    for (let place = this.#places.first(key, hashOfKey(key)); place !== nowhere; place = following) {
      following = this.#places.next(place);
      const current = place;
      if (ids !== undefined && !ids.some((id) => this.#places.hasId(current, id))) continue;
      this.#remove(place);
      deleted += 1;
    }
    return deleted;
  }

  deleteTagged(tag: string): number {
    const places = [...(this.#tagged.get(tag) ?? [])];
    for (const place of places) this.#remove(place);
    return places.length;
  }

  clear(): void {
    this.#places = new MemoryPlaces(this.#maxBytes);
    this.#tagged.clear();
    this.#tags.clear();
    this.#unpacked.length = 0;
    this.#lately.length = 0;
    this.#lastUnpacked = 0;
  }

  size(): StoreSize {
    return { entries: this.#places.count, bytes: this.#places.bytes };
  }

  #find(key: string, id: string): number {
    let place = this.#places.first(key, hashOfKey(key));
    while (place !== nowhere && !this.#places.hasId(place, id)) place = this.#places.next(place);
    return place;
  }

  #unpack(place: number): StoredResponse | undefined {
    const response = this.#places.response(place);
    if (response === undefined) return undefined;
    while (this.#unpacked.length <= place) this.#unpacked.push(undefined);
    this.#unpacked[place] = response;
    this.#lastUnpacked = (this.#lastUnpacked + 1) % mostUnpacked;
    const earlier = this.#lately[this.#lastUnpacked];
    if (earlier !== undefined && earlier !== place) this.#unpacked[earlier] = undefined;
    this.#lately[this.#lastUnpacked] = place;
    return response;
  }

  /** `false`: it alone is more than the store may hold. */
  #add(
    key: string,
    hash: number,
    response: StoredResponse,
    length: number,
    chunks: readonly Uint8Array[],
    replaced: readonly string[],
  ): boolean {
    const place = this.#places.add(key, hash, response, length, chunks, this.#maxBytes);
    if (place === nowhere) return false;
    if (replaced.length > 0) this.delete(key, replaced);
    this.#added(place, response.tags);
    return true;
  }

  #added(place: number, tags: readonly string[]): void {
    if (tags.length > 0) this.#tag(place, tags);
    while (this.#places.bytes > this.#maxBytes) this.#remove(this.#places.oldest);
  }

  #remove(place: number): void {
    this.#forget(place);
    this.#places.remove(place);
  }

  #forget(place: number): void {
    if (this.#tags.size > 0) this.#untag(place);
    if (this.#unpacked[place] !== undefined) this.#unpacked[place] = undefined;
  }

  #tag(place: number, tags: readonly string[]): void {
    this.#tags.set(place, tags);
    for (const tag of tags) {
      const tagged = this.#tagged.get(tag);
      if (tagged === undefined) this.#tagged.set(tag, new Set([place]));
      else tagged.add(place);
    }
  }

  #untag(place: number): void {
    for (const tag of this.#tags.get(place) ?? []) {
      const tagged = this.#tagged.get(tag);
      tagged?.delete(place);
      if (tagged?.size === 0) this.#tagged.delete(tag);
    }
    this.#tags.delete(place);
  }
}

class MemoryWriter implements StoreWriter {
  readonly #maxBytes: number;
  readonly #add: (length: number, chunks: readonly Uint8Array[], replaced: readonly string[]) => boolean;
  #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(maxBytes: number, add: (length: number, chunks: readonly Uint8Array[], replaced: readonly string[]) => boolean) {
    this.#maxBytes = maxBytes;
    this.#add = add;
  }

  write(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length > this.#maxBytes) throw this.#tooLarge();
  }

  commit(length: number, replaced: readonly string[]): void {
    if (!this.#add(length, this.#chunks, replaced)) throw this.#tooLarge();
  }

  abort(): void {
    this.#chunks = [];
  }

  #tooLarge(): RangeError {
    return new RangeError(`It does not fit into the ${this.#maxBytes} bytes of the store`);
  }
}
