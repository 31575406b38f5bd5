/** A response body that is seen while it is read. */
import type { HeaderPair, ResponseBody } from '@x/httpcore';

import { now } from '../time/platform.ts';

export interface BodyEnd {
  /** What it broke off with. */
  readonly error: unknown;
  /** Whoever asked wanted no more of it. */
  readonly closed: boolean;
}

type Bytes = Uint8Array<ArrayBuffer>;

export class RecordedBody implements ResponseBody {
  readonly #body: ResponseBody;
  readonly #most: number;
  readonly #onEnd: (end: BodyEnd) => void;
  #pieces: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  #whole: Promise<Bytes> | undefined;
  #end: BodyEnd | undefined;
  /** Bytes that came. */
  length = 0;
  isTooLong = false;

  constructor(body: ResponseBody, most: number, onEnd: (end: BodyEnd) => void) {
    this.#body = body;
    this.#most = most;
    this.#onEnd = onEnd;
  }

  get pieces(): readonly { readonly at: number; readonly bytes: Uint8Array }[] {
    return this.#pieces;
  }

  /** `undefined` while it is read, or unread. */
  get end(): BodyEnd | undefined {
    return this.#end;
  }

  get trailers(): readonly HeaderPair[] | undefined {
    return this.#body.trailers;
  }

  /** Takes all of it now, for a reader to come. */
  async readNow(): Promise<void> {
    this.#whole = this.#readWhole();
    await this.#whole.catch(() => {});
  }

  async bytes(): Promise<Bytes> {
    const whole = this.#whole;
    if (whole !== undefined) return whole;
    // Piece by piece, since their borders are to be known.
    const chunks: Bytes[] = [];
    for await (const chunk of this) chunks.push(chunk);
    return joined(chunks);
  }

  [Symbol.asyncIterator](): AsyncIterator<Bytes> {
    if (this.#whole !== undefined) return oneChunk(this.#whole);
    const chunks = this.#body[Symbol.asyncIterator]();
    return {
      next: async () => {
        try {
          const result = await chunks.next();
          if (result.done === true) this.#settle({ error: undefined, closed: false });
          else this.#note(result.value);
          return result;
        } catch (error) {
          this.#settle({ error, closed: false });
          throw error;
        }
      },
      return: async () => {
        this.#settle({ error: undefined, closed: true });
        await chunks.return?.();
        return { done: true, value: undefined };
      },
    };
  }

  async close(): Promise<void> {
    this.#settle({ error: undefined, closed: true });
    await this.#body.close();
  }

  async #readWhole(): Promise<Bytes> {
    try {
      const bytes = await this.#body.bytes();
      this.#note(bytes);
      this.#settle({ error: undefined, closed: false });
      return bytes;
    } catch (error) {
      this.#settle({ error, closed: false });
      throw error;
    }
  }

  #note(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.length += chunk.length;
    if (this.length > this.#most) {
      this.isTooLong = true;
      this.#pieces = [];
    }
    // A copy: the chunk is its reader's alone.
    if (!this.isTooLong) this.#pieces.push({ at: now(), bytes: Uint8Array.from(chunk) });
  }

  #settle(end: BodyEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#onEnd(end);
  }
}

function joined(chunks: readonly Bytes[]): Bytes {
  if (chunks.length === 1) return chunks[0]!;
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

async function* oneChunk(whole: Promise<Bytes>): AsyncGenerator<Bytes, undefined> {
  const bytes = await whole;
  if (bytes.length > 0) yield bytes;
}
