/** A caller's chunks as bytes, pulled one at a time and handed through without a queue of our own. */

import { isAnyArrayBuffer, isUint8Array } from 'node:util/types';

/** A piece of a request body. */
export type BodyChunk = string | Uint8Array | ArrayBuffer | ArrayBufferView;

/** @throws {TypeError} the chunk is no text and no bytes. */
export function chunkBytes(chunk: unknown): Uint8Array {
  if (isUint8Array(chunk)) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk, 'utf8');
  if (isAnyArrayBuffer(chunk)) return new Uint8Array(chunk);
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const kind = chunk === null ? 'null' : typeof chunk;
  throw new TypeError(`A chunk of a request body must be a string or bytes, not ${kind}`);
}

/** The least that a source of chunks can do. */
export interface ChunkSource {
  next(): Promise<IteratorResult<unknown, unknown>> | IteratorResult<unknown, unknown>;
  return?(): Promise<unknown> | unknown;
}

const done: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/**
 * An iterator over a source. Not an async generator: the `return()` of one waits behind a `next()` that hangs, and a body
 * whose source is silent could then never be given up.
 */
export class ChunkIterator implements AsyncIterableIterator<Uint8Array> {
  #source: ChunkSource | undefined;
  readonly #open: () => ChunkSource | Promise<ChunkSource>;
  #ended = false;

  constructor(open: () => ChunkSource | Promise<ChunkSource>) {
    this.#open = open;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#ended) return done;
    this.#source ??= await this.#open();
    if (this.#ended) {
      // Given up while it was being opened.
      await this.#source.return?.();
      return done;
    }
    const result = await this.#source.next();
    if (result.done === true) {
      this.#ended = true;
      return done;
    }
    try {
      return { done: false, value: chunkBytes(result.value) };
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.#ended) {
      this.#ended = true;
      await this.#source?.return?.();
    }
    return done;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** A web stream as a source. Through its reader, which can be cancelled while a read is pending. */
export function readerSource(stream: ReadableStream<unknown>): ChunkSource {
  const reader = stream.getReader();
  return {
    next: () => reader.read(),
    return: () => reader.cancel(),
  };
}
