/** Chunks that are pulled one at a time. */
export type ByteSource = Iterator<Uint8Array> | AsyncIterator<Uint8Array>;

export const sourceEnded: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** A source whose first chunks were taken already. */
export class ResumedSource implements AsyncIterator<Uint8Array> {
  readonly #taken: Uint8Array[];
  readonly #rest: ByteSource;

  constructor(taken: Uint8Array[], rest: ByteSource) {
    this.#taken = taken;
    this.#rest = rest;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const value = this.#taken.shift();
    return value === undefined ? this.#rest.next() : { done: false, value };
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#taken.length = 0;
    await this.#rest.return?.();
    return sourceEnded;
  }
}

/** One array of all: the chunk itself when it is the only one. */
export function joinChunks(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const whole = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
