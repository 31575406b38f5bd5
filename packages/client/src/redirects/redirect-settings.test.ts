import { describe, expect, it } from 'vitest';

import { InvalidOption } from '../errors.ts';
import { defaultRedirects, doesFollow, mergeRedirectOptions, type RedirectOptions } from './redirect-settings.ts';

describe('redirect options', () => {
  it('follow ten by default', () => {
    expect(defaultRedirects).toEqual({ follow: true, limit: 10 });
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

  it.each([{ followRedirects: 1 }, { followRedirects: 'yes' }, { maxRedirects: -1 }, { maxRedirects: 1.5 }, { maxRedirects: '3' }])(
    'refuse %j',
    (options) => {
      expect(() => mergeRedirectOptions(defaultRedirects, options as RedirectOptions)).toThrow(InvalidOption);
    },
  );
});
