/** Node empties a stream that fails. What a peer has sent before its failure is for who reads it: here a stream fails once that is read. */
import type { Readable } from 'node:stream';

/** Is there somebody to be given what came, now or when it goes on? */
export function isRead(stream: Readable): boolean {
  return stream.readableFlowing !== null || stream.readableDidRead || stream.listenerCount('readable') > 0;
}

/** Nothing more will come: destroys `stream` once what it holds has been read. It is asked for nothing any more. */
export function failWhenRead(stream: Readable, error: Error | undefined): void {
  if (stream.destroyed || stream.readableLength === 0) {
    stream.destroy(error);
    return;
  }
  const { read } = stream;
  stream._read = () => {};
  stream.read = (size) => {
    // As at an end: who asks for more than there is gets what there is.
    const chunk: unknown = read.call(stream, size !== undefined && size > stream.readableLength ? undefined : size);
    if (stream.readableLength === 0) stream.destroy(error);
    return chunk;
  };
  // Somebody may wait until there is more than there will be.
  if (stream.listenerCount('readable') > 0) process.nextTick(() => stream.destroyed || stream.emit('readable'));
}

/** As {@link failWhenRead}, for a stream that was told of its end. */
export function failAfterEnd(stream: Readable, error: Error | undefined): void {
  if (stream.readableEnded) stream.destroy(error);
  else stream.once('end', () => stream.destroy(error));
}
