/**
 * The places of a store in memory: of each entry there are two texts, and the rest is numbers in columns. Whatever lives for long is moved twice by the
 * collector and looked at by each of its full runs, a million entries of ten objects each as ten million.
 */
import { bytesAsText, bytesOfChunks, keptChunks, largestText, textAsBytes } from './kept-bytes.ts';
import { isOfId, packedResponse, unpackedResponse } from './packed-response.ts';
import type { StoredBytes, StoredResponse } from './store.ts';

/** No place: the end of a list. */
export const nowhere = -1;

// Measured on V8: two texts, a place in the map of keys, and one in each column.
const entryOverhead = 240;
const chunkOverhead = 220;
const tagOverhead = 200;

const firstPlaces = 64;
// A text with one of these has two bytes for each letter.
const wideLetter = /[^\0-\u00ff]/;

export class MemoryPlaces {
  /** Of each place; an empty one leads to the next that is free. */
  #next = new Int32Array(firstPlaces);
  /** Neighbours in the order of use. */
  #older = new Int32Array(firstPlaces);
  #newer = new Int32Array(firstPlaces);
  #statuses = new Uint16Array(firstPlaces);
  #fieldCounts = new Uint32Array(firstPlaces);
  /** Where in the text the body begins. */
  #bodiesAt = new Uint32Array(firstPlaces);
  #lengths = new Float64Array(firstPlaces);
  #costs = new Float64Array(firstPlaces);
  #requestedAt = new Float64Array(firstPlaces);
  #receivedAt = new Float64Array(firstPlaces);
  #usefulUntil = new Float64Array(firstPlaces);
  readonly #keys: string[] = [];
  readonly #texts: string[] = [];
  /** Of those that are no text. */
  readonly #bodies = new Map<number, readonly Uint8Array[]>();
  #free = nowhere;
  #used = 0;
  #count = 0;
  #bytes = 0;
  #oldest = nowhere;
  #newest = nowhere;

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** That which nobody has used for longest. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Its place; `nowhere` where it costs more than `most`. The chunks are its own from now on, those of a small body are copied. */
  add(key: string, response: StoredResponse, length: number, chunks: readonly Uint8Array[], most: number): number {
    const head = packedResponse(key, response);
    if (length <= largestText) return this.#place(key, response, head, length, bytesAsText(chunks), undefined, most);
    return this.#place(key, response, head, length, '', keptChunks(chunks, length), most);
  }

  #place(
    key: string,
    response: StoredResponse,
    head: string,
    length: number,
    body: string,
    chunks: readonly Uint8Array[] | undefined,
    most: number,
  ): number {
    const text = head + body;
    // Looking at it makes one flat text of it, which a sum is not.
    const isWide = wideLetter.test(text);
    let cost = entryOverhead + key.length + (isWide ? text.length * 2 : text.length);
    for (const tag of response.tags) cost += tagOverhead + tag.length;
    if (chunks !== undefined) cost += length + chunks.length * chunkOverhead;
    if (cost > most) return nowhere;
    const place = this.#take();
    this.#keys[place] = key;
    this.#texts[place] = text;
    this.#bodiesAt[place] = head.length;
    this.#lengths[place] = length;
    this.#costs[place] = cost;
    this.#fieldCounts[place] = response.headers.length;
    this.#statuses[place] = response.status;
    this.#requestedAt[place] = response.requestedAt;
    this.#receivedAt[place] = response.receivedAt;
    this.#usefulUntil[place] = response.usefulUntil;
    if (chunks !== undefined) this.#bodies.set(place, chunks);
    this.#next[place] = nowhere;
    this.#link(place);
    this.#count += 1;
    this.#bytes += cost;
    return place;
  }

  /** With other facts, and the body that it has. It takes the place of this one. */
  replace(place: number, response: StoredResponse): number {
    const key = this.#keys[place]!;
    const body = this.#texts[place]!.slice(this.#bodiesAt[place]);
    const chunks = this.#bodies.get(place);
    return this.#place(key, response, packedResponse(key, response), this.#lengths[place]!, body, chunks, Infinity);
  }

  remove(place: number): void {
    this.#unlink(place);
    this.#count -= 1;
    this.#bytes -= this.#costs[place]!;
    this.#keys[place] = '';
    this.#texts[place] = '';
    if (this.#bodies.size > 0) this.#bodies.delete(place);
    this.#next[place] = this.#free;
    this.#free = place;
  }

  keyOf(place: number): string {
    return this.#keys[place]!;
  }

  hasId(place: number, id: string): boolean {
    return isOfId(this.#texts[place]!, id);
  }

  /** The next one of the same key. */
  next(place: number): number {
    return this.#next[place]!;
  }

  setNext(place: number, next: number): void {
    this.#next[place] = next;
  }

  /** `undefined`: what is here was no response of HTTP. */
  response(place: number): StoredResponse | undefined {
    const head = this.#texts[place]!.slice(0, this.#bodiesAt[place]);
    return unpackedResponse(this.#keys[place]!, head, this.#fieldCounts[place]!, {
      status: this.#statuses[place]!,
      requestedAt: this.#requestedAt[place]!,
      receivedAt: this.#receivedAt[place]!,
      usefulUntil: this.#usefulUntil[place]!,
      length: this.#lengths[place]!,
    });
  }

  body(place: number, start: number, end: number): StoredBytes {
    const chunks = this.#bodies.get(place);
    if (chunks !== undefined) return bytesOfChunks(chunks, start, end);
    return textAsBytes(this.#texts[place]!.slice(this.#bodiesAt[place])).subarray(start, end);
  }

  /** It is the one that was used last. */
  touch(place: number): void {
    if (place === this.#newest) return;
    this.#unlink(place);
    this.#link(place);
  }

  #link(place: number): void {
    const newest = this.#newest;
    this.#older[place] = newest;
    this.#newer[place] = nowhere;
    if (newest === nowhere) this.#oldest = place;
    else this.#newer[newest] = place;
    this.#newest = place;
  }

  #unlink(place: number): void {
    const older = this.#older[place]!;
    const newer = this.#newer[place]!;
    if (older === nowhere) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === nowhere) this.#newest = older;
    else this.#older[newer] = older;
  }

  #take(): number {
    const free = this.#free;
    if (free !== nowhere) {
      this.#free = this.#next[free]!;
      return free;
    }
    if (this.#used === this.#next.length) this.#grow();
    this.#used += 1;
    return this.#used - 1;
  }

  #grow(): void {
    const places = Math.ceil(this.#used * 1.5);
    this.#next = copied(this.#next, new Int32Array(places));
    this.#older = copied(this.#older, new Int32Array(places));
    this.#newer = copied(this.#newer, new Int32Array(places));
    this.#statuses = copied(this.#statuses, new Uint16Array(places));
    this.#fieldCounts = copied(this.#fieldCounts, new Uint32Array(places));
    this.#bodiesAt = copied(this.#bodiesAt, new Uint32Array(places));
    this.#lengths = copied(this.#lengths, new Float64Array(places));
    this.#costs = copied(this.#costs, new Float64Array(places));
    this.#requestedAt = copied(this.#requestedAt, new Float64Array(places));
    this.#receivedAt = copied(this.#receivedAt, new Float64Array(places));
    this.#usefulUntil = copied(this.#usefulUntil, new Float64Array(places));
  }
}

function copied<Column extends Int32Array | Uint16Array | Uint32Array | Float64Array>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
