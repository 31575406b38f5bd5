/** Parts of a representation (RFC 9110 §14, RFC 9111 §3.3, §3.4). Positions are of bytes; the last one is included, as on the wire. */
import type { HeaderPair } from '@x/httpcore';

/** What a request asks for: one part. `first` is `null` for the last `last` bytes; `last` is `null` for all from `first` on. */
export interface AskedRange {
  readonly first: number | null;
  readonly last: number | null;
}

/** A part of a body, in bytes (RFC 9110 §14). */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** What a 206 says that it holds; `complete` is the length of the whole, `null` where the server does not know it. */
export interface ContentRange extends ByteRange {
  readonly complete: number | null;
}

/** `undefined` for several ranges, another unit, or nonsense: that is the origin's to answer. */
export function parseRange(value: string): AskedRange | undefined {
  const match = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(value);
  if (match === null) return undefined;
  const first = match[1] === '' ? null : Number(match[1]);
  const last = match[2] === '' ? null : Number(match[2]);
  if ((first === null && last === null) || (first !== null && last !== null && last < first)) return undefined;
  return { first, last };
}

export function parseContentRange(value: string | undefined): ContentRange | undefined {
  const match = value === undefined ? null : /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(value.trim());
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2]);
  const complete = match[3] === '*' ? null : Number(match[3]);
  return last < first || (complete !== null && last >= complete) ? undefined : { first, last, complete };
}

/** Which bytes of a representation of this length are asked for; `undefined`: none of them exist (416). */
export function resolveRange({ first, last }: AskedRange, complete: number): ByteRange | undefined {
  if (first === null) {
    const length = Math.min(last!, complete);
    return length === 0 ? undefined : { first: complete - length, last: complete - 1 };
  }
  return first >= complete ? undefined : { first, last: last === null ? complete - 1 : Math.min(last, complete - 1) };
}

/** The bytes that are asked for, where a stored part has all of them. */
export function withinPart(asked: AskedRange, part: ContentRange): ByteRange | undefined {
  const { complete } = part;
  if (complete !== null) {
    const range = resolveRange(asked, complete);
    return range !== undefined && range.first >= part.first && range.last <= part.last ? range : undefined;
  }
  const { first, last } = asked;
  return first !== null && last !== null && first >= part.first && last <= part.last ? { first, last } : undefined;
}

/** What two parts are together; `undefined` where something is missing between them. */
export function union(one: ContentRange, other: ContentRange): ContentRange | undefined {
  const complete = one.complete ?? other.complete;
  if (one.complete !== null && other.complete !== null && one.complete !== other.complete) return undefined;
  if (other.first > one.last + 1 || one.first > other.last + 1) return undefined;
  return { first: Math.min(one.first, other.first), last: Math.max(one.last, other.last), complete };
}

export function isWhole({ first, last, complete }: ContentRange): boolean {
  return first === 0 && complete !== null && last === complete - 1;
}

/** The range that is missing behind a part that begins at the beginning. */
export function rangeBehind({ last }: ContentRange): HeaderPair {
  return ['range', `bytes=${last + 1}-`];
}

export function contentRangeField({ first, last }: ByteRange, complete: number | null): HeaderPair {
  return ['content-range', `bytes ${first}-${last}/${complete ?? '*'}`];
}
