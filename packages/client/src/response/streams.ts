/** A response body as the streams of others. What they do not read is not read here either. */
import type { Readable } from 'node:stream';
import { toNodeStream as bodyStream } from '@x/httpcore';

/** A web stream of `Uint8Array` chunks. Cancelling it closes the response. */
export function toWebStream(chunks: AsyncIterator<Uint8Array>): ReadableStream<Uint8Array> {
  // Not a stream of type "bytes": that would take the memory behind each chunk away, which chunks share.
  return ReadableStream.from({ [Symbol.asyncIterator]: () => chunks });
}

/** Node's `Readable`. Destroying it closes the response. */
export function toNodeStream(chunks: AsyncIterator<Uint8Array>): Readable {
  return bodyStream({
    [Symbol.asyncIterator]: () => chunks,
    async close() {
      await chunks.return?.();
    },
  });
}
