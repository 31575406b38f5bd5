import type { DuplexBody } from '../contract/dispatcher.ts';
import { DuplexStream } from '../exchange/node-stream.ts';
import { outliveWrites } from '../net/write-failure.ts';

/** What keeps the process alive while the tunnel may be used. */
export interface Referenced {
  ref(): void;
  unref(): void;
}

/**
 * A tunnel inside of an HTTP/2 connection, as the stream that TLS wants to be put on. Where it has ended, a write learns of that first: what came
 * before is read, and then it fails.
 */
export class TunnelStream extends DuplexStream {
  readonly #referenced: Referenced;
  #writeFailure: Error | undefined = undefined;

  constructor(body: DuplexBody, referenced: Referenced) {
    super(body);
    this.#referenced = referenced;
    // A body that can't be written to any more has ended, or failed: reading comes to that by itself.
    outliveWrites(
      this,
      (error) => {
        this.#writeFailure = error;
      },
      () => true,
    );
  }

  override push(chunk: Uint8Array | null): boolean {
    if (chunk !== null || this.#writeFailure === undefined) return super.push(chunk);
    this.destroy(this.#writeFailure);
    return false;
  }

  ref(): this {
    this.#referenced.ref();
    return this;
  }

  unref(): this {
    this.#referenced.unref();
    return this;
  }
}
