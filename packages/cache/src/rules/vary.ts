/** Which request a stored response is for (RFC 9111 §4.1). */
import type { HeaderPair } from '@x/httpcore';

import { fieldValue, listMembers, trimmed } from './fields.ts';

/** A field of the request that chose the response, normalized; `null` where the request did not have it. */
export type SelectingField = readonly [name: string, value: string | null];

/** RFC 9110 §12.5.5: such a response is for one request only. */
export const variesOnEverything: readonly SelectingField[] = Object.freeze([Object.freeze(['*', null] as const)]);
const nothing: readonly SelectingField[] = Object.freeze([]);

/** Values that are not kept in the clear, such as credentials, are handed to `conceal`. */
export type Conceal = (name: string, value: string) => string;

export function selectingFields(vary: string | undefined, request: readonly HeaderPair[], conceal: Conceal): readonly SelectingField[] {
  if (vary === undefined) return nothing;
  const names = [...new Set(listMembers(vary).map((name) => name.toLowerCase()))].sort();
  if (names.includes('*')) return variesOnEverything;
  return names.map((name) => [name, selectingValue(name, request, conceal)]);
}

/** Is a response that these fields chose, with these fields of its own, the one for this request? */
export function matchesSelecting(
  selecting: readonly SelectingField[],
  headers: readonly HeaderPair[],
  request: readonly HeaderPair[],
  conceal: Conceal,
): boolean {
  for (const [name, value] of selecting) {
    if (name === '*') return false;
    if (selectingValue(name, request, conceal) === value) continue;
    if (name !== 'accept-language' || !isPreferredLanguage(fieldValue(headers, 'content-language'), fieldValue(request, name)))
      return false;
  }
  return true;
}

/** RFC 9110 §12.5.4: the one language that a request wants most is what it would get again, where the origin is known to have it. */
function isPreferredLanguage(language: string | undefined, wanted: string | undefined): boolean {
  if (language === undefined || wanted === undefined || language.includes(',')) return false;
  let most = 0;
  let preferred: string | undefined;
  for (const wish of listMembers(wanted)) {
    const [, range, quality = '1'] = /^([A-Za-z\d-]+|\*)[ \t]*(?:;[ \t]*[qQ]=([01](?:\.\d{0,3})?))?$/.exec(wish) ?? [];
    if (range === undefined) return false;
    const weight = Number(quality);
    if (weight === most) preferred = undefined;
    if (weight <= most) continue;
    most = weight;
    preferred = range;
  }
  return preferred !== undefined && preferred.toLowerCase() === trimmed(language).toLowerCase();
}

export function isSameSelection(one: readonly SelectingField[], other: readonly SelectingField[]): boolean {
  return one.length === other.length && one.every(([name, value], index) => other[index]![0] === name && other[index]![1] === value);
}

function selectingValue(name: string, request: readonly HeaderPair[], conceal: Conceal): string | null {
  const value = fieldValue(request, name);
  return value === undefined ? null : conceal(name, normalized(name, value));
}

// RFC 9110 §12.5: preferences are told by weights; letter case and order mean nothing.
const preferences = new Set(['accept', 'accept-charset', 'accept-encoding', 'accept-language']);

/** RFC 9111 §4.1: the same in meaning, whatever the white space, how the lines are split and, where the field says so, the order. */
function normalized(name: string, value: string): string {
  if (!preferences.has(name)) return value.includes(',') ? listMembers(value).join(', ') : trimmed(value);
  return listMembers(value)
    .map((member) =>
      member
        .toLowerCase()
        .replaceAll(/[ \t]*([;=])[ \t]*/g, '$1')
        .replace(/;q=1(?:\.0{0,3})?$/, ''),
    )
    .sort()
    .join(', ');
}
