import { describe, expect, it } from 'vitest';

import { boundaryOf, multipartType, randomBoundary } from './boundary.ts';

describe('a boundary of our own', () => {
  it('is another one each time, and needs no quotes', () => {
    const boundaries = new Set(Array.from({ length: 1_000 }, randomBoundary));
    expect(boundaries.size).toBe(1_000);
    for (const boundary of boundaries) expect(multipartType(boundary)).toBe(`multipart/form-data; boundary=${boundary}`);
    expect([...boundaries][0]).toMatch(/^[\w-]{32,70}$/);
  });
});

describe("the caller's boundary", () => {
  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['Multipart/Form-Data;charset=utf-8;BOUNDARY="a b"', 'a b'],
    ['multipart/related; boundary="a\\(b"; type="x/y"', 'a(b'],
    [`multipart/form-data; boundary=${'x'.repeat(70)}`, 'x'.repeat(70)],
  ])('of %j is %j', (contentType, boundary) => {
    expect(boundaryOf(contentType)).toBe(boundary);
  });

  it('may be missing with the whole field', () => {
    expect(boundaryOf(undefined)).toBeUndefined();
  });

  it.each([
    'multipart/form-data',
    'application/json',
    'text/plain; boundary=abc',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=""',
    'multipart/form-data; boundary="ends with a space "',
    'multipart/form-data; boundary=ü',
    'multipart/form-data; boundary="a@b"',
    `multipart/form-data; boundary=${'x'.repeat(71)}`,
  ])('of %j is refused', (contentType) => {
    expect(() => boundaryOf(contentType)).toThrow(expect.objectContaining({ name: 'InvalidOption', option: 'headers' }));
  });

  it('is quoted where it has to be', () => {
    expect(multipartType('a b')).toBe('multipart/form-data; boundary="a b"');
    expect(boundaryOf(multipartType("a:b='(c)'"))).toBe("a:b='(c)'");
  });
});
