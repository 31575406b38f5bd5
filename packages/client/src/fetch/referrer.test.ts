import { describe, expect, it } from 'vitest';

import { referrerOf } from './referrer.ts';

const page = 'https://user:secret@a.example/page?q#part';
const [same, other, plain] = ['https://a.example/', 'https://b.example/', 'http://b.example/'];
const [whole, origin] = ['https://a.example/page?q', 'https://a.example/'];

describe('the referrer of a fetch', () => {
  it.each([
    ['', [whole, origin, undefined]],
    ['strict-origin-when-cross-origin', [whole, origin, undefined]],
    ['no-referrer', [undefined, undefined, undefined]],
    ['no-referrer-when-downgrade', [whole, whole, undefined]],
    ['same-origin', [whole, undefined, undefined]],
    ['origin', [origin, origin, origin]],
    ['strict-origin', [origin, origin, undefined]],
    ['origin-when-cross-origin', [whole, origin, origin]],
    ['unsafe-url', [whole, whole, whole]],
  ] as const)('under %j', (referrerPolicy, expected) => {
    expect([same, other, plain].map((url) => referrerOf({ referrer: page, referrerPolicy, url }))).toEqual(expected);
  });

  it('is none without one, and the origin in place of a long one', () => {
    for (const referrer of ['', 'about:client', 'data:,x']) expect(referrerOf({ referrer, referrerPolicy: '', url: same })).toBeUndefined();
    expect(referrerOf({ referrer: `${same}${'x'.repeat(5_000)}`, referrerPolicy: '', url: same })).toBe(same);
  });
});
