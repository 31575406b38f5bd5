import { describe, expect, it } from 'vitest';

import { CookieJar } from './cookie-jar.ts';
import { joinCookies, mergeCookies, noCookies, type CookieSettings, type CookiesInput } from './request-cookies.ts';

const url = 'http://a.example/';

function jarWith(...cookies: string[]): CookieJar {
  const jar = new CookieJar();
  for (const cookie of cookies) jar.set(cookie, url);
  return jar;
}

describe('what a call says of cookies', () => {
  const jar = jarWith();
  const inherited: CookieSettings = mergeCookies({ ...noCookies, jar }, { a: '1', b: 2 });

  it('is laid over what the client says, name by name', () => {
    expect(mergeCookies(inherited, undefined)).toBe(inherited);
    expect([...mergeCookies(inherited, { b: 3, c: null, d: undefined }).own]).toEqual([
      ['a', '1'],
      ['b', '3'],
      ['c', null],
    ]);
    expect(mergeCookies(inherited, { b: 3 }).jar).toBe(jar);
    const other = jarWith();
    expect(mergeCookies(inherited, other)).toEqual({ jar: other, own: inherited.own });
  });

  it.each([null, false] as const)('is nothing at all with %s', (off) => {
    expect(mergeCookies(inherited, off)).toBe(noCookies);
  });

  it.each([
    'a=1',
    true,
    7,
    ['a=1'],
    new Map([['a', '1']]),
    { '': '1' },
    { 'a=b': '1' },
    { 'a;b': '1' },
    { 'a b\n': '1' },
    { ' a': '1' },
    { a: '1; admin=1' },
    { a: '1\r\nx: y' },
    { a: ' 1' },
    { a: '春' },
    { a: {} },
    { a: true },
  ])('is refused as %j', (input) => {
    const merge = (): unknown => mergeCookies(noCookies, input as unknown as CookiesInput);
    expect(merge).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', option: 'cookies' }) as Error);
    expect(merge).not.toThrow(/admin=1|x: y/);
  });

  it('takes own properties alone', () => {
    expect(mergeCookies(noCookies, Object.create({ planted: '1' }) as CookiesInput).own.size).toBe(0);
  });
});

describe('the Cookie field', () => {
  const own = (input: Record<string, string | null>): ReadonlyMap<string, string | null> => mergeCookies(noCookies, input).own;
  const none = own({});

  it('is absent without cookies', () => {
    expect(joinCookies([], [['accept', '*/*']], none)).toBeUndefined();
    expect(joinCookies(jarWith('a=1').get(url), [], own({ a: null }))).toBeUndefined();
  });

  it('has the jar’s first, then those in the caller’s header, then the call’s own; of one name, the later', () => {
    const stored = jarWith('a=jar', 'b=jar', 'c=jar', 'alone').get(url);
    const written = [
      ['Cookie', 'b=header; x=header;'],
      ['accept', '*/*'],
      ['COOKIE', ' y ; c=header'],
    ] as const;
    expect(joinCookies(stored, written, own({ c: 'own', z: 'own', a: null }))).toBe('b=header; x=header; y; c=own; z=own');
    expect(joinCookies(stored, [], own({ c: 'own' }))).toBe('a=jar; b=jar; alone; c=own');
  });
});
