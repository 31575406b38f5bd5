/** Cache-Control for certain caches (RFC 9213). */
import { mockDispatcher } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { cached, InvalidCacheOption } from '../src/index.ts';
import { responseFacts } from '../src/rules/response-facts.ts';
import { controlOf, parseTargeted } from '../src/rules/targeted-fields.ts';
import { answer, cachedOrigin } from './cached-origin.ts';

const forCdns = { shared: true, targetedFields: ['My-Cache-Control', 'CDN-Cache-Control'] };

describe('targeted fields', () => {
  it('say nothing to a private cache', async () => {
    const origin = cachedOrigin([answer('a', { 'cdn-cache-control': 'no-store', 'cache-control': 'max-age=60' })]);
    await origin.ask('/');
    expect(await origin.state('/')).toBe('hit');
    expect(() =>
      cached(
        mockDispatcher(() => answer('', {})),
        { targetedFields: ['CDN-Cache-Control'] },
      ),
    ).toThrow(InvalidCacheOption);
  });

  it('stand for Cache-Control and Expires in a cache that they are for, the first of the list that counts', async () => {
    for (const [fields, state] of [
      [{ 'cdn-cache-control': 'max-age=60', 'cache-control': 'no-store' }, 'hit'],
      [{ 'cdn-cache-control': 'no-store', 'cache-control': 'max-age=60' }, 'miss'],
      [{ 'cdn-cache-control': 'private', 'cache-control': 'max-age=60' }, 'miss'],
      [{ 'cdn-cache-control': 'max-age=0', expires: 'Sun, 01 Nov 2037 00:00:00 GMT' }, 'miss'],
      [{ 'my-cache-control': 'max-age=60', 'cdn-cache-control': 'no-store' }, 'hit'],
      [{ 'my-cache-control': '', 'cdn-cache-control': 'no-store', 'cache-control': 'max-age=60' }, 'miss'],
      [{ 'cdn-cache-control': 'no-store, &&', 'cache-control': 'max-age=60' }, 'hit'],
      [{ 'other-cache-control': 'no-store', 'cache-control': 'max-age=60' }, 'hit'],
    ] as const) {
      const origin = cachedOrigin([answer('a', fields)], forCdns);
      await origin.ask('/');
      expect(await origin.state('/'), JSON.stringify(fields)).toBe(state);
    }
  });

  it('are Dictionaries, with nothing forgiven', () => {
    for (const [text, directives] of [
      ['max-age=60, no-cache', { 'max-age': '60', 'no-cache': '' }],
      ['max-age=60;a=b;c ,  x=tok/en, y="a, b", z=(1 2.0 "c"), q=:aGk=:, w=?1, off=?0', { 'max-age': '60', y: 'a, b', w: '' }],
      ['max-age="60"', { 'max-age': '"60"' }],
      ['max-age=1, max-age=2', { 'max-age': '2' }],
    ] as const) {
      expect(Object.fromEntries(parseTargeted(text)!), text).toMatchObject(directives);
    }
    for (const text of [
      '',
      ' ',
      'Max-Age=60',
      'max-age =60',
      'max-age= 60',
      'max-age=60,',
      'a;b=, &',
      'a="',
      'a=1 b',
      ',a',
      'a=(',
      'a=ü',
    ]) {
      expect(parseTargeted(text), text).toBeUndefined();
    }
    expect(controlOf([['Expires', '0']], responseFacts([['Expires', '0']]), ['x']).expires).toBe('0');
    // What looks for the end of something that has none is quick about it.
    for (const text of [`a=(${'1 '.repeat(30_000)}`, `a${';a'.repeat(30_000)}!`]) expect(parseTargeted(text)).toBeUndefined();
  });
});
