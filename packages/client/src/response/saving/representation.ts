/** What a response says of the representation that it is, or is a part of. */
import { findHeader } from '../../request/fields/header-input.ts';
import type { AnyResponse } from '../any-response.ts';

// Closer to now, and it may change again within the second that it names (RFC 9110 §8.8.2.2).
const settledAfter = 60_000;

/**
 * What can be asked for in `If-Range`: a strong entity tag, or a date that is a strong validator (RFC 9110 §8.8.2.2, §13.1.5).
 * `undefined` when the rest of it can not be asked for.
 */
export function strongValidator({ rawHeaders }: AnyResponse): string | undefined {
  if (findHeader(rawHeaders, 'accept-ranges')?.trim().toLowerCase() === 'none') return undefined;
  const tag = findHeader(rawHeaders, 'etag');
  if (tag !== undefined) return tag.startsWith('"') ? tag : undefined;
  const modified = findHeader(rawHeaders, 'last-modified');
  const sent = findHeader(rawHeaders, 'date');
  if (modified === undefined || sent === undefined) return undefined;
  return Date.parse(sent) - Date.parse(modified) >= settledAfter ? modified : undefined;
}

/** `Content-Length`, as a number. */
export function announcedLength({ rawHeaders }: AnyResponse): number | undefined {
  const length = findHeader(rawHeaders, 'content-length');
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
}

/** `Content-Range: bytes 5-9/10` (RFC 9110 §14.4); the size is `undefined` when the server does not know it. One that is invalid is none. */
export function contentRange({
  rawHeaders,
}: AnyResponse): { readonly first: number; readonly last: number; readonly size: number | undefined } | undefined {
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i.exec(findHeader(rawHeaders, 'content-range')?.trim() ?? '');
  if (match === null) return undefined;
  const [first, last, size] = [Number(match[1]), Number(match[2]), match[3] === '*' ? undefined : Number(match[3])];
  return last < first || (size !== undefined && last >= size) ? undefined : { first, last, size };
}
