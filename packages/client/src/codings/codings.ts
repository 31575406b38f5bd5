/**
 * The content codings (RFC 9110 §8.4) that this Node can undo, in one table.
 *
 * Node's zlib does the arithmetic. What it leaves to its callers, or does differently from release to release, is decided here
 * and in the files beside: raw deflate under the name of `deflate`, several zstd frames in one body, and data after the end.
 */
import zlib from 'node:zlib';

import { DecodingError } from '../errors.ts';
import { unexpectedEnd } from './coding-failure.ts';
import type { Codec, ZlibEngine } from './zlib-pump.ts';
import { ZstdFrames } from './zstd-frames.ts';

export interface ContentCoding {
  /** For a body that is decoded as it comes. */
  readonly codec: Codec;
  /**
   * For a body that is all here: decodes it without leaving the thread. Throws what zlib throws; `ERR_BUFFER_TOO_LARGE` when
   * the result is longer than `maxOutputLength`.
   */
  decodeNow(bytes: Uint8Array, maxOutputLength: number): DecodedNow;
}

export interface DecodedNow {
  readonly decoded: Uint8Array;
  /** Less than was given when something follows the end. */
  readonly consumed: number;
}

/** As many as curl undoes. A longer chain is no server's choice: each link multiplies the work that a few bytes can cause. */
export const mostCodings = 5;

// One allocation for each stream, and the size of its chunks: large enough that a trip to the thread pool pays.
const chunkSize = 64 * 1024;
// Each frame takes a decoder of its own when it is decoded at once.
const mostFramesNow = 8;

interface SyncResult {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}
type SyncDecode = (bytes: Uint8Array, options: { readonly info: true; readonly maxOutputLength: number }) => SyncResult;
type ZstdOptions = { readonly chunkSize?: number; readonly params: Readonly<Record<number, number>> };

// With `info`, which their types do not know, they give the engine too, and so how much of the input it took.
const gunzipNow = zlib.gunzipSync as unknown as SyncDecode;
const inflateNow = zlib.inflateSync as unknown as SyncDecode;
const inflateRawNow = zlib.inflateRawSync as unknown as SyncDecode;
const brotliNow = zlib.brotliDecompressSync as unknown as SyncDecode;

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
  // That members follow each other is understood by Node itself. Archives are padded with zeros, where it stops.
  codec: { name: 'gzip', open: () => zlib.createGunzip({ chunkSize }), writesEmpty: false, mayPad: true, frames: undefined },
  decodeNow: (bytes, maxOutputLength) => decodeBy(gunzipNow, bytes, maxOutputLength),
};

const deflate: ContentCoding = {
  // RFC 9110 §8.4.1.2: "deflate" means zlib, and some servers send the raw format all the same.
  codec: {
    name: 'deflate',
    open: (firstByte) => (isZlib(firstByte) ? zlib.createInflate({ chunkSize }) : zlib.createInflateRaw({ chunkSize })),
    writesEmpty: false,
    mayPad: false,
    frames: undefined,
  },
  decodeNow: (bytes, maxOutputLength) => decodeBy(isZlib(bytes[0] ?? 0) ? inflateNow : inflateRawNow, bytes, maxOutputLength),
};

const br: ContentCoding = {
  codec: { name: 'br', open: () => zlib.createBrotliDecompress({ chunkSize }), writesEmpty: false, mayPad: false, frames: undefined },
  decodeNow: (bytes, maxOutputLength) => decodeBy(brotliNow, bytes, maxOutputLength),
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

/** There are runtimes that take the first half of a brotli stream for all of it: there nobody is asked for one. */
function noticesCutBrotli(): boolean {
  try {
    zlib.brotliDecompressSync(Uint8Array.of(0x0b, 0x02, 0x80, 0x63), { chunkSize: 64 });
    return false;
  } catch {
    return true;
  }
}

const offered = new Set([...codings.values()].map(({ codec }) => codec.name));
if (!noticesCutBrotli()) offered.delete('br');

/** What `Accept-Encoding` may say: every coding that can be undone here and whose end is known, and no other. */
export const acceptEncoding: string = [...offered].join(', ');

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

function decodeBy(decode: SyncDecode, bytes: Uint8Array, maxOutputLength: number): DecodedNow {
  const { buffer, engine } = decode(bytes, { info: true, maxOutputLength });
  return { decoded: buffer, consumed: engine.bytesWritten };
}

function makeZstd(): ContentCoding | undefined {
  const { createZstdDecompress, zstdDecompressSync } = zstd;
  const windowLogMax = zstd.constants.ZSTD_d_windowLogMax;
  if (createZstdDecompress === undefined || zstdDecompressSync === undefined || windowLogMax === undefined) return undefined;
  // RFC 9659 §3: no window of more than 8 MiB. Without a limit the server would choose, up to 128 MiB for each response.
  const params = { [windowLogMax]: 23 };
  return {
    codec: {
      name: 'zstd',
      open: () => createZstdDecompress({ chunkSize, params }),
      writesEmpty: false,
      mayPad: false,
      frames: () => new ZstdFrames(),
    },
    decodeNow(bytes, maxOutputLength) {
      const frames = new ZstdFrames();
      const decoded: Uint8Array[] = [];
      let left = maxOutputLength;
      const pieces = frames.cut(bytes);
      if (!frames.complete) throw unexpectedEnd();
      for (const frame of pieces) {
        if (left <= 0 || decoded.length === mostFramesNow) throw tooMuchForNow();
        const { buffer } = zstdDecompressSync(frame, { info: true, params, maxOutputLength: left });
        left -= buffer.length;
        decoded.push(buffer);
      }
      return { decoded: decoded.length === 1 ? decoded[0]! : Buffer.concat(decoded), consumed: bytes.length };
    },
  };
}

function tooMuchForNow(): Error {
  return Object.assign(new RangeError('too much to be decoded at once'), { code: 'ERR_BUFFER_TOO_LARGE' });
}
