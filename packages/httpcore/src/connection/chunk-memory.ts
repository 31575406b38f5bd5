import type { ByteTransport } from '../net/byte-transport.ts';

// Small chunks are cut from one allocation, as an allocation of its own costs more than all else about a small response.
const slabSize = 65_536;
const largestInSlab = 4_096;
// From here on taking over the memory that was read into is cheaper than copying out of it.
const smallestKept = 16_384;

let slab = new ArrayBuffer(0);
let used = 0;

/** Turns bytes that are only valid now into bytes that last. To be called while the transport delivers them. */
export function ownedBytes(bytes: Uint8Array, transport: ByteTransport): Uint8Array {
  const { length } = bytes;
  if (length >= smallestKept && transport.keep()) return new Uint8Array(bytes.buffer, bytes.byteOffset, length);
  if (length > largestInSlab) {
    const copy = Buffer.allocUnsafeSlow(length);
    copy.set(bytes);
    return new Uint8Array(copy.buffer, 0, length);
  }
  if (used + length > slab.byteLength) {
    slab = new ArrayBuffer(slabSize);
    used = 0;
  }
  const copy = new Uint8Array(slab, used, length);
  copy.set(bytes);
  // Aligned, so that callers can look at the bytes as numbers.
  used += (length + 7) & ~7;
  return copy;
}
