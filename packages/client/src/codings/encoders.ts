/** The content codings that this Node can apply. */
import zlib from 'node:zlib';

import type { Codec, ZlibEngine } from './zlib-pump.ts';

export interface ContentEncoder {
  /** For a body that is encoded while it is sent. */
  readonly codec: Codec;
  /** For one that is all here, and small. */
  encodeNow(bytes: Uint8Array): Uint8Array;
}

const chunkSize = 64 * 1024;
// Of eleven. Node's default is the last, which takes a hundred times as long for a tenth less: meant for files that are
// compressed once and fetched often, not for an upload.
const brotliParams = { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 };

/** In Node since 22.15 and 23.8, and so not in the types of our floor. */
const zstd = zlib as unknown as {
  readonly createZstdCompress?: (options: { readonly chunkSize: number }) => ZlibEngine;
  readonly zstdCompressSync?: (bytes: Uint8Array) => Uint8Array;
};

const encoders = new Map<string, ContentEncoder>([
  ['gzip', encoder('gzip', () => zlib.createGzip({ chunkSize }), zlib.gzipSync)],
  ['deflate', encoder('deflate', () => zlib.createDeflate({ chunkSize }), zlib.deflateSync)],
  [
    'br',
    encoder(
      'br',
      () => zlib.createBrotliCompress({ chunkSize, params: brotliParams }),
      (bytes) => zlib.brotliCompressSync(bytes, { params: brotliParams }),
    ),
  ],
]);
const { createZstdCompress, zstdCompressSync } = zstd;
if (createZstdCompress !== undefined && zstdCompressSync !== undefined) {
  encoders.set(
    'zstd',
    encoder('zstd', () => createZstdCompress({ chunkSize }), zstdCompressSync),
  );
}

/** `undefined` for a coding that is not known here. */
export function contentEncoder(name: string): ContentEncoder | undefined {
  return encoders.get(name);
}

function encoder(name: string, open: () => ZlibEngine, encodeNow: (bytes: Uint8Array) => Uint8Array): ContentEncoder {
  return { codec: { name, open, writesEmpty: true, mayPad: false, frames: undefined }, encodeNow: (bytes) => encodeNow(bytes) };
}
