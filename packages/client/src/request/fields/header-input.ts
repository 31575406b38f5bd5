/** What callers may give as header fields, and how it is laid over the fields that are there already. */
import { LocalProtocolError, type HeaderPair } from '@x/httpcore';

import { InvalidOption } from '../../errors.ts';
import { readEntries } from '../../options/entries.ts';

/** A field's value. An array gives one field for each element, `null` removes the field, `undefined` leaves it as it is. */
export type HeaderInputValue = string | number | null | undefined | readonly (string | number)[];

/** The platform's `Headers`, whose type is no iterable in programs with `lib: ["dom"]` and without `dom.iterable`. */
export interface PlatformHeaders {
  get(name: string): string | null;
  forEach(callback: (value: string, name: string) => void): void;
}

/** Fields by name, or as pairs in their order. Our `Headers`, the platform's, and a `Map` are pairs. */
export type HeadersInput =
  | Readonly<Record<string, HeaderInputValue>>
  | Iterable<readonly [name: string, value: HeaderInputValue]>
  | PlatformHeaders;

/** The fields to set, and the names (in lower case) that they replace or remove. */
export interface HeaderChanges {
  readonly pairs: readonly HeaderPair[];
  readonly replaced: ReadonlySet<string>;
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// RFC 9110 §5.5: visible characters, SP, HTAB and obs-text, so Latin-1 without the other controls.
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * A field as it will travel: coerced first, validated after.
 * @throws {LocalProtocolError} `INVALID_HEADER_NAME` or `INVALID_HEADER_VALUE`; the value is not quoted.
 */
export function headerPair(name: string, value: string | number): HeaderPair {
  const nameText = String(name);
  if (!token.test(nameText)) {
    throw new LocalProtocolError(`${JSON.stringify(nameText.slice(0, 100))} is not a header name`, {
      code: 'INVALID_HEADER_NAME',
      phase: 'request',
    });
  }
  const valueText = trimWhitespace(String(value));
  if (!fieldValue.test(valueText)) {
    throw new LocalProtocolError(`The value of the header ${JSON.stringify(nameText)} holds a character that no header may hold`, {
      code: 'INVALID_HEADER_VALUE',
      phase: 'request',
    });
  }
  return [nameText, valueText];
}

/**
 * @throws {InvalidOption} the input, or a value in it, is of a type that can't be a header.
 * @throws {LocalProtocolError} a name or a value holds what no header may hold.
 */
export function readHeaderChanges(input: HeadersInput, option = 'headers'): HeaderChanges {
  const pairs: HeaderPair[] = [];
  const replaced = new Set<string>();
  for (const [name, value] of readEntries(input, option)) {
    if (value === undefined) continue;
    replaced.add(name.toLowerCase());
    if (value === null) continue;
    for (const single of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof single !== 'string' && typeof single !== 'number') {
        throw new InvalidOption(option, `has a value of type ${typeof single} for ${JSON.stringify(name)}; use a string or a number`);
      }
      pairs.push(headerPair(name, single));
    }
  }
  return { pairs, replaced };
}

/** Every field of `base` whose name is not replaced, then the new ones. */
export function applyHeaderChanges(base: readonly HeaderPair[], changes: HeaderChanges): HeaderPair[] {
  const kept = base.filter(([name]) => !changes.replaced.has(name.toLowerCase()));
  return kept.concat(changes.pairs);
}

export function isFieldName(text: string): boolean {
  return token.test(text);
}

/** May it be the value of a field? */
export function isFieldValue(text: string): boolean {
  return fieldValue.test(text);
}

/** `undefined` when there is no such field. Duplicates: the first one. `name` in lower case. */
export function findHeader(pairs: readonly HeaderPair[], name: string): string | undefined {
  for (let index = 0; index < pairs.length; index += 1) {
    const pair = pairs[index]!;
    if (isNamed(pair[0], name)) return pair[1];
  }
  return undefined;
}

/** Is it this name, in whatever case? `name` in lower case. Letter by letter, since it is asked for several fields of every response. */
export function isNamed(candidate: string, name: string): boolean {
  if (candidate.length !== name.length) return false;
  for (let index = 0; index < name.length; index += 1) {
    const code = candidate.charCodeAt(index);
    const wanted = name.charCodeAt(index);
    if (code !== wanted && !(code + 0x20 === wanted && code >= 0x41 && code <= 0x5a)) return false;
  }
  return true;
}

// RFC 9110 §5.6.3: OWS around a field value is not part of it. A loop, since a regular expression backtracks on long runs.
function trimWhitespace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhitespace(text.charCodeAt(start))) start++;
  while (end > start && isWhitespace(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
