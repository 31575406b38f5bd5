/** Query parameters and form fields: the same input, the same rules. */
import { InvalidOption } from '../../errors.ts';
import { readEntries } from '../../options/entries.ts';

/** `null` and `undefined` are left out. Over inherited parameters, `null` removes one and `undefined` leaves it. */
export type ParamValue = string | number | bigint | boolean | null | undefined;

/** Parameters by name (an array gives one for each element), as pairs in their order, or as a query string. */
export type ParamsInput =
  | string
  | URLSearchParams
  | Readonly<Record<string, ParamValue | readonly ParamValue[]>>
  | Iterable<readonly [name: string, value: ParamValue | readonly ParamValue[]]>;

/** One name with the values given for it; none when it was given as `null`. */
export type ParamEntry = readonly [name: string, values: readonly string[]];

/** @throws {InvalidOption} a value is an object, a function or a symbol. */
export function toParams(input: ParamsInput, option: string): ParamEntry[] {
  if (typeof input === 'string') return toParams(new URLSearchParams(input), option);
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
  return serializeForm(entries).replaceAll('+', '%20');
}

/** `application/x-www-form-urlencoded` (WHATWG URL §5.2): a space is `+`. */
export function serializeForm(entries: readonly ParamEntry[]): string {
  const flat = new URLSearchParams();
  for (const [name, values] of entries) {
    for (const value of values) flat.append(name, value);
  }
  return flat.toString();
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
