import { InvalidCacheOption } from '../errors.ts';
import { keptBody, MemoryEntry } from './memory-entry.ts';
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
  /** Of each key the first; others hang on to it. */
  readonly #entries = new Map<string, MemoryEntry>();
  readonly #tagged = new Map<string, Set<MemoryEntry>>();
  readonly #unpacked: (MemoryEntry | undefined)[] = [];
  #lastUnpacked = 0;
  #count = 0;
  #bytes = 0;
  #oldest: MemoryEntry | undefined = undefined;
  #newest: MemoryEntry | undefined = undefined;

  constructor({ maxBytes = 64 * 1024 * 1024 }: MemoryStoreOptions = {}) {
    if (typeof maxBytes !== 'number' || !(maxBytes > 0)) throw new InvalidCacheOption('maxBytes', 'must be a positive number of bytes');
    this.#maxBytes = maxBytes;
  }

  find(key: string): readonly StoredResponse[] {
    const first = this.#entries.get(key);
    if (first === undefined) return nothing;
    const found: StoredResponse[] = [];
    let following: MemoryEntry | undefined;
    for (let entry: MemoryEntry | undefined = first; entry !== undefined; entry = following) {
      following = entry.next;
      const response = entry.unpacked ?? this.#unpack(entry);
      if (response === undefined) this.#remove(entry);
      else found.push(response);
    }
    return found;
  }

  open(key: string, { id }: StoredResponse, start: number, end: number): StoredBytes | undefined {
    const entry = this.#find(key, id);
    if (entry === undefined) return undefined;
    this.#touch(entry);
    return entry.bytes(start, end);
  }

  write(key: string, response: StoredResponse): StoreWriter | undefined {
    return new MemoryWriter(key, response, this.#maxBytes, (entry, replaced) => {
      if (replaced.length > 0) this.delete(key, replaced);
      this.#add(entry);
    });
  }

  update(key: string, response: StoredResponse): boolean {
    const entry = this.#find(key, response.id);
    if (entry === undefined) return false;
    const updated = entry.with(response);
    this.#remove(entry);
    this.#add(updated);
    return true;
  }

  delete(key: string, ids?: readonly string[]): number {
    let deleted = 0;
    let following: MemoryEntry | undefined;
    for (let entry = this.#entries.get(key); entry !== undefined; entry = following) {
      following = entry.next;
      if (ids !== undefined && !ids.includes(entry.id)) continue;
      this.#remove(entry);
      deleted += 1;
    }
    return deleted;
  }

  deleteTagged(tag: string): number {
    const entries = [...(this.#tagged.get(tag) ?? [])];
    for (const entry of entries) this.#remove(entry);
    return entries.length;
  }

  clear(): void {
    this.#entries.clear();
    this.#tagged.clear();
    this.#unpacked.length = 0;
    this.#count = 0;
    this.#bytes = 0;
    this.#oldest = undefined;
    this.#newest = undefined;
  }

  size(): StoreSize {
    return { entries: this.#count, bytes: this.#bytes };
  }

  #find(key: string, id: string): MemoryEntry | undefined {
    let entry = this.#entries.get(key);
    while (entry !== undefined && entry.id !== id) entry = entry.next;
    return entry;
  }

  #unpack(entry: MemoryEntry): StoredResponse | undefined {
    const response = entry.unpack();
    if (response === undefined) return undefined;
    entry.unpacked = response;
    this.#lastUnpacked = (this.#lastUnpacked + 1) % mostUnpacked;
    const earlier = this.#unpacked[this.#lastUnpacked];
    if (earlier !== undefined) earlier.unpacked = undefined;
    this.#unpacked[this.#lastUnpacked] = entry;
    return response;
  }

  #add(entry: MemoryEntry): void {
    const { key } = entry;
    entry.next = this.#entries.get(key);
    this.#entries.set(key, entry);
    this.#tag(entry);
    this.#count += 1;
    this.#bytes += entry.cost;
    this.#link(entry);
    while (this.#bytes > this.#maxBytes && this.#oldest !== undefined) this.#remove(this.#oldest);
  }

  #remove(entry: MemoryEntry): void {
    const { key, next } = entry;
    const first = this.#entries.get(key)!;
    if (first !== entry) {
      let before = first;
      while (before.next !== entry) before = before.next!;
      before.next = next;
    } else if (next === undefined) this.#entries.delete(key);
    else this.#entries.set(key, next);
    if (entry.tags.length > 0) this.#untag(entry);
    this.#count -= 1;
    this.#bytes -= entry.cost;
    this.#unlink(entry);
    entry.letGo();
  }

  #touch(entry: MemoryEntry): void {
    if (entry === this.#newest) return;
    this.#unlink(entry);
    this.#link(entry);
  }

  #link(entry: MemoryEntry): void {
    entry.older = this.#newest;
    entry.newer = undefined;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  #unlink(entry: MemoryEntry): void {
    const { older, newer } = entry;
    // What is forgotten must not keep its neighbours from being collected.
    entry.older = undefined;
    entry.newer = undefined;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
  }

  #tag(entry: MemoryEntry): void {
    for (const tag of entry.tags) {
      const tagged = this.#tagged.get(tag);
      if (tagged === undefined) this.#tagged.set(tag, new Set([entry]));
      else tagged.add(entry);
    }
  }

  #untag(entry: MemoryEntry): void {
    for (const tag of entry.tags) {
      const tagged = this.#tagged.get(tag);
      tagged?.delete(entry);
      if (tagged?.size === 0) this.#tagged.delete(tag);
    }
  }
}

class MemoryWriter implements StoreWriter {
  readonly #key: string;
  readonly #response: StoredResponse;
  readonly #maxBytes: number;
  readonly #add: (entry: MemoryEntry, replaced: readonly string[]) => void;
  #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(key: string, response: StoredResponse, maxBytes: number, add: (entry: MemoryEntry, replaced: readonly string[]) => void) {
    this.#key = key;
    this.#response = response;
    this.#maxBytes = maxBytes;
    this.#add = add;
  }

  write(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length > this.#maxBytes) throw new RangeError(`It does not fit into the ${this.#maxBytes} bytes of the store`);
  }

  commit(length: number, replaced: readonly string[]): void {
    const entry = new MemoryEntry(this.#key, this.#response, length, keptBody(this.#chunks, length));
    if (entry.cost > this.#maxBytes) throw new RangeError(`It does not fit into the ${this.#maxBytes} bytes of the store`);
    this.#add(entry, replaced);
  }

  abort(): void {
    this.#chunks = [];
  }
}
