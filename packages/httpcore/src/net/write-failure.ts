/**
 * Node destroys a socket whose write fails, and with it what the peer had sent before it left, which the system still holds. Here such a failure is
 * kept from the stream instead: reading goes on, and comes to the end that the write has told of.
 */
import type { Duplex } from 'node:stream';

/** The connection is gone: what came before can be read, and reading ends by itself. Any other fault may leave it open, and is the stream's. */
const endsReading = new Set(['EPIPE', 'ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT']);

type Settle = (error?: Error | null) => void;

function isOfPeerGone(error: Error): boolean {
  return endsReading.has(String((error as NodeJS.ErrnoException).code));
}

/**
 * From now on a write of `socket` that finds the peer gone calls `onFailed`, once, and stays pending, as does all that is written after it.
 * A stream has one write under way at a time: nothing is made for each. `doesEndReading` says after which failures reading ends by itself.
 */
export function outliveWrites(
  socket: Duplex,
  onFailed: (error: Error) => void,
  doesEndReading: (error: Error) => boolean = isOfPeerGone,
): void {
  let done: Settle | undefined;
  const settle: Settle = (error) => {
    const settled = done;
    if (error && !socket.destroyed && doesEndReading(error)) {
      onFailed(error);
      return;
    }
    done = undefined;
    settled?.(error);
  };
  // One that is still connecting may come back with the same write later (Bun's does).
  const begin = (callback: Settle): void => {
    if (callback !== settle) done = callback;
  };
  const { _write: write, _writev: writeAll } = socket;
  socket._write = function (chunk, encoding, callback): void {
    begin(callback);
    write.call(socket, chunk, encoding, settle);
  };
  if (typeof writeAll !== 'function') return;
  socket._writev = function (chunks, callback): void {
    begin(callback);
    writeAll.call(socket, chunks, settle);
  };
}
