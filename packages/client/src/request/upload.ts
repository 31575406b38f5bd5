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

/**
 * Its bytes: all of them each time that it is iterated, if it can be sent again. The observer is told when they were taken, which is when
 * the next are asked for.
 */
export function uploadOf(body: RequestBody, fields: readonly HeaderPair[], observe: UploadObserver | undefined): ByteIterable {
  const chunks = body.open();
  // What is all here is best taken as it is.
  if (observe === undefined && (!body.replayable || Array.isArray(chunks))) return chunks;
  const watched = (opened: ByteIterable): ByteIterable =>
    observe === undefined ? opened : new WatchedChunks(opened, totalOf(body, fields), observe);
  if (!body.replayable) return watched(chunks);
  let first: ByteIterable | undefined = chunks;
  return {
    [Symbol.asyncIterator]() {
      const opened = first ?? body.open();
      first = undefined;
      return iteratorOf(watched(opened));
    },
  };
}

function totalOf({ length }: RequestBody, fields: readonly HeaderPair[]): number | undefined {
  const announced = findHeader(fields, 'content-length');
  return announced === undefined ? length : Number(announced);
}

function iteratorOf(chunks: ByteIterable): AsyncIterator<Uint8Array> {
  return Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : asyncIteratorOf(chunks);
}

async function* asyncIteratorOf(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  yield* chunks;
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
      const told = this.#observe({ sent: this.#sent, total: this.#total }) as PromiseLike<void> | undefined;
      if (typeof told === 'object') await told;
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
