import type { UrlParts } from '@x/httpcore';
import { cpuTimeOf } from '@x/testbed/cpu-time';
import { describe, expect, it } from 'vitest';

import { InvalidOption } from '../errors.ts';
import { parseTarget } from '../request/url/target.ts';
import { compareMounts, matchesMount, parseMountPattern } from './mount-pattern.ts';

const parts = (url: string): UrlParts => parseTarget(url).parts;

describe('a mount pattern', () => {
  it.each([
    ['https://api.example.com', 'https://api.example.com/x', true],
    ['https://api.example.com', 'https://api.example.com:8443/x', true],
    ['https://api.example.com', 'http://api.example.com/', false],
    ['https://api.example.com', 'https://api.example.com.evil.example/', false],
    ['https://api.example.com', 'https://www.api.example.com/', false],
    ['https://api.example.com:443', 'https://api.example.com/', true],
    ['https://api.example.com:443', 'https://api.example.com:8443/', false],
    ['http://localhost:80', 'http://localhost/', true],
    ['http://localhost:80', 'http://localhost:8080/', false],
    ['http://localhost:*', 'http://localhost:8080/', true],
    ['HTTPS://API.Example.COM/', 'https://api.example.com/', true],
    ['https://api.example.com.', 'https://api.example.com/', true],
    ['https://api.example.com', 'https://api.example.com./', true],
    ['all://', 'http://anything.example:99/', true],
    ['all://*', 'https://anything.example/', true],
    ['all://*:99', 'https://anything.example:99/', true],
    ['all://*:99', 'https://anything.example/', false],
    ['https://', 'https://anything.example/', true],
    ['https://', 'http://anything.example/', false],
    ['http://*.local:8080', 'http://a.local:8080/', true],
    ['http://*.local:8080', 'http://a.b.local:8080/', true],
    ['http://*.local:8080', 'http://local:8080/', false],
    ['http://*.local:8080', 'http://a.local/', false],
    ['http://*local', 'http://local/', true],
    ['http://api-*.example.com', 'http://api-7.example.com/', true],
    ['http://api-*.example.com', 'http://api.example.com/', false],
    ['http://a*b*c', 'http://axbxc/', true],
    ['http://a*b*c', 'http://axcxb/', false],
    ['http://ab*ba', 'http://aba/', false],
    ['http://*x*', 'http://axb/', true],
    ['http://*x*', 'http://ab/', false],
    ['http://[::1]:80', 'http://[0:0:0:0:0:0:0:1]/', true],
    ['http://[0:0::1]', 'http://[::1]:8080/', true],
    ['http://127.1', 'http://127.0.0.1/', true],
    ['http://münchen.example', 'http://münchen.example/', true],
    ['http://*.münchen.example', 'http://a.xn--mnchen-3ya.example/', true],
  ])('%s for %s: %s', (pattern, url, matches) => {
    expect(matchesMount(parseMountPattern(pattern), parts(url))).toBe(matches);
  });

  it.each([
    '',
    'api.example.com',
    '//api.example.com',
    'ftp://api.example.com',
    'https://api.example.com/path',
    'https://api.example.com?q',
    'https://user@api.example.com',
    'https://api.example.com:0',
    'https://api.example.com:65536',
    'https://api.example.com:http',
    'https://a b',
    'https://[::1',
    'https://a/../b',
    'https://a\\b',
  ])('%j is none', (text) => {
    expect(() => parseMountPattern(text)).toThrow(InvalidOption);
  });

  it('takes no longer than the host and the pattern are long', async () => {
    const pattern = parseMountPattern(`http://${'*a'.repeat(120)}b`);
    const cost = await cpuTimeOf(() => {
      for (let round = 0; round < 1000; round++) matchesMount(pattern, ['http', 'a'.repeat(255), null, '/']);
    });
    expect(cost).toBeLessThan(2_000);
  });

  it('says more by its host than by its port, and by that more than by its scheme', () => {
    const patterns = [
      'all://',
      'https://',
      'all://*:8080',
      'all://*.example.com',
      'https://*.example.com',
      'all://*.api.example.com',
      'all://api.example.com',
      'https://api.example.com',
      'all://api.example.com:443',
      'https://api.example.com:443',
    ];
    const sorted = [...patterns].sort((a, b) => compareMounts(parseMountPattern(a), parseMountPattern(b)));
    expect(sorted).toEqual([...patterns].reverse());
  });
});
