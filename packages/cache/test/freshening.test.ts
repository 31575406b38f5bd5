/** What a 304, the answer to a HEAD, or one to a POST says of what is stored. */
import { describe, expect, it } from 'vitest';

import { MemoryStore, type HttpCacheOptions } from '../src/index.ts';
import { answer, cachedOrigin, type CachedOrigin } from './cached-origin.ts';

const stale = 61;

/** A stored response that is confirmed with these fields. */
function confirmedWith(
  fields: Readonly<Record<string, string>>,
  options: HttpCacheOptions = {},
  first: Readonly<Record<string, string>> = { 'cache-control': 'max-age=60' },
): CachedOrigin {
  return cachedOrigin(
    (request, number) =>
      request.headers.some(([name]) => name === 'if-none-match')
        ? answer('', { etag: '"1"', ...fields }, 304)
        : answer(`body ${number}`, { etag: '"1"', ...first }),
    options,
  );
}

describe('a 304', () => {
  it('says no-store: the response is handed out once more, and kept no longer', async () => {
    for (const store of [new MemoryStore(), undefined]) {
      const origin = confirmedWith({ 'cache-control': 'no-store, max-age=600' }, { store });
      await origin.ask('/');
      origin.pass(stale);
      const last = await origin.ask('/');
      expect(last).toMatchObject({ text: 'body 1', outcome: { state: 'revalidated', stored: false } });
      expect(last.outcome.reason).toContain('no longer stored: no-store in the response');
      if (store !== undefined) expect(store.size().entries).toBe(0);
      expect(await origin.ask('/')).toMatchObject({ text: 'body 3', outcome: { state: 'miss', reason: 'nothing stored' } });
    }
  });

  it('says private to a shared cache: the same', async () => {
    const origin = confirmedWith({ 'cache-control': 'private, max-age=600' }, { shared: true });
    await origin.ask('/');
    origin.pass(stale);
    expect(await origin.state('/')).toBe('revalidated');
    expect(await origin.state('/')).toBe('miss');
  });

  it('brings a cookie: for who has asked, and not for those after him', async () => {
    for (const options of [{ shared: true }, {}]) {
      const origin = confirmedWith({ 'set-cookie': 'session=ada' }, options, { 'cache-control': 'public, max-age=60' });
      await origin.ask('/');
      origin.pass(stale);
      expect((await origin.ask('/')).headers['set-cookie']).toBe('session=ada');
      const next = await origin.ask('/');
      expect([next.outcome.state, next.headers['set-cookie']]).toEqual(['hit', undefined]);
    }
  });

  it('is no longer public: from then on it is for its user', async () => {
    const ada = { headers: { authorization: 'Bearer ada' } };
    const origin = confirmedWith({ 'cache-control': 'max-age=600' }, {}, { 'cache-control': 'public, max-age=60' });
    await origin.ask('/', ada);
    expect(await origin.state('/', { headers: { authorization: 'Bearer bob' } })).toBe('hit');
    origin.pass(stale);
    expect(await origin.state('/', ada)).toBe('revalidated');
    expect(await origin.state('/', { headers: { authorization: 'Bearer bob' } })).toBe('miss');
    expect(await origin.state('/', ada)).toBe('hit');
  });

  it('names other fields in Vary: those of the request that was answered count', async () => {
    const origin = confirmedWith({ vary: 'accept', 'cache-control': 'max-age=600' });
    await origin.ask('/', { headers: { accept: 'text/html' } });
    origin.pass(stale);
    expect(await origin.state('/', { headers: { accept: 'text/html' } })).toBe('revalidated');
    expect(await origin.state('/', { headers: { accept: 'text/html' } })).toBe('hit');
    expect(await origin.state('/', { headers: { accept: 'image/png' } })).not.toBe('hit');
  });

  it('has other tags: those purge it', async () => {
    const origin = confirmedWith({ 'surrogate-key': 'new' }, { tagField: 'surrogate-key' }, { 'surrogate-key': 'old' });
    await origin.ask('/');
    expect(await origin.state('/')).toBe('revalidated');
    expect(await origin.dispatcher.cache.purgeByTag('old')).toBe(0);
    expect(await origin.dispatcher.cache.purgeByTag('new')).toBe(1);
  });

  it('has more tags than are kept: it is kept no longer', async () => {
    const many = (count: number): string => Array.from({ length: count }, (_, n) => `tag-${n}`).join(' ');
    const origin = confirmedWith({ 'surrogate-key': many(1001) }, { tagField: 'surrogate-key' }, { 'surrogate-key': many(1000) });
    await origin.ask('/');
    const [entry] = await origin.dispatcher.cache.inspect('http://origin.test/');
    expect(entry?.tags.at(-1)).toBe('tag-999');
    expect((await origin.ask('/')).outcome).toMatchObject({ state: 'revalidated', stored: false });
    expect((await origin.ask('/')).outcome).toMatchObject({ state: 'miss' });
    const other = cachedOrigin([answer('a', { 'cache-control': 'max-age=60', 'surrogate-key': many(1001) })], {
      tagField: 'surrogate-key',
    });
    expect((await other.ask('/')).outcome).toMatchObject({
      stored: false,
      reason: expect.stringContaining('more than 1000 tags') as string,
    });
  });
});

