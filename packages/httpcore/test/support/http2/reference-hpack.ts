/** Header compression by another hand: hpack.js, in the way in which it is sound (whole blocks, checked input). */
import { Buffer } from 'node:buffer';

import hpack from 'hpack.js';

export interface ReferenceField {
  readonly name: string;
  readonly value: string;
  readonly neverIndex: boolean;
}

/** Decodes blocks one after the other. Finished after an error. */
export class ReferenceDecoder {
  readonly #decompressor: ReturnType<typeof hpack.decompressor.create>;
  #error: Error | undefined;

  constructor(tableSize = 4_096) {
    this.#decompressor = hpack.decompressor.create({ table: { maxSize: tableSize } });
    this.#decompressor.on('error', (error) => {
      this.#error = error;
    });
  }

  /** The largest table that the encoder may choose. */
  set limit(size: number) {
    this.#decompressor._table.protocolMaxSize = size;
  }

  get tableSize(): number {
    return this.#decompressor._table.size;
  }

  get tableLength(): number {
    return this.#decompressor._table.dynamic.length;
  }

  decode(block: Uint8Array): ReferenceField[] {
    if (block.length > 0) this.#decompressor.write(Buffer.from(block));
    this.#decompressor.execute();
    if (this.#error !== undefined) throw this.#error;
    const fields: ReferenceField[] = [];
    for (let field = this.#decompressor.read(); field !== null; field = this.#decompressor.read()) fields.push(field);
    return fields;
  }
}

export class ReferenceEncoder {
  readonly #compressor: ReturnType<typeof hpack.compressor.create>;

  constructor(tableSize = 4_096) {
    this.#compressor = hpack.compressor.create({ table: { maxSize: tableSize } });
  }

  encode(
    fields: readonly (readonly [name: string, value: string])[],
    options: { readonly huffman?: boolean; readonly incremental?: boolean } = {},
  ): Uint8Array {
    this.#compressor.write(fields.map(([name, value]) => ({ name, value, ...options })));
    const parts: Uint8Array[] = [];
    for (let part = this.#compressor.read(); part !== null; part = this.#compressor.read()) parts.push(part);
    return Buffer.concat(parts);
  }
}
