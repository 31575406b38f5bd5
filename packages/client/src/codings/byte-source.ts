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
