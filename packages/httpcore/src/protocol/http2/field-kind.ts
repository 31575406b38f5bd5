/** What HTTP/2 thinks of a field's name and value (RFC 9113 §8.2, §8.3), by table look-up. */

import { lowerCaseTokenCharacters, valueCharacters } from '../../model/characters.ts';

/** Names that mean something to the protocol itself. Every other valid name is `ORDINARY`. */
export const FieldKind = {
  ORDINARY: 0,
  /** Upper case, not a token, or empty: malformed (RFC 9113 §8.2.1). */
  INVALID: 1,
  STATUS: 2,
  /** A pseudo-header field that no response has. */
  OTHER_PSEUDO: 3,
  CONTENT_LENGTH: 4,
  /** Means something to HTTP/1.1 connections only: malformed (RFC 9113 §8.2.2). */
  CONNECTION_SPECIFIC: 5,
  /** The one that may say `trailers`, and nothing else. */
  TE: 6,
  HOST: 7,
} as const;

const kinds: ReadonlyMap<string, number> = new Map<string, number>([
  [':status', FieldKind.STATUS],
  ['content-length', FieldKind.CONTENT_LENGTH],
  ['connection', FieldKind.CONNECTION_SPECIFIC],
  ['keep-alive', FieldKind.CONNECTION_SPECIFIC],
  ['proxy-connection', FieldKind.CONNECTION_SPECIFIC],
  ['transfer-encoding', FieldKind.CONNECTION_SPECIFIC],
  ['upgrade', FieldKind.CONNECTION_SPECIFIC],
  ['te', FieldKind.TE],
  ['host', FieldKind.HOST],
]);

const space = 0x20;
const tab = 0x09;

/** The kind of a name as it stands in a header block. */
export function fieldKind(name: string): number {
  const kind = kinds.get(name);
  if (kind !== undefined) return kind;
  if (name.charCodeAt(0) === 0x3a) return FieldKind.OTHER_PSEUDO;
  if (name.length === 0) return FieldKind.INVALID;
  for (let index = 0; index < name.length; index += 1) {
    if (lowerCaseTokenCharacters[name.charCodeAt(index)] !== 1) return FieldKind.INVALID;
  }
  return FieldKind.ORDINARY;
}

/** Are `bytes[start, end)` a field value: no controls but HTAB, no white space at either end? */
export function isValue(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end) return true;
  const first = bytes[start]!;
  const last = bytes[end - 1]!;
  if (first === space || first === tab || last === space || last === tab) return false;
  for (let index = start; index < end; index += 1) {
    if (valueCharacters[bytes[index]!] !== 1) return false;
  }
  return true;
}

/** Drops the white space around a value: it is no part of it (RFC 9110 §5.5), and HTTP/2 does not allow it on the wire. */
export function trimValue(value: string): string {
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(value.length - 1);
  if (first !== space && first !== tab && last !== space && last !== tab) return value;
  let start = 0;
  let end = value.length;
  while (start < end && isWhiteSpace(value.charCodeAt(start))) start += 1;
  while (end > start && isWhiteSpace(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

function isWhiteSpace(code: number): boolean {
  return code === space || code === tab;
}
