/** A response body that ends with an error once it is larger than permitted. */
import type { HeaderPair, ResponseBody } from '@x/httpcore';

import { assertWithin, type BodyLimits } from './body-limits.ts';
import { joinChunks } from '../own-bytes.ts';

export class LimitedBody implements ResponseBody {
  readonly #body: ResponseBody;
  readonly #length: number;
  readonly #limits: BodyLimits;

  /** `length` is what `Content-Length` says, if it does. */
  constructor(body: ResponseBody, length: number | undefined, limits: BodyLimits) {
    this.#body = body;
    this.#length = length ?? 0;
    this.#limits = limits;
  }

  get trailers(): readonly HeaderPair[] | undefined {
    return this.#body.trailers;
  }

  /** @throws {ResponseTooLarge} besides what reading the body throws. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#length > this.#limits.whole) await this.#body.close();
    assertWithin(this.#limits.whole, this.#length);
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    for await (const chunk of this.#body) {
      size += chunk.length;
      assertWithin(this.#limits.whole, size);
      chunks.push(chunk);
    }
    return joinChunks(chunks);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array<ArrayBuffer>, undefined> {
    const { streamed } = this.#limits;
    const chunks = this.#body[Symbol.asyncIterator]();
    if (streamed === Infinity) return chunks;
    let size = 0;
    return {
      next: async () => {
        const result = await chunks.next();
        if (result.done !== true) {
          size += result.value.length;
          if (size > streamed) await chunks.return?.();
          assertWithin(streamed, size);
        }
        return result;
      },
      return: async () => {
        await chunks.return?.();
        return { done: true, value: undefined };
      },
    };
  }

  close(): Promise<void> {
    return this.#body.close();
  }
}
