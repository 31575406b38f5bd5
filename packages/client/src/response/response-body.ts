/** Response bodies that did not come from a network. */
import { isUint8Array } from 'node:util/types';

import type { HeaderPair, ResponseBody } from '@x/httpcore';

import { joinChunks, ownBytes } from '../own-bytes.ts';

const noTrailers: readonly HeaderPair[] = Object.freeze([]);

/** What a response can be made from: text is UTF-8. */
export type ResponseBodyInput = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array> | ResponseBody | null;

export function toResponseBody(input: ResponseBodyInput): ResponseBody {
  if (input === null) return new IterableBody([]);
  if (typeof input === 'string') return new IterableBody([Buffer.from(input, 'utf8')]);
  if (isUint8Array(input)) return new IterableBody([input]);
  return 'bytes' in input && 'close' in input ? input : new IterableBody(input);
}

/** One that was read before. */
export function bodyInMemory(content: Uint8Array, trailers: readonly HeaderPair[] | undefined): ResponseBody {
  return new IterableBody([content], trailers);
}

class IterableBody implements ResponseBody {
  readonly #iterator: Iterator<Uint8Array> | AsyncIterator<Uint8Array>;
  readonly #lastTrailers: readonly HeaderPair[];
  #trailers: readonly HeaderPair[] | undefined = undefined;

  constructor(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, trailers: readonly HeaderPair[] = noTrailers) {
    this.#lastTrailers = trailers;
    this.#iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  get trailers(): readonly HeaderPair[] | undefined {
    return this.#trailers;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of this) chunks.push(chunk);
    return joinChunks(chunks);
  }

  async close(): Promise<void> {
    if (this.#trailers !== undefined) return;
    this.#trailers = this.#lastTrailers;
    // The contract lets no close reject.
    await Promise.resolve(this.#iterator.return?.()).catch(() => {});
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    try {
      for (;;) {
        if (this.#trailers !== undefined) return;
        const result = await this.#iterator.next();
        if (result.done === true) return;
        yield ownBytes(result.value);
      }
    } finally {
      await this.close();
    }
  }
}
