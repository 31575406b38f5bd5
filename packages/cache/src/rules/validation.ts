/** Asking whether a stored response still holds, and answering those who ask (RFC 9111 §4.3, RFC 9110 §13). */
import type { HeaderPair } from '@x/httpcore';

import { fieldValue, listMembers, storableFields, withoutFields } from './fields.ts';
import { parseHttpDate } from './http-date.ts';

/** An entity tag as it is compared: opaque, with quotes around it also where the server forgot them. */
interface EntityTag {
  readonly opaque: string;
  readonly isWeak: boolean;
}

export function parseEntityTag(text: string | undefined): EntityTag | undefined {
  if (text === undefined) return undefined;
  const isWeak = /^w\//i.test(text);
  const opaque = isWeak ? text.slice(2) : text;
  if (opaque === '' || opaque === '"') return undefined;
  return { opaque: opaque.startsWith('"') && opaque.endsWith('"') ? opaque : `"${opaque}"`, isWeak };
}

/** For `If-Range` and for joining parts: the same byte for byte (RFC 9110 §8.8.3.2). `undefined` where there is no strong one. */
export function strongTag(headers: readonly HeaderPair[]): string | undefined {
  const tag = parseEntityTag(fieldValue(headers, 'etag'));
  return tag === undefined || tag.isWeak ? undefined : tag.opaque;
}

/** The same of `Last-Modified`: strong once it is a second older than the response (RFC 9110 §8.8.2.2), which could have changed twice in that. */
export function strongDate(headers: readonly HeaderPair[]): string | undefined {
  const text = fieldValue(headers, 'last-modified');
  const modified = parseHttpDate(text, 0);
  const date = parseHttpDate(fieldValue(headers, 'date'), 0);
  return modified !== undefined && date !== undefined && date - modified >= 1000 ? text : undefined;
}

function shown(tag: EntityTag): string {
  return tag.isWeak ? `W/${tag.opaque}` : tag.opaque;
}

/** Fields that make a request about any of these stored responses conditional; `[]` where none has a validator. */
export function conditionalFields(stored: readonly (readonly HeaderPair[])[]): HeaderPair[] {
  const fields: HeaderPair[] = [];
  const tags = stored.flatMap((headers) => parseEntityTag(fieldValue(headers, 'etag')) ?? []).map(shown);
  if (tags.length > 0) fields.push(['if-none-match', [...new Set(tags)].join(', ')]);
  // Of several, a date would not say which one it is about.
  const modified = stored.length === 1 ? fieldValue(stored[0]!, 'last-modified') : undefined;
  if (modified !== undefined) fields.push(['if-modified-since', modified]);
  return fields;
}

/** Does the caller have already what is stored: is the answer 304 (RFC 9110 §13.1.2, §13.1.3, §13.2.2)? `undefined`: nothing was asked. */
export function callerHasIt(request: readonly HeaderPair[], stored: readonly HeaderPair[], now: number): boolean | undefined {
  const noneMatch = fieldValue(request, 'if-none-match');
  if (noneMatch !== undefined) {
    if (noneMatch.trim() === '*') return true;
    const own = parseEntityTag(fieldValue(stored, 'etag'));
    return own !== undefined && listMembers(noneMatch).some((member) => parseEntityTag(member)?.opaque === own.opaque);
  }
  const since = parseHttpDate(fieldValue(request, 'if-modified-since'), now);
  if (since === undefined) return undefined;
  const modified = parseHttpDate(fieldValue(stored, 'last-modified') ?? fieldValue(stored, 'date'), now);
  return modified !== undefined && modified <= since;
}

/** RFC 9110 §15.4.5: what a 304 says of the representation. */
const fieldsOf304 = new Set(['age', 'cache-control', 'content-location', 'date', 'etag', 'expires', 'last-modified', 'vary', 'set-cookie']);

export function headersOf304(headers: readonly HeaderPair[]): readonly HeaderPair[] {
  return headers.filter(([name]) => fieldsOf304.has(name.toLowerCase()));
}

// They are about the bytes that are stored, and these have not changed (RFC 9111 §3.2). Age and Date are those of the new response alone.
const aboutTheBytes = new Set(['content-encoding', 'content-length', 'content-range', 'content-type', 'age']);

/** RFC 9111 §3.2: every field of the new response takes the place of the stored ones of its name. */
export function freshenedFields(stored: readonly HeaderPair[], received: readonly HeaderPair[]): readonly HeaderPair[] {
  const age = received.filter(([name]) => name.toLowerCase() === 'age');
  const fields = withoutFields(storableFields(received, fieldValue(received, 'connection')), aboutTheBytes);
  const replaced = new Set(fields.map(([name]) => name.toLowerCase()));
  replaced.add('age');
  return [...withoutFields(stored, replaced), ...fields, ...age];
}

/**
 * RFC 9111 §4.3.4: is the 304 about this one? One with another validator never is: it confirms something else. One without any is about the only
 * one that was asked about.
 */
export function confirms(received: readonly HeaderPair[], stored: readonly HeaderPair[], isOnly: boolean): boolean {
  const tag = parseEntityTag(fieldValue(received, 'etag'));
  const own = parseEntityTag(fieldValue(stored, 'etag'));
  if (tag !== undefined && own !== undefined) return tag.opaque === own.opaque;
  const modified = fieldValue(received, 'last-modified');
  const ownModified = fieldValue(stored, 'last-modified');
  return modified !== undefined && ownModified !== undefined ? modified === ownModified : isOnly;
}

/** RFC 9111 §4.3.5: does the answer to a HEAD describe the stored response, so that it may freshen it? */
export function describesStored(received: readonly HeaderPair[], stored: readonly HeaderPair[]): boolean {
  return ['etag', 'last-modified', 'content-length'].every((name) => {
    const now = fieldValue(received, name);
    return now === undefined || now === fieldValue(stored, name);
  });
}
