/** `Retry-After` (RFC 9110 §10.2.3): a number of seconds, or a date. */

import { parseHttpDate } from '../request/fields/http-date.ts';

/**
 * Milliseconds from now; `undefined` for what is neither. `date` is what the response's own `Date` says: between two times of
 * one clock it does not matter how wrong that is. `now` stands in for it.
 */
export function retryAfterDelay(retryAfter: string, date: string | undefined, now: number): number | undefined {
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter) * 1000;
  const until = parseHttpDate(retryAfter, now);
  if (until === undefined) return undefined;
  const since = (date === undefined ? undefined : parseHttpDate(date, now)) ?? now;
  return Math.max(0, until - since);
}
