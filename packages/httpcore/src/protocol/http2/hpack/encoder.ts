/**
 * Fields to header blocks (RFC 7541).
 *
 * In two steps, because a block that was begun must be finished: the table has changed and the peer must learn of it.
 * `add` checks a field and looks it up, and nothing has happened yet; `encode` writes all that was added and cannot fail.
 *
 * What is inserted into the table: every field that may be worth it, by three rules. Secrets never are (RFC 7541 §7.1.3).
 * A name whose last values never came again is not, until a value comes twice in a row; `:path` starts out like that. And an
 * entry that would take most of the table is not, since it would drive out everything else.
 */
import { EncoderTable, NameRecord, Secrecy, type TableEntry } from './encoder-table.ts';
import { entryOverhead } from './header-field.ts';
import { encodeHuffman, huffmanBits } from './huffman.ts';

// RFC 7541 §7.1.3 asks for care with short cookies; the bound is the one that nghttp2 has.
const shortCookie = 20;
const isAscii = /^[\x21-\x7e]+$/;
const toleratedMisses = 4;
// Names can be data (`x-amz-meta-…`): past this many, those that are not used again are forgotten.
const mostRecords = 256;
// An integer takes at most 6 octets: the prefix and five of 7 bits.
const longestInteger = 6;
// An index, or a pattern, and two lengths.
const fieldBound = 3 * longestInteger;

export class HeaderEncoder {
  readonly #table: EncoderTable;
  readonly #tableCapacity: number;
  #records = new Map<string, NameRecord>();
  #olderRecords: ReadonlyMap<string, NameRecord> = new Map();
  // Size updates that the next block begins with; −1 is none.
  #smallestSize = -1;
  #finalSize = -1;
  // The fields of the block being put together, in parallel arrays that are used again.
  readonly #added: NameRecord[] = [];
  readonly #values: string[] = [];
  readonly #entries: (TableEntry | null)[] = [];
  readonly #staticIndexes: number[] = [];
  readonly #huffmanLengths: number[] = [];
  #length = 0;
  #bound = 0;

