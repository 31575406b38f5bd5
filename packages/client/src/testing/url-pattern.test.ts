import { describe, expect, it } from 'vitest';

import { InvalidOption } from '../errors.ts';
import { urlMatcher, type UrlPattern } from './url-pattern.ts';

describe('a URL pattern', () => {
  it.each<[UrlPattern, string, Record<string, string> | undefined]>([
    ['*', 'http://a.example/x?y', {}],
    ['/items', 'http://a.example/items', {}],
    ['/items', 'https://b.example:8443/items?page=1', {}],
    ['/items', 'http://a.example/items/7', undefined],
    ['/items', 'http://a.example/v1/items', undefined],
    ['/items/:id', 'http://a.example/items/7', { id: '7' }],
    ['/items/:id', 'http://a.example/items/a%20b', { id: 'a b' }],
    ['/items/:id', 'http://a.example/items/', undefined],
    ['/items/:id', 'http://a.example/items/7/parts', undefined],
    ['/items/:id/parts/:part.json', 'http://a.example/items/7/parts/8.json', { id: '7', part: '8' }],
    ['/files/*', 'http://a.example/files/a/b', {}],
    ['/a.b', 'http://a.example/axb', undefined],
    ['/items?page=2', 'http://a.example/items?page=2&x', {}],
    ['/items?page=2', 'http://a.example/items?page=3', undefined],
    ['/items?tag=b', 'http://a.example/items?tag=a&tag=b', {}],
    ['https://a.example', 'https://a.example/', {}],
    ['https://a.example', 'http://a.example/', undefined],
    ['https://a.example?x=1', 'https://a.example/?x=1', {}],
    ['https://a.example/x', 'https://a.example/x', {}],
    ['https://a.example/x', 'https://b.example/x', undefined],
    ['https://a.example/x', 'https://a.example.evil.example/x', undefined],
    ['http://a.example:8080/:id', 'http://a.example:8080/7', { id: '7' }],
    ['*://*.example/x', 'https://b.example/x', {}],
    ['/café', 'http://a.example/caf%C3%A9', {}],
    ['/caf%c3%a9', 'http://a.example/café', {}],
    ['/a b/:id', 'http://a.example/a%20b/7', { id: '7' }],
    ['/%7Ea', 'http://a.example/~a', {}],
    ['/~a', 'http://a.example/%7ea', {}],
    ['/a/../b/./c', 'http://a.example/b/c', {}],
    ['//double', 'http://a.example//double', {}],
    ['/items:batchGet', 'http://a.example/items:batchGet', {}],
    ['HTTPS://API.Example.com/x', 'https://api.example.com/x', {}],
    ['https://api.example.com:443/x', 'https://api.example.com/x', {}],
    ['http://api.example.com:443/x', 'http://api.example.com:443/x', {}],
    ['https://bücher.example/x', 'https://xn--bcher-kva.example/x', {}],
    ['https://*.EXAMPLE/x', 'https://b.example/x', {}],
    ['*://API.example/x', 'http://api.example/x', {}],
    ['*://a.example:8443/x', 'https://a.example:8443/x', {}],
    ['http://localhost:*/x', 'http://localhost:8080/x', {}],
    ['http://[::1]:80/x', 'http://[::1]/x', {}],
    ['/items?q=%c3%a9', 'http://a.example/items?q=é', {}],
    [/\/items\/(?<id>\d+)/g, 'http://a.example/items/77', { id: '77' }],
    [/^https:/, 'http://a.example/', undefined],
    [(url) => url.port === '81', 'http://a.example:81/', {}],
    [(url) => url.port === '81', 'http://a.example/', undefined],
  ])('%s for %s', (pattern, url, params) => {
    const match = urlMatcher(pattern);
    expect(match(new URL(url))).toEqual(params);
    expect(match(new URL(url))).toEqual(params);
  });

  it.each(['', 'items', 'ftp://a.example/', 'a.example/x', 'http://', 7])('%j is none', (pattern) => {
    expect(() => urlMatcher(pattern as string)).toThrow(InvalidOption);
  });
});
