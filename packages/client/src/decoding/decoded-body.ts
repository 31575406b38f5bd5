/** A response body without its content codings. */
import type { HeaderPair, ResponseBody } from '@x/httpcore';

import type { EncodedChunks } from '../response/unread-response.ts';
import { assertWithin, ExpansionGuard, type BodyLimits } from './body-limits.ts';
import { ResumedSource, type ByteSource } from '../codings/byte-source.ts';
import { joinChunks } from '../own-bytes.ts';
import type { ContentCoding } from '../codings/codings.ts';
import { decodeNow, mostInputNow } from '../codings/decode-now.ts';
import { ZlibPump } from '../codings/zlib-pump.ts';

/** Undoes codings while the body is read, whole or as it comes. Trailers stay those of the body as it travelled. */
export class DecodedBody implements ResponseBody {
  readonly #encoded: ResponseBody;
  readonly #codings: readonly ContentCoding[];
  readonly #length: number | undefined;
  readonly #limits: BodyLimits;
  readonly #maxExpansion: number | undefined;
  readonly encodedChunks: EncodedChunks = { onChunk: undefined };
  #decoding: ZlibPump | undefined = undefined;

  /** `codings` in the order in which they are undone; `length` is what `Content-Length` says, if it does. */
  constructor(
    encoded: ResponseBody,
    codings: readonly ContentCoding[],
    length: number | undefined,
    limits: BodyLimits,
    maxExpansion?: number,
  ) {
    this.#encoded = encoded;
    this.#codings = codings;
    this.#length = length;
    this.#limits = limits;
    this.#maxExpansion = maxExpansion;
  }

  get trailers(): readonly HeaderPair[] | undefined {
    return this.#encoded.trailers;
  }

  /** @throws {DecodingError | ResponseTooLarge} besides what reading the body throws. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#length !== undefined && this.#length <= mostInputNow) return this.#decodeHere(await this.#encoded.bytes());
    const chunks = this.#encoded[Symbol.asyncIterator]();
    if (this.#length !== undefined) return this.#decodeAll(chunks);
    const first: Uint8Array<ArrayBuffer>[] = [];
    for (let size = 0; size <= mostInputNow; size += first.at(-1)!.length) {
      const result = await chunks.next();
      if (result.done === true) return this.#decodeHere(joinChunks(first));
      first.push(result.value);
    }
    return this.#decodeAll(new ResumedSource(first, chunks));
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array<ArrayBuffer>, undefined> {
    return this.#decode(this.#encoded[Symbol.asyncIterator](), this.#limits.streamed);
  }

  async close(): Promise<void> {
    // The decoder first: it must not take the end of a closed body for the end of the data.
    const stopped = this.#decoding?.return();
    await this.#encoded.close();
    await stopped;
  }

  /** What is here as a whole. */
  async #decodeHere(encoded: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const decoded = decodeNow(encoded, this.#codings);
    if (decoded === undefined) return this.#decodeAll([encoded][Symbol.iterator]());
    assertWithin(this.#limits.whole, decoded.length);
    return decoded;
  }

  async #decodeAll(encoded: ByteSource): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of this.#decode(encoded, this.#limits.whole)) chunks.push(chunk);
    return joinChunks(chunks);
  }

  #decode(encoded: ByteSource, limit: number): ZlibPump {
    const guard = new ExpansionGuard(this.#maxExpansion);
    const stages = this.#codings.length;
    let pump: ZlibPump | undefined;
    for (const [index, { codec }] of this.#codings.entries()) {
      const isLast = index === stages - 1;
      pump = new ZlibPump(pump ?? guard.count(encoded, this.encodedChunks), codec, (total) => {
        guard.check(total);
        if (isLast) assertWithin(limit, total);
      });
    }
    return (this.#decoding = pump!);
  }
}
