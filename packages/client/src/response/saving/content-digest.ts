/** Digests of what is saved (RFC 9530), stated by the caller or by the response. */
import { createHash, timingSafeEqual, type Hash } from 'node:crypto';

import type { HeaderPair } from '@x/httpcore';

import { DigestMismatch, InvalidOption } from '../../errors.ts';

/** A digest that something must have. */
export interface ExpectedDigest {
  readonly algorithm: string;
  readonly value: Uint8Array;
}

/** Bytes of a digest, for the algorithms that are taken. MD5 and SHA-1 prove nothing any more (RFC 9530 §5). */
const sizes = new Map([
  ['sha-256', 32],
  ['sha-384', 48],
  ['sha-512', 64],
]);
const algorithms = [...sizes.keys()].join(', ');

/**
 * `sha-256=…`: the value in base64, in hexadecimal as `sha256sum` prints it, or between colons as header fields have it. The form
 * of subresource integrity, `sha256-…`, is taken too.
 * @throws {InvalidOption}
 */
export function parseDigest(text: unknown, option = 'digest'): ExpectedDigest {
  const match = typeof text === 'string' ? /^(sha)-?(256|384|512)\s*[=-]\s*:?([^:]+):?$/i.exec(text.trim()) : null;
  if (match === null)
    throw new InvalidOption(option, `must be true, or an algorithm with a value, such as "sha-256=…"; known are ${algorithms}`);
  const algorithm = `sha-${match[2]!}`;
  const value = decodeDigest(match[3]!, sizes.get(algorithm)!);
  if (value === undefined) throw new InvalidOption(option, `has a value that is no ${algorithm} in base64 or hexadecimal`);
  return { algorithm, value };
}

/** The strongest digest of a field that is a dictionary of them, as `Repr-Digest`; what is not understood is passed over. */
export function readDigestField(pairs: readonly HeaderPair[], name: string): ExpectedDigest | undefined {
  let strongest: ExpectedDigest | undefined;
  for (const [candidate, field] of pairs) {
    if (candidate.toLowerCase() !== name) continue;
    for (const member of field.split(',')) {
      const match = /^\s*(sha-(?:256|384|512))=:([A-Za-z0-9+/=]*):\s*(?:;|$)/.exec(member);
      const value = match === null ? undefined : decodeDigest(match[2]!, sizes.get(match[1]!)!);
      if (value !== undefined && value.length > (strongest?.value.length ?? 0)) strongest = { algorithm: match![1]!, value };
    }
  }
  return strongest;
}

export function startDigest({ algorithm }: ExpectedDigest): Hash {
  return createHash(algorithm.replace('-', ''));
}

/** @throws {DigestMismatch} */
export function assertDigest(hash: Hash, expected: ExpectedDigest, what: string): void {
  const actual = hash.digest();
  if (timingSafeEqual(actual, expected.value)) return;
  throw new DigestMismatch(
    `${what} has the ${expected.algorithm} ${actual.toString('base64')} where ${Buffer.from(expected.value).toString('base64')} was expected`,
  );
}

function decodeDigest(text: string, size: number): Uint8Array | undefined {
  if (text.length === size * 2 && /^[0-9a-f]+$/i.test(text)) return Buffer.from(text, 'hex');
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return undefined;
  const value = Buffer.from(text, 'base64');
  return value.length === size ? value : undefined;
}
