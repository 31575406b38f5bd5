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

function chunkOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => index % 251);
}

describe('bytes that last', () => {
  it.each([1, 64, 65, 4_096, 16_384, 16_385, 30_000])('are those of the chunk, in memory of exactly their size (%i of them)', (length) => {
    for (const canKeep of [true, false]) {
      for (const chunk of [chunkOf(65_536), Buffer.from(chunkOf(65_536)), Buffer.from('x'.repeat(65_536))]) {
        const owned = ownedBytes(chunk, 9, 9 + length, delivering(canKeep));
        expect(Buffer.compare(owned, chunk.subarray(9, 9 + length))).toBe(0);
        expect([owned.constructor, owned.byteOffset, owned.buffer.byteLength]).toEqual([Uint8Array, 0, length]);
      }
    }
  });

  it('are the memory of the chunk where they are all of it and it can be given away', () => {
    for (const chunk of [chunkOf(16_384), Buffer.from(chunkOf(16_384).buffer)]) {
      const owned = ownedBytes(chunk, 0, 16_384, delivering(true));
      expect([owned.buffer, owned.constructor]).toEqual([chunk.buffer, Uint8Array]);
    }
  });

  it('are a copy where it can not, and survive the next read', () => {
    const chunk = chunkOf(16_384);
    const owned = ownedBytes(chunk, 0, 16_384, delivering(false));
    chunk.fill(0);
    expect(Buffer.compare(owned, chunkOf(16_384))).toBe(0);
  });

  it.each([
    ['what was read does not fill the memory', (memory: ArrayBuffer) => new Uint8Array(memory, 0, 60_000), 0, 60_000],
    ['it holds something else, too', (memory: ArrayBuffer) => new Uint8Array(memory), 9, 65_536],
  ])('never hold memory where %s', (_what, chunkIn, start, end) => {
    const memory = chunkOf(65_536).buffer;
    const transport = delivering(true);
    expect(ownedBytes(chunkIn(memory), start, end, transport).buffer).not.toBe(memory);
    expect(transport.asked).toBe(0);
  });

  it('can be given away without a neighbour noticing', () => {
    const chunk = chunkOf(20_000);
    const [one, two] = [ownedBytes(chunk, 0, 100, delivering(false)), ownedBytes(chunk, 100, 200, delivering(false))];
    structuredClone(one, { transfer: [one.buffer] });
    expect([one.length, Buffer.compare(two, chunk.subarray(100, 200))]).toEqual([0, 0]);
  });
});
