import { describe, expect, it } from 'vitest';

import type { ByteTransport } from '../net/byte-transport.ts';
import { ownedBytes } from './chunk-memory.ts';

/** A transport in the middle of a delivery, which can or can't give its memory away. */
function delivering(canKeep: boolean): ByteTransport & { asked: number } {
  const transport = {
    asked: 0,
    keep() {
      transport.asked += 1;
      return canKeep;
    },
  };
  return transport as unknown as ByteTransport & { asked: number };
}

function chunkOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index % 251);
}

describe('bytes that last', () => {
  it.each([1, 64, 65, 4_096, 4_097, 8_192, 16_384])('are those of the chunk (%i of them)', (length) => {
    for (const canKeep of [true, false]) {
      const chunk = chunkOf(20_000);
      const owned = ownedBytes(chunk, 9, 9 + length, delivering(canKeep));
      expect(Buffer.compare(owned, chunk.subarray(9, 9 + length))).toBe(0);
    }
  });

  it('are the memory of the chunk where that can be given away, also for each of several pieces', () => {
    const chunk = chunkOf(16_384);
    const transport = delivering(true);
    const pieces = [ownedBytes(chunk, 9, 8_201, transport), ownedBytes(chunk, 8_210, 16_384, transport)];
    expect(pieces.map(({ buffer }) => buffer)).toEqual([chunk.buffer, chunk.buffer]);
    expect(transport.asked).toBe(2);
  });

  it('are a copy where it can not, and survive the next read', () => {
    const chunk = chunkOf(16_384);
    const owned = ownedBytes(chunk, 0, 16_384, delivering(false));
    chunk.fill(0);
    expect(Buffer.compare(owned, chunkOf(16_384))).toBe(0);
  });

  it.each([
    ['a small piece', 4_096, 16_384],
    ['a piece of a much larger chunk', 8_192, 65_536],
  ])('never hold a chunk for %s', (_what, length, size) => {
    const chunk = chunkOf(size);
    const transport = delivering(true);
    expect(ownedBytes(chunk, 0, length, transport).buffer).not.toBe(chunk.buffer);
    expect(transport.asked).toBe(0);
  });

  it('do not overlap, and begin where numbers can be read', () => {
    const transport = delivering(false);
    const pieces = Array.from({ length: 20_000 }, (_, index) => ownedBytes(chunkOf(11).fill(index % 256), 0, 11, transport));
    pieces.forEach((piece, index) => {
      expect(piece.every((octet) => octet === index % 256)).toBe(true);
      expect(piece.byteOffset % 8).toBe(0);
    });
  });
});
