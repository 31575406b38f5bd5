import zlib from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { acceptEncoding, readContentEncoding } from './codings.ts';

const hasZstd = 'createZstdDecompress' in zlib;
const names = (value: string): string[] => readContentEncoding(value).map(({ codec }) => codec.name);

describe('Content-Encoding', () => {
  it.each([
    ['gzip', ['gzip']],
    ['x-gzip', ['gzip']],
    ['GZip', ['gzip']],
    ['deflate', ['deflate']],
    ['br', ['br']],
    ['', []],
    ['identity', []],
    [' gzip ,, identity ', ['gzip']],
    ['deflate, gzip', ['gzip', 'deflate']],
    ['gzip,gzip,gzip,gzip,gzip', ['gzip', 'gzip', 'gzip', 'gzip', 'gzip']],
  ])('%j is undone as %j', (value, expected) => {
    expect(names(value)).toEqual(expected);
  });

  it.each(['compress', 'gzip, compress', 'compress, gzip', 'aws-chunked', 'gzip;q=1', '__proto__'])('%j is left as it is', (value) => {
    expect(names(value)).toEqual([]);
  });

  it('of more than five codings is refused', () => {
    expect(() => names(Array(6).fill('gzip').join(','))).toThrow(
      expect.objectContaining({ name: 'DecodingError', code: 'TOO_MANY_CODINGS' }),
    );
    expect(names(Array(1_000).fill('identity').join(','))).toEqual([]);
  });
});

it('Accept-Encoding says what this Node can undo', () => {
  expect(acceptEncoding).toBe(hasZstd ? 'gzip, deflate, br, zstd' : 'gzip, deflate, br');
});
