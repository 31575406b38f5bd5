/** What single values of fields mean: the kinds that the public cache tests ask about, in cases of our own. */
import { describe, expect, it } from 'vitest';

import { answer, cachedOrigin } from './cached-origin.ts';

type Lines = readonly (readonly [name: string, value: string])[];

// The clock of `cachedOrigin`.
const now = Date.UTC(2026, 10, 1);
const date = ['Date', new Date(now).toUTCString()] as const;
const hour = ['Cache-Control', 'max-age=3600'] as const;

/** Asked for twice, with three seconds between. */
async function secondState(headers: Lines, status = 200, request: Lines = [], shared = false): Promise<string> {
  const origin = cachedOrigin(() => ({ status, headers, body: status === 204 ? '' : 'body' }), { shared });
  await origin.ask('/');
  origin.pass(3);
  return origin.state('/', { headers: Object.fromEntries(request) });
}

describe('the age of a response', () => {
  it.each([
    [['abc'], 'hit'],
    [[''], 'hit'],
    [['-7200'], 'hit'],
    [['7200'], 'miss'],
    [['2147483648'], 'miss'],
    [['9'.repeat(40)], 'miss'],
    [['7200', '0'], 'miss'],
    [['0', '7200'], 'hit'],
    [['foo', '7200'], 'hit'],
  ] as const)('by Age: %s', async (ages, state) => {
    expect(await secondState([date, hour, ...ages.map((age) => ['Age', age] as const)])).toBe(state);
  });

  it('by a Date of long ago', async () => {
    expect(await secondState([['Date', new Date(now - 7_200_000).toUTCString()], hour])).toBe('miss');
  });
});

describe('Expires', () => {
  it.each([
    ['Thu, 18 Aug 2050 02:01:18 GMT', 'hit'],
    ['thu, 18 aug 2050 02:01:18 gmt', 'hit'],
    ['Thursday, 18-Aug-50 02:01:18 GMT', 'hit'],
    ['Thu Aug  8 02:01:18 2050', 'hit'],
    ['Thu Aug 18 02:01:18 2050', 'hit'],
    ['0', 'miss'],
    ['-1', 'miss'],
    ['', 'miss'],
    ['Wed, 18 Aug 2010 02:01:18 GMT', 'miss'],
    ['18 Aug 2050 02:01:18 GMT', 'miss'],
    ['Thu 18 Aug 2050 02:01:18 GMT', 'miss'],
    ['Thu, 8 Aug 2050 02:01:18 GMT', 'miss'],
    ['Thu, 18  Aug  2050 02:01:18 GMT', 'miss'],
    ['Thu, 18 Aug 50 02:01:18 GMT', 'miss'],
    ['Thu, 18 Aug 2050 02:01:18', 'miss'],
    ['Thu, 18 Aug 2050 02:01:18 +0100', 'miss'],
    ['Thu, 18 Aug 2050 25:01:18 GMT', 'miss'],
    ['Wed, 30 Feb 2050 02:01:18 GMT', 'miss'],
    ['2050-08-18T02:01:18Z', 'miss'],
  ])('%j', async (value, state) => {
    expect(await secondState([date, ['Expires', value]])).toBe(state);
  });

  it('is nothing where there are two, where max-age stands beside it, or where it is as old as Date', async () => {
    const far = ['Expires', 'Thu, 18 Aug 2050 02:01:18 GMT'] as const;
    expect(await secondState([date, far, ['Expires', 'Thu, 18 Aug 2051 02:01:18 GMT']])).toBe('miss');
    expect(await secondState([date, far, ['Cache-Control', 'max-age=0']])).toBe('miss');
    expect(await secondState([date, ['Expires', date[1]]])).toBe('miss');
  });
});

describe('Cache-Control of a response', () => {
  it.each([
    ['MaX-AgE=3600', 'hit'],
    [', ,max-age=3600,,', 'hit'],
    ['public\t,\tmax-age=3600', 'hit'],
    ['max-age="3600"', 'hit'],
    ['max-age=3600, must-revalidate', 'hit'],
    ['max-age=3600, must-understand, no-store', 'hit'],
    ['max-age=3600, private="set-cookie"', 'hit'],
    ["max-age='3600'", 'miss'],
    ['max-age=3600.5', 'miss'],
    ['max-age=1; max-age=3600', 'miss'],
    ['public max-age=3600', 'miss'],
    ['x="max-age=3600"', 'miss'],
    ['x="a, max-age=3600", max-age=1', 'miss'],
    ['max-age=-1, max-age=3600', 'miss'],
    ['s-maxage=3600, max-age=1', 'miss'],
    ['No-StOrE, max-age=3600', 'miss'],
    ['max-age=1, stale-while-revalidate=-1', 'miss'],
    ['max-age=1, stale-while-revalidate=abc', 'miss'],
    ['max-age=1, stale-while-revalidate=60, must-revalidate', 'miss'],
    ['max-age=1, stale-while-revalidate=60', 'stale'],
  ])('%j', async (value, state) => {
    expect(await secondState([date, ['Cache-Control', value]])).toBe(state);
  });

  it.each([
    ['s-maxage=3600, max-age=1', 'hit'],
    ['s-maxage=0, max-age=3600', 'miss'],
    ['s-maxage=abc, max-age=3600', 'miss'],
    ['private, max-age=3600', 'miss'],
    ['private="a", max-age=3600', 'miss'],
  ])('in a shared cache: %j', async (value, state) => {
    expect(await secondState([date, ['Cache-Control', value]], 200, [], true)).toBe(state);
  });
});

