/**
 * The places of a store in memory: of each entry there are bytes in a segment, and numbers. Whatever lives for long is moved twice by the collector and
 * looked at by each of its full runs, a million entries of ten objects each as ten million.
 */
import { bytesOfChunks, keptChunks, largestText } from './kept-bytes.ts';
import { KeyIndex, nowhere } from './key-index.ts';
import { HeadWriter, packedLength, packedResponse, unpackedResponse } from './packed-response.ts';
import { recordHead, Segments } from './segments.ts';
import type { StoredBytes, StoredResponse } from './store.ts';

// Measured on V8: the numbers, a place in the index, and what of the segments is not in use.
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
/** How long the key is, and the text behind it: in bytes. Behind that is the body. */
const ofKey = 6;
const ofHead = 7;
const ofHash = 8;
/** Where its record is; `nowhere` for one that has memory of its own. */
const ofSegment = 9;
const ofOffset = 10;
/** Has each letter two bytes? */
const ofWidth = 11;
const rowOfCounts = 12;

// And in one of other numbers.
const ofLength = 0;
const ofCost = 1;
const ofRequest = 2;
const ofReceipt = 3;
const ofUse = 4;
const rowOfAmounts = 5;

const { latin1Slice, ucs2Slice, latin1Write, ucs2Write } = Buffer.prototype;
const noChunks: readonly Uint8Array[] = Object.freeze([]);

export class MemoryPlaces {
  #counts = new Int32Array(firstPlaces * rowOfCounts);
  #amounts = new Float64Array(firstPlaces * rowOfAmounts);
  readonly #segments: Segments;
  readonly #writer = new HeadWriter();
  /** Records that are too long for a segment. */
  readonly #own = new Map<number, Uint8Array>();
  /** Bodies that are too long for a record. */
  readonly #bodies = new Map<number, readonly Uint8Array[]>();
  /** Of each key the first place; others hang on to it. */
  readonly #index = new KeyIndex((place, key) => this.#hasText(place, 0, this.#counts[place * rowOfCounts + ofKey]!, key));
  #free = nowhere;
  #used = 0;
  #count = 0;
  #bytes = 0;
  #oldest = nowhere;
  #newest = nowhere;

