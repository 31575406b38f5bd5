import { describe, expect, it } from 'vitest';

import { Client } from '../../client/client.ts';
import { redirectedRequest } from '../../redirects/redirect-policy.ts';
import { parseLinks } from '../../response/links.ts';
import { parseMountPattern } from '../../routing/mount-pattern.ts';
import { Request } from '../request.ts';
import { StreamResponse } from '../../response/stream-response.ts';
import { parseTarget } from './target.ts';
import { parseUrl } from './url.ts';

describe('a URL', () => {
  it('is parsed, against a base if there is one, or is none', () => {
    expect(parseUrl('http://a.example/b')?.href).toBe('http://a.example/b');
    expect(parseUrl('../c', 'http://a.example/b/')?.href).toBe('http://a.example/c');
    expect(parseUrl('/b')).toBeUndefined();
    expect(parseUrl('http://', 'http://a.example/')).toBeUndefined();
  });

  // `URL.canParse` of Node 20 and 22 takes letters of Latin-1 for half of a character in UTF-8 as soon as its caller is compiled.
  it('with letters of Latin-1 is one, however often it is asked for', () => {
    const url = 'http://münchen.example/straße';
    const ascii = 'http://xn--mnchen-3ya.example/stra%C3%9Fe';
    const client = new Client();
    const redirect = (location: string): string | undefined => {
      const request = new Request('GET', 'http://a.example/');
      return redirectedRequest(request, StreamResponse.of(request, { status: 302, headers: [['Location', location]] }), false)?.url;
    };
    const ways: Readonly<Record<string, () => unknown>> = {
      parseUrl: () => parseUrl(url)?.href,
      parseTarget: () => parseTarget(url).href,
      'client.buildRequest': () => client.buildRequest('GET', url).url,
      'a relative link': () => parseLinks('</straße>', 'http://xn--mnchen-3ya.example/')[0]?.url,
      'a link': () => parseLinks(`<${url}>`, 'http://a.example/')[0]?.url,
      'a redirect': () => redirect('http://xn--mnchen-3ya.example/stra\u00c3\u009fe'),
    };
    for (const [name, way] of Object.entries(ways)) expect(firstOther(way, ascii), name).toBeUndefined();
    expect(firstOther(() => parseMountPattern('http://münchen.example').host, 'xn--mnchen-3ya.example')).toBeUndefined();
  });
});

/** What comes instead, and in which of many rounds: after some thousands the function that is asked is a compiled one. */
function firstOther(ask: () => unknown, expected: unknown): string | undefined {
  for (let round = 1; round <= 20_000; round += 1) {
    let answer: unknown;
    try {
      answer = ask();
    } catch (error) {
      answer = error;
    }
    if (answer !== expected) return `${String(answer)} in round ${round}`;
  }
  return undefined;
}
