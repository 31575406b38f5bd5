/**
 * The places of a store in memory: of each entry there are two texts, and the rest is numbers. Whatever lives for long is moved twice by the collector and
 * looked at by each of its full runs, a million entries of ten objects each as ten million.
 */
import { bytesAsText, bytesOfChunks, keptChunks, largestText, textAsBytes } from './kept-bytes.ts';
import { KeyIndex, nowhere } from './key-index.ts';
import { isOfId, packedResponse, unpackedResponse } from './packed-response.ts';
import type { StoredBytes, StoredResponse } from './store.ts';

// Measured on V8: two texts, the numbers, and a place in the index.
const entryOverhead = 220;
const chunkOverhead = 220;
const tagOverhead = 200;

const firstPlaces = 64;
// A text with one of these has two bytes for each letter.
const wideLetter = /[^\0-\u00ff]/;

// Where in a row of whole numbers each is.
/** The next one of the same key; of an empty place, the next empty one. */
const ofNext = 0;
const ofPrevious = 1;
/** Neighbours in the order of use. */
const ofOlder = 2;
const ofNewer = 3;
const ofStatus = 4;
const ofFieldCount = 5;
/** Where in the text the body begins. */
const ofBody = 6;
const ofHash = 7;
const rowOfCounts = 8;

// And in one of other numbers.
const ofLength = 0;
const ofCost = 1;
const ofRequest = 2;
const ofReceipt = 3;
const ofUse = 4;
const rowOfAmounts = 5;

export class MemoryPlaces {
  #counts = new Int32Array(firstPlaces * rowOfCounts);
  #amounts = new Float64Array(firstPlaces * rowOfAmounts);
  readonly #keys: string[] = [];
  readonly #texts: string[] = [];
  /** Of those that are no text. */
  readonly #bodies = new Map<number, readonly Uint8Array[]>();
  /** Of each key the first place; others hang on to it. */
  readonly #index = new KeyIndex(this.#keys);
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

  /** The first place of a key. */
  first(key: string): number {
    return this.#index.get(key, this.#index.hashOf(key));
  }

  /** The next one of the same key. */
  next(place: number): number {
    return this.#counts[place * rowOfCounts + ofNext]!;
  }

  /** Its place; `nowhere` where it costs more than `most`. The chunks are its own from now on, those of a small body are copied. */
  add(key: string, response: StoredResponse, length: number, chunks: readonly Uint8Array[], most: number): number {
    const head = packedResponse(key, response);
    if (length <= largestText) return this.#place(key, response, head, length, bytesAsText(chunks), undefined, most);
    return this.#place(key, response, head, length, '', keptChunks(chunks, length), most);
  }

  /** With other facts, and the body that it has. */
  update(place: number, response: StoredResponse): number {
    const key = this.#keys[place]!;
    const body = this.#texts[place]!.slice(this.#counts[place * rowOfCounts + ofBody]);
    const chunks = this.#bodies.get(place);
    const length = this.#amounts[place * rowOfAmounts + ofLength]!;
    this.remove(place);
    return this.#place(key, response, packedResponse(key, response), length, body, chunks, Infinity);
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
    if (chunks !== undefined) this.#bodies.set(place, chunks);
    const amounts = this.#amounts;
    const amount = place * rowOfAmounts;
    amounts[amount + ofLength] = length;
    amounts[amount + ofCost] = cost;
    amounts[amount + ofRequest] = response.requestedAt;
    amounts[amount + ofReceipt] = response.receivedAt;
    amounts[amount + ofUse] = response.usefulUntil;
    const counts = this.#counts;
    const at = place * rowOfCounts;
    counts[at + ofStatus] = response.status;
    counts[at + ofFieldCount] = response.headers.length;
    counts[at + ofBody] = head.length;
    this.#putFirst(place, key);
    this.#link(place);
    this.#count += 1;
    this.#bytes += cost;
    return place;
  }

