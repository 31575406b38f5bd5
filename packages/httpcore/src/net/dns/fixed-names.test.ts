import { describe, expect, it } from 'vitest';

import { FixedNames, type FixedName } from './fixed-names.ts';

/** As `host:port host`, or `=> name:port`. */
function shown(fixed: FixedName | undefined): string {
  if (fixed === undefined) return 'looked up';
  const places = fixed.name !== undefined ? [fixed.name] : fixed.addresses;
  const list = places.map(({ host, port }) => (port === undefined ? host : `${host} ${port}`)).join(', ');
  return fixed.name !== undefined ? `=> ${list}` : list;
}

describe('FixedNames', () => {
  const names = new FixedNames({
    'example.com:443': ['10.0.0.1', '[2001:db8::1]:8443', '::2'],
    'example.com': '10.0.0.2',
    '*.example.com': 'staging.test',
    '*.deep.example.com:80': 'deep.test:8080',
    'BÜCHER.test:*': ['10.0.0.3'],
    '*:9000': '10.0.0.4:9001',
    '192.0.2.1:80': '127.0.0.1:8080',
    '[2001:db8::9]:80': '::1',
    '*:8080': ':8081',
  });

  it.each([
    ['example.com', 443, '10.0.0.1, 2001:db8::1 8443, ::2'],
    ['example.com', 80, '10.0.0.2'],
    ['example.com', 9000, '10.0.0.2'],
    ['a.example.com', 443, '=> staging.test'],
    ['a.b.example.com', 443, '=> staging.test'],
    ['a.deep.example.com', 80, '=> deep.test 8080'],
    ['a.deep.example.com', 81, '=> staging.test'],
    ['notexample.com', 443, 'looked up'],
    ['xn--bcher-kva.test', 443, '10.0.0.3'],
    ['other.test', 9000, '10.0.0.4 9001'],
    ['192.0.2.1', 80, '127.0.0.1 8080'],
    ['192.0.2.1', 81, 'looked up'],
    ['2001:db8::9', 80, '::1'],
    ['constructor', 80, 'looked up'],
    ['other.test', 8080, '=>  8081'],
  ])('%s:%i leads to %s', (host, port, expected) => {
    expect(shown(names.find(host, port))).toBe(expected);
  });

  it('has one entry for all', () => {
    expect(shown(new FixedNames({ '*': '127.0.0.1' }).find('192.0.2.1', 80))).toBe('127.0.0.1');
    expect(shown(new FixedNames({ '*.test': '127.0.0.1', '*': '127.0.0.2' }).find('a.test', 80))).toBe('127.0.0.1');
  });

  it.each<[unknown]>([
    [['example.com']],
    ['example.com:80:127.0.0.1'],
    [{ 'example.com:99999': '10.0.0.1' }],
    [{ 'example.com:0': '10.0.0.1' }],
    [{ 'http://example.com': '10.0.0.1' }],
    [{ 'a b': '10.0.0.1' }],
    [{ '': '10.0.0.1' }],
    [{ 'a.*.test': '10.0.0.1' }],
    [{ 'example.com': [] }],
    [{ 'example.com': ['one.test', 'two.test'] }],
    [{ 'example.com': ['10.0.0.1', 'two.test'] }],
    [{ 'example.com': '*' }],
    [{ 'example.com': ':0' }],
    [{ 'example.com': ':65536' }],
    [{ 'example.com': [':81', '10.0.0.1'] }],
    [{ ':80': '10.0.0.1' }],
    [{ 'example.com': 'http://10.0.0.1' }],
    [{ 'example.com': 7 }],
    [{ 'example.com': '10.0.0.1:x' }],
  ])('refuses %j, naming the option', (option) => {
    expect(() => new FixedNames(option)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(/"resolve"/) as string }),
    );
  });
});
