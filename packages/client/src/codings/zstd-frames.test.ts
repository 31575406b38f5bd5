import { describe, expect, it } from 'vitest';

import { ZstdFrames } from './zstd-frames.ts';

/** Written by zstd(1) 1.5.4, but for the last two. */
const frames: Record<string, string> = {
  'a raw block and a checksum': '28b52ffd045849000061626361626361626357465217',
  'a raw block': '28b52ffd0058490000616263616263616263',
  'runs of zeros, a content size of four bytes, a checksum': '28b52ffda4e09304005400001000000100fbff39c00202001000039f04002d28de26',
  'runs of zeros, a content size of four bytes': '28b52ffda0e09304005400001000000100fbff39c00202001000039f0400',
  'nothing, as a single segment': '28b52ffd2000010000',
  'a compressed block':
    '28b52ffd20a98d0200924a130bb0a70ddd9a44f62b53021163167398c13c7367ce9b35cb3cbae8a1833ebd9d7d5d5dfae082070ef8f072f27171e1638b1d36d8b3bbb9b7b5650f2d74d0408faea69e96163d1687c173e75b4b00',
  'a dictionary id of two bytes, a content size of eight, a run': '28b52ffde2341207000000000000003b000061',
  'something skippable': '5f2a4d1805000000ffffffffff',
  'nothing skippable': '502a4d1800000000',
};
const bytesOf = (hex: string): Buffer => Buffer.from(hex, 'hex');
const all = Buffer.concat(Object.values(frames).map(bytesOf));

function cutAll(chunks: readonly Uint8Array[]): { pieces: Buffer[]; complete: boolean } {
  const cutter = new ZstdFrames();
  const pieces = chunks.flatMap((chunk) => cutter.cut(chunk)).map((piece) => Buffer.from(piece));
  return { pieces, complete: cutter.complete };
}

describe('a frame', () => {
  it.each(Object.entries(frames))('of %s ends where it ends', (_, hex) => {
    const frame = bytesOf(hex);
    expect(cutAll([Buffer.concat([frame, frame])])).toEqual({ pieces: [frame, frame], complete: true });
  });

  it.each(Object.entries(frames))('of %s is not complete before', (_, hex) => {
    const frame = bytesOf(hex);
    for (let length = 1; length < frame.length; length += 1) {
      expect(cutAll([frame.subarray(0, length)]), `at ${length}`).toEqual({ pieces: [frame.subarray(0, length)], complete: false });
    }
  });
});

it('frames are found however their bytes are split', () => {
  const ends = Object.values(frames).reduce<number[]>((found, hex) => [...found, (found.at(-1) ?? 0) + hex.length / 2], []);
  for (let at = 0; at <= all.length; at += 1) {
    const { pieces, complete } = cutAll([all.subarray(0, at), all.subarray(at)].filter(({ length }) => length > 0));
    const found = pieces.reduce<number[]>((found, { length }) => [...found, (found.at(-1) ?? 0) + length], []);
    expect(found, `at ${at}`).toEqual([...new Set([...ends, ...(at === 0 ? [] : [at])])].sort((one, other) => one - other));
    expect(complete).toBe(true);
  }
  expect(Buffer.concat(cutAll(Array.from(all, (byte) => Buffer.of(byte))).pieces)).toEqual(all);
});

it('nothing is complete', () => {
  expect(cutAll([])).toEqual({ pieces: [], complete: true });
});

describe('refused as corrupt', () => {
  it.each([
    ['another magic number', '1f8b080000000000'],
    ['the reserved bit of a descriptor', '28b52ffd0858'],
    ['a block of the reserved type', '28b52ffd0058070000'],
    ['something after the end', `${frames['a raw block']}3c68746d6c3e`],
    ['very many frames of nothing', frames['nothing, as a single segment']!.repeat(10_001)],
  ])('%s', (_, hex) => {
    expect(() => cutAll([bytesOf(hex)])).toThrow(expect.objectContaining({ name: 'DecodingError', code: 'CORRUPT_CODING' }));
  });
});