describe('an answer that is about the moment', () => {
  it.each([408, 425, 429, 503])('%d: what is stored stays, and is confirmed later', async (status) => {
    for (const method of ['GET', 'HEAD']) {
      const origin = cachedOrigin((_, number) => {
        if (number === 2) return answer('', {}, status);
        return answer('a', { 'cache-control': 'max-age=1', etag: '"1"' }, number === 1 ? 200 : 304);
      });
      await origin.ask('/');
      origin.pass(2);
      expect((await origin.ask('/', { method })).status).toBe(status);
      expect((await origin.ask('/')).outcome.state).toBe('revalidated');
    }
  });
});

describe('the answer to a HEAD', () => {
  it('says no-store, or brings a cookie: nothing of that is kept', async () => {
    for (const [fields, state] of [
      [{ 'cache-control': 'no-store' }, 'miss'],
      [{ 'cache-control': 'public, max-age=600', 'set-cookie': 'session=ada' }, 'hit'],
    ] as const) {
      const origin = cachedOrigin(({ method }) => answer('a', method === 'GET' ? { 'cache-control': 'public, max-age=60' } : fields));
      await origin.ask('/');
      origin.pass(stale);
      await origin.ask('/', { method: 'HEAD' });
      const next = await origin.ask('/');
      expect([next.outcome.state, next.headers['set-cookie']]).toEqual([state, undefined]);
    }
  });
});

describe('the answer to a POST', () => {
  const same = { 'cache-control': 'max-age=60', 'content-location': '/a' };

  it('is kept for GET where it says that it is what GET would bring, and for how long', async () => {
    const origin = cachedOrigin(({ method }, number) => answer(`${method} ${number}`, same));
    await origin.ask('/a');
    expect((await origin.ask('/a', { method: 'POST', body: 'x' })).outcome).toMatchObject({ state: 'bypass', stored: true });
    expect(await origin.ask('/a')).toMatchObject({ text: 'POST 2', outcome: { state: 'hit' } });
    expect(await origin.state('/a', { method: 'POST', body: 'x' })).toBe('bypass');
  });

  for (const [what, fields, asking] of [
    ['it is of another URL', { ...same, 'content-location': '/b' }, {}],
    ['it is of another origin', { ...same, 'content-location': 'http://elsewhere.test/a' }, {}],
    ['it says nothing of its freshness', { 'content-location': '/a', etag: '"1"', 'last-modified': 'Sun, 01 Nov 2026 00:00:00 GMT' }, {}],
    ['it is not to be stored', { ...same, 'cache-control': 'no-store, max-age=60' }, {}],
    ['the request is not to be stored', same, { headers: { 'cache-control': 'no-store' } }],
  ] as const) {
    it(`is not kept where ${what}`, async () => {
      const origin = cachedOrigin(({ method }, number) => answer(`${method} ${number}`, fields));
      await origin.ask('/a', { method: 'POST', body: 'x', ...asking });
      expect((await origin.ask('/a')).text).toBe('GET 2');
    });
  }

  it('is for the same user only', async () => {
    const origin = cachedOrigin(({ method }, number) => answer(`${method} ${number}`, same));
    await origin.ask('/a', { method: 'POST', body: 'x', headers: { authorization: 'Bearer ada' } });
    expect((await origin.ask('/a', { headers: { authorization: 'Bearer bob' } })).text).toBe('GET 2');
    expect((await origin.ask('/a', { headers: { authorization: 'Bearer ada' } })).text).toBe('POST 1');
  });
});

describe('cookies', () => {
  const withCookie = { headers: { cookie: 'a=1' } };

  it('do not keep what was sent to nobody in particular from being used while it is fresh', async () => {
    const origin = cachedOrigin((_, number) => answer(`v${number}`, { 'cache-control': 'max-age=60', etag: '"1"' }));
    await origin.ask('/');
    expect(await origin.ask('/', withCookie)).toMatchObject({ text: 'v1', outcome: { state: 'hit' } });
    origin.pass(stale);
    // It is not confirmed for one user and handed to others then.
    expect(await origin.ask('/', withCookie)).toMatchObject({ text: 'v2', outcome: { state: 'miss' } });
    expect(origin.fieldOf(1, 'if-none-match')).toBeUndefined();
    expect(await origin.ask('/', withCookie)).toMatchObject({ text: 'v2', outcome: { state: 'hit' } });
    expect(await origin.ask('/', { headers: { cookie: 'a=2' } })).toMatchObject({ text: 'v3' });
  });

  it('do where it gave a cookie, depends on cookies, or the request has other credentials', async () => {
    for (const [fields, headers] of [
      [{ 'set-cookie': 'b=1' }, { cookie: 'a=1' }],
      [{ vary: 'cookie' }, { cookie: 'a=1' }],
      [{}, { cookie: 'a=1', authorization: 'Bearer ada' }],
      [{}, { authorization: 'Bearer ada' }],
    ] as const) {
      const origin = cachedOrigin([answer('a', { 'cache-control': 'max-age=60', ...fields })]);
      await origin.ask('/');
      expect(await origin.state('/', { headers })).toBe('miss');
    }
  });
});

describe('a preferred language', () => {
  it('is served where the origin has shown that it has it', async () => {
    const german = { 'cache-control': 'max-age=60', vary: 'Accept-Language', 'content-language': 'de' };
    const origin = cachedOrigin((request) => answer(request.headers.join(), german));
    const ask = (value: string): Promise<string> => origin.state('/', { headers: { 'accept-language': value } });
    expect(await ask('en, de')).toBe('miss');
    expect(await ask('fr;q=0.5, DE;q=1.0')).toBe('hit');
    for (const other of ['fr, de;q=0.5', 'fr, de', 'de;q=0', '*', 'de;q=x', 'de-AT', '']) expect(await ask(other), other).toBe('miss');
  });
});
