import { describe, expect, it } from 'vitest';

import { parseProxyUrl } from './proxy/proxy-url.ts';
import { parseUrl } from './url.ts';

describe('a URL', () => {
  it('is parsed, or is none', () => {
    expect(parseUrl('http://a.example/b')?.href).toBe('http://a.example/b');
    expect(parseUrl('/b')).toBeUndefined();
    expect(parseUrl('http://[::g]/')).toBeUndefined();
  });

  // `URL.canParse` of Node 20 and 22 takes letters of Latin-1 for half of a character in UTF-8 as soon as its caller is compiled.
  it('with letters of Latin-1 is one, however often it is asked for', () => {
    for (let round = 1; round <= 20_000; round += 1) {
      expect(parseUrl('http://münchen.example/')?.hostname, `round ${round}`).toBe('xn--mnchen-3ya.example');
      expect(parseProxyUrl('socks5://münchen.example').host, `round ${round}`).toBe('xn--mnchen-3ya.example');
    }
  });
});
