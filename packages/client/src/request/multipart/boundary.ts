/** What stands between the parts of a multipart body (RFC 2046 §5.1.1). */
import { randomBytes } from 'node:crypto';

import { InvalidOption } from '../../errors.ts';
import { isFieldName } from '../fields/header-input.ts';
import { mediaType } from '../fields/media-type.ts';

// RFC 2046 §5.1.1: at most 70 of these, and no space at the end.
const valid = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;

/**
 * 128 bits that nobody can guess: whoever knows the boundary beforehand and writes one of the parts could end that part and
 * begin another, and `Math.random` can be known from a few earlier ones (CVE-2025-22150).
 */
export function randomBoundary(): string {
  return `form-${randomBytes(16).toString('hex')}`;
}

/**
 * The boundary that the caller's `Content-Type` asks for; `undefined` when there is no such field.
 * @throws {InvalidOption} it is no multipart type, or without a usable boundary.
 */
export function boundaryOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined) return undefined;
  const type = mediaType(contentType);
  const boundary = type?.params.get('boundary');
  if (type?.type !== 'multipart' || typeof boundary !== 'string') {
    throw new InvalidOption(
      'headers',
      'has a Content-Type that does not fit "files"; leave it out, or give a multipart type with a boundary',
    );
  }
  if (!valid.test(boundary)) {
    throw new InvalidOption('headers', 'has a Content-Type whose boundary is not 1 to 70 of the characters that RFC 2046 permits');
  }
  return boundary;
}

export function multipartType(boundary: string): string {
  // RFC 9110 §5.6.6: a token, as a field's name is one, or a quoted string.
  return `multipart/form-data; boundary=${isFieldName(boundary) ? boundary : `"${boundary}"`}`;
}
