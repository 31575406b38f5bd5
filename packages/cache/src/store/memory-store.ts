import { InvalidCacheOption } from '../errors.ts';
import type { CacheStore, StoredBytes, StoredResponse, StoreSize, StoreWriter } from './store.ts';

export interface MemoryStoreOptions {
  /** Bytes of everything that is kept, the overhead of keeping it included. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
}

interface Entry {
  readonly key: string;
  response: StoredResponse;
  body: readonly Uint8Array[];
  cost: number;
  /** Neighbours in the order of use. */
  older: Entry | undefined;
  newer: Entry | undefined;
}

// Measured on V8: an entry and its places in the maps, one pair of a field, one chunk with its memory.
const entryOverhead = 700;
const pairOverhead = 90;
const chunkOverhead = 220;

const nothing: readonly Uint8Array[] = Object.freeze([]);
const forgotten: StoredResponse = Object.freeze({
  id: '',
  url: '',
  status: 200,
  reason: '',
  httpVersion: '',
  headers: [],
  selecting: [],
  partition: '',
  requestedAt: 0,
  receivedAt: 0,
  part: null,
  askedRange: null,
  tags: [],
  usefulUntil: 0,
  length: 0,
});

/**
 * Keeps responses in this process, and forgets those that nobody has used for longest.
 *
 * @throws {InvalidCacheOption} `maxBytes` is no positive number.
 * @example
 * const cache = new HttpCache({ store: new MemoryStore({ maxBytes: 256 * 1024 * 1024 }) });
 */
export class MemoryStore implements CacheStore {
  readonly #maxBytes: number;
  readonly #entries = new Map<string, Entry[]>();
  readonly #tagged = new Map<string, Set<Entry>>();
  #count = 0;
  #bytes = 0;
  #oldest: Entry | undefined = undefined;
  #newest: Entry | undefined = undefined;

  constructor({ maxBytes = 64 * 1024 * 1024 }: MemoryStoreOptions = {}) {
    if (typeof maxBytes !== 'number' || !(maxBytes > 0)) throw new InvalidCacheOption('maxBytes', 'must be a positive number of bytes');
    this.#maxBytes = maxBytes;
  }

  find(key: string): readonly StoredResponse[] {
    const entries = this.#entries.get(key);
    if (entries === undefined) return [];
    return entries.length === 1 ? [entries[0]!.response] : entries.map(({ response }) => response);
  }

  open(key: string, { id }: StoredResponse, start: number, end: number): StoredBytes | undefined {
    const entry = this.#find(key, id);
    if (entry === undefined) return undefined;
    this.#touch(entry);
    const { body } = entry;
    if (body.length === 1) return body[0]!.subarray(start, end);
    return slices(body, start, end);
  }

  write(key: string, response: StoredResponse): StoreWriter | undefined {
    const chunks: Uint8Array[] = [];
    const head = entryOverhead + headCost(key, response);
    let bytes = 0;
    return {
      write: (chunk) => {
        chunks.push(chunk);
        bytes += chunk.length + chunkOverhead;
        if (head + bytes > this.#maxBytes) throw new RangeError(`It does not fit into the ${this.#maxBytes} bytes of the store`);
      },
      commit: (length, replaced) => {
        if (replaced.length > 0) this.delete(key, replaced);
        // The chunks of a small body are many small memories; one is cheaper to keep and to hand out.
        const body = chunks.length > 1 && length <= 64 * 1024 ? [joined(chunks, length)] : chunks;
        this.#add({
          key,
          response: { ...response, length },
          body,
          cost: head + length + body.length * chunkOverhead,
          older: undefined,
          newer: undefined,
        });
      },
      abort: () => {
        chunks.length = 0;
      },
    };
  }

  update(key: string, response: StoredResponse): boolean {
    const entry = this.#find(key, response.id);
    if (entry === undefined) return false;
    this.#bytes -= entry.cost;
    entry.cost += headCost(key, response) - headCost(key, entry.response);
    this.#bytes += entry.cost;
    this.#untag(entry);
    entry.response = response;
    this.#tag(entry);
    this.#touch(entry);
    this.#evict();
    return true;
  }

  delete(key: string, ids?: readonly string[]): number {
    const entries = this.#entries.get(key)?.filter(({ response }) => ids === undefined || ids.includes(response.id)) ?? [];
    for (const entry of entries) this.#remove(entry);
    return entries.length;
  }

  deleteTagged(tag: string): number {
    const entries = [...(this.#tagged.get(tag) ?? [])];
    for (const entry of entries) this.#remove(entry);
    return entries.length;
  }

  clear(): void {
    this.#entries.clear();
    this.#tagged.clear();
    this.#count = 0;
    this.#bytes = 0;
    this.#oldest = undefined;
    this.#newest = undefined;
  }

  size(): StoreSize {
    return { entries: this.#count, bytes: this.#bytes };
  }

  #find(key: string, id: string): Entry | undefined {
    return this.#entries.get(key)?.find(({ response }) => response.id === id);
  }

  #add(entry: Entry): void {
    const { key } = entry;
    const entries = this.#entries.get(key);
    if (entries === undefined) this.#entries.set(key, [entry]);
    else entries.push(entry);
    this.#tag(entry);
    this.#count += 1;
    this.#bytes += entry.cost;
    this.#link(entry);
    this.#evict();
  }

  #evict(): void {
    while (this.#bytes > this.#maxBytes && this.#oldest !== undefined) this.#remove(this.#oldest);
  }

  #remove(entry: Entry): void {
    const rest = this.#entries.get(entry.key)!.filter((other) => other !== entry);
    if (rest.length === 0) this.#entries.delete(entry.key);
    else this.#entries.set(entry.key, rest);
    this.#untag(entry);
    this.#count -= 1;
    this.#bytes -= entry.cost;
    this.#unlink(entry);
    // V8's maps keep what was deleted from them until their next full collection: let that be little.
    entry.body = nothing;
    entry.response = forgotten;
  }

  #touch(entry: Entry): void {
    if (entry === this.#newest) return;
    this.#unlink(entry);
    this.#link(entry);
  }

  #link(entry: Entry): void {
    entry.older = this.#newest;
    entry.newer = undefined;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  #unlink(entry: Entry): void {
    const { older, newer } = entry;
    // What is forgotten must not keep its neighbours from being collected.
    entry.older = undefined;
    entry.newer = undefined;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
  }

  #tag(entry: Entry): void {
    for (const tag of entry.response.tags) {
      const tagged = this.#tagged.get(tag);
      if (tagged === undefined) this.#tagged.set(tag, new Set([entry]));
      else tagged.add(entry);
    }
  }

  #untag(entry: Entry): void {
    for (const tag of entry.response.tags) {
      const tagged = this.#tagged.get(tag);
      tagged?.delete(entry);
      if (tagged?.size === 0) this.#tagged.delete(tag);
    }
  }
}

function headCost(key: string, { url, headers, selecting, tags }: StoredResponse): number {
  let cost = key.length + url.length;
  for (const [name, value] of headers) cost += pairOverhead + name.length + value.length;
  for (const [name, value] of selecting) cost += pairOverhead + name.length + (value?.length ?? 0);
  for (const tag of tags) cost += pairOverhead + tag.length;
  return cost;
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Empty for no bytes. */
async function* slices(chunks: readonly Uint8Array[], start: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0;
  for (const chunk of chunks) {
    if (at >= end) return;
    const from = Math.max(0, start - at);
    const piece = chunk.subarray(from, end - at);
    at += chunk.length;
    if (piece.length > 0 && from < chunk.length) yield piece;
  }
}
