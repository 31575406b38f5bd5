/**
 * The dynamic table as the encoder needs it: from a name and a value to an index. Every name that was sent has a record,
 * and its live entries hang from that, newest first; so a look-up is one `Map` access and a short walk, and no text of the
 * caller's ever is a property name.
 */
import { valueCharacters, visibleCharacters } from '../../../model/characters.ts';
import { fieldKind } from '../field-kind.ts';
import { entryOverhead } from './header-field.ts';
import { huffmanBits } from './huffman.ts';
import { staticTable } from './static-table.ts';

export interface TableEntry {
  readonly record: NameRecord;
  readonly value: string;
  readonly size: number;
  /** How many entries were inserted before it, ever. */
  readonly sequence: number;
  isLive: boolean;
  older: TableEntry | null;
  newer: TableEntry | null;
}

/** Whether fields of this name go into the table (RFC 7541 §7.1.3). */
export const Secrecy = {
  NONE: 0,
  /** Short values can be guessed one at a time by whoever sees the sizes of our blocks. */
  WHEN_SHORT: 1,
  ALWAYS: 2,
} as const;

const secrets: ReadonlyMap<string, number> = new Map<string, number>([
  ['authorization', Secrecy.ALWAYS],
  ['proxy-authorization', Secrecy.ALWAYS],
  ['set-cookie', Secrecy.ALWAYS],
  ['cookie', Secrecy.WHEN_SHORT],
]);

interface StaticEntries {
  readonly first: number;
  /** Entries of one name stand together in the static table. */
  readonly values: readonly string[];
}

const staticEntries = new Map<string, StaticEntries>();
for (const { name } of staticTable) {
  if (staticEntries.has(name)) continue;
  const values = staticTable.filter((field) => field.name === name).map((field) => field.value);
  staticEntries.set(name, { first: staticTable.findIndex((field) => field.name === name) + 1, values });
}
const noValues: readonly string[] = [];
const valueBits = huffmanBits.map((bits, octet) => (valueCharacters[octet] === 1 ? bits : 0));
const pseudoBits = huffmanBits.map((bits, octet) => (visibleCharacters[octet] === 1 ? bits : 0));

/** All that is known of one field name. */
export class NameRecord {
  /** In lower case, as on the wire. */
  readonly name: string;
  readonly kind: number;
  readonly secrecy: number;
  /** The bits of each octet's Huffman code; 0 for those that may not stand in a value of this name. */
  readonly bits: Uint8Array;
  /** The first index of the static table that has this name; 0 if none. */
  readonly staticIndex: number;
  readonly #staticValues: readonly string[];
  newest: TableEntry | null = null;
  /** How many literals in a row are inserted before the name counts as one whose values do not come again. */
  readonly tolerance: number;
  misses = 0;
  /** The value of the last literal that was not inserted. */
  lastValue: string | null = null;

  constructor(name: string, tolerance: number) {
    this.name = name;
    this.kind = fieldKind(name);
    this.secrecy = secrets.get(name) ?? Secrecy.NONE;
    this.tolerance = tolerance;
    this.bits = name.startsWith(':') ? pseudoBits : valueBits;
    const entries = staticEntries.get(name);
    this.staticIndex = entries?.first ?? 0;
    this.#staticValues = entries?.values ?? noValues;
  }

  /** The index of the static entry with this value; 0 if there is none. */
  staticIndexOf(value: string): number {
    const values = this.#staticValues;
    for (let index = 0; index < values.length; index += 1) if (values[index] === value) return this.staticIndex + index;
    return 0;
  }

  entryOf(value: string): TableEntry | null {
    for (let entry = this.newest; entry !== null; entry = entry.older) if (entry.value === value) return entry;
    return null;
  }
}

export class EncoderTable {
  maxSize: number;
  size = 0;
  // The first of these is the oldest live entry; taken ones are cut off in batches.
  #entries: TableEntry[] = [];
  #oldest = 0;
  #inserted = 0;

  constructor(maxSize: number) {
    this.maxSize = maxSize;
  }

  get length(): number {
    return this.#entries.length - this.#oldest;
  }

  indexOf(entry: TableEntry): number {
    return staticTable.length + this.#inserted - entry.sequence;
  }

  insert(record: NameRecord, value: string): void {
    const size = record.name.length + value.length + entryOverhead;
    this.size += size;
    while (this.size > this.maxSize && this.length > 0) this.#evictOldest();
    if (this.size > this.maxSize) {
      this.size = 0;
      return;
    }
    const older = record.newest;
    const entry: TableEntry = { record, value, size, sequence: this.#inserted, isLive: true, older, newer: null };
    if (older !== null) older.newer = entry;
    record.newest = entry;
    this.#entries.push(entry);
    this.#inserted += 1;
  }

  resize(maxSize: number): void {
    this.maxSize = maxSize;
    while (this.size > maxSize) this.#evictOldest();
  }

  #evictOldest(): void {
    const entry = this.#entries[this.#oldest]!;
    this.#oldest += 1;
    if (this.#oldest >= 64 && this.#oldest * 2 > this.#entries.length) {
      this.#entries.splice(0, this.#oldest);
      this.#oldest = 0;
    }
    this.size -= entry.size;
    entry.isLive = false;
    // The oldest of all is the oldest of its name: the end of that record's list.
    if (entry.newer === null) entry.record.newest = null;
    else entry.newer.older = null;
  }
}
