/**
 * Bodies of any size that both sides can make from a seed: bytes that look random (so that nothing compresses or repeats
 * by luck), at the speed of the processor's AES, with a digest that is known beforehand.
 */
import { createCipheriv, createHash } from 'node:crypto';

/** What one write carries: small enough to be interleaved fairly, large enough to be cheap. */
const PIECE = 64 * 1024;
const MIB = 1024 * 1024;

const digests = new Map<string, string>();

/**
 * Gives `size` bytes made from `seed`, in pieces of at most 64 KiB. Equal arguments give equal bytes.
 *
 * @example
 * for (const piece of seededBytes('photo', 10 * 1024 * 1024)) hash.update(piece);
 */
export function* seededBytes(seed: string, size: number): Generator<Buffer> {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(Math.min(PIECE, size));
  for (let left = size; left > 0; left -= PIECE) {
    yield cipher.update(left < PIECE ? zeros.subarray(0, left) : zeros);
  }
}

/** The bytes of `seededBytes` in one buffer. */
export function seededBuffer(seed: string, size: number): Buffer {
  return Buffer.concat([...seededBytes(seed, size)], size);
}

/** The SHA-256 of `seededBytes(seed, size)`, in hexadecimal; computed once for each pair. */
export function seededDigest(seed: string, size: number): string {
  const key = `${size} ${seed}`;
  let digest = digests.get(key);
  if (digest === undefined) {
    const hash = createHash('sha256');
    for (const piece of seededBytes(seed, size)) hash.update(piece);
    digest = hash.digest('hex');
    digests.set(key, digest);
  }
  return digest;
}

/** `mebibytes(64)` reads better than its product. */
export function mebibytes(count: number): number {
  return count * MIB;
}
