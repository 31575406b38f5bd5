import { describe, expect, it } from 'vitest';

import { parseTarget } from '../request/url/target.ts';
import { parseNoProxy, type NoProxy } from './no-proxy.ts';

const refuse = (entry: string): never => {
  throw new Error(`ignored: ${entry}`);
};

function covers(noProxy: NoProxy, url: string): boolean {
  return noProxy.covers(parseTarget(url).parts);
}

describe('what NO_PROXY covers', () => {
  it.each([
    // Everything, nothing.
    ['*', 'http://a.example/', true],
    ['*', 'https://[::1]:8443/', true],
    ['a.example, *', 'http://10.0.0.1/', true],
    ['', 'http://a.example/', false],
    [' , ,, \t\n', 'http://a.example/', false],

    // Names, at the boundary of a label.
    ['example.com', 'http://example.com/', true],
    ['example.com', 'https://example.com:8443/', true],
    ['example.com', 'http://www.example.com/', true],
    ['example.com', 'http://a.b.c.example.com/', true],
    ['example.com', 'http://notexample.com/', false],
    ['example.com', 'http://example.com.evil.example/', false],
    ['example.com', 'http://example.org/', false],
    ['example.com', 'http://com/', false],
    ['www.example.com', 'http://example.com/', false],
    ['com', 'http://example.com/', true],
    ['.example.com', 'http://example.com/', true],
    ['.example.com', 'http://www.example.com/', true],
    ['.example.com', 'http://notexample.com/', false],
    ['*.example.com', 'http://example.com/', true],
    ['*.example.com', 'http://www.example.com/', true],
    ['*.example.com', 'http://a.www.example.com/', true],
    ['*.example.com', 'http://notexample.com/', false],
    ['my_host-1.internal', 'http://my_host-1.internal/', true],

    // Case, dots at the end.
    ['EXAMPLE.com', 'http://www.Example.COM/', true],
    ['example.com.', 'http://www.example.com/', true],
    ['example.com', 'http://www.example.com./', true],
    ['.example.com.', 'http://example.com./', true],
    ['example.com.:80', 'http://example.com./', true],

    // Lists.
    ['a.example,b.example', 'http://a.example/', true],
    ['a.example,b.example', 'http://b.example/', true],
    ['a.example b.example', 'http://b.example/', true],
    ['a.example\tb.example\nc.example', 'http://c.example/', true],
    [' a.example ,, b.example, ', 'http://b.example/', true],
    ['a.example,b.example', 'http://c.example/', false],

    // Ports.
    ['example.com:8080', 'http://example.com:8080/', true],
    ['example.com:8080', 'http://www.example.com:8080/', true],
    ['.example.com:8080', 'http://www.example.com:8080/', true],
    ['example.com:8080', 'http://example.com/', false],
    ['example.com:8080', 'http://example.com:8081/', false],
    ['example.com:80', 'http://example.com/', true],
    ['example.com:80', 'https://example.com/', false],
    ['example.com:443', 'https://example.com/', true],
    ['example.com:443', 'http://example.com:443/', true],
    ['example.com:0443', 'https://example.com/', true],
    ['example.com:1,example.com:2', 'http://example.com:1/', true],
    ['example.com:1,example.com:2', 'http://example.com:2/', true],
    ['example.com:1,example.com:2', 'http://example.com:3/', false],
    ['example.com:1,example.com', 'http://example.com:3/', true],
    ['www.example.com:1,example.com:2', 'http://www.example.com:2/', true],

    // IPv4.
    ['127.0.0.1', 'http://127.0.0.1/', true],
    ['127.0.0.1', 'http://127.1:8080/', true],
    ['127.0.0.1', 'http://2130706433/', true],
    ['127.0.0.1', 'http://0x7f.0.0.1/', true],
    ['127.0.0.1.', 'http://127.0.0.1./', true],
    ['127.0.0.1', 'http://127.0.0.2/', false],
    ['127.0.0.1:80', 'http://127.0.0.1/', true],
    ['127.0.0.1:80', 'https://127.0.0.1/', false],
    ['127.0.0.1', 'http://localhost/', false],
    ['localhost', 'http://127.0.0.1/', false],
    ['localhost', 'http://localhost:3000/', true],
    ['localhost', 'http://api.localhost/', true],
    ['10.0.0.1', 'http://a.10.0.0.1.example/', false],

    // IPv6.
    ['::1', 'http://[::1]/', true],
    ['[::1]', 'http://[::1]:8080/', true],
    ['0:0:0:0:0:0:0:1', 'http://[::1]/', true],
    ['::1', 'http://[0:0::0:1]/', true],
    ['2001:DB8::A', 'http://[2001:db8:0::a]/', true],
    ['[::1]:8080', 'http://[::1]:8080/', true],
    ['[::1]:8080', 'http://[::1]/', false],
    ['[::1]:443', 'https://[::1]/', true],
    // All of it is address.
    ['::1:8080', 'http://[::1]:8080/', false],
    ['::1:8080', 'http://[::1:8080]/', true],
    ['::1', 'http://[::2]/', false],
    ['::1', 'http://127.0.0.1/', false],

    // IPv4 in IPv6.
    ['127.0.0.1', 'http://[::ffff:127.0.0.1]/', true],
    ['::ffff:127.0.0.1', 'http://127.0.0.1/', true],
    ['[::ffff:7f00:1]:80', 'http://127.0.0.1/', true],
    ['::ffff:127.0.0.1', 'http://[::ffff:7f00:1]/', true],
    ['::127.0.0.1', 'http://127.0.0.1/', false],

    // Networks.
    ['10.0.0.0/8', 'http://10.255.0.1/', true],
    ['10.0.0.0/8', 'http://11.0.0.1/', false],
    ['10.1.2.3/8', 'http://10.9.9.9/', true],
    ['10.0.0.0/8', 'https://10.0.0.1:8443/', true],
    ['192.168.128.0/17', 'http://192.168.128.1/', true],
    ['192.168.128.0/17', 'http://192.168.127.255/', false],
    ['10.0.0.1/32', 'http://10.0.0.1/', true],
    ['10.0.0.1/32', 'http://10.0.0.0/', false],
    ['0.0.0.0/0', 'http://203.0.113.9/', true],
    ['0.0.0.0/0', 'http://[2001:db8::1]/', false],
    ['0.0.0.0/0', 'http://a.example/', false],
    ['10.0.0.0/8', 'http://[::ffff:10.0.0.1]/', true],
    ['fd00::/8', 'http://[fdff::1]/', true],
    ['fd00::/8', 'http://[fe80::1]/', false],
    ['2001:db8::/33', 'http://[2001:db8:7fff::1]/', true],
    ['2001:db8::/33', 'http://[2001:db8:8000::1]/', false],
    ['::1/128', 'http://[::1]/', true],
    ['::/0', 'http://[2001:db8::1]/', true],
    ['::/0', 'http://10.0.0.1/', false],
    ['::ffff:10.0.0.0/104', 'http://10.1.1.1/', true],
    ['::ffff:10.0.0.0/104', 'http://11.1.1.1/', false],
    ['::ffff:10.0.0.0/104', 'http://[::ffff:10.1.1.1]/', true],

    // International names.
    ['münchen.example', 'http://xn--mnchen-3ya.example/', true],
    ['xn--mnchen-3ya.example', 'http://münchen.example/', true],
    ['MÜNCHEN.example', 'http://www.münchen.example/', true],
    ['*.münchen.example:443', 'https://a.münchen.example/', true],
    ['例え。テスト', 'http://例え.テスト/', true],
    ['münchen.example', 'http://munchen.example/', false],
  ])('%j, %s: %s', (text, url, expected) => {
    expect(covers(parseNoProxy(text, refuse), url)).toBe(expected);
  });

  it('is asked of a host as a dispatcher may be given it', () => {
    const noProxy = parseNoProxy('::1,example.com,10.0.0.0/8', refuse);
    expect(noProxy.covers(['http', '::1', null, '/'])).toBe(true);
    expect(noProxy.covers(['http', 'WWW.Example.com.', 80, '/'])).toBe(true);
    expect(noProxy.covers(['http', '10.0.0.1.', 80, '*'])).toBe(true);
    for (const host of ['', '.', '[', '[]', '[::1', '::1%eth0', '\0', '..example.org', '\ud800']) {
      expect(noProxy.covers(['http', host, null, '/'])).toBe(false);
    }
  });

  it('takes in names below a long name, and no part of a label', () => {
    const longest = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}`;
    const noProxy = parseNoProxy(longest, refuse);
    expect(longest).toHaveLength(255);
    expect(noProxy.covers(['http', longest, null, '/'])).toBe(true);
    expect(noProxy.covers(['http', `www.${longest}`, null, '/'])).toBe(true);
    expect(noProxy.covers(['http', `www${longest}`, null, '/'])).toBe(false);
    expect(parseNoProxy('a', refuse).covers(['http', `${'a.'.repeat(50_000)}b`, null, '/'])).toBe(false);
    expect(parseNoProxy('b', refuse).covers(['http', `${'a.'.repeat(50_000)}b`, null, '/'])).toBe(true);
    expect(parseNoProxy('b', refuse).covers(['http', 'b'.repeat(50_000), null, '/'])).toBe(false);
  });
});

describe('an entry that means nothing', () => {
  it.each([
    // Asterisks anywhere but as the first label.
    ['10.*'],
    ['a*b'],
    ['a*b.example'],
    ['*example.com'],
    ['example.*'],
    ['*.*'],
    ['*.'],
    ['**'],
    ['*:80'],
    ['*.*.example'],
    // Addresses and networks.
    ['[::1'],
    ['::1]'],
    ['[]'],
    ['[::1]x'],
    ['[::1]:'],
    ['[127.0.0.1]'],
    ['[a.example]'],
    ['1:2:3'],
    ['fe80::1%eth0'],
    ['[fe80::1%eth0]'],
    ['256.0.0.1'],
    ['.10.0.0.1'],
    ['*.10.0.0.1'],
    ['10.'],
    ['10'],
    ['192.168'],
    ['127.1'],
    ['0x7f.0.0.1'],
    ['10.0.0.0/99'],
    ['10.0.0.0/33'],
    ['10.0.0.0/'],
    ['10.0.0.0/-1'],
    ['10.0.0.0/8:80'],
    ['10.0.0.0/255.0.0.0'],
    ['10/8'],
    ['::/129'],
    ['[fd00::]/8'],
    ['a.example/8'],
    ['/'],
    ['/8'],
    // Ports.
    ['a.example:99999'],
    ['a.example:65536'],
    ['a.example:0'],
    ['a.example:'],
    ['a.example:http'],
    ['a.example:-1'],
    ['a.example:8\0'],
    [':80'],
    ['a.example:80:80'],
    // Names.
    ['.'],
    ['..'],
    ['..a.example'],
    ['a..example'],
    ['a.example..'],
    ['a\0b'],
    ['"a.example"'],
    ["'a.example'"],
    ['@'],
    ['user@a.example'],
    ['http://a.example'],
    ['a.example/path'],
    ['a\\b'],
    ['a%2eexample'],
    ['a?b'],
    ['a#b'],
    ['\ud800'],
    ['a.\u00ad.b'],
  ])('%j is ignored, and the rest is not', (entry) => {
    const ignored: string[] = [];
    const noProxy = parseNoProxy(`a.test ${entry},b.test`, (each) => ignored.push(each));
    expect(ignored).toEqual([entry]);
    expect(covers(noProxy, 'http://a.test/')).toBe(true);
    expect(covers(noProxy, 'http://b.test/')).toBe(true);
    for (const url of ['http://a.example/', 'http://10.0.0.1/', 'http://[::1]/', 'http://127.0.0.1/', 'http://b/']) {
      expect(covers(noProxy, url)).toBe(false);
    }
  });
});

describe('what is long', () => {
  it('is no entry beyond the longest name', () => {
    const entries = [
      'a'.repeat(300),
      'ä'.repeat(100_000),
      '1'.repeat(100_000),
      '*.'.repeat(50_000),
      '['.repeat(100_000),
      ':'.repeat(100_000),
    ];
    const ignored: string[] = [];
    expect(
      covers(
        parseNoProxy([...entries, 'a.test'].join(), (entry) => ignored.push(entry)),
        'http://a.test/',
      ),
    ).toBe(true);
    expect(ignored).toEqual(entries);
  });

  it('is a list as good as a short one', () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `h${index}.example`);
    const networks = Array.from({ length: 1_000 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`);
    const noProxy = parseNoProxy([...names, ...networks].join(), refuse);
    expect(covers(noProxy, 'http://www.h9999.example/')).toBe(true);
    expect(covers(noProxy, 'http://h10000.example/')).toBe(false);
    expect(covers(noProxy, 'http://10.3.231.7/')).toBe(true);
    expect(covers(noProxy, 'http://10.3.232.7/')).toBe(false);
  });
});
