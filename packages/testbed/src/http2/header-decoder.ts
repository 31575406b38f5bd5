import { createRequire } from 'node:module';

/** The little of hpack.js that is used here; it has no types of its own. */
interface Decompressor {
  write(block: Uint8Array): void;
  execute(): void;
  read(): { readonly name: string; readonly value: string } | null;
  on(event: 'error', listener: (error: Error) => void): void;
}

interface Hpack {
  readonly decompressor: { create(options: { table: { maxSize: number } }): Decompressor };
}

const require = createRequire(import.meta.url);
const hpack = require('hpack.js') as Hpack;

/** Decodes the header blocks of one connection, in their order. */
export class HeaderDecoder {
  readonly #decompressor: Decompressor = hpack.decompressor.create({ table: { maxSize: 4_096 } });
  #failure: Error | undefined;

  constructor() {
    this.#decompressor.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** @throws {Error} when the block is not one. */
  decode(block: Uint8Array): [name: string, value: string][] {
    // Whole blocks only: it mistakes strings that are cut.
    if (block.length > 0) this.#decompressor.write(Buffer.from(block));
    this.#decompressor.execute();
    if (this.#failure !== undefined) throw this.#failure;
    const fields: [string, string][] = [];
    for (let field = this.#decompressor.read(); field !== null; field = this.#decompressor.read()) fields.push([field.name, field.value]);
    return fields;
  }
}
