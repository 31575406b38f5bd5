import { describe, expect, it } from 'vitest';

import { InvalidOption } from '../errors.ts';
import { defaultRedirects, doesFollow, mergeRedirectOptions, type RedirectOptions } from './redirect-settings.ts';

describe('redirect options', () => {
  it('follow ten by default', () => {
    expect(defaultRedirects).toEqual({ follow: true, limit: 10, allowDowngrade: false });
    expect(mergeRedirectOptions(defaultRedirects, {})).toBe(defaultRedirects);
  });

  it.each<[RedirectOptions, RedirectOptions, boolean, number | null]>([
    [{ followRedirects: false }, {}, false, 10],
    [{ followRedirects: null }, { maxRedirects: 3 }, false, 3],
    [{ followRedirects: false, maxRedirects: 3 }, { followRedirects: true }, true, 3],
    [{ maxRedirects: null }, {}, false, null],
    [{ maxRedirects: null }, { maxRedirects: 1 }, true, 1],
    [{ maxRedirects: 0 }, {}, true, 0],
    [{ maxRedirects: Infinity }, {}, true, Infinity],
  ])('%j and then %j', (first, second, follows, limit) => {
    const merged = mergeRedirectOptions(mergeRedirectOptions(defaultRedirects, first), second);
    expect(doesFollow(merged)).toBe(follows);
    expect(merged.limit).toBe(limit);
  });

  it('permit a downgrade where they say so', () => {
    const allowed = mergeRedirectOptions(defaultRedirects, { allowDowngrade: true });
    expect([allowed.allowDowngrade, mergeRedirectOptions(allowed, { maxRedirects: 1 }).allowDowngrade]).toEqual([true, true]);
    expect(mergeRedirectOptions(allowed, { allowDowngrade: null }).allowDowngrade).toBe(false);
  });

  it.each([
    { followRedirects: 1 },
    { allowDowngrade: 1 },
    { followRedirects: 'yes' },
    { maxRedirects: -1 },
    { maxRedirects: 1.5 },
    { maxRedirects: '3' },
  ])('refuse %j', (options) => {
    expect(() => mergeRedirectOptions(defaultRedirects, options as RedirectOptions)).toThrow(InvalidOption);
  });
});
