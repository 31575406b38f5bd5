/** What has gone wrong in the caches of other HTTP clients for Node in 2026, by the number of the advisory. */
import { BasicAuth, Client } from '@x/client';
import { mockDispatcher } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { cached, HttpCache, MemoryStore } from '../src/index.ts';
import { answer, cachedOrigin } from './cached-origin.ts';

const ada = { headers: { authorization: 'Basic YWRh' } };

describe('advisories', () => {
  const malformed = [
    'public, max-age=60, private=" authorization"',
    'max-age=60, public, private="\tauthorization"',
    'max-age=60, private = "authorization"',
    'max-age=60, private="',
    'max-age=60, private=""',
    'max-age=60, private=","',
    'public, max-age=60, private, private="hdr"',
    'public, max-age=60, private="hdr", private',
    'public, max-age=60, x="unclosed, private',
    'public, max-age=60,private\t',
    'PRIVATE, s-maxage=60',
  ];
  for (const control of malformed) {
    it(`CVE-2026-9678, CVE-2026-13697, GHSA-jr45-8vmc-qm54: ${JSON.stringify(control)} keeps a response out of a shared cache`, async () => {
      const origin = cachedOrigin(
        (request) => answer(JSON.stringify(request.headers), { 'cache-control': control, 'set-cookie': 'session=ada' }),
        { shared: true },
      );
      expect((await origin.ask('/me', ada)).outcome.stored).toBe(false);
      expect(await origin.state('/me')).toBe('miss');
    });
  }

  for (const control of [
    'max-age=60, no-cache = "x-secret"',
    'max-age=60, no-cache=" x-secret"',
    'max-age=60, no-cache="x-secret\t, other"',
  ]) {
    it(`GHSA-jr45-8vmc-qm54: ${JSON.stringify(control)} withholds the field`, async () => {
      const origin = cachedOrigin([answer('a', { 'cache-control': control, 'x-secret': '1' })]);
      await origin.ask('/');
      const again = await origin.ask('/');
      expect(again.headers['x-secret']).toBeUndefined();
    });
  }

  it('CVE-2026-85008: no unsafe request is answered, and no answer to one is kept', async () => {
    const origin = cachedOrigin((request, number) => answer(`${request.method} ${number}`, { 'cache-control': 'max-age=60' }));
    await origin.ask('/');
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'M-SEARCH']) {
      expect(await origin.state('/', { method })).toBe('bypass');
      expect(await origin.state('/', { method })).toBe('bypass');
      expect((await origin.ask('/')).text).toMatch(/^GET/);
    }
  });

  it('GHSA-vp8m-p9jh-q5pm: the key is of where the request really goes', async () => {
    const origin = cachedOrigin((request) =>
      answer(`${request.url.join(' ')} ${request.headers.join()}`, { 'cache-control': 'max-age=60' }),
    );
    const places = [
      { origin: ['http', 'bank.test', null] },
      { origin: ['http', 'evil.test', null] },
      { origin: ['https', 'bank.test', null] },
      { origin: ['http', 'bank.test', 8080] },
      { origin: ['http', 'evil.test', null], headers: { host: 'bank.test' } },
      { origin: ['http', 'bank.test', null], headers: { host: 'evil.test' } },
    ] as const;
    const texts = new Set<string>();
    for (const place of places) {
      expect(await origin.state('/', place)).toBe('miss');
      texts.add((await origin.ask('/', place)).text);
    }
    expect(texts.size).toBe(places.length);
    // The same place, said in another way.
    expect(await origin.state('/', { origin: ['http', 'BANK.test', 80] })).toBe('hit');
  });

  it('CVE-2026-109829, CVE-2026-116592, CVE-2026-120474: what comes after a redirect is kept where it came from', async () => {
    const evil = { 'cache-control': 'public, max-age=600' };
    const inner = mockDispatcher(({ url: [, host, , path], headers }) => {
      if (host === 'trusted.test' && path === '/moved')
        return {
          status: 302,
          headers: [
            ['location', 'http://evil.test/'],
            ['cache-control', 'no-store'],
          ],
        };
      if (host === 'trusted.test' && path === '/me')
        return {
          status: 302,
          headers: [
            ['location', '/account'],
            ['cache-control', 'no-store'],
          ],
        };
      const user = headers.find(([name]) => name.toLowerCase() === 'authorization')?.[1];
      return { status: 200, headers: Object.entries(evil), body: `${host}${path} for ${user ?? 'nobody'}` };
    });
    const cache = new HttpCache({ shared: true });
    await using client = new Client({ dispatcher: inner, cache });
    await client.get('http://trusted.test/moved');
    await client.get('http://trusted.test/me', { auth: new BasicAuth('ada', 'a') });
    expect(await cache.inspect('http://trusted.test/moved')).toEqual([]);
    expect(await cache.inspect('http://trusted.test/me')).toEqual([]);
    expect(await cache.inspect('http://evil.test/')).toHaveLength(1);
    expect((await client.get('http://trusted.test/moved', { followRedirects: false })).cache?.state).toBe('miss');
  });

  it('CVE-2026-116630: a 304 with another validator, or from elsewhere, confirms nothing', async () => {
    const origin = cachedOrigin((_, number) =>
      number === 2
        ? answer('', { etag: '"evil"', 'cache-control': 'max-age=600' }, 304)
        : answer(`v${number}`, { etag: `"${number}"`, 'cache-control': 'max-age=10' }),
    );
    await origin.ask('/');
    origin.pass(20);
    const asked = await origin.ask('/');
    expect(asked).toMatchObject({ status: 200, text: 'v3', outcome: { state: 'miss' } });
    expect(origin.fieldOf(2, 'if-none-match')).toBeUndefined();
  });

  it('Set-Cookie is not shared, and is not set again', async () => {
    const origin = cachedOrigin([answer('a', { 'cache-control': 'public, max-age=60', 'set-cookie': 'session=1' })], { shared: true });
    expect((await origin.ask('/')).outcome).toMatchObject({ stored: false });
  });

  it('what came for one user is not shared unless the response says so', async () => {
    for (const [control, isShared] of [
      ['max-age=60', false],
      ['public, max-age=60', true],
      ['s-maxage=60', true],
      ['max-age=60, must-revalidate', true],
    ] as const) {
      const origin = cachedOrigin([answer('a', { 'cache-control': control })], { shared: true });
      await origin.ask('/', ada);
      expect(await origin.state('/')).toBe(isShared ? 'hit' : 'miss');
    }
  });

  it('Vary: as many variants as a client can think of do not make one key grow without end', async () => {
    const store = new MemoryStore();
    const origin = cachedOrigin([answer('a', { 'cache-control': 'max-age=60', vary: 'x-any' })], { store, maxVariants: 4 });
    for (let n = 0; n < 50; n += 1) await origin.ask('/', { headers: { 'x-any': String(n) } });
    expect(store.size().entries).toBe(4);
    expect(await origin.state('/', { headers: { 'x-any': '49' } })).toBe('hit');
    const star = cachedOrigin([answer('a', { 'cache-control': 'max-age=60', vary: 'accept, *' })]);
    await star.ask('/');
    expect(await star.state('/')).toBe('miss');
  });

  it('Vary: a response for one value is never given to another', async () => {
    const origin = cachedOrigin((request) => answer(request.headers.join(), { 'cache-control': 'max-age=60', vary: 'X-Tenant' }));
    expect((await origin.ask('/', { headers: { 'x-tenant': 'a' } })).text).toBe('x-tenant,a');
    expect((await origin.ask('/', { headers: { 'x-tenant': 'a,' } })).text).not.toBe('x-tenant,b');
    expect((await origin.ask('/', { headers: { 'X-TENANT': 'b' } })).text).toBe('X-TENANT,b');
    expect((await origin.ask('/')).text).toBe('');
  });

  it('CVE-2026-2581: equal requests that wait are not a way to fill the memory', async () => {
    const chunk = new Uint8Array(256 * 1024);
    let pulled = 0;
    const dispatcher = cached(
      mockDispatcher(() => ({
        status: 200,
        headers: [['cache-control', 'max-age=60']],
        body: (async function* () {
          for (; pulled < 400; pulled += 1) {
            await new Promise((resolve) => setImmediate(resolve));
            yield chunk;
          }
        })(),
      })),
      { maxEntryBytes: 1024 * 1024 },
    );
    const ask = () => dispatcher.dispatch('GET', ['http', 'origin.test', null, '/'], [], null);
    const [fast, slow] = await Promise.all([ask(), ask()]);
    await slow[4][Symbol.asyncIterator]().next();
    const reading = fast[4].bytes();
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    // The slow one holds it back, and no more is fetched than may be held for it.
    expect(pulled).toBeLessThan(20);
    await slow[4].close();
    expect((await reading).length).toBe(400 * chunk.length);
  });

  it('a store in memory keeps to its bytes, whatever comes', async () => {
    const store = new MemoryStore({ maxBytes: 1024 * 1024 });
    const origin = cachedOrigin(
      (request) => answer('x'.repeat(500), { 'cache-control': 'max-age=60', 'x-long': 'y'.repeat(request.url[3].length) }),
      { store },
    );
    for (let n = 0; n < 3000; n += 1)
      await origin.dispatcher.dispatch('GET', ['http', 'origin.test', null, `/${n}`], [], null).then(([, , , , body]) => body.bytes());
    expect(store.size().bytes).toBeLessThanOrEqual(1024 * 1024);
    expect(store.size().entries).toBeGreaterThan(300);
  });
});
