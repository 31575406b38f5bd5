/** Content codings undone up to where the bytes end, for bodies that broke off and for the pieces that one came in. */
import zlib from 'node:zlib';

type Decode = (bytes: Uint8Array, maxOutputLength: number) => Uint8Array;

const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = zlib.constants;
const gunzip: Decode = (bytes, maxOutputLength) => zlib.gunzipSync(bytes, { finishFlush: Z_SYNC_FLUSH, maxOutputLength });
const decoders: Readonly<Record<string, Decode>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  deflate: (bytes, maxOutputLength) => zlib.inflateSync(bytes, { finishFlush: Z_SYNC_FLUSH, maxOutputLength }),
  br: (bytes, maxOutputLength) => zlib.brotliDecompressSync(bytes, { finishFlush: BROTLI_OPERATION_FLUSH, maxOutputLength }),
};

/** `undefined` where this coding can not be undone in part. @throws what zlib throws. */
export function decodeBeginning(coding: string, bytes: Uint8Array, maxOutputLength: number): Uint8Array | undefined {
  const name = coding.trim().toLowerCase();
  return Object.hasOwn(decoders, name) ? decoders[name]!(bytes, maxOutputLength) : undefined;
}
