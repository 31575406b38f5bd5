/**
 * How long a server asks to be left alone: by `Retry-After` (RFC 9110 §10.2.3), or else by when its quota begins anew. There are three
 * generations of fields for that, and what they count in is told by the number alone:
 *
 *   RateLimit: "default";r=0;t=30        draft-ietf-httpapi-ratelimit-headers: seconds from now
 *   RateLimit: limit=10, remaining=0, reset=30, RateLimit-Reset: 30        its earlier drafts
 *   X-RateLimit-Reset: 1767225600, X-Rate-Limit-Reset: 30        custom of each API: a moment in Unix time, or seconds from now
 */
import type { HeaderPair } from '@x/httpcore';

import { findHeader } from '../request/fields/header-input.ts';
import { parseHttpDate } from '../request/fields/http-date.ts';
import { retryAfterDelay } from './retry-after.ts';

const resetFields = ['ratelimit-reset', 'x-ratelimit-reset', 'x-rate-limit-reset'];
const remainingFields = ['ratelimit-remaining', 'x-ratelimit-remaining', 'x-rate-limit-remaining'];

// A quota of 30 years, and a clock that stands at 2001: neither is in use.
const leastUnixSeconds = 1e9;
const leastUnixMilliseconds = 1e12;

/** Milliseconds from now; `undefined` when it asks for nothing. `now` is Unix time, for where the response has no `Date` of its own. */
export function askedDelay(fields: readonly HeaderPair[], now: number): number | undefined {
  const date = findHeader(fields, 'date');
  const retryAfter = findHeader(fields, 'retry-after');
  if (retryAfter !== undefined) return retryAfterDelay(retryAfter, date, now);
  return delayUntil(structuredReset(findHeader(fields, 'ratelimit')) ?? plainReset(fields), date, now);
}

/** As {@link askedDelay}, of a response that has nothing to complain of: `undefined` unless it says that nothing is left of the quota. */
export function quotaDelay(fields: readonly HeaderPair[], now: number): number | undefined {
  const ratelimit = findHeader(fields, 'ratelimit');
  const used =
    ratelimit === undefined ? firstOf(fields, remainingFields) === 0 : /[\s;,](?:r|remaining)\s*=\s*0(?![\w.])/i.test(` ${ratelimit}`);
  if (!used) return undefined;
  return delayUntil(structuredReset(ratelimit) ?? plainReset(fields), findHeader(fields, 'date'), now);
}

/** `reset` in seconds from now, or in Unix time. */
function delayUntil(reset: number | undefined, date: string | undefined, now: number): number | undefined {
  if (reset === undefined) return undefined;
  if (reset < leastUnixSeconds) return reset * 1000;
  const moment = reset < leastUnixMilliseconds ? reset * 1000 : reset;
  return Math.max(0, moment - ((date === undefined ? undefined : parseHttpDate(date, now)) ?? now));
}

/** Of a quota that is used up; one with something left is not what the server is unhappy about. */
function structuredReset(field: string | undefined): number | undefined {
  if (field === undefined) return undefined;
  let latest: number | undefined;
  // One policy each in the present draft; in earlier ones its parameters are the members of the list.
  for (const policy of /[;"]/.test(field) ? field.split(',') : [field]) {
    const remaining = parameter(policy, 'r') ?? parameter(policy, 'remaining');
    const reset = parameter(policy, 't') ?? parameter(policy, 'reset');
    if (reset !== undefined && (remaining === undefined || remaining === 0)) latest = Math.max(latest ?? 0, reset);
  }
  return latest;
}

function parameter(policy: string, name: string): number | undefined {
  const found = new RegExp(`(?:^|[;,\\s])${name}\\s*=\\s*(\\d{1,15})(?![\\w.])`, 'i').exec(policy)?.[1];
  return found === undefined ? undefined : Number(found);
}

function plainReset(fields: readonly HeaderPair[]): number | undefined {
  const remaining = firstOf(fields, remainingFields);
  return remaining !== undefined && remaining > 0 ? undefined : firstOf(fields, resetFields);
}

function firstOf(fields: readonly HeaderPair[], names: readonly string[]): number | undefined {
  for (const name of names) {
    const text = findHeader(fields, name);
    if (text !== undefined && /^\d{1,15}(?:\.\d{1,9})?$/.test(text)) return Number(text);
  }
  return undefined;
}
