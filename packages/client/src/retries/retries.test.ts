import { describe, expect, it } from 'vitest';

import { InvalidOption } from '../errors.ts';
import { mergeRetryOptions } from './retry-settings.ts';
import { Retries, type RetriesOptions } from './retries.ts';
import { RetryOnConnectionFailure, RetryOnStatus, type RetryOnStatusOptions } from './retry-limits.ts';

describe('Retries', () => {
  it('has documented defaults', () => {
    expect(new Retries(3)).toEqual({
      count: 3,
      limits: [new RetryOnConnectionFailure()],
      backoff: { factor: 500, maxDelay: 20_000, jitter: true },
      maxRetryAfter: 60_000,
      longRetryAfter: 'give-up',
      attemptTimeout: null,
      budget: true,
      lastResponse: 'throw',
    });
  });

  it('adds limits to that of connection failures, unless told not to', () => {
    const onStatus = new RetryOnStatus();
    expect(new Retries(1, { limits: [onStatus] }).limits).toEqual([new RetryOnConnectionFailure(), onStatus]);
    expect(new Retries(1, { limits: [onStatus], connectionFailures: false }).limits).toEqual([onStatus]);
  });

  it.each<[unknown, unknown, string]>([
    [-1, {}, 'retries'],
    [1.5, {}, 'retries'],
    [1, { attemptTimeout: 0 }, 'retries.attemptTimeout'],
    [1, { attemptTimeout: '1' }, 'retries.attemptTimeout'],
    [1, { longRetryAfter: 'never' }, 'retries.longRetryAfter'],
    ['3', {}, 'retries'],
    [NaN, {}, 'retries'],
    [3, { limits: [{}] }, 'retries.limits'],
    [3, { limits: new RetryOnStatus() }, 'retries.limits'],
    [3, { backoffFactor: -1 }, 'retries.backoffFactor'],
    [3, { maxDelay: '5' }, 'retries.maxDelay'],
    [3, { maxRetryAfter: NaN }, 'retries.maxRetryAfter'],
    [3, { jitter: 0.5 }, 'retries.jitter'],
    [3, { connectionFailures: 1 }, 'retries.connectionFailures'],
    [3, { budget: null }, 'retries.budget'],
    [3, { lastResponse: 'keep' }, 'retries.lastResponse'],
    [3, { backoff: 1 }, 'retries.backoff'],
  ])('refuses %j with %j', (count, options, option) => {
    const make = (): unknown => new Retries(count as number, options as RetriesOptions);
    expect(make).toThrow(InvalidOption);
    expect(make).toThrow(expect.objectContaining({ option }));
  });

  it('does not change', () => {
    expect(() => Object.assign(new Retries(3), { count: 4 })).toThrow(TypeError);
  });
});

describe('RetryOnStatus', () => {
  it('has documented defaults', () => {
    expect([...new RetryOnStatus().statuses]).toEqual([408, 425, 429, 502, 503, 504]);
    expect([...new RetryOnStatus().methods]).toEqual(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY']);
  });

  it.each([{ statuses: [50] }, { statuses: ['503'] }, { status: [503] }])('refuses %j', (options) => {
    expect(() => new RetryOnStatus(options as RetryOnStatusOptions)).toThrow(InvalidOption);
  });
});

describe('the option "retries"', () => {
  const three = new Retries(3);

  it.each<[Retries | null, number | Retries | null | undefined, Retries | null]>([
    [null, undefined, null],
    [three, undefined, three],
    [three, null, null],
    [three, 0, null],
    [three, new Retries(0), null],
    [null, 2, new Retries(2)],
    [null, three, three],
  ])('over %o, %o is %o', (inherited, retries, merged) => {
    expect(mergeRetryOptions(inherited, { retries })).toEqual(merged);
  });

  it.each([true, '3', {}, -1])('refuses %j', (retries) => {
    expect(() => mergeRetryOptions(null, { retries: retries as number })).toThrow(InvalidOption);
  });
});
