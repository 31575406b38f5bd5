/** A response body that has come together with its head, as most small ones do: it is kept in one step, and nobody has to wait for it. */
import type { HeaderPair, ResponseBody } from '@x/httpcore';

import { noFields } from '../rules/fields.ts';

export class WholeBody implements ResponseBody {
  readonly #source: ResponseBody;
  #bytes: Uint8Array<ArrayBuffer> | undefined = undefined;
  #failure: { readonly error: unknown } | undefined = undefined;
  #isOver = false;
  readonly #taken: Promise<void>;

  /** `onTaken` is told of the bytes, which are not its own; `undefined`: there are none after all. Called once, soon, whether or not somebody reads. */
  constructor(source: ResponseBody, onTaken: (bytes: Uint8Array | undefined) => void) {
    this.#source = source;
    this.#taken = source.bytes().then(
      (bytes) => {
        onTaken(bytes);
        if (!this.#isOver) this.#bytes = bytes;
      },
      (error: unknown) => {
        this.#failure = { error };
        onTaken(undefined);
      },
    );
  }

  get trailers(): readonly HeaderPair[] | undefined {
    return this.#isOver ? (this.#source.trailers ?? noFields) : undefined;
  }

  /** All of it, once; then nothing. */
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#bytes === undefined ? this.#taken.then(() => this.#take()) : Promise.resolve(this.#take());
  }

  close(): Promise<void> {
    this.#isOver = true;
    this.#bytes = undefined;
    return Promise.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const bytes = await this.bytes();
    if (bytes.length > 0) yield bytes;
  }

  #take(): Uint8Array<ArrayBuffer> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const bytes = this.#bytes ?? new Uint8Array(0);
    this.#isOver = true;
    this.#bytes = undefined;
    return bytes;
  }
}
