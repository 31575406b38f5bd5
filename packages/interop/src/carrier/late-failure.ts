/** As `@x/httpcore` has it, which need not be installed: Node empties a stream that fails, and what came before is for who reads it. */
import type { Readable } from 'node:stream';

/** Is there somebody to be given what came, now or when it goes on? */
export function isRead(stream: Readable): boolean {
  return stream.readableFlowing !== null || stream.readableDidRead || stream.listenerCount('readable') > 0;
}

/** Nothing more will come: destroys `stream` once what it holds has been read. It is asked for nothing any more. */
export function failWhenRead(stream: Readable, error?: Error): void {
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