  constructor(tableCapacity: number, peerTableSize: number) {
    this.#tableCapacity = tableCapacity;
    this.#table = new EncoderTable(Math.min(tableCapacity, peerTableSize));
    // The peer starts from the default: a smaller table of our own choice has to be told.
    if (this.#table.maxSize !== peerTableSize) this.#smallestSize = this.#finalSize = this.#table.maxSize;
    // Paths differ from request to request as a rule.
    this.#records.set(':path', new NameRecord(':path', 0));
  }

  /** Octets that the block needs at most. */
  get bound(): number {
    return this.#bound;
  }

  /** What was added, as a header list is measured: name, value and 32 octets for each field (RFC 9113 §6.5.2). */
  get listSize(): number {
    // The same sum as the bound, with another overhead.
    return this.#bound - 2 * longestInteger + this.#length * (entryOverhead - fieldBound);
  }

  /** The record of a name as the caller spells it. */
  record(name: string): NameRecord {
    const known = this.#records.get(name);
    if (known !== undefined) return known;
    // Outside ASCII `toLowerCase` makes letters of what are none (U+212A becomes `k`): leave those as they are, to be refused.
    const lowered = isAscii.test(name) ? name.toLowerCase() : name;
    const record = this.#records.get(lowered) ?? this.#olderRecords.get(lowered) ?? new NameRecord(lowered, toleratedMisses);
    if (this.#records.size >= mostRecords) {
      this.#olderRecords = this.#records;
      this.#records = new Map();
    }
    this.#records.set(lowered, record);
    this.#records.set(name, record);
    return record;
  }

  /** The peer's HEADER_TABLE_SIZE. The next block says what we make of it (RFC 7541 §4.2). */
  limitTable(peerTableSize: number): void {
    const size = Math.min(this.#tableCapacity, peerTableSize);
    if (size === this.#table.maxSize && this.#finalSize === -1) return;
    this.#smallestSize = this.#finalSize === -1 ? size : Math.min(size, this.#smallestSize);
    this.#finalSize = size;
    this.#table.resize(size);
  }

  /** Forgets what was added: before a new block, and after one that was given up. */
  begin(): void {
    for (let at = 0; at < this.#length; at += 1) this.#values[at] = '';
    this.#length = 0;
    this.#bound = 2 * longestInteger;
  }

  /** Adds a field; returns false, and adds nothing, where the value has characters that no value may have. */
  add(record: NameRecord, value: string): boolean {
    const at = this.#length;
    let staticIndex = 0;
    let huffmanLength = -1;
    const entry = record.entryOf(value);
    if (entry === null) {
      staticIndex = record.staticIndexOf(value);
      if (staticIndex === 0) {
        const table = record.bits;
        const length = value.length;
        let bits = 0;
        for (let index = 0; index < length; index += 1) {
          const characterBits = table[value.charCodeAt(index)]!;
          // Past the table's end, so above Latin-1, it is `undefined`.
          if (!(characterBits > 0)) return false;
          bits = (bits + characterBits) | 0;
        }
        huffmanLength = (bits + 7) >>> 3;
      }
    }
    // Even for an entry: an earlier field of this block may evict it, and then it is a literal after all.
    this.#bound += record.name.length + value.length + fieldBound;
    this.#added[at] = record;
    this.#values[at] = value;
    this.#entries[at] = entry;
    this.#staticIndexes[at] = staticIndex;
    this.#huffmanLengths[at] = huffmanLength;
    this.#length = at + 1;
    return true;
  }

  /** Writes the block into `target`, which has room for {@link bound} octets, and returns the offset after it. */
  encode(target: Uint8Array, start: number): number {
    let offset = this.#encodeSizeUpdates(target, start);
    for (let at = 0; at < this.#length; at += 1) {
      const record = this.#added[at]!;
      const entry = this.#entries[at] ?? null;
      if (entry !== null && entry.isLive) {
        record.misses = 0;
        offset = writeInteger(target, offset, 0x80, 0x7f, this.#table.indexOf(entry));
      } else if (this.#staticIndexes[at] !== 0) {
        offset = writeInteger(target, offset, 0x80, 0x7f, this.#staticIndexes[at]!);
      } else {
        offset = this.#encodeLiteral(target, offset, record, this.#values[at]!, this.#huffmanLengths[at]!);
      }
      // No secret, and no large value, stays here until the next request.
      this.#values[at] = '';
      this.#entries[at] = null;
    }
    this.#length = 0;
    return offset;
  }

  #encodeLiteral(target: Uint8Array, start: number, record: NameRecord, value: string, huffmanLength: number): number {
    // An entry of the same name gives the name where the static table does not.
    const nameIndex = record.staticIndex !== 0 ? record.staticIndex : record.newest === null ? 0 : this.#table.indexOf(record.newest);
    let offset: number;
    if (record.secrecy === Secrecy.ALWAYS || (record.secrecy === Secrecy.WHEN_SHORT && value.length < shortCookie)) {
      offset = writeInteger(target, start, 0x10, 0x0f, nameIndex);
    } else if (this.#shouldInsert(record, value)) {
      offset = writeInteger(target, start, 0x40, 0x3f, nameIndex);
      this.#table.insert(record, value);
    } else {
      offset = writeInteger(target, start, 0x00, 0x0f, nameIndex);
    }
    if (nameIndex === 0) offset = writeString(target, offset, record.name, -1);
    return writeString(target, offset, value, huffmanLength);
  }

  #shouldInsert(record: NameRecord, value: string): boolean {
    if ((record.name.length + value.length + entryOverhead) * 4 > this.#table.maxSize * 3) return false;
    if (record.misses < record.tolerance) {
      record.misses += 1;
      return true;
    }
    const comesAgain = record.lastValue === value;
    record.lastValue = comesAgain ? null : value;
    return comesAgain;
  }

  #encodeSizeUpdates(target: Uint8Array, start: number): number {
    if (this.#finalSize === -1) return start;
    let offset = start;
    if (this.#smallestSize < this.#finalSize) offset = writeInteger(target, offset, 0x20, 0x1f, this.#smallestSize);
    offset = writeInteger(target, offset, 0x20, 0x1f, this.#finalSize);
    this.#smallestSize = this.#finalSize = -1;
    return offset;
  }
}

/** RFC 7541 §5.1. */
function writeInteger(target: Uint8Array, offset: number, pattern: number, prefixMask: number, value: number): number {
  if (value < prefixMask) {
    target[offset] = pattern | value;
    return offset + 1;
  }
  target[offset] = pattern | prefixMask;
  let rest = value - prefixMask;
  let next = offset + 1;
  while (rest >= 0x80) {
    target[next] = (rest & 0x7f) | 0x80;
    next += 1;
    rest >>>= 7;
  }
  target[next] = rest;
  return next + 1;
}

/** RFC 7541 §5.2, in the shorter of the two forms. `huffmanLength` is −1 where it is not known. */
function writeString(target: Uint8Array, offset: number, text: string, huffmanLength: number): number {
  const length = huffmanLength === -1 ? measureHuffman(text) : huffmanLength;
  if (length < text.length) return encodeHuffman(text, target, writeInteger(target, offset, 0x80, 0x7f, length));
  let next = writeInteger(target, offset, 0x00, 0x7f, text.length);
  for (let index = 0; index < text.length; index += 1) {
    target[next] = text.charCodeAt(index);
    next += 1;
  }
  return next;
}

function measureHuffman(text: string): number {
  let bits = 0;
  for (let index = 0; index < text.length; index += 1) bits += huffmanBits[text.charCodeAt(index)]!;
  return (bits + 7) >>> 3;
}
