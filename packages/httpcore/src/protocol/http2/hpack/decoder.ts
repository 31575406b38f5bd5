/**
 * Header blocks to fields (RFC 7541).
 *
 * A block is given whole. Whatever is wrong in it is a COMPRESSION_ERROR that ends the connection (RFC 9113 §4.3): the two
 * ends no longer agree on the table. What is merely too much is not: past the limits of the header list the rest of the
 * block is still decoded, for the table's sake, but no field is made of it, so memory stays bounded and the connection lives.
 */
import { ErrorCode } from '../constants.ts';
import { FieldKind, fieldKind, isValue } from '../field-kind.ts';
import { ConnectionFault } from '../faults.ts';
import { DecoderTable } from './decoder-table.ts';
import { HeaderField } from './header-field.ts';
import { decodeHuffman, huffmanExpansion } from './huffman.ts';
import { latin1Buffer, latin1Text, type Latin1Buffer } from './latin1-text.ts';
import { RepeatedLiterals } from './repeated-literals.ts';

export interface FieldReceiver {
  /** `isShared` says that the field is an entry of a table, which later blocks may refer to as well. */
  onField(field: HeaderField, isShared: boolean): void;
}

export interface HeaderListLimits {
  /** Octets of all names and values, and 32 for each field (RFC 9113 §10.5.1). */
  readonly maxSize: number;
  readonly maxFields: number;
}

// RFC 7541 §4.2: the smallest size since the last block, then the final one.
const mostSizeUpdates = 2;
/** RFC 7541 §6.2.3: the first octet of a literal that nobody is to index. */
const neverIndexed = 0x10;
// RFC 7541 §5.1 asks for a limit. No block is near this long, and it keeps every sum exact in 32 bits.
const integerLimit = 2 ** 28;

export class HeaderDecoder {
  readonly #table: DecoderTable;
  readonly #limits: HeaderListLimits;
  readonly #repeated = new RepeatedLiterals();
  /** What we allow the encoder, once it has acknowledged that. */
  #sizeLimit: number;
  #sizeUpdateRequired = false;
  #scratch: Latin1Buffer = latin1Buffer(1_024);
  #bytes: Uint8Array = this.#scratch;
  #offset = 0;
  #end = 0;
  #listSize = 0;
  #listLength = 0;
  #isOverLimit = false;
  #valueIsValid = true;

  constructor(tableSize: number, initialTableSize: number, limits: HeaderListLimits) {
    // Until our SETTINGS are acknowledged the encoder may use what it had before (RFC 7541 §4.2).
    this.#sizeLimit = Math.max(tableSize, initialTableSize);
    this.#table = new DecoderTable(initialTableSize);
    this.#limits = limits;
  }

  /** Did the last block have more than the limits allow? */
  get isOverLimit(): boolean {
    return this.#isOverLimit;
  }

