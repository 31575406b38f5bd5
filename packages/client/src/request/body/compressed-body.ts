/** A request body in a content coding (RFC 9110 §8.4), compressed while it is sent. */
import type { ByteIterable } from '@x/httpcore';

import { contentEncoder, type ContentEncoder } from '../../codings/encoders.ts';
import { ZlibPump } from '../../codings/zlib-pump.ts';
import { InvalidOption } from '../../errors.ts';
import { BytesBody, type RequestBody } from './request-body.ts';

/** The codings that a request body can be sent in. */
export type CompressionName = 'gzip' | 'deflate' | 'br' | 'zstd';

// Up to here compressing at once takes less than a trip to the thread pool, and gives the request a Content-Length.
const smallBody = 64 * 1024;

/** @throws {InvalidOption} naming `compress`. */
export function compressed(body: RequestBody, name: CompressionName): RequestBody {
  const encoder = contentEncoder(name);
  if (encoder === undefined)
    throw new InvalidOption('compress', `must be a coding that this Node has; ${JSON.stringify(String(name))} is none`);
  if (!(body instanceof BytesBody) || body.length > smallBody) return new CompressedBody(body, encoder);
  return new BytesBody([encoder.encodeNow(Buffer.concat(body.chunks))], body.contentType);
}

class CompressedBody implements RequestBody {
  readonly contentType: string | undefined;
  readonly length = undefined;
  readonly replayable: boolean;
  readonly onFailure: RequestBody['onFailure'];
  readonly #body: RequestBody;
  readonly #encoder: ContentEncoder;

  constructor(body: RequestBody, encoder: ContentEncoder) {
    this.contentType = body.contentType;
    this.replayable = body.replayable;
    this.onFailure = body.onFailure;
    this.#body = body;
    this.#encoder = encoder;
  }

  open(): ByteIterable {
    const chunks = this.#body.open();
    return new ZlibPump(Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator](), this.#encoder.codec);
  }

  discard(): void {
    this.#body.discard();
  }

  release(): void {
    this.#body.release();
  }
}
