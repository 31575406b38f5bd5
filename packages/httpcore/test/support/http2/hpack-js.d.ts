/** The little of hpack.js that the tests use; it has no types of its own. */
declare module 'hpack.js' {
  interface Field {
    name: string;
    value: string;
    neverIndex: boolean;
  }
  interface Table {
    maxSize: number;
    size: number;
    protocolMaxSize: number;
    dynamic: readonly { readonly name: string; readonly value: string }[];
    lookup(index: number): { name: string; value: string; nameSize: number };
    reverseLookup(name: string, value: string): number;
    add(name: string, value: string, nameSize: number, valueSize: number): void;
    updateSize(size: number): void;
  }
  interface Decompressor {
    _table: Table;
    write(block: Uint8Array): void;
    execute(): void;
    read(): Field | null;
    on(event: 'error', listener: (error: Error) => void): void;
  }
  interface Compressor {
    _table: Table;
    write(fields: readonly { name: string; value: string; neverIndex?: boolean; incremental?: boolean; huffman?: boolean }[]): void;
    read(): Uint8Array | null;
    updateTableSize(size: number): void;
  }
  const hpack: {
    decompressor: { create(options: { table: { maxSize: number } }): Decompressor };
    compressor: { create(options: { table: { maxSize: number } }): Compressor };
    huffman: { encode: readonly (readonly [bits: number, code: number])[] };
  };
  export default hpack;
}