  #putFirst(place: number, key: string): void {
    const hash = this.#index.hashOf(key);
    const following = this.#index.get(key, hash);
    const at = place * rowOfCounts;
    this.#counts[at + ofHash] = hash;
    this.#counts[at + ofPrevious] = nowhere;
    this.#counts[at + ofNext] = following;
    if (following !== nowhere) this.#counts[following * rowOfCounts + ofPrevious] = place;
    this.#index.set(key, hash, place);
  }

  remove(place: number): void {
    const at = place * rowOfCounts;
    const previous = this.#counts[at + ofPrevious]!;
    const next = this.#counts[at + ofNext]!;
    const key = this.#keys[place]!;
    if (previous !== nowhere) this.#counts[previous * rowOfCounts + ofNext] = next;
    else if (next === nowhere) this.#index.delete(key, this.#counts[at + ofHash]!);
    else this.#index.set(key, this.#counts[at + ofHash]!, next);
    if (next !== nowhere) this.#counts[next * rowOfCounts + ofPrevious] = previous;
    this.#unlink(place);
    this.#count -= 1;
    this.#bytes -= this.#amounts[place * rowOfAmounts + ofCost]!;
    this.#keys[place] = '';
    this.#texts[place] = '';
    if (this.#bodies.size > 0) this.#bodies.delete(place);
    this.#counts[at + ofNext] = this.#free;
    this.#free = place;
  }

  hasId(place: number, id: string): boolean {
    return isOfId(this.#texts[place]!, id);
  }

  /** `undefined`: what is here was no response of HTTP. */
  response(place: number): StoredResponse | undefined {
    const at = place * rowOfCounts;
    const amount = place * rowOfAmounts;
    const head = this.#texts[place]!.slice(0, this.#counts[at + ofBody]);
    return unpackedResponse(this.#keys[place]!, head, this.#counts[at + ofFieldCount]!, {
      status: this.#counts[at + ofStatus]!,
      requestedAt: this.#amounts[amount + ofRequest]!,
      receivedAt: this.#amounts[amount + ofReceipt]!,
      usefulUntil: this.#amounts[amount + ofUse]!,
      length: this.#amounts[amount + ofLength]!,
    });
  }

  body(place: number, start: number, end: number): StoredBytes {
    const chunks = this.#bodies.get(place);
    if (chunks !== undefined) return bytesOfChunks(chunks, start, end);
    return textAsBytes(this.#texts[place]!.slice(this.#counts[place * rowOfCounts + ofBody])).subarray(start, end);
  }

  /** It is the one that was used last. */
  touch(place: number): void {
    if (place === this.#newest) return;
    this.#unlink(place);
    this.#link(place);
  }

  #link(place: number): void {
    const newest = this.#newest;
    this.#counts[place * rowOfCounts + ofOlder] = newest;
    this.#counts[place * rowOfCounts + ofNewer] = nowhere;
    if (newest === nowhere) this.#oldest = place;
    else this.#counts[newest * rowOfCounts + ofNewer] = place;
    this.#newest = place;
  }

  #unlink(place: number): void {
    const older = this.#counts[place * rowOfCounts + ofOlder]!;
    const newer = this.#counts[place * rowOfCounts + ofNewer]!;
    if (older === nowhere) this.#oldest = newer;
    else this.#counts[older * rowOfCounts + ofNewer] = newer;
    if (newer === nowhere) this.#newest = older;
    else this.#counts[newer * rowOfCounts + ofOlder] = older;
  }

  #take(): number {
    const free = this.#free;
    if (free !== nowhere) {
      this.#free = this.#counts[free * rowOfCounts + ofNext]!;
      return free;
    }
    if (this.#used * rowOfCounts === this.#counts.length) this.#grow();
    this.#used += 1;
    return this.#used - 1;
  }

  #grow(): void {
    const places = Math.ceil(this.#used * 1.5);
    const counts = new Int32Array(places * rowOfCounts);
    counts.set(this.#counts);
    this.#counts = counts;
    const amounts = new Float64Array(places * rowOfAmounts);
    amounts.set(this.#amounts);
    this.#amounts = amounts;
  }
}
