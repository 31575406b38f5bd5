/** Response bodies as streams of Node. Neither reads ahead of who reads: an error empties a stream's buffer, and what had come would be lost. */
import { Duplex, Readable } from 'node:stream';

import type { DuplexBody, ResponseBody } from '../contract/dispatcher.ts';

/** Is it the body of an upgraded exchange (101, or 2xx to CONNECT), which can be written to? */
export function isDuplexBody(body: ResponseBody): body is DuplexBody {
  return 'write' in body && typeof body.write === 'function';
}

/**
 * A body as a stream of Node: a `Duplex` for that of an upgraded exchange, else a `Readable`. Destroying it closes the body.
 *
 * @throws {LocalProtocolError} `BODY_ALREADY_READ`.
 * @example
 * const [, status, , , body] = await pool.dispatch('GET', url, [['connection', 'upgrade'], ['upgrade', 'echo']], null);
 * if (status === 101 && isDuplexBody(body)) toNodeStream(body).pipe(process.stdout);
 */
export function toNodeStream(body: DuplexBody): Duplex;
export function toNodeStream(body: ResponseBody): Readable;
export function toNodeStream(body: ResponseBody): Readable {
  return isDuplexBody(body) ? new DuplexStream(body) : new BodyStream(body);
}

class BodyStream extends Readable {
  readonly #body: ResponseBody;
  readonly #chunks: AsyncIterator<Uint8Array>;

  constructor(body: ResponseBody) {
    super({ highWaterMark: 0 });
    this.#body = body;
    this.#chunks = body[Symbol.asyncIterator]();
  }

  override _read(): void {
    void pull(this, this.#chunks);
  }

  override _destroy(error: Error | null, callback: Callback): void {
    // It never rejects.
    void this.#body.close();
    callback(error);
  }
}

export class DuplexStream extends Duplex {
  readonly #body: DuplexBody;
  readonly #chunks: AsyncIterator<Uint8Array>;

  constructor(body: DuplexBody) {
    super({ allowHalfOpen: true, autoDestroy: true, readableHighWaterMark: 0 });
    this.#body = body;
    this.#chunks = body[Symbol.asyncIterator]();
  }

  override _read(): void {
    void pull(this, this.#chunks);
  }

  override _write(chunk: Uint8Array, _encoding: string, callback: Callback): void {
    void tell(callback, this.#body.write(chunk));
  }

  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], callback: Callback): void {
    // In one piece: over HTTP/2 each write is a frame.
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'buffer', callback);
  }

  override _final(callback: Callback): void {
    void tell(callback, this.#body.end());
  }

  override _destroy(error: Error | null, callback: Callback): void {
    // It never rejects.
    void this.#body.close();
    callback(error);
  }
}

type Callback = (error?: Error | null) => void;

async function pull(stream: Readable, chunks: AsyncIterator<Uint8Array>): Promise<void> {
  try {
    const { done, value } = await chunks.next();
    stream.push(done === true ? null : value);
  } catch (error) {
    stream.destroy(error as Error);
  }
}

/** A stream's callback, in a turn of its own: what it throws is no business of the promise. */
async function tell(callback: Callback, work: Promise<void>): Promise<void> {
  let failure: Error | undefined;
  try {
    await work;
  } catch (error) {
    failure = error as Error;
  }
  process.nextTick(callback, failure);
}
