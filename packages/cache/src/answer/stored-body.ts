/** The body of a response that is in the store. */
import type { HeaderPair, ResponseBody } from '@x/httpcore';

import { joinChunks } from '../own-bytes.ts';
import { noFields } from '../rules/fields.ts';
import type { StoredBytes } from '../store/store.ts';

const noBytes = new Uint8Array(0);

export class StoredBody implements ResponseBody {
  #source: StoredBytes | undefined;
  readonly #onBytes: (length: number) => void;
  #iterator: AsyncIterator<Uint8Array> | undefined = undefined;
  readonly #onEnds: (() => void)[] = [];
  #failure: { readonly error: unknown } | undefined = undefined;
  #interrupt: ((error: unknown) => void) | undefined = undefined;

  /** `onBytes` is told of what is handed out. */
  constructor(source: StoredBytes, onBytes: (length: number) => void) {
    this.#source = source;
    this.#onBytes = onBytes;
  }

  /** Each is called once, as soon as nothing more is wanted of the store. */
  set onEnd(onEnd: () => void) {
    if (this.#source === undefined || this.#source instanceof Uint8Array) onEnd();
    else this.#onEnds.push(onEnd);
  }

  /** Its caller has given up: who waits for a chunk waits no longer. */
  fail(error: unknown): void {
    if (this.#source === undefined) return;
    this.#failure = { error };
    this.#interrupt?.(error);
    void this.close();
  }

  get trailers(): readonly HeaderPair[] | undefined {
    return this.#source === undefined ? noFields : undefined;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const source = this.#source;
    if (source instanceof Uint8Array) return this.#take(source);
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of this) chunks.push(chunk);
    return joinChunks(chunks);
  }

  async close(): Promise<void> {
    this.#source = undefined;
    // What it waits for may never come.
    this.#iterator?.return?.().then(undefined, () => {});
    for (const onEnd of this.#onEnds.splice(0)) onEnd();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    try {
      const source = this.#source;
      this.#throwIfFailed();
      if (source === undefined) return;
      if (source instanceof Uint8Array) {
        if (source.length > 0) yield this.#take(source);
        return;
      }
      const iterator = source[Symbol.asyncIterator]();
      this.#iterator = iterator;
      for (;;) {
        const result = await this.#interruptible(iterator.next());
        this.#throwIfFailed();
        if (result.done === true || this.#source === undefined) return;
        yield this.#own(result.value);
      }
    } finally {
      await this.close();
    }
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #interruptible<Value>(awaited: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#interrupt = reject;
      awaited.then(resolve, reject);
    });
  }

  #take(source: Uint8Array): Uint8Array<ArrayBuffer> {
    this.#source = undefined;
    return this.#own(source);
  }

  #own(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    this.#onBytes(chunk.length);
    // Whoever gets bytes may change them, and the memory is the store's.
    return new Uint8Array(chunk);
  }
}

/** No body: of an answer to HEAD, of a 304. */
export function emptyBody(): StoredBody {
  return new StoredBody(noBytes, () => {});
}
