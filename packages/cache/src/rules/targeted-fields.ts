/** `Cache-Control` for certain caches only, such as `CDN-Cache-Control` (RFC 9213). */
import type { HeaderPair } from '@x/httpcore';

import { parseCacheControl, type Directives } from './cache-control.ts';
import { fieldValue } from './fields.ts';
import type { ResponseFacts } from './response-facts.ts';

/** What of a response's fields says how it may be kept. */
export interface ResponseControl {
  readonly directives: Directives;
  /** `Expires`; `undefined` where it does not count. */
  readonly expires: string | undefined;
}

/** RFC 9213 §2.2: the first field of the target list that is valid and not empty takes the place of `Cache-Control` and `Expires`. */
export function controlOf(
  headers: readonly HeaderPair[],
  { cacheControl, expires }: ResponseFacts,
  targets: readonly string[],
): ResponseControl {
  for (const name of targets) {
    const directives = parseTargeted(fieldValue(headers, name));
    if (directives !== undefined) return { directives, expires: undefined };
  }
  return { directives: parseCacheControl(cacheControl), expires };
}

const key = String.raw`([a-z*][a-z0-9_\-.*]*)`;
const string = String.raw`"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"`;
const token = String.raw`[A-Za-z*][!#$%&'*+\-.^_\`|~\w:/]*`;
const bare = String.raw`-?\d{1,12}\.\d{1,3}|-?\d{1,15}|${string}|${token}|:[A-Za-z\d+/=]*:|\?[01]|@-?\d{1,15}`;
const parameters = String.raw`(?:;[ ]*[a-z*][a-z0-9_\-.*]*(?:=(?:${bare}))?)*`;
const innerList = String.raw`\([ ]*(?:(?:${bare})${parameters}(?:[ ]+|(?=\))))*\)`;
const member = new RegExp(`${key}(?:=(${bare}|${innerList}))?${parameters}(?:[ \\t]*,[ \\t]*|$)`, 'y');

/** As a Dictionary of RFC 9651 §3.2, with nothing forgiven; `undefined` for what is empty or none. */
export function parseTargeted(value: string | undefined): Directives | undefined {
  if (value === undefined) return undefined;
  const text = value.replaceAll(/^ +| +$/g, '');
  const directives = new Map<string, string>();
  for (member.lastIndex = 0; member.lastIndex < text.length;) {
    const [whole, name, argument] = member.exec(text) ?? [];
    if (name === undefined) return undefined;
    // A comma at the end announces one more.
    if (whole!.trimEnd().endsWith(',') && member.lastIndex === text.length) return undefined;
    // The last of several counts.
    directives.delete(name);
    if (argument !== '?0') directives.set(name, argumentOf(argument));
  }
  return directives.size === 0 ? undefined : directives;
}

/** As the directives of `Cache-Control` have it. A string is the list of names of a qualified form; a number in quotes is no number. */
function argumentOf(argument: string | undefined): string {
  if (argument === undefined || argument === '?1') return '';
  if (!argument.startsWith('"')) return argument;
  const text = argument.slice(1, -1).replaceAll(/\\(.)/g, '$1');
  return /^\d+$/.test(text) ? argument : text;
}
