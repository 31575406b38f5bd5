import { BodyBuffer } from '../exchange/body-buffer.ts';
import type { HeaderPair } from '../contract/values.ts';
import { LocalProtocolError, type HttpCoreError } from '../contract/errors.ts';
import type { ApplicationRequestBody } from './application.ts';

/** Who sends the bytes. */
export interface IncomingSource {
  /** The application waits for the next chunk. */
  onWanted(): void;
  /** The application does not want the rest. */
  onUnwanted(): void;
}

const done: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** The bytes that a client sends, on the application's side: a request body, or a tunnel's inward direction. */
export class IncomingBytes implements ApplicationRequestBody {
  readonly #source: IncomingSource;
  readonly #buffer = new BodyBuffer(null);
  #claimed = false;
  #unwanted = false;

  constructor(source: IncomingSource) {
    this.#source = source;
  }

  // From the client's side

  /** Takes a chunk, by copy: a caller may fill the same memory again. Returns false: one chunk at a time. */
  push(chunk: Uint8Array): boolean {
    if (this.#unwanted || chunk.length === 0) return true;
    this.#buffer.push(new Uint8Array(chunk));
    return false;
  }

  end(trailers: readonly HeaderPair[]): void {
    this.#buffer.end(trailers);
  }

  fail(error: HttpCoreError): void {
    this.#buffer.fail(error);
  }

  // From the application's side

  get trailers(): readonly HeaderPair[] | undefined {
    return this.#buffer.size === 0 ? this.#buffer.trailers : undefined;
  }

  async bytes(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this) chunks.push(chunk);
    return chunks.length === 1 ? chunks[0]! : new Uint8Array(Buffer.concat(chunks));
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    if (this.#claimed) throw new LocalProtocolError('The request body has been read before', { code: 'BODY_ALREADY_READ' });
    this.#claimed = true;
    return {
      next: () => this.#next(),
      return: () => {
        if (!this.#unwanted && !this.#buffer.settled) {
          this.#unwanted = true;
          this.#source.onUnwanted();
        }
        this.#buffer.discard();
        return Promise.resolve(done);
      },
    };
  }

  async #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      const value = this.#buffer.take();
      if (value !== undefined) return { done: false, value };
      if (this.#unwanted || this.#buffer.ended) return done;
      if (this.#buffer.error !== undefined) throw this.#buffer.error;
      const changed = this.#buffer.changed();
      this.#source.onWanted();
      await changed;
    }
  }
}
