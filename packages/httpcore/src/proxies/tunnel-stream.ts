import { Duplex } from 'node:stream';

import type { DuplexBody } from '../contract/dispatcher.ts';

/** What keeps the process alive while the tunnel may be used. */
export interface Referenced {
  ref(): void;
  unref(): void;
}

/** A tunnel inside of an HTTP/2 connection, as the stream that TLS wants to be put on. */
export class TunnelStream extends Duplex {
  readonly #body: DuplexBody;
  readonly #referenced: Referenced;
  readonly #chunks: AsyncIterator<Uint8Array, undefined>;

  constructor(body: DuplexBody, referenced: Referenced) {
    super({ allowHalfOpen: true, autoDestroy: true });
    this.#body = body;
    this.#referenced = referenced;
    this.#chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>;
  }

  ref(): this {
    this.#referenced.ref();
    return this;
  }

  unref(): this {
    this.#referenced.unref();
    return this;
  }

  override _read(): void {
    void this.#pull();
  }

  async #pull(): Promise<void> {
    try {
      const { done, value } = await this.#chunks.next();
      this.push(done === true ? null : value);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  override _write(chunk: Uint8Array, _encoding: string, callback: Callback): void {
    void tell(callback, this.#body.write(chunk));
  }

  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], callback: Callback): void {
    // In one piece: each write is a frame.
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