  /** The encoder has acknowledged our HEADER_TABLE_SIZE: from its next block on it must keep to it. */
  limitTable(size: number): void {
    this.#sizeLimit = size;
    if (this.#table.maxSize > size) this.#sizeUpdateRequired = true;
  }

  /** @throws {ConnectionFault} COMPRESSION_ERROR */
  decode(bytes: Uint8Array, start: number, end: number, receiver: FieldReceiver): void {
    this.#bytes = bytes;
    this.#offset = start;
    this.#end = end;
    this.#listSize = 0;
    this.#listLength = 0;
    this.#isOverLimit = false;
    this.#readSizeUpdates();
    while (this.#offset < end) {
      const octet = bytes[this.#offset]!;
      this.#offset += 1;
      if (octet >= 0x80) {
        const index = octet < 0xff ? octet & 0x7f : this.#readInteger(0x7f, octet);
        const field = this.#table.lookup(index);
        if (field === undefined) throw compressionFault('a reference to an entry that is not there');
        this.#deliver(field, true, receiver);
      } else if (octet >= 0x40) {
        const field = this.#readLiteral(octet, 0x3f);
        this.#table.insert(field);
        this.#deliver(field, true, receiver);
      } else if (octet >= 0x20) {
        throw compressionFault('a table size update that is not at the start');
      } else if (this.#isOverLimit) {
        this.#skipLiteral(octet);
      } else {
        this.#deliverLiteral(octet, receiver);
      }
    }
    this.#bytes = this.#scratch;
  }

  #deliver(field: HeaderField, isShared: boolean, receiver: FieldReceiver): void {
    if (this.#isOverLimit) return;
    this.#listSize += field.size;
    this.#listLength += 1;
    if (this.#listSize > this.#limits.maxSize || this.#listLength > this.#limits.maxFields) {
      this.#isOverLimit = true;
    } else {
      receiver.onField(field, isShared);
    }
  }

  #readSizeUpdates(): void {
    let updates = 0;
    while (this.#offset < this.#end && (this.#bytes[this.#offset]! & 0xe0) === 0x20) {
      const octet = this.#bytes[this.#offset]!;
      this.#offset += 1;
      updates += 1;
      const size = this.#readInteger(0x1f, octet);
      if (updates > mostSizeUpdates) throw compressionFault('more than two table size updates');
      if (size > this.#sizeLimit) throw compressionFault('a table size above the one that was agreed');
      this.#table.resize(size);
      this.#sizeUpdateRequired = false;
    }
    if (this.#sizeUpdateRequired) throw compressionFault('no table size update after the limit was lowered');
  }

  #readLiteral(octet: number, prefixMask: number): HeaderField {
    const index = this.#readInteger(prefixMask, octet);
    let name: string;
    let kind: number;
    if (index === 0) {
      name = this.#readString();
      kind = fieldKind(name);
    } else {
      const named = this.#table.lookup(index);
      if (named === undefined) throw compressionFault('a name that refers to an entry that is not there');
      name = named.name;
      kind = named.kind;
    }
    const value = this.#readString();
    // A response's own numbers are checked where they are read; an invalid name makes the value's validity moot.
    return new HeaderField(name, value, kind, kind === FieldKind.INVALID || this.#valueIsValid);
  }

  #deliverLiteral(octet: number, receiver: FieldReceiver): void {
    // What is never to be indexed is a secret: it is not kept here either.
    if (octet >= neverIndexed) {
      this.#deliver(this.#readLiteral(octet, 0x0f), false, receiver);
      return;
    }
    const repeated = this.#repeated;
    const known = repeated.find(octet, this.#bytes, this.#offset, this.#end);
    if (known !== null) {
      this.#offset = repeated.end;
      this.#deliver(known, true, receiver);
      return;
    }
    const field = this.#readLiteral(octet, 0x0f);
    repeated.onRead(field, this.#bytes, this.#offset);
    this.#deliver(field, false, receiver);
  }

  #skipLiteral(octet: number): void {
    const index = this.#readInteger(0x0f, octet);
    if (index === 0) this.#readOctets();
    else if (this.#table.lookup(index) === undefined) throw compressionFault('a name that refers to an entry that is not there');
    this.#readOctets();
  }

  #readString(): string {
    const length = this.#readOctets();
    this.#valueIsValid = isValue(this.#scratch, 0, length);
    return latin1Text(this.#scratch, length);
  }

  /** Reads a string literal into the scratch buffer and returns its length. */
  #readOctets(): number {
    if (this.#offset >= this.#end) throw truncated();
    const octet = this.#bytes[this.#offset]!;
    this.#offset += 1;
    const length = this.#readInteger(0x7f, octet);
    const start = this.#offset;
    const end = start + length;
    if (end > this.#end) throw truncated();
    this.#offset = end;
    if (octet < 0x80) {
      if (length > this.#scratch.length) this.#scratch = latin1Buffer(length * 2);
      for (let index = 0; index < length; index += 1) this.#scratch[index] = this.#bytes[start + index]!;
      return length;
    }
    const most = huffmanExpansion(length);
    if (most > this.#scratch.length) this.#scratch = latin1Buffer(most * 2);
    const decoded = decodeHuffman(this.#bytes, start, end, this.#scratch);
    if (decoded === -1) throw compressionFault('a malformed Huffman code');
    return decoded;
  }

  /** RFC 7541 §5.1; `octet` is the one with the prefix, and has been read. */
  #readInteger(prefixMask: number, octet: number): number {
    let value = octet & prefixMask;
    if (value < prefixMask) return value;
    let factor = 1;
    for (;;) {
      if (this.#offset >= this.#end) throw truncated();
      const next = this.#bytes[this.#offset]!;
      this.#offset += 1;
      value += (next & 0x7f) * factor;
      // Also stops a run of 0x80, which adds nothing and could go on for ever.
      if (value > integerLimit || factor > integerLimit) throw compressionFault('an integer that is too large');
      if (next < 0x80) return value;
      factor *= 128;
    }
  }
}

function truncated(): ConnectionFault {
  return compressionFault('an end in the middle of a field');
}

function compressionFault(found: string): ConnectionFault {
  return new ConnectionFault(ErrorCode.COMPRESSION_ERROR, `The peer sent a header block with ${found}`);
}
