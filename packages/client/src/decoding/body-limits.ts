/** How much a response body may become. */
import { DecodingError, ResponseTooLarge } from '../errors.ts';
import { sourceEnded, type ByteSource } from '../codings/byte-source.ts';

/** In bytes, after decoding; `Infinity` for no limit. */
export interface BodyLimits {
  /** For a body that is read into memory as a whole. */
  readonly whole: number;
  /** For one that is read as it comes. */
  readonly streamed: number;
}

/** @throws {ResponseTooLarge} */
export function assertWithin(limit: number, bytes: number): void {
  if (bytes > limit) throw new ResponseTooLarge(limit);
}

/**
 * Past the grace, a body may decode to this many times what came over the network. Deflate can not do more than 1,032:1, and
 * that for nothing but repetitions; brotli and zstd can do a million to one, which is an attack as a rule. `maxExpansion` by default.
 */
export const mostExpansion = 1_000;
export const expansionGrace: number = 8 * 1024 * 1024;

/** Compares what every stage of a chain of codings makes with what came in over the network. */
export class ExpansionGuard {
  readonly #most: number;
  #received = 0;

  /** `most` times what came in, past the grace. */
  constructor(most: number = mostExpansion) {
    this.#most = most;
  }

  /** The same chunks, counted and shown as they are taken. */
  count(chunks: ByteSource, shown: { readonly onChunk: ((chunk: Uint8Array) => void) | undefined }): ByteSource {
    return {
      next: async () => {
        const result = await chunks.next();
        if (result.done !== true) {
          this.#received += result.value.length;
          shown.onChunk?.(result.value);
        }
        return result;
      },
      return: async () => {
        await chunks.return?.();
        return sourceEnded;
      },
    };
  }

  /** @throws {DecodingError} `EXPANSION_TOO_LARGE`. */
  check(produced: number): void {
    if (produced <= expansionGrace || this.#most === Infinity || produced <= this.#received * this.#most) return;
    throw new DecodingError(
      `${this.#received} bytes of the response body decode to more than ${this.#most} times as many, which is more than maxExpansion permits`,
      { code: 'EXPANSION_TOO_LARGE' },
    );
  }
}
