import { inspect } from 'node:util';

import { Proxy as CoreProxy } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { BasicAuth } from '../auth/basic.ts';
import { DigestAuth } from '../auth/digest/digest.ts';
import { InvalidOption } from '../errors.ts';
import { Proxy, readProxy } from './proxy.ts';

describe('a proxy', () => {
  it('shows no credential, however it is printed', () => {
    const secrets = /ada|s3cret|tok3n/;
    for (const proxy of [
      new Proxy('http://ada:s3cret@proxy.test:3128'),
      new Proxy('http://proxy.test:3128', { auth: ['ada', 's3cret'], headers: { 'x-token': 'tok3n' } }),
      new Proxy('http://proxy.test:3128', { auth: new DigestAuth('ada', 's3cret') }),
      new Proxy('socks5h://far.test', { via: 'http://ada:s3cret@proxy.test:3128' }),
    ]) {
      for (const shown of [String(proxy), JSON.stringify({ proxy }), inspect(proxy, { depth: 9, showHidden: true }), inspect({ proxy })]) {
        expect(shown).not.toMatch(secrets);
        expect(shown).toContain('proxy.test:3128');
      }
    }
  });

  it('takes fields as headers are given anywhere', () => {
    expect(
      () =>
        new Proxy('http://p.test', {
          headers: [
            ['x-a', '1'],
            ['x-a', 2],
          ],
        }),
    ).not.toThrow();
    expect(() => new Proxy('http://p.test', { headers: { 'x-a': ['1', '2'], 'x-b': undefined } })).not.toThrow();
    expect(() => new Proxy('http://p.test', { headers: { 'x-a': 'b\r\nc: d' } })).toThrow(
      expect.objectContaining({ code: 'INVALID_HEADER_VALUE' }),
    );
  });

  it.each<[unknown, unknown]>([
    ['ftp://p.test', {}],
    ['http://', {}],
    ['http://p.test', { auth: ['ada'] }],
    ['http://p.test', { auth: ['a:b', 'c'] }],
    ['http://p.test', { auth: {} }],
    ['socks5://p.test', { auth: new BasicAuth('a', 'b') }],
    ['socks5://p.test', { headers: { a: 'b' } }],
    ['http://p.test', { tls: {} }],
    ['http://p.test', { tunnel: 'yes' }],
    ['http://p.test', { via: 7 }],
    ['http://p.test', { password: 'x' }],
  ])('is not made of %o with %o', (url, options) => {
    expect(() => new Proxy(url as string, options as object)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });

  it('is read from what stands for one', () => {
    const proxy = new CoreProxy('http://p.test');
    expect(readProxy(proxy)).toBe(proxy);
    expect(readProxy('p.test:3128')).toMatchObject({ scheme: 'http', host: 'p.test', port: 3128 });
    expect(readProxy(new URL('https://p.test'))).toMatchObject({ scheme: 'https', port: 443 });
    expect(() => readProxy({} as never)).toThrow(InvalidOption);
  });
});
