/** Response bodies as streams of Node. Neither reads ahead of who reads, and what came before a failure is read before it. */
import { Duplex, Readable } from 'node:stream';

import type { DuplexBody, ResponseBody } from '../contract/dispatcher.ts';
import { failAfterEnd, failWhenRead, isRead } from '../net/late-failure.ts';

type Callback = (error?: Error | null) => void;

/** What is needed of a body to read it. */
type ClosableChunks = AsyncIterable<Uint8Array> & Pick<ResponseBody, 'close'>;

/** Is it the body of an upgraded exchange (101, or 2xx to CONNECT), which can be written to? */
export function isDuplexBody(body: ResponseBody): body is DuplexBody {
  return 'write' in body && typeof body.write === 'function';
}

/**
 * A body as a stream of Node: a `Duplex` for that of an upgraded exchange, else a `Readable`. Destroying it closes the body. When it fails, what came
 * before is read first; a write that fails while somebody reads is told where reading ends.
 *
 * @throws {LocalProtocolError} `BODY_ALREADY_READ`.
 * @example
 * const [, status, , , body] = await pool.dispatch('GET', url, [['connection', 'upgrade'], ['upgrade', 'echo']], null);
 * if (status === 101 && isDuplexBody(body)) toNodeStream(body).pipe(process.stdout);
 */
export function toNodeStream(body: DuplexBody): Duplex;
export function toNodeStream(body: AsyncIterable<Uint8Array> & Pick<ResponseBody, 'close'>): Readable;
export function toNodeStream(body: ClosableChunks): Readable {
  const given = body as ResponseBody;
  return isDuplexBody(given) ? new DuplexStream(given) : new BodyStream(given);
}

class BodyStream extends Readable {
  readonly #body: ClosableChunks;
  readonly #chunks: AsyncIterator<Uint8Array>;

  constructor(body: ClosableChunks) {
    super({ highWaterMark: 0 });
    this.#body = body;
    this.#chunks = body[Symbol.asyncIterator]();
  }

  override _read(): void {
    void this.#pull();
  }

  override _destroy(error: Error | null, callback: Callback): void {
    void close(this.#body, error, callback);
  }

  async #pull(): Promise<void> {
    try {
      const { done, value } = await this.#chunks.next();
      this.push(done === true ? null : value);
    } catch (error) {
      failWhenRead(this, error as Error);
    }
  }
}

export class DuplexStream extends Duplex {
  readonly #body: DuplexBody;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #hasEnded = false;
  #writeFailure: Error | undefined;

  constructor(body: DuplexBody) {
    super({ allowHalfOpen: true, autoDestroy: true, readableHighWaterMark: 0 });
    this.#body = body;
    this.#chunks = body[Symbol.asyncIterator]();
  }

  override _read(): void {
    void this.#pull();
  }

  override _write(chunk: Uint8Array, _encoding: string, callback: Callback): void {
    void this.#tell(callback, this.#body.write(chunk));
  }

  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], callback: Callback): void {
    // In one piece: over HTTP/2 each write is a frame.
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'buffer', callback);
  }

  override _final(callback: Callback): void {
    void this.#tell(callback, this.#body.end());
  }

  override _destroy(error: Error | null, callback: Callback): void {
    void close(this.#body, error, callback);
  }

  async #pull(): Promise<void> {
    try {
      const { done, value } = await this.#chunks.next();
      if (done !== true) {
        this.push(value);
      } else if (this.#writeFailure === undefined) {
        this.#hasEnded = true;
        this.push(null);
      } else {
        failWhenRead(this, this.#writeFailure);
      }
    } catch (error) {
      failWhenRead(this, error as Error);
    }
  }

  /**
   * A stream's callback, in a turn of its own: what it throws is no business of the promise. A body that can't be written to any more has ended, or
   * failed, and who reads it comes to that: the stream would be empty if its write failed before.
   */
  async #tell(callback: Callback, work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (isRead(this) && !this.readableEnded) this.#failLater(error as Error);
      else process.nextTick(callback, error);
      return;
    }
    process.nextTick(callback);
  }

  #failLater(error: Error): void {
    if (this.#hasEnded) failAfterEnd(this, error);
    else this.#writeFailure = error;
  }
}

/** A body of ours never rejects; what another says in closing is no news after an error. */
async function close(body: ClosableChunks, error: Error | null, callback: Callback): Promise<void> {
  let failure = error;
  try {
    await body.close();
  } catch (thrown) {
    failure ??= thrown as Error;
  }
  process.nextTick(callback, failure);
}
