/**
 * The content codings (RFC 9110 §8.4) that this Node can undo, in one table.
 *
 * Node's zlib does the arithmetic. What it leaves to its callers, or does differently from release to release, is decided here
 * and in the files beside: raw deflate under the name of `deflate`, several zstd frames in one body, and data after the end.
 */
import zlib, { type BrotliOptions, type ZlibOptions } from 'node:zlib';

import { DecodingError } from '../errors.ts';
import { ZstdFrames } from './zstd-frames.ts';
import type { Codec, FrameCutter, ZlibEngine } from './zlib-pump.ts';

export interface ContentCoding {
  readonly name: string;
  /** How a body that is read as it comes is decoded. */
  readonly codec: Codec;
  /**
   * Decodes what is here as a whole, without leaving the thread. `consumed` is less than was given when data follow the end.
   * Throws what zlib throws; `ERR_BUFFER_TOO_LARGE` when the result is longer than `maxOutputLength`.
   */
  decodeNow(bytes: Uint8Array, maxOutputLength: number): { readonly decoded: Uint8Array; readonly consumed: number };
}

/** As many as curl undoes. A longer chain is no server's choice: each link multiplies the work that a few bytes can cause. */
export const mostCodings = 5;

// One allocation for each stream, and the size of its chunks: large enough that a trip to the thread pool pays.
const chunkSize = 64 * 1024;

interface SyncResult {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}
type SyncDecode = (bytes: Uint8Array, options: ZlibOptions & { info: true }) => SyncResult;
type ZstdOptions = { readonly chunkSize?: number; readonly params: Readonly<Record<number, number>> };

/** In Node since 22.15 and 23.8, and so not in the types of our floor. */
const zstd = zlib as unknown as {
  readonly createZstdDecompress?: (options: ZstdOptions) => ZlibEngine;
  readonly zstdDecompressSync?: (bytes: Uint8Array, options: ZstdOptions & { info: true; maxOutputLength: number }) => SyncResult;
  readonly constants: { readonly ZSTD_d_windowLogMax?: number };
};

// RFC 1950 §2.2: the first byte of a zlib stream has 8 in its low half. In raw deflate that would be a stored block whose padding
// is not zero, which no encoder writes.
function isZlib(firstByte: number): boolean {
  return (firstByte & 0x0f) === 8;
}

const gzip: ContentCoding = {
  name: 'gzip',
  // Members after the first are Node's own doing; gzip(1) and tar pad with zeros, and Node stops there.
  codec: { open: () => zlib.createGunzip({ chunkSize }), mayPad: true, frames: undefined },
  decodeNow: decodeBy(zlib.gunzipSync as unknown as SyncDecode),
};

const deflate: ContentCoding = {
  name: 'deflate',
  // RFC 9110 §8.4.1.2: "deflate" means zlib, and some servers send the raw format all the same.
  codec: {
    open: (firstByte) => (isZlib(firstByte) ? zlib.createInflate({ chunkSize }) : zlib.createInflateRaw({ chunkSize })),
    mayPad: false,
    frames: undefined,
  },
  decodeNow(bytes, maxOutputLength) {
    const decode = isZlib(bytes[0] ?? 0) ? zlib.inflateSync : zlib.inflateRawSync;
    return decodeBy(decode as unknown as SyncDecode)(bytes, maxOutputLength);
  },
};

const br: ContentCoding = {
  name: 'br',
  codec: { open: () => zlib.createBrotliDecompress({ chunkSize } satisfies BrotliOptions), mayPad: false, frames: undefined },
  decodeNow: decodeBy(zlib.brotliDecompressSync as unknown as SyncDecode),
};

const codings = new Map<string, ContentCoding>([
  ['gzip', gzip],
  // RFC 9110 §8.4.1.3: to be taken for gzip.
  ['x-gzip', gzip],
  ['deflate', deflate],
  ['br', br],
]);
const zstdCoding = makeZstd();
if (zstdCoding !== undefined) codings.set('zstd', zstdCoding);

/** What `Accept-Encoding` may say: every coding that can be undone here, and no other. */
export const acceptEncoding: string = [...codings.values()]
  .map(({ name }) => name)
  .filter((name, index, names) => names.indexOf(name) === index)
  .join(', ');

/** The coding of this name (in lower case), if it can be undone here. */
export function contentCoding(name: string): ContentCoding | undefined {
  return codings.get(name);
}

/**
 * The codings of a `Content-Encoding`, in the order in which they are undone: the last one first. Empty when there is nothing
 * to undo, which is so as well when one of them is unknown: a body half undone would fit no description of it.
 *
 * @throws {DecodingError} `TOO_MANY_CODINGS`.
 */
export function readContentEncoding(value: string): readonly ContentCoding[] {
  const only = codings.get(value);
  if (only !== undefined) return [only];
  const chain: ContentCoding[] = [];
  for (const element of value.split(',')) {
    const name = element.trim().toLowerCase();
    // RFC 9110 §5.6.1: empty elements of a list do not count. "identity" says that nothing was done.
    if (name === '' || name === 'identity') continue;
    const coding = codings.get(name);
    if (coding === undefined) return [];
    if (chain.length === mostCodings) {
      throw new DecodingError(`The response has more than ${mostCodings} content codings`, { code: 'TOO_MANY_CODINGS' });
    }
    chain.unshift(coding);
  }
  return chain;
}

function decodeBy(decode: SyncDecode): ContentCoding['decodeNow'] {
  return (bytes, maxOutputLength) => {
    const { buffer, engine } = decode(bytes, { info: true, maxOutputLength });
    return { decoded: buffer, consumed: engine.bytesWritten };
  };
}

function makeZstd(): ContentCoding | undefined {
  const { createZstdDecompress, zstdDecompressSync } = zstd;
  const windowLogMax = zstd.constants.ZSTD_d_windowLogMax;
  if (createZstdDecompress === undefined || zstdDecompressSync === undefined || windowLogMax === undefined) return undefined;
  // RFC 9659 §3: a decoder need not hold a window of more than 8 MiB; without a limit, a server would choose up to 128 MiB.
  const params = { [windowLogMax]: 23 };
  return {
    name: 'zstd',
    codec: { open: () => createZstdDecompress({ chunkSize, params }), mayPad: false, frames: (): FrameCutter => new ZstdFrames() },
    decodeNow(bytes, maxOutputLength) {
      const frames = new ZstdFrames();
      const decoded: Uint8Array[] = [];
      let left = maxOutputLength;
      for (const frame of frames.cut(bytes)) {
        const { buffer } = zstdDecompressSync(frame, { info: true, params, maxOutputLength: Math.max(1, left) });
        left -= buffer.length;
        if (left < 0) throw Object.assign(new RangeError('The result is too long'), { code: 'ERR_BUFFER_TOO_LARGE' });
        decoded.push(buffer);
      }
      if (!frames.complete) throw Object.assign(new Error('unexpected end of data'), { code: 'Z_BUF_ERROR' });
      return { decoded: decoded.length === 1 ? decoded[0]! : Buffer.concat(decoded), consumed: bytes.length };
    },
  };
}
