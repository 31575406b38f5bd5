import { describe, expect, it } from 'vitest';

import { CookieJar } from './cookie-jar.ts';

const now = (): number => Date.UTC(2026, 10, 22);
const in2027 = Date.UTC(2027, 0) / 1_000;
const lines = (...all: string[][]): string => all.map((fields) => fields.join('\t')).join('\n');

describe('cookies.txt', () => {
  it('is written as the other tools write it', () => {
    const jar = new CookieJar({ now });
    jar.set('host=1', 'http://www.example.com/a/b');
    jar.set('all=x=y; Domain=example.com; Path=/; Secure; HttpOnly; Expires=Fri, 01 Jan 2027 00:00:00 GMT', 'https://www.example.com/');
    jar.set('alone', 'http://127.0.0.1/');
    jar.set('tab=a\tb', 'http://127.0.0.1/');
    expect(jar.toCookiesTxt().split('\n')).toEqual([
      '# Netscape HTTP Cookie File',
      '# Whoever can read this file can act as you.',
      '',
      'www.example.com\tFALSE\t/a\tFALSE\t0\thost\t1',
      `#HttpOnly_.example.com\tTRUE\t/\tTRUE\t${in2027}\tall\tx=y`,
      '127.0.0.1\tFALSE\t/\tFALSE\t0\t\talone',
      '',
    ]);
  });

  it('comes back as it was', () => {
    const jar = new CookieJar({ now });
    jar.set('a=1; Domain=example.com; Secure; HttpOnly; Max-Age=1000', 'https://www.example.com/');
    jar.set('b=\xe6\x98\xa5; Path=/x', 'https://www.example.com/');
    jar.set('"alone"', 'https://www.example.com/');
    const again = CookieJar.fromCookiesTxt(jar.toCookiesTxt(), { now });
    expect([...again].map((cookie) => ({ ...cookie }))).toEqual([...jar].map((cookie) => ({ ...cookie })));
  });

  it('is read with all that others put into it', () => {
    const text = [
      '\ufeff# Netscape HTTP Cookie File',
      '# https://curl.se/docs/http-cookies.html',
      '',
      '   ',
      `.example.com\tTRUE\t/\tfalse\t${in2027}\tone\t1`,
      `#HttpOnly_www.example.com\tFALSE\t/\ttrue\t${in2027}.25\ttwo\t2`,
      'www.example.com\tFALSE\t/\tFALSE\t0\tsession\t',
      'www.example.com\tFALSE\t/\tFALSE\t0\ttrimmed',
    ].join('\r\n');
    const jar = CookieJar.fromCookiesTxt(text, { now });
    expect(jar.header('https://www.example.com/')).toBe('one=1; two=2; session=; trimmed=');
    expect(jar.header('http://sub.www.example.com/')).toBe('one=1');
    expect(jar.delete({ name: 'two' })).toBe(1);
  });

  it.each([
    ['expired', ['a.example', 'FALSE', '/', 'FALSE', '1', 'a', '1']],
    ['expired before the epoch', ['a.example', 'FALSE', '/', 'FALSE', '-5', 'a', '1']],
    ['too few fields', ['a.example', 'FALSE', '/', 'FALSE', '0']],
    ['too many fields', ['a.example', 'FALSE', '/', 'FALSE', '0', 'a', '1', '2']],
    ['spaces for tabs', ['a.example FALSE / FALSE 0 a 1']],
    ['no domain', ['.', 'FALSE', '/', 'FALSE', '0', 'a', '1']],
    ['no path', ['a.example', 'FALSE', 'x', 'FALSE', '0', 'a', '1']],
    ['no expiry', ['a.example', 'FALSE', '/', 'FALSE', '', 'a', '1']],
    ['an expiry that is none', ['a.example', 'FALSE', '/', 'FALSE', 'never', 'a', '1']],
    ['a control character', ['a.example', 'FALSE', '/', 'FALSE', '0', 'a', '1\x00']],
    ['a semicolon', ['a.example', 'FALSE', '/', 'FALSE', '0', 'a', '1; b=2']],
    ['neither name nor value', ['a.example', 'FALSE', '/', 'FALSE', '0', '', '']],
    ['too long', ['a.example', 'FALSE', '/', 'FALSE', '0', 'a', 'x'.repeat(4_096)]],
    ['a comment', ['#a.example', 'FALSE', '/', 'FALSE', '0', 'a', '1']],
  ])('passes over a line with %s', (_, fields) => {
    const good = ['b.example', 'FALSE', '/', 'FALSE', '0', 'kept', '1'];
    const jar = CookieJar.fromCookiesTxt(lines(fields, good), { now });
    expect(Array.from(jar, ({ name }) => name)).toEqual(['kept']);
  });

  it('survives an expiry that no Date can show', () => {
    const jar = CookieJar.fromCookiesTxt('a.example\tFALSE\t/\tFALSE\t1e300\ta\t1', { now });
    expect(jar.toCookiesTxt()).toContain('\t8640000000000\ta\t1\n');
  });
});
