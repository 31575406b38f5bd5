import type { ByteTransport } from '../net/byte-transport.ts';

// Small pieces are cut from one allocation, as an allocation of its own costs more than all else about a small response.
const slabSize = 65_536;
const largestInSlab = 4_096;
// Up to here copying octet by octet costs less than the view that a copy by block needs.
const largestByOctet = 64;
// What is kept for a piece is the whole chunk: no more than so many times the bytes that anybody counts.
const mostKeptFor = 4;

let slab = new Uint8Array(0);
let used = 0;

/** Turns `chunk[start, end)`, which is only valid now, into bytes that last. To be called while the transport delivers them. */
export function ownedBytes(chunk: Uint8Array, start: number, end: number, transport: ByteTransport): Uint8Array {
  const length = end - start;
  if (length > largestInSlab) {
    if (length * mostKeptFor >= chunk.length && transport.keep()) return new Uint8Array(chunk.buffer, chunk.byteOffset + start, length);
    // Uninitialised: it is overwritten at once.
    const copy = Buffer.allocUnsafeSlow(length);
    copy.set(chunk.subarray(start, end));
    return new Uint8Array(copy.buffer, 0, length);
  }
  if (used + length > slab.length) {
    slab = new Uint8Array(slabSize);
    used = 0;
  }
  if (length <= largestByOctet) {
    for (let index = 0; index < length; index += 1) slab[used + index] = chunk[start + index]!;
  } else {
    slab.set(chunk.subarray(start, end), used);
  }
  const piece = new Uint8Array(slab.buffer, used, length);
  // Aligned, so that callers can look at the bytes as numbers.
  used += (length + 7) & ~7;
  return piece;
}
