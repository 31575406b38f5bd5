import { Duplex } from 'node:stream';
import type { CarriedBody } from '../carrier/carrier.ts';
import { failWhenRead, isRead } from '../carrier/late-failure.ts';

type Callback = (error?: Error | null) => void;

/**
 * The raw bytes after an upgrade or CONNECT, as the socket that undici hands to whoever asked for it. It does not read ahead of who reads, and what came
 * before a failure is read before it.
 */
export class UpgradedSocket extends Duplex {
  readonly #body: CarriedBody;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #isReading = false;
  /** Of a write, to be told where reading ends. */
  #writeFailure: Error | undefined;

  constructor(body: CarriedBody) {
    // As the sockets of undici: when the other side has ended, so do we.
    super({ allowHalfOpen: false, readableHighWaterMark: 0 });
    this.#body = body;
    this.#chunks = body[Symbol.asyncIterator]();
  }

  override _read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#chunks.next().then(
      ({ done, value }) => {
        this.#isReading = false;
        if (done !== true) this.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
        else if (this.#writeFailure === undefined) this.push(null);
        else failWhenRead(this, this.#writeFailure);
      },
      (error: unknown) => failWhenRead(this, toError(error)),
    );
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    void settle(this.#body.write!(chunk), (error) => this.#written(error, callback));
  }

  override _final(callback: Callback): void {
    void settle(this.#body.end!(), callback);
  }

  override _destroy(error: Error | null, callback: Callback): void {
    void settle(this.#body.close(), () => callback(error));
  }

  /** Who reads comes to the failure by himself: the socket would be empty if it failed before. */
  #written(error: Error | null | undefined, callback: Callback): void {
    if (error && isRead(this) && !this.readableEnded) this.#writeFailure = error;
    else callback(error);
  }

  // What users of a socket call without asking for more than a stream.
  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

async function settle(work: Promise<void>, callback: Callback): Promise<void> {
  let failure: Error | null = null;
  try {
    await work;
  } catch (error) {
    failure = toError(error);
  }
  callback(failure);
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error('The connection failed', { cause: error });
}
