/** Header fields as lists of pairs: found by name, joined, left out. */
import type { HeaderPair } from '@x/httpcore';

export const noFields: readonly HeaderPair[] = Object.freeze([]);

/** The lines of a field joined by commas, as RFC 9110 §5.3 lets them be; `undefined` where there is none. `name` is in lower case. */
export function fieldValue(headers: readonly HeaderPair[], name: string): string | undefined {
  let value: string | undefined;
  for (const [given, line] of headers) {
    if (given.length !== name.length || (given !== name && given.toLowerCase() !== name)) continue;
    value = value === undefined ? line : `${value}, ${line}`;
  }
  return value;
}

export function hasField(headers: readonly HeaderPair[], name: string): boolean {
  for (const [given] of headers) {
    if (given.length === name.length && (given === name || given.toLowerCase() === name)) return true;
  }
  return false;
}

export function withoutFields(headers: readonly HeaderPair[], names: ReadonlySet<string>): readonly HeaderPair[] {
  return headers.some(([name]) => names.has(name.toLowerCase())) ? headers.filter(([name]) => !names.has(name.toLowerCase())) : headers;
}

/** `fields` in the place of those of the same name; the others stay as they are. */
export function replaceFields(headers: readonly HeaderPair[], fields: readonly HeaderPair[]): readonly HeaderPair[] {
  if (fields.length === 0) return headers;
  return [...withoutFields(headers, new Set(fields.map(([name]) => name.toLowerCase()))), ...fields];
}

/**
 * The members of a comma-separated list; commas in quoted strings are no separators (RFC 9110 §5.6.1). Empty members are left out. A quoted
 * string without an end hides nothing: what is behind its quote is split as if that were not there.
 */
export function listMembers(value: string): string[] {
  const members: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < value.length; at += 1) {
    const character = value[at];
    if (isQuoted && character === '\\') at += 1;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === ',' && !isQuoted) {
      addMember(members, value.slice(start, at));
      start = at + 1;
    }
  }
  const rest = value.slice(start);
  if (isQuoted) for (const piece of rest.split(',')) addMember(members, piece);
  else addMember(members, rest);
  return members;
}

function addMember(members: string[], text: string): void {
  const member = trimmed(text);
  if (member !== '') members.push(member);
}

/** Without optional white space at both ends: SP and HTAB, and nothing else (RFC 9110 §5.6.3). */
export function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

// Fields of one connection, and those by which a proxy and its client know each other (RFC 9110 §7.6.1, RFC 9111 §3.1).
const neverStored = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

const neverStoredLengths: readonly (boolean | undefined)[] = Array.from({ length: 32 }, (_, length) =>
  [...neverStored].some((name) => name.length === length),
);

// It names no other field.
const plainConnections = new Set(['keep-alive', 'close', 'Keep-Alive', 'Close']);

/** Told by its length first: writing a name small costs more than all the rest. */
export function isNeverStored(name: string): boolean {
  return neverStoredLengths[name.length] === true && neverStored.has(name.toLowerCase());
}

/** Does `Connection` name fields that it takes away? */
export function namesFields(connection: string | undefined): boolean {
  return connection !== undefined && !plainConnections.has(connection);
}

/** What of a response's fields may be kept (RFC 9111 §3.1). */
export function storableFields(headers: readonly HeaderPair[], connection: string | undefined): readonly HeaderPair[] {
  if (!namesFields(connection)) return headers.filter((pair) => !isNeverStored(pair[0]));
  return withoutFields(headers, new Set([...neverStored, ...listMembers(connection!).map((name) => name.toLowerCase())]));
}
