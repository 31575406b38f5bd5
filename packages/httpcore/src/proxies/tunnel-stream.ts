import type { DuplexBody } from '../contract/dispatcher.ts';
import { DuplexStream } from '../exchange/node-stream.ts';

/** What keeps the process alive while the tunnel may be used. */
export interface Referenced {
  ref(): void;
  unref(): void;
}

/** A tunnel inside of an HTTP/2 connection, as the stream that TLS wants to be put on. */
export class TunnelStream extends DuplexStream {
  readonly #referenced: Referenced;

  constructor(body: DuplexBody, referenced: Referenced) {
    super(body);
    this.#referenced = referenced;
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
