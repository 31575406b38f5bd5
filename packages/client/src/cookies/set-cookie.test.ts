import { describe, expect, it } from 'vitest';

import { parseSetCookie, type SetCookie } from './set-cookie.ts';

const now = Date.UTC(2026, 10, 22);
const day = 86_400_000;

const parse = (text: string): SetCookie => {
  const parsed = parseSetCookie(text, now);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
};

describe('Set-Cookie', () => {
  it('is a name, a value and attributes in any case and order', () => {
    expect(parse('id=a3fWa; SECURE; Path=/docs;httponly; Domain=.Example.COM; samesite=STRICT; Max-Age=60')).toEqual({
      name: 'id',
      value: 'a3fWa',
      expiresAt: now + 60_000,
      domain: 'example.com',
      path: '/docs',
      secure: true,
      httpOnly: true,
      sameSite: 'strict',
    });
  });

  it('is never decoded', () => {
    expect(parse('n%0d%0aSet-Cookie: x=1=%25%0D%0A%00')).toMatchObject({ name: 'n%0d%0aSet-Cookie: x', value: '1=%25%0D%0A%00' });
    expect(parse('n="quoted \\"value\\""').value).toBe('"quoted \\"value\\""');
    expect(parse('n=\xe6\x98\xa5\xa0').value).toBe('\xe6\x98\xa5\xa0');
  });

  it.each(['a=b\0', 'a=b\r\nset-cookie: c=d', 'a\x7f=b', 'a=b; path=/\x01', 'a=春', 'a=b\x1f'])(
    'with a control character, or with what is no octet, is none: %j',
    (text) => {
      expect(parseSetCookie(text, now)).toBe('it holds a control character, or one that is no octet');
    },
  );

  it('keeps a tab within a value, and takes it off the ends', () => {
    expect(parse('\ta\t=\tb\tc\t')).toMatchObject({ name: 'a', value: 'b\tc' });
  });

  it.each(['', '=', ' = ', ';', '; Path=/'])('without name and value is none: %j', (text) => {
    expect(parseSetCookie(text, now)).toBe('it is empty');
  });

  it('has 4096 octets of name and value at most', () => {
    expect(parse(`abcd=${'x'.repeat(4_092)}`).value).toHaveLength(4_092);
    expect(parseSetCookie(`abcd=${'x'.repeat(4_093)}`, now)).toBe('its name and value are longer than 4096 octets');
  });

  it('ignores an attribute of more than 1024 octets, and that attribute alone', () => {
    const path = `/${'x'.repeat(1_023)}`;
    expect(parse(`a=b; Path=${path}`).path).toBe(path);
    expect(parse(`a=b; Path=/kept; Path=${path}x; Secure`)).toMatchObject({ path: '/kept', secure: true });
  });

  it.each([
    ['a=b; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT', now + 60_000],
    ['a=b; Max-Age=0', 0],
    ['a=b; Max-Age=-99999999999999999999', 0],
    ['a=b; Max-Age=99999999999999999999999', now + 400 * day],
    ['a=b; Expires=Fri, 31 Dec 9999 23:59:59 GMT', now + 400 * day],
    ['a=b; Expires=Mon, 23 Nov 2026 00:00:00 GMT', now + day],
    ['a=b; Expires=Mon, 23 Nov 2026 00:00:00 GMT; Expires=yesterday', now + day],
    ['a=b; Max-Age=1; Max-Age=1.5; Max-Age=+2; Max-Age=; Max-Age=-', now + 1_000],
    ['a=b; Expires=', undefined],
    ['a=b', undefined],
  ])('%s', (text, expiresAt) => {
    expect(parse(text).expiresAt).toBe(expiresAt);
  });

  it('counts the last attribute of a name, also when it says nothing', () => {
    expect(parse('a=b; Domain=x.example; Domain=; Path=/a; Path=b; SameSite=Lax; SameSite=odd')).toMatchObject({
      domain: undefined,
      path: undefined,
      sameSite: undefined,
    });
  });
});