  /** `most`: bytes that are to be kept at most. */
  constructor(most: number) {
    this.#segments = new Segments(
      {
        isAt: (place, segment, offset) =>
          this.#counts[place * rowOfCounts + ofSegment] === segment && this.#counts[place * rowOfCounts + ofOffset] === offset,
        moved: (place, segment, offset) => {
          this.#counts[place * rowOfCounts + ofSegment] = segment;
          this.#counts[place * rowOfCounts + ofOffset] = offset;
        },
      },
      most,
    );
  }

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
  first(key: string, hash: number): number {
    return this.#index.get(key, hash);
  }

  /** The next one of the same key. */
  next(place: number): number {
    return this.#counts[place * rowOfCounts + ofNext]!;
  }

  /** Its place; `nowhere` where it costs more than `most`. The chunks are its own from now on, those of a small body are copied. */
  add(key: string, hash: number, response: StoredResponse, length: number, chunks: readonly Uint8Array[], most: number): number {
    const isSmall = length <= largestText;
    const inRecord = isSmall ? length : 0;
    let cost = entryOverhead + key.length;
    for (const tag of response.tags) cost += tagOverhead + tag.length;
    if (!isSmall) cost += length + chunks.length * chunkOverhead;
    const letters = packedLength(key, response);
    if (letters !== -1 && cost + letters + inRecord > most) return nowhere;
    const place = this.#take();
    const at = place * rowOfCounts;
    let text: string | undefined;
    if (
      letters === -1 ||
      key.length + letters + inRecord > this.#segments.longest ||
      !this.#write(place, key, response, letters, inRecord)
    ) {
      text = packedResponse(key, response);
      const isWide = wideLetter.test(text) || wideLetter.test(key);
      cost += (isWide ? text.length * 2 : text.length) + inRecord;
      if (cost > most) {
        this.#giveBack(place);
        return nowhere;
      }
      this.#writeTexts(place, key, text, isWide, inRecord);
    } else cost += letters + inRecord;
    if (!isSmall) this.#bodies.set(place, keptChunks(chunks, length));
    else if (length > 0) this.#writeBody(place, chunks);
    const amounts = this.#amounts;
    const amount = place * rowOfAmounts;
    amounts[amount + ofLength] = length;
    amounts[amount + ofCost] = cost;
    amounts[amount + ofRequest] = response.requestedAt;
    amounts[amount + ofReceipt] = response.receivedAt;
    amounts[amount + ofUse] = response.usefulUntil;
    this.#counts[at + ofStatus] = response.status;
    this.#counts[at + ofFieldCount] = response.headers.length;
    this.#putFirst(place, key, hash);
    this.#link(place);
    this.#count += 1;
    this.#bytes += cost;
    return place;
  }

  /** Straight into a segment. `false`, and nothing done, where its letters have two bytes. */
  #write(place: number, key: string, response: StoredResponse, letters: number, inRecord: number): boolean {
    const segments = this.#segments;
    const offset = segments.reserve(place, key.length + letters + inRecord);
    const segment = segments.current;
    if (!this.#writer.write(segments.bytes(segment), offset + recordHead, segments.turn, key, response)) {
      segments.drop(segment, offset);
      return false;
    }
    this.#setRecord(place, segment, offset, key.length, letters, 0);
    return true;
  }

  #writeTexts(place: number, key: string, text: string, isWide: boolean, inRecord: number): void {
    const width = isWide ? 2 : 1;
    const ofTexts = (key.length + text.length) * width;
    let segment = nowhere;
    let offset = 0;
    let bytes: Uint8Array;
    if (ofTexts + inRecord > this.#segments.longest) {
      bytes = new Uint8Array(recordHead + ofTexts + inRecord);
      this.#own.set(place, bytes);
    } else {
      offset = this.#segments.reserve(place, ofTexts + inRecord);
      segment = this.#segments.current;
      bytes = this.#segments.bytes(segment);
    }
    const write = isWide ? ucs2Write : latin1Write;
    write.call(bytes, key + text, offset + recordHead, ofTexts);
    this.#setRecord(place, segment, offset, key.length * width, text.length * width, isWide ? 1 : 0);
  }

  #setRecord(place: number, segment: number, offset: number, ofKeyBytes: number, ofHeadBytes: number, width: number): void {
    const at = place * rowOfCounts;
    const counts = this.#counts;
    counts[at + ofSegment] = segment;
    counts[at + ofOffset] = offset;
    counts[at + ofKey] = ofKeyBytes;
    counts[at + ofHead] = ofHeadBytes;
    counts[at + ofWidth] = width;
  }

  #writeBody(place: number, chunks: readonly Uint8Array[]): void {
    const bytes = this.#bytesOf(place);
    const row = place * rowOfCounts;
    let at = this.#startOf(place) + this.#counts[row + ofKey]! + this.#counts[row + ofHead]!;
    for (let number = 0; number < chunks.length; number += 1) {
      const chunk = chunks[number]!;
      const { length } = chunk;
      if (length > 64) bytes.set(chunk, at);
      else for (let index = 0; index < length; index += 1) bytes[at + index] = chunk[index]!;
      at += length;
    }
  }

  /** Where its record, or the memory of its own, is. */
  #bytesOf(place: number): Uint8Array {
    const segment = this.#counts[place * rowOfCounts + ofSegment]!;
    return segment === nowhere ? this.#own.get(place)! : this.#segments.bytes(segment);
  }

  #startOf(place: number): number {
    return this.#counts[place * rowOfCounts + ofOffset]! + recordHead;
  }

  /** Is this text there, all of it? `from` and `length` are in bytes, of the record. */
  #hasText(place: number, from: number, length: number, text: string): boolean {
    const bytes = this.#bytesOf(place);
    const isWide = this.#counts[place * rowOfCounts + ofWidth] === 1;
    if (length !== (isWide ? text.length * 2 : text.length)) return false;
    const start = this.#startOf(place) + from;
    if (isWide) return ucs2Slice.call(bytes, start, start + length) === text;
    for (let index = 0; index < length; index += 1) if (bytes[start + index] !== text.charCodeAt(index)) return false;
    return true;
  }

  #text(place: number, from: number, length: number): string {
    const slice = this.#counts[place * rowOfCounts + ofWidth] === 1 ? ucs2Slice : latin1Slice;
    const start = this.#startOf(place) + from;
    return slice.call(this.#bytesOf(place), start, start + length);
  }

  /** With other facts, and the body that it has. */
  update(place: number, response: StoredResponse): number {
    const at = place * rowOfCounts;
    const key = this.#text(place, 0, this.#counts[at + ofKey]!);
    const hash = this.#counts[at + ofHash]!;
    const length = this.#amounts[place * rowOfAmounts + ofLength]!;
    const chunks = this.#bodies.get(place) ?? (length === 0 ? noChunks : [this.body(place, 0, length) as Uint8Array]);
    this.remove(place);
    return this.add(key, hash, response, length, chunks, Infinity);
  }

  #putFirst(place: number, key: string, hash: number): void {
    const following = this.#index.get(key, hash);
    const at = place * rowOfCounts;
    this.#counts[at + ofHash] = hash;
    this.#counts[at + ofPrevious] = nowhere;
    this.#counts[at + ofNext] = following;
    if (following === nowhere) {
      this.#index.add(hash, place);
      return;
    }
    this.#counts[following * rowOfCounts + ofPrevious] = place;
    this.#index.replace(following, hash, place);
  }

  remove(place: number): void {
    const at = place * rowOfCounts;
    const previous = this.#counts[at + ofPrevious]!;
    const next = this.#counts[at + ofNext]!;
    if (previous !== nowhere) this.#counts[previous * rowOfCounts + ofNext] = next;
    else if (next === nowhere) this.#index.delete(place, this.#counts[at + ofHash]!);
    else this.#index.replace(place, this.#counts[at + ofHash]!, next);
    if (next !== nowhere) this.#counts[next * rowOfCounts + ofPrevious] = previous;
    this.#unlink(place);
    this.#count -= 1;
    this.#bytes -= this.#amounts[place * rowOfAmounts + ofCost]!;
    const segment = this.#counts[at + ofSegment]!;
    if (segment === nowhere) this.#own.delete(place);
    else this.#segments.drop(segment, this.#counts[at + ofOffset]!);
    // Whoever looks for what of a segment is wanted finds that this is not.
    this.#counts[at + ofSegment] = nowhere;
    if (this.#bodies.size > 0) this.#bodies.delete(place);
    this.#giveBack(place);
  }

  #giveBack(place: number): void {
    this.#counts[place * rowOfCounts + ofNext] = this.#free;
    this.#free = place;
  }

  hasId(place: number, id: string): boolean {
    const at = place * rowOfCounts;
    const width = this.#counts[at + ofWidth]! + 1;
    return this.#hasText(place, this.#counts[at + ofKey]!, (id.length + 1) * width, `${id}\n`);
  }

  /** `undefined`: what is here was no response of HTTP. */
  response(place: number): StoredResponse | undefined {
    const at = place * rowOfCounts;
    const amount = place * rowOfAmounts;
    const ofKeyBytes = this.#counts[at + ofKey]!;
    const key = this.#text(place, 0, ofKeyBytes);
    const head = this.#text(place, ofKeyBytes, this.#counts[at + ofHead]!);
    return unpackedResponse(key, head, this.#counts[at + ofFieldCount]!, {
      status: this.#counts[at + ofStatus]!,
      requestedAt: this.#amounts[amount + ofRequest]!,
      receivedAt: this.#amounts[amount + ofReceipt]!,
      usefulUntil: this.#amounts[amount + ofUse]!,
      length: this.#amounts[amount + ofLength]!,
    });
  }

  /** Of a small one a copy: what is in a segment moves. */
  body(place: number, start: number, end: number): StoredBytes {
    const chunks = this.#bodies.get(place);
    if (chunks !== undefined) return bytesOfChunks(chunks, start, end);
    const row = place * rowOfCounts;
    const at = this.#startOf(place) + this.#counts[row + ofKey]! + this.#counts[row + ofHead]!;
    const length = this.#amounts[place * rowOfAmounts + ofLength]!;
    return this.#bytesOf(place).slice(at + start, at + Math.min(end, length));
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
    if (this.#used * rowOfCounts >= this.#counts.length) this.#grow();
    const place = this.#used;
    this.#used += 1;
    this.#counts[place * rowOfCounts + ofSegment] = nowhere;
    return place;
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
