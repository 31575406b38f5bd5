/** A response body as the streams of others. What they do not read is not read here either. */
import { Readable } from 'node:stream';

/** A web stream of `Uint8Array` chunks. Cancelling it closes the response. */
export function toWebStream(chunks: AsyncIterator<Uint8Array>): ReadableStream<Uint8Array> {
  // Not a stream of type "bytes": that would take the memory behind each chunk away, which chunks share.
  return ReadableStream.from({ [Symbol.asyncIterator]: () => chunks });
}

/**
 * Node's `Readable`. Destroying it closes the response. `Readable.from` does not serve: what closing says after an error would take the place of
 * that error.
 */
export function toNodeStream(chunks: AsyncIterator<Uint8Array>): Readable {
  return new Readable({
    // An error empties the buffer of a stream: what is read ahead of who reads would be lost with it.
    highWaterMark: 0,
    read() {
      chunks.next().then(
        (result) => this.push(result.done === true ? null : result.value),
        (error: unknown) => this.destroy(error as Error),
      );
    },
    destroy(error, callback) {
      void close(chunks, error, callback);
    },
  });
}

/** What closing says after an error is no news. */
async function close(chunks: AsyncIterator<Uint8Array>, error: Error | null, callback: (error: Error | null) => void): Promise<void> {
  let failure = error;
  try {
    await chunks.return?.();
  } catch (thrown) {
    failure ??= thrown as Error;
  }
  callback(failure);
}
