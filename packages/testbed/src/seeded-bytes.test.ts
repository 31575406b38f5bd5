import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { mebibytes, seededBuffer, seededBytes, seededDigest } from './seeded-bytes.ts';

test.each([0, 1, 65_535, 65_536, 65_537, 200_000])('gives %i bytes, the same each time, in pieces of at most 64 KiB', (size) => {
  const pieces = [...seededBytes('a', size)];
  expect(Math.max(0, ...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(65_536);
  expect(Buffer.concat(pieces).equals(seededBuffer('a', size))).toBe(true);
  expect(seededBuffer('a', size)).toHaveLength(size);
  expect(createHash('sha256').update(seededBuffer('a', size)).digest('hex')).toBe(seededDigest('a', size));
});

test('the seed decides', () => {
  expect(seededBuffer('a', 100)).not.toEqual(seededBuffer('b', 100));
  expect(seededBuffer('a', 100)).toEqual(seededBuffer('a', 200).subarray(0, 100));
});

test('mebibytes', () => {
  expect(mebibytes(2)).toBe(2_097_152);
});
