import type { ByteTransport } from '../net/byte-transport.ts';

// Beyond this, memory that is not cleared first is had for less.
const largestCleared = 16_384;

/**
 * Turns `chunk[start, end)`, which is only valid now, into bytes that last. To be called while the transport delivers them.
 *
 * Whoever gets them may give their memory away (`postMessage` with a transfer list) or look at all of it (`.buffer`), so it is theirs alone,
 * to the octet: a copy, unless they are all of the memory that was read into, and it can be given away.
 */
export function ownedBytes(chunk: Uint8Array, start: number, end: number, transport: ByteTransport): Uint8Array<ArrayBuffer> {
  const length = end - start;
  // No transport reads into memory that threads share.
  const memory = chunk.buffer as ArrayBuffer;
  if (length === memory.byteLength && transport.keep()) return new Uint8Array(memory);
  if (length > largestCleared) {
    const copy = Buffer.allocUnsafeSlow(length);
    copy.set(new Uint8Array(memory, chunk.byteOffset + start, length));
    return new Uint8Array(copy.buffer);
  }
  // Of a Buffer, `slice` would give a view.
  const plain =
    chunk.constructor === Uint8Array ? (chunk as Uint8Array<ArrayBuffer>) : new Uint8Array(memory, chunk.byteOffset, chunk.length);
  return plain.slice(start, end);
}
