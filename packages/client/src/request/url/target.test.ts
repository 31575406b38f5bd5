import { UnsupportedProtocol } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { InvalidOption } from '../../errors.ts';
import { appendQuery, joinUrl, parseTarget } from './target.ts';

describe('a target', () => {
  it('has the parts that go on the wire', () => {
    expect(parseTarget('https://Example.com/a b?c#d')).toMatchObject({
      href: 'https://example.com/a%20b?c#d',
      origin: 'https://example.com',
      parts: ['https', 'example.com', null, '/a%20b?c'],
      authorization: undefined,
    });
    expect(parseTarget('http://[::1]:8080').parts).toEqual(['http', '[::1]', 8080, '/']);
    expect(parseTarget('http://bücher.example/').parts[1]).toBe('xn--bcher-kva.example');
    expect(parseTarget('http://example.com:80/').parts[2]).toBeNull();
  });

  it('turns user information into credentials for its origin', () => {
    const target = parseTarget('https://us%40er:p%3Ass%C3%BC@example.com/');
    expect(target.href).toBe('https://example.com/');
    expect(Buffer.from(target.authorization!.slice(6), 'base64').toString()).toBe('us@er:p:ssü');
    expect(parseTarget('https://user@example.com/').authorization).toBe(`Basic ${btoa('user:')}`);
    expect(parseTarget('https://:pass@example.com/').authorization).toBe(`Basic ${btoa(':pass')}`);
    expect(parseTarget('https://u%zz:p@example.com/').authorization).toBe(`Basic ${btoa('u%zz:p')}`);
  });

  it('is refused without quoting its credentials', () => {
    expect(() => parseTarget('/relative')).toThrow(/not absolute, and the client has no baseUrl/);
    expect(() => parseTarget('http://user:secret@:99999/')).toThrow(
      expect.objectContaining({ code: 'INVALID_URL', option: 'url', message: expect.not.stringContaining('secret') as string }),
    );
    expect(() => parseTarget('http://')).toThrow(InvalidOption);
  });

  it.each(['ftp://example.com/', 'file:///etc/passwd', 'localhost:3000/a', 'data:text/plain,hi', 'javascript:1'])(
    'has no scheme like %s',
    (url) => {
      expect(() => parseTarget(url)).toThrow(UnsupportedProtocol);
    },
  );
});

describe('joining a URL to a base', () => {
  const base = parseTarget('https://api.example/v1/');
  it.each([
    ['items', 'https://api.example/v1/items'],
    ['/items', 'https://api.example/v1/items'],
    ['', 'https://api.example/v1/'],
    ['items:batchGet', 'https://api.example/v1/items:batchGet'],
    ['/items:batchGet', 'https://api.example/v1/items:batchGet'],
    ['urn:isbn:1', 'https://api.example/v1/urn:isbn:1'],
    ['ftp://other.example/x', 'ftp://other.example/x'],
    ['data:text/plain,hi', 'data:text/plain,hi'],
    ['?page=2', 'https://api.example/v1/?page=2'],
    ['#top', 'https://api.example/v1/#top'],
    ['https://other.example/x', 'https://other.example/x'],
    ['HTTP://other.example/x', 'HTTP://other.example/x'],
    ['//other.example/x', 'https://other.example/x'],
    ['\\\\other.example/x', 'https:\\\\other.example/x'],
    ['/\\other.example/x', 'https:/\\other.example/x'],
  ])('%j', (url, joined) => {
    expect(joinUrl(base, url)).toBe(joined);
  });

  it('does not leave the origin by any relative spelling', () => {
    for (const url of [
      '..',
      '../../x',
      '/\t/evil.example/',
      '\t//evil.example',
      ' https:evil',
      './/evil.example',
      '@evil.example',
      ':80@evil.example',
    ]) {
      expect(parseTarget(joinUrl(base, url)).origin).toBe('https://api.example');
    }
  });

  it('appends under a base without a slash at its end', () => {
    expect(joinUrl(parseTarget('https://api.example/v1'), '/items')).toBe('https://api.example/v1/items');
    expect(joinUrl(parseTarget('https://api.example/v1'), '')).toBe('https://api.example/v1');
  });
});

describe('appending a query', () => {
  it.each([
    ['https://a.example/', 'https://a.example/?x=1'],
    ['https://a.example/?y=2', 'https://a.example/?y=2&x=1'],
    ['https://a.example/p?y=a%20b+c#f', 'https://a.example/p?y=a%20b+c&x=1#f'],
    ['https://a.example/#f?g', 'https://a.example/?x=1#f?g'],
    ['https://a.example/?y=2&', 'https://a.example/?y=2&x=1'],
  ])('%s', (url, expected) => {
    const target = appendQuery(parseTarget(url), 'x=1');
    expect(target.href).toBe(expected);
    expect(target.parts[3]).toBe(expected.slice('https://a.example'.length).split('#')[0]);
  });
});

it('takes the zone of an IPv6 address (RFC 6874) as a part of the host', () => {
  const target = parseTarget('http://ada:secret@[FE80::1%25eth0]:8080/a?b#c');
  expect(target).toMatchObject({
    href: 'http://[fe80::1%25eth0]:8080/a?b#c',
    origin: 'http://[fe80::1%25eth0]:8080',
    parts: ['http', '[fe80::1%eth0]', 8080, '/a?b'],
  });
  expect(parseTarget(joinUrl(parseTarget('http://[fe80::1%25eth0]/v1'), 'a')).parts).toEqual(['http', '[fe80::1%eth0]', null, '/v1/a']);
  expect(() => parseTarget('http://[::1%25]/')).toThrow(expect.objectContaining({ code: 'INVALID_URL' }) as Error);
});
