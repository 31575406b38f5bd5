import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { seededBytes, seededDigest } from '../seeded-bytes.ts';
import type { Behaviour } from '../server/http-server.ts';

export interface BytesOptions {
  /** In bytes. Default 1 MiB. */
  readonly size?: number;
  /** Default `testbed`. */
  readonly seed?: string;
  /** `length` (default) announces Content-Length; `chunked` does not; `close` ends the body by closing the connection. */
  readonly framing?: 'length' | 'chunked' | 'close';
  /** Flips one bit in the middle of the body, while the digest stays that of the right bytes. Default false. */
  readonly corrupt?: boolean;
}

export interface BytesExtras {
  readonly size: number;
  /** SHA-256 of the right bytes in hexadecimal; also in the `Repr-Digest` header (RFC 9530) of each response. */
  readonly sha256: string;
}

/** A large body made from a seed, streamed with backpressure. */
export function bytes(options: BytesOptions = {}): Behaviour<BytesExtras> {
  const { size = 1024 * 1024, seed = 'testbed' } = options;
  return {
    handle: (request, response) => answerBytes(request, response, options),
    extras: { size, sha256: seededDigest(seed, size) },
  };
}

export function answerBytes(request: IncomingMessage, response: ServerResponse, options: BytesOptions): void {
  const { size = 1024 * 1024, seed = 'testbed', framing = 'length', corrupt = false } = options;
  const digest = Buffer.from(seededDigest(seed, size), 'hex').toString('base64');
  if (framing === 'close') response.useChunkedEncodingByDefault = false;
  response.writeHead(200, {
    'Content-Type': 'application/octet-stream',
    'Repr-Digest': `sha-256=:${digest}:`,
    ...(framing === 'length' ? { 'Content-Length': size } : {}),
    ...(framing === 'close' ? { Connection: 'close' } : {}),
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const pieces = seededBytes(seed, size);
  pipeline(Readable.from(corrupt ? corrupted(pieces, size >> 1) : pieces, { objectMode: false }), response).catch(() => response.destroy());
}

function* corrupted(pieces: Iterable<Buffer>, position: number): Generator<Buffer> {
  let passed = 0;
  for (const piece of pieces) {
    const at = position - passed;
    passed += piece.length;
    if (at >= 0 && at < piece.length) piece[at] = (piece[at] ?? 0) ^ 1;
    yield piece;
  }
}
