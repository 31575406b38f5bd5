/** Digests what is saved while it is saved, and compares at the end. */
import type { Hash } from 'node:crypto';

import { DigestMismatch } from '../../errors.ts';
import type { UnreadResponse } from '../unread-response.ts';
import { assertDigest, readDigestField, startDigest, type ExpectedDigest } from './content-digest.ts';
import type { PartialFile } from './partial-file.ts';

export class DigestCheck {
  readonly #expected: ExpectedDigest;
  readonly #hash: Hash;
  readonly #what: string;
  /** Is it over the bytes as they travelled, which are not those that are saved? */
  readonly #isOfEncoded: boolean;

  private constructor(expected: ExpectedDigest, what: string, isOfEncoded: boolean) {
    this.#expected = expected;
    this.#hash = startDigest(expected);
    this.#what = what;
    this.#isOfEncoded = isOfEncoded;
  }

  /**
   * For what this response brings. What the caller states is of the file. What the response states is of its content as it
   * travelled (RFC 9530 §2, §3), so that of a body whose coding is undone is taken before the decoder.
   * @throws {DigestMismatch} `DIGEST_MISSING`.
   */
  static of(digest: ExpectedDigest | boolean, response: UnreadResponse): DigestCheck | undefined {
    if (digest === false) return undefined;
    if (digest !== true) return new DigestCheck(digest, 'The file that was saved', false);
    // Of a part, Repr-Digest says nothing: it is that of the whole.
    const ofWhole = response.status === 206 ? undefined : readDigestField(response.rawHeaders, 'repr-digest');
    const stated = ofWhole ?? readDigestField(response.rawHeaders, 'content-digest');
    if (stated === undefined) {
      throw new DigestMismatch('The response states no digest that is known here, so it can not be checked', { code: 'DIGEST_MISSING' });
    }
    const { encoded } = response;
    const check = new DigestCheck(stated, 'The content that was received', encoded !== undefined);
    if (encoded !== undefined) encoded.onChunk = (chunk) => check.#hash.update(chunk);
    return check;
  }

  saved(chunk: Uint8Array): void {
    if (!this.#isOfEncoded) this.#hash.update(chunk);
  }

  /** What was saved before. */
  async savedBefore(file: PartialFile, signal: AbortSignal): Promise<void> {
    await file.digestInto(this.#hash, signal);
  }

  /** @throws {DigestMismatch} */
  assert(): void {
    assertDigest(this.#hash, this.#expected, this.#what);
  }
}
