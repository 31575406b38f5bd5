import { isUint8Array } from 'node:util/types';

import type { Exchange } from '../exchange/exchange.ts';
import { RemoteProtocolError } from '../contract/errors.ts';
import type { Clock } from '../time/clock.ts';
import { dispose, invalid, type ChunkIterator } from './outgoing-response.ts';

/** As on a network: an unread response holds this much, and the chunk that went over it. */
const bufferLimit = 65_536;
/** Bodies in memory are pulled without ever waiting for the system; timers and sockets must still have their turn. */
export const chunksPerTurn = 64;

/** Pulls the body of a response from its application as fast as the caller takes it, and no faster. */
export class OutgoingBody {
  readonly #exchange: Exchange;
  readonly #clock: Clock;
  readonly #onProgress: () => void;
  #chunks: ChunkIterator | null;
  #wake: (() => void) | null = null;
  #stopped = false;
  #sent = 0;
  #chunksSent = 0;

  /** `onProgress` is called after every chunk. */
  constructor(exchange: Exchange, chunks: ChunkIterator | null, clock: Clock, onProgress: () => void) {
    this.#exchange = exchange;
    this.#chunks = chunks;
    this.#clock = clock;
    this.#onProgress = onProgress;
  }

  /**
   * Sends all of it. Resolves to whether it came to its end; `false` when it was stopped before.
   * @throws {RemoteProtocolError} `INCOMPLETE_BODY`, `INVALID_CONTENT_LENGTH` or `INVALID_RESPONSE`.
   * @throws what the application threw.
   */
  async send(announced: number | null): Promise<boolean> {
    for (;;) {
      const chunks = this.#chunks;
      if (chunks === null) break;
      const next = chunks.next();
      const { done, value } = 'then' in next ? await next : next;
      if (this.#stopped) return false;
      if (done === true) {
        this.#chunks = null;
        break;
      }
      this.#deliver(value, announced);
      if (this.#isStopped()) return false;
      if (this.#exchange.buffered > bufferLimit) await this.#consumed();
      else if (this.#chunksSent % chunksPerTurn === 0) await this.#turn();
      if (this.#isStopped()) return false;
      this.#onProgress();
    }
    if (announced !== null && this.#sent < announced) {
      throw new RemoteProtocolError(`The response body ended after ${this.#sent} of ${announced} bytes`, { code: 'INCOMPLETE_BODY' });
    }
    return true;
  }

  onConsumed(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  /** The rest is not needed. Does nothing once it is over. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const chunks = this.#chunks;
    this.#chunks = null;
    dispose(chunks);
    this.onConsumed();
  }

  // A method, so that the type checker does not hold the value to be what it was before an await.
  #isStopped(): boolean {
    return this.#stopped;
  }

  #deliver(chunk: unknown, announced: number | null): void {
    if (!isUint8Array(chunk)) throw invalid('Each chunk of the response body must be a Uint8Array');
    this.#chunksSent += 1;
    if (chunk.length === 0) return;
    this.#sent += chunk.length;
    if (announced !== null && this.#sent > announced) {
      throw invalid(`The response body has more than the ${announced} bytes that were announced`, undefined, 'INVALID_CONTENT_LENGTH');
    }
    // By copy: an application may fill the same memory again.
    this.#exchange.onData(new Uint8Array(chunk));
  }

  #consumed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => void this.#clock.nextTurn(resolve));
  }
}
