import { expect, it } from 'vitest';
import { environmentProxy } from './environment-proxy.ts';

it.each([
  [{}, undefined, undefined],
  [{ https_proxy: 'http://ada:love@p.test:3128' }, 'http://p.test:3128', 'https_proxy'],
  [{ ALL_PROXY: 'socks5h://p.test' }, 'socks5h://p.test', 'ALL_PROXY'],
  [{ https_proxy: 'http://p.test', no_proxy: 'example.com' }, undefined, 'no_proxy'],
  [{ https_proxy: 'http://p.test', NO_PROXY: '*' }, undefined, 'NO_PROXY'],
  [{ no_proxy: 'example.com' }, undefined, undefined],
  [{ http_proxy: 'http://p.test' }, undefined, undefined],
])('%j: %s by %s', (environment, proxy, variable) => {
  expect(environmentProxy('https://www.example.com/', environment)).toEqual({ proxy, variable });
});

it('tells a variable that can not be understood, and what is no URL', () => {
  expect(() => environmentProxy('https://a.test/', { https_proxy: 'gopher://p' })).toThrow(
    expect.objectContaining({ code: 'INVALID_PROXY_VARIABLE' }),
  );
  expect(() => environmentProxy('/path', {})).toThrow(expect.objectContaining({ code: 'INVALID_URL' }));
});
