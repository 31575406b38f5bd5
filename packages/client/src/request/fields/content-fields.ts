/** Which fields follow from the content of a request: they come with a body, and go with it. */
import type { HeaderPair, TrailerSource } from '@x/httpcore';

import type { RequestBody } from '../body/request-body.ts';
import { findHeader } from './header-input.ts';

// RFC 9110 §8.6: a method that gives content a meaning says so when there is none.
const contentMethods = new Set(['POST', 'PUT', 'PATCH']);

// RFC 9110 §15.4, step 5, and what says how the content travels or is checked.
const contentFields = new Set([
  'content-digest',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'digest',
  'expect',
  'last-modified',
  'repr-digest',
  'trailer',
  'transfer-encoding',
]);
// What each body brings for itself.
const ofBody = new Set(['content-type', 'content-length', 'content-encoding']);
const ofLength = new Set(['content-length']);

export function givesContentMeaning(method: string): boolean {
  return contentMethods.has(method);
}

/** For a request that goes on without its content. */
export function withoutContent(pairs: readonly HeaderPair[]): readonly HeaderPair[] {
  return without(contentFields, pairs);
}

/** For another body in place of the present one. */
export function withoutBodyFields(pairs: readonly HeaderPair[]): readonly HeaderPair[] {
  return without(ofBody, pairs);
}

/** For the same body, or none, whose length is to be said anew: by another method, or in chunks. */
export function withoutLength(pairs: readonly HeaderPair[]): readonly HeaderPair[] {
  return without(ofLength, pairs);
}

/** Adds `Content-Type` and `Content-Length` where they are known and the caller has not said otherwise. */
export function withBodyFields(
  pairs: readonly HeaderPair[],
  method: string,
  body: RequestBody | null,
  trailers: TrailerSource | undefined,
): readonly HeaderPair[] {
  const length = body === null ? (givesContentMeaning(method) ? 0 : undefined) : body.length;
  const contentType = body?.contentType;
  const added: HeaderPair[] = [];
  if (contentType !== undefined && findHeader(pairs, 'content-type') === undefined) added.push(['content-type', contentType]);
  const isFramed = findHeader(pairs, 'content-length') !== undefined || findHeader(pairs, 'transfer-encoding') !== undefined;
  // Trailers come after a body in chunks (RFC 9112 §7.1.2).
  const isInChunks = body !== null && trailers !== undefined;
  if (length !== undefined && !isFramed && !isInChunks) added.push(['content-length', String(length)]);
  return added.length === 0 ? pairs : pairs.concat(added);
}

function without(names: ReadonlySet<string>, pairs: readonly HeaderPair[]): readonly HeaderPair[] {
  return pairs.filter(([name]) => !names.has(name.toLowerCase()));
}
