import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { assertDigest, parseDigest, readDigestField, startDigest } from './content-digest.ts';

const of = (algorithm: string, encoding: 'hex' | 'base64'): string => createHash(algorithm).update('content').digest(encoding);

describe('a digest that the caller states', () => {
  it.each([
    `sha-256=${of('sha256', 'base64')}`,
    `sha-256=${of('sha256', 'hex')}`,
    `SHA-256=${of('sha256', 'hex').toUpperCase()}`,
    `sha-256=:${of('sha256', 'base64')}:`,
    `sha256-${of('sha256', 'base64')}`,
    `sha-384=${of('sha384', 'base64')}`,
    `sha-512=${of('sha512', 'hex')}`,
    ` sha-256 = ${of('sha256', 'hex')} `,
  ])('as %s holds for what it is of, and for nothing else', (text) => {
    const expected = parseDigest(text);
    const check = (content: string): void => assertDigest(startDigest(expected).update(content), expected, 'it');
    expect(() => check('content')).not.toThrow();
    expect(() => check('other')).toThrow(expect.objectContaining({ name: 'DigestMismatch', code: 'DIGEST_MISMATCH' }));
  });

  it.each([
    '',
    'sha-256',
    'sha-256=',
    'md5=abc',
    `sha-1=${of('sha1', 'hex')}`,
    'sha-256=abc',
    `sha-512=${of('sha256', 'hex')}`,
    'sha-256=!!!',
    1,
    null,
  ])('as %j is refused', (text) => {
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ name: 'InvalidOption', option: 'digest' }));
  });
});

describe('a digest that the response states', () => {
  const sha256 = of('sha256', 'base64');
  const sha512 = of('sha512', 'base64');

  it.each<[string, string[], string | undefined]>([
    ['one', [`sha-256=:${sha256}:`], 'sha-256'],
    ['the strongest of several', [`sha-512=:${sha512}:, sha-256=:${sha256}:`], 'sha-512'],
    ['the strongest of several fields', [`sha-256=:${sha256}:`, `sha-512=:${sha512}:`], 'sha-512'],
    ['one with a parameter', [`sha-256=:${sha256}:;x=1`], 'sha-256'],
    ['one beside others', [`md5=:abc=:, unixsum=3, sha-256=:${sha256}:, x`], 'sha-256'],
    ['one too short', ['sha-256=:YWJj:'], undefined],
    ['one without colons', [`sha-256=${sha256}`], undefined],
    ['nonsense', [',;=:::', 'sha-256=:!:'], undefined],
    ['none', [], undefined],
  ])('%s', (_, fields, algorithm) => {
    expect(
      readDigestField(
        fields.map((field) => ['Repr-Digest', field]),
        'repr-digest',
      )?.algorithm,
    ).toBe(algorithm);
  });
});
