/** Small bodies that are all here are decoded at once: a trip to the thread pool takes longer than the decoding. */
import { ownBytes } from '../own-bytes.ts';
import { assertPadding, codingFailure } from './coding-failure.ts';
import type { ContentCoding } from './codings.ts';

/** Encoded bytes up to which it is tried, and the longest result: about two milliseconds of work at the most. */
export const mostInputNow: number = 64 * 1024;
export const mostOutputNow: number = 1024 * 1024;

/**
 * `undefined` when the result would be too long to be made at once.
 * @throws {DecodingError} `CORRUPT_CODING`, `TRUNCATED_CODING`.
 */
export function decodeNow(bytes: Uint8Array, codings: readonly ContentCoding[]): Uint8Array<ArrayBuffer> | undefined {
  let content = bytes;
  for (const coding of codings) {
    if (content.length === 0) break;
    try {
      const { decoded, consumed } = coding.decodeNow(content, mostOutputNow);
      if (consumed < content.length) assertPadding(coding.codec.mayPad, content.subarray(consumed));
      content = decoded;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
      throw codingFailure(coding.codec.name, error);
    }
  }
  return ownBytes(content);
}
