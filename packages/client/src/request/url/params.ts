/** Query parameters and form fields: the same input, the same rules. */
import { InvalidOption } from '../../errors.ts';
import { readEntries } from '../../options/entries.ts';

/** `null` and `undefined` are left out. Over inherited parameters, `null` removes one and `undefined` leaves it. */
export type ParamValue = string | number | bigint | boolean | null | undefined;

/**
 * Parameters by name (an array gives one for each element), as pairs in their order, or as a query string, whose octets stay as they
 * are. An object may be of a type of its own, such as an interface; its values are checked when it is used.
 */
export type ParamsInput =
  | string
  | URLSearchParams
  | Readonly<Record<string, ParamValue | readonly ParamValue[]>>
  | Iterable<readonly [name: string, value: ParamValue | readonly ParamValue[]]>
  // An interface has no index signature; the record above says what is meant.
  | object;

/** One name with the values given for it; none when it was given as `null`. `encoded` is the text that it was given as, if it was. */
export type ParamEntry = readonly [name: string, values: readonly string[], encoded?: string];

/** @throws {InvalidOption} a value is an object, a function or a symbol. */
export function toParams(input: ParamsInput, option: string): ParamEntry[] {
  if (typeof input === 'string') return encodedParams(input);
  const entries: ParamEntry[] = [];
  for (const [name, value] of readEntries(input, option)) {
    if (value === undefined) continue;
    const values = (Array.isArray(value) ? (value as unknown[]) : [value]).filter((single) => single !== null && single !== undefined);
    entries.push([name, values.map((single) => text(single, option, name))]);
  }
  return entries;
}

/** Inherited parameters without the names that `own` speaks of, then `own`. */
export function overlayParams(inherited: readonly ParamEntry[], own: readonly ParamEntry[]): ParamEntry[] {
  const spokenOf = new Set(own.map(([name]) => name));
  return [...inherited.filter(([name]) => !spokenOf.has(name)), ...own];
}

/** For a URL's query: a space is `%20`, which form decoders and plain percent-decoders agree on. */
export function serializeQuery(entries: readonly ParamEntry[]): string {
  // The serializer writes a literal plus as %2B, so every "+" in its output is a space.
  return serialize(entries, (text) => text.replaceAll('+', '%20'));
}

/** `application/x-www-form-urlencoded` (WHATWG URL §5.2): a space is `+`. */
export function serializeForm(entries: readonly ParamEntry[]): string {
  return serialize(entries, (text) => text);
}

function serialize(entries: readonly ParamEntry[], spell: (text: string) => string): string {
  const pieces: string[] = [];
  let flat = new URLSearchParams();
  const flush = (): void => {
    if (flat.size > 0) pieces.push(spell(flat.toString()));
    flat = new URLSearchParams();
  };
  for (const [name, values, encoded] of entries) {
    if (encoded === undefined) {
      for (const value of values) flat.append(name, value);
    } else {
      flush();
      pieces.push(encoded);
    }
  }
  flush();
  return pieces.join('&');
}

// What a query can not hold (WHATWG URL §1.3, query percent-encode set); "%" is whatever the text means by it.
const unsafe = /[^!$-;=?-~]/gu;

/** Each piece as it is, so that bytes which are no UTF-8 stay what they are. */
function encodedParams(text: string): ParamEntry[] {
  const query = text.startsWith('?') ? text.slice(1) : text;
  if (query === '') return [];
  return query.split('&').map((piece) => {
    const [name, value] = new URLSearchParams(piece).entries().next().value ?? ['', ''];
    return [name, [value], piece.replace(unsafe, percentEncode)];
  });
}

/** As UTF-8; half of a surrogate pair is none. */
function percentEncode(character: string): string {
  return encodeURIComponent(/\p{Surrogate}/u.test(character) ? '\ufffd' : character);
}

function text(value: unknown, option: string, name: string): string {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      throw new InvalidOption(
        option,
        `has a value of type ${typeof value} for ${JSON.stringify(name)}; use a string, a number or a boolean`,
      );
  }
}
