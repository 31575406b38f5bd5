/** A request body on its way out. */
import type { ByteIterable, HeaderPair } from '@x/httpcore';

import type { RequestBody } from './body/request-body.ts';
import { findHeader } from './fields/header-input.ts';
import type { UploadObserver } from './upload-progress.ts';

// Of a body that is here as a whole, so that its progress is more than one step.
const pieceSize = 64 * 1024;

/** The fields with the length that has been found out, unless the caller has decided on the framing. */
export function withContentLength(fields: readonly HeaderPair[], length: number | undefined): readonly HeaderPair[] {
  const isFramed = findHeader(fields, 'content-length') !== undefined || findHeader(fields, 'transfer-encoding') !== undefined;
  return length === undefined || isFramed ? fields : [...fields, ['content-length', String(length)]];
}

/** Its bytes. The observer is told when they were taken, which is when the next are asked for. */
export function watchUpload(body: RequestBody, fields: readonly HeaderPair[], observe: UploadObserver | undefined): ByteIterable {
  const chunks = body.open();
  if (observe === undefined) return chunks;
  const announced = findHeader(fields, 'content-length');
  return new WatchedChunks(chunks, announced === undefined ? body.length : Number(announced), observe);
}

class WatchedChunks implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #chunks: Iterator<Uint8Array> | AsyncIterator<Uint8Array>;
  readonly #total: number | undefined;
  readonly #observe: UploadObserver;
  #rest: Uint8Array | undefined = undefined;
  #given = 0;
  #sent = 0;

  constructor(chunks: ByteIterable, total: number | undefined, observe: UploadObserver) {
    this.#chunks = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
    this.#total = total;
    this.#observe = observe;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#given > this.#sent) {
      this.#sent = this.#given;
      this.#observe({ sent: this.#sent, total: this.#total });
    }
    if (this.#rest === undefined) {
      const result = await this.#chunks.next();
      if (result.done === true) return { done: true, value: undefined };
      this.#rest = result.value;
    }
    const piece = this.#rest.subarray(0, pieceSize);
    this.#rest = this.#rest.length > pieceSize ? this.#rest.subarray(pieceSize) : undefined;
    this.#given += piece.length;
    return { done: false, value: piece };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#chunks.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