describe('a request', () => {
  it.each([
    ['max-age=1', 'miss'],
    ['max-age=10', 'hit'],
    ['max-age=abc', 'miss'],
    ['min-fresh=3590', 'hit'],
    ['min-fresh=3599', 'miss'],
    ['no-cache', 'miss'],
    ['max-stale', 'hit'],
    ['only-if-cached', 'hit'],
    ['no-store', 'bypass'],
  ])('with Cache-Control: %s', async (value, state) => {
    expect(await secondState([date, hour], 200, [['cache-control', value]])).toBe(state);
  });

  it.each([
    ['max-age=1', 'max-stale=1', 'miss'],
    ['max-age=1', 'max-stale=60', 'stale'],
    ['max-age=1, must-revalidate', 'max-stale', 'miss'],
    ['max-age=1, no-cache', 'max-stale=60', 'miss'],
    ['max-age=1', 'max-age=60', 'miss'],
  ])('of a response with %s, with %s', async (response, request, state) => {
    expect(await secondState([date, ['Cache-Control', response]], 200, [['cache-control', request]])).toBe(state);
  });
});

describe('a status', () => {
  it.each([200, 203, 204, 226, 299, 300, 301, 302, 303, 307, 308, 400, 404, 405, 410, 414, 451, 500, 501, 502, 503, 504, 599])(
    '%d is reused as long as it is fresh by its own word, and no longer',
    async (status) => {
      expect(await secondState([date, hour], status)).toBe('hit');
      expect(await secondState([date, ['Cache-Control', 'max-age=1']], status)).toBe('miss');
    },
  );

  it.each([499, 201, 599])('%d is not understood, and must be', async (status) => {
    expect(await secondState([date, ['Cache-Control', 'max-age=3600, must-understand']], status)).toBe('miss');
  });
});

describe('a pair of requests', () => {
  it.each([
    ['Foo', { foo: '1' }, { foo: '2' }, 'miss'],
    ['FOO', { foo: '1' }, { Foo: '1' }, 'hit'],
    ['Foo', {}, { foo: '' }, 'miss'],
    ['Foo', { foo: '1, 2' }, { foo: '1,2' }, 'hit'],
    ['Foo', { foo: '"a, b"' }, { foo: '"a,b"' }, 'miss'],
    ['Foo, *', { foo: '1' }, { foo: '1' }, 'miss'],
    [', *', {}, {}, 'miss'],
    ['Accept-Encoding', { 'accept-encoding': 'gzip, br' }, { 'accept-encoding': 'br,gzip' }, 'hit'],
    ['Accept-Encoding', { 'accept-encoding': 'gzip, br' }, { 'accept-encoding': 'gzip, br;q=0' }, 'miss'],
  ] as const)('with Vary: %s of %j and %j', async (vary, first, second, state) => {
    const origin = cachedOrigin([answer('a', { 'cache-control': 'max-age=3600', vary })]);
    await origin.ask('/', { headers: first });
    expect(await origin.state('/', { headers: second })).toBe(state);
  });

  it.each([
    ['"a"', '"a"', 304],
    ['"a"', 'W/"a"', 304],
    ['W/"a"', '"a"', 304],
    ['"a"', '"b", "a"', 304],
    ['"a,b"', '"a,b"', 304],
    ['"a"', '*', 304],
    ['"A"', '"a"', 200],
    ['"a"', '"b"', 200],
  ])('of a response with ETag: %s, with If-None-Match: %s', async (etag, wanted, status) => {
    const origin = cachedOrigin([answer('a', { 'cache-control': 'max-age=3600', etag })]);
    await origin.ask('/');
    expect((await origin.ask('/', { headers: { 'if-none-match': wanted } })).status).toBe(status);
    expect(origin.seen).toHaveLength(1);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'M-SEARCH', 'FOO', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH', 'QUERY', 'HEAD'])(
    'with %s in between',
    async (method) => {
      const isSafe = ['OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH', 'QUERY', 'HEAD'].includes(method);
      for (const [status, isChanged] of [
        [200, !isSafe],
        [303, !isSafe],
        [404, false],
        [500, false],
      ] as const) {
        const origin = cachedOrigin((request) =>
          request.method === method ? answer('', {}, status) : answer('a', { 'cache-control': 'max-age=60' }),
        );
        await origin.ask('/');
        await origin.ask('/', { method });
        expect(await origin.state('/'), String(status)).toBe(isChanged ? 'miss' : 'hit');
      }
    },
  );
});

it('fields of a connection, and those that Connection names, are not stored; all others are', async () => {
  const dropped = ['Keep-Alive', 'Proxy-Authenticate', 'Proxy-Connection', 'TE', 'Upgrade', 'Transfer-Encoding', 'Named', 'Also-Named'];
  const kept = [
    'Content-MD5',
    'Content-Language',
    'Set-Cookie',
    'Warning',
    'WWW-Authenticate',
    'Alt-Svc',
    'X-Any',
    'Strict-Transport-Security',
  ];
  const headers = Object.fromEntries([...dropped, ...kept].map((name) => [name, 'a']));
  const origin = cachedOrigin([answer('a', { 'cache-control': 'max-age=60', connection: 'named, Also-Named', ...headers })]);
  await origin.ask('/');
  const hit = await origin.ask('/');
  expect(hit.outcome.state).toBe('hit');
  expect([...dropped, ...kept].filter((name) => hit.headers[name.toLowerCase()] !== undefined)).toEqual(kept);
});
