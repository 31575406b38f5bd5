/**
 * Where a reset comes together with the last bytes, libuv before 1.52 (Node 20 and 22) tells of an end in its place, and what was cut off passes for
 * whole. The system knows better: a connection that was reset has no peer any more, and the next read gives the error.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate } from '../time/platform.ts';

/** What there is of Node's own handle. */
interface Handle {
  getpeername(name: object): unknown;
  readStart(): unknown;
}

/** Calls `onEnd` at once, or, where the end may have been a reset, once another read had the time to fail. */
export function confirmEnd(socket: Duplex, onEnd: () => void): void {
  const handle = (socket as { readonly _handle?: Partial<Handle> | null })._handle;
  // Having ended both directions, a connection has no peer either.
  if (!(socket instanceof Socket) || socket.writableEnded || !isHandle(handle) || hasPeer(handle)) {
    onEnd();
    return;
  }
  handle.readStart();
  // The first comes before the system is asked, the second after it.
  setImmediate(() => void setImmediate(() => !socket.destroyed && onEnd()));
}

function isHandle(handle: Partial<Handle> | null | undefined): handle is Handle {
  return typeof handle?.getpeername === 'function' && typeof handle.readStart === 'function';
}

function hasPeer(handle: Handle): boolean {
  const failure = handle.getpeername({});
  return typeof failure !== 'number' || failure >= 0;
}
