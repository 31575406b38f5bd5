import { Duplex } from 'node:stream';
import type { CarriedBody } from '../carrier/carrier.ts';

type Callback = (error?: Error | null) => void;

/** The raw bytes after an upgrade or CONNECT, as the socket that undici hands to whoever asked for it. */
export class UpgradedSocket extends Duplex {
  readonly #body: CarriedBody;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #isReading = false;

  constructor(body: CarriedBody) {
    // As the sockets of undici: when the other side has ended, so do we.
    super({ allowHalfOpen: false });
    this.#body = body;
    this.#chunks = body[Symbol.asyncIterator]();
  }

  override _read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#chunks.next().then(
      ({ done, value }) => {
        this.#isReading = false;
        this.push(done === true ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength));
      },
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error('The connection failed', { cause: error })),
    );
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    void settle(this.#body.write!(chunk), callback);
  }

  override _final(callback: Callback): void {
    void settle(this.#body.end!(), callback);
  }

  override _destroy(error: Error | null, callback: Callback): void {
    void settle(this.#body.close(), () => callback(error));
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
    failure = error instanceof Error ? error : new Error('The connection failed', { cause: error });
  }
  callback(failure);
}
