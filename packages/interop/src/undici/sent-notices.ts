/** A handler may ask to be told of what is sent of its request: `onBodySent` for each chunk, and `onRequestSent`. Fetch does not ask. */
import type { ByteIterable } from '../carrier/carrier.ts';
import type { Receiver } from './handlers.ts';

export class SentNotices {
  readonly #handler: Receiver['handler'];
  /** In memory, and not told of yet. */
  #chunks: readonly Uint8Array[] | undefined;

  /** `undefined`: nobody asks. */
  static of(handler: Receiver['handler']): SentNotices | undefined {
    return handler.onBodySent === undefined && handler.onRequestSent === undefined ? undefined : new SentNotices(handler);
  }

  private constructor(handler: Receiver['handler']) {
    this.#handler = handler;
  }

  /** The body to send instead. What is in memory stays so: it has a length, and can be sent again. */
  watched(bytes: ByteIterable | null): ByteIterable | null {
    if (bytes !== null && !Array.isArray(bytes)) return watched(bytes, this.#handler);
    this.#chunks = bytes ?? [];
    return bytes;
  }

  /** All is sent. Told once, however often that is. @throws what the handler throws. */
  onSent(): void {
    const chunks = this.#chunks;
    this.#chunks = undefined;
    if (chunks === undefined) return;
    for (const chunk of chunks) this.#handler.onBodySent?.(chunk);
    this.#handler.onRequestSent?.();
  }
}

/** Not a generator, whose `return()` waits for a source that is silent. */
function watched(bytes: ByteIterable, handler: Receiver['handler']): ByteIterable {
  return {
    [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
      const chunks = Symbol.asyncIterator in bytes ? bytes[Symbol.asyncIterator]() : bytes[Symbol.iterator]();
      let sent: Uint8Array | undefined;
      return {
        async next() {
          // That there is more to be had means that it was taken.
          if (sent !== undefined) handler.onBodySent?.(sent);
          sent = undefined;
          const { done, value } = await chunks.next();
          if (done !== true) return { done: false, value: (sent = value) };
          handler.onRequestSent?.();
          return { done: true, value: undefined };
        },
        async return() {
          await chunks.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
