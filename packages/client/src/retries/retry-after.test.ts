import { describe, expect, it } from 'vitest';

import { parseHttpDate } from '../request/fields/http-date.ts';
import { retryAfterDelay } from './retry-after.ts';

const now = Date.UTC(2026, 10, 22, 12, 0, 0);

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['7', 7000],
    ['120', 120_000],
    ['Sun, 22 Nov 2026 12:00:30 GMT', 30_000],
    ['Sunday, 22-Nov-26 12:00:30 GMT', 30_000],
    ['Sun Nov 22 12:00:30 2026', 30_000],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
  ])('%s is %i ms', (value, delay) => {
    expect(retryAfterDelay(value, undefined, now)).toBe(delay);
  });

  it.each(['', ' ', '-1', '1.5', '1e3', 'soon', '2026-11-22', 'Sun, 22 Nov 2026 12:00:30 +0100', 'Sun, 99 Nov 2026 12:00:30 GMT', '１'])(
    '%j is neither a number of seconds nor a date',
    (value) => {
      expect(retryAfterDelay(value, undefined, now)).toBeUndefined();
    },
  );

  it('as a date counts from the Date of its own response, whatever our clock says', () => {
    expect(retryAfterDelay('Sun, 22 Nov 2026 20:00:05 GMT', 'Sun, 22 Nov 2026 20:00:00 GMT', now)).toBe(5000);
    expect(retryAfterDelay('Sun, 22 Nov 2026 12:00:05 GMT', 'never', now)).toBe(5000);
  });
});

describe('an HTTP-date with two digits of a year', () => {
  it.each([
    ['Sunday, 06-Nov-94 08:49:37 GMT', 1994],
    ['Sunday, 06-Nov-26 08:49:37 GMT', 2026],
    ['Sunday, 06-Nov-75 08:49:37 GMT', 2075],
    ['Sunday, 06-Nov-77 08:49:37 GMT', 1977],
  ])('%s is of %i', (text, year) => {
    expect(new Date(parseHttpDate(text, now)!).getUTCFullYear()).toBe(year);
  });
});
