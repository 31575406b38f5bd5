import type { HeaderPair } from '@x/httpcore';
import { cpuTimeOf } from '@x/testbed/cpu-time';
import { describe, expect, it } from 'vitest';

import { askedDelay } from './asked-delay.ts';

const now = Date.UTC(2026, 10, 22, 12);
const seconds = now / 1000;
const date: HeaderPair = ['Date', 'Sun, 22 Nov 2026 11:00:00 GMT'];

describe('what a server asks for', () => {
  it.each<[HeaderPair[], number | undefined]>([
    [[], undefined],
    [[['Retry-After', '7']], 7000],
    [
      [
        ['retry-after', '7'],
        ['x-ratelimit-reset', '90'],
      ],
      7000,
    ],
    [
      [
        ['retry-after', 'soon'],
        ['x-ratelimit-reset', '90'],
      ],
      undefined,
    ],
    [[['X-RateLimit-Reset', '90']], 90_000],
    [[['x-rate-limit-reset', '1.5']], 1500],
    [[['RateLimit-Reset', '0']], 0],
    [[['X-RateLimit-Reset', String(seconds + 30)]], 30_000],
    [[['X-RateLimit-Reset', String(now + 30_000)]], 30_000],
    [[['X-RateLimit-Reset', String(seconds - 30)]], 0],
    // By the clock of the server that has set it.
    [[date, ['X-RateLimit-Reset', String(seconds - 3600 + 30)]], 30_000],
    [
      [
        ['X-RateLimit-Remaining', '3'],
        ['X-RateLimit-Reset', '90'],
      ],
      undefined,
    ],
    [
      [
        ['X-RateLimit-Remaining', '0'],
        ['X-RateLimit-Reset', '90'],
      ],
      90_000,
    ],
    [[['X-RateLimit-Reset', 'tomorrow']], undefined],
    [[['X-RateLimit-Reset', '-5']], undefined],
    [[['X-RateLimit-Reset', '9'.repeat(400)]], undefined],
    [[['RateLimit', '"default";r=0;t=30']], 30_000],
    [[['RateLimit', '"burst";r=5;t=1, "daily";r=0;t=60']], 60_000],
    [[['RateLimit', '"burst";r=5;t=1']], undefined],
    [[['RateLimit', 'limit=10, remaining=0, reset=30']], 30_000],
    [[['RateLimit', 'limit=10, remaining=4, reset=30']], undefined],
    [
      [
        ['RateLimit', 'nonsense'],
        ['X-RateLimit-Reset', '4'],
      ],
      4000,
    ],
    [[['RateLimit', '"default";r=0;t=x']], undefined],
  ])('%j is %s', (fields, delay) => {
    expect(askedDelay(fields, now)).toBe(delay);
  });

  it('takes no longer for what is made to be slow', async () => {
    const fields = ['t='.repeat(30_000), ' '.repeat(60_000), `t${' '.repeat(60_000)}x`, ',;'.repeat(30_000)];
    expect(await cpuTimeOf(() => fields.forEach((field) => askedDelay([['RateLimit', field]], now)))).toBeLessThan(1_000);
  });
});
