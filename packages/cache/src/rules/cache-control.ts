/** `Cache-Control` (RFC 9111 §5.2), read so that nonsense never makes a response more reusable than it is. */
import { listMembers, trimmed } from './fields.ts';

/** RFC 9111 §1.2.2: what is larger counts as this. */
const largestDelta = 2 ** 31;

/** Directives by name in lower case. The argument is unquoted; `''` where there is none. */
export type Directives = ReadonlyMap<string, string>;

export const noDirectives: Directives = new Map();

/**
 * The first of two equal directives counts, as RFC 9111 §4.2.1 lets a cache choose, but for `private` and `no-cache`: once without an
 * argument is without an argument, which is the stricter form.
 */
export function parseCacheControl(value: string | undefined): Directives {
  if (value === undefined || value === '') return noDirectives;
  if (value !== latest.value) {
    latest.directives = parsed(value);
    latest.value = value;
  }
  return latest.directives;
}

// A server says the same with every response, and each is asked several times.
const latest: { value: string; directives: Directives } = { value: '', directives: noDirectives };

function parsed(value: string): Directives {
  const directives = new Map<string, string>();
  for (const member of listMembers(value)) {
    const equals = member.indexOf('=');
    const name = trimmed(equals === -1 ? member : member.slice(0, equals)).toLowerCase();
    if (name === '') continue;
    const argument = equals === -1 ? '' : unquoted(trimmed(member.slice(equals + 1)));
    const earlier = directives.get(name);
    if (earlier === undefined) directives.set(name, argument);
    else if (argument === '' || earlier === '') directives.set(name, isQualifiable(name) ? '' : earlier);
    else if (isQualifiable(name)) directives.set(name, `${earlier},${argument}`);
  }
  return directives;
}

function isQualifiable(name: string): boolean {
  return name === 'private' || name === 'no-cache';
}

function unquoted(argument: string): string {
  if (!argument.startsWith('"')) return argument;
  const end = argument.length > 1 && argument.endsWith('"') ? -1 : undefined;
  return argument.slice(1, end).replaceAll(/\\(.)/g, '$1');
}

/** Seconds; `undefined` where the directive is absent, `NaN` where its argument is none (RFC 9111 §1.2.2). */
export function deltaSeconds(directives: Directives, name: string): number | undefined {
  const argument = directives.get(name);
  return argument === undefined ? undefined : parseDelta(argument);
}

/** `NaN` for what is no delta-seconds. */
export function parseDelta(text: string): number {
  return Math.min(parseCount(text), largestDelta);
}

/** Digits and nothing else; `NaN` for all else. */
export function parseCount(text: string): number {
  let value = text === '' ? NaN : 0;
  for (let at = 0; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

const fieldName = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;

/**
 * The fields that a qualified `no-cache` names, in lower case. `[]` where it names none or names them wrongly: then it is about the whole
 * response (RFC 9111 §5.2.2.4).
 */
export function qualifiedFields(directives: Directives, name: string): readonly string[] {
  const argument = directives.get(name);
  if (argument === undefined || argument === '') return [];
  const names = listMembers(argument).map((field) => field.toLowerCase());
  return names.every((field) => fieldName.test(field)) ? names : [];
}
