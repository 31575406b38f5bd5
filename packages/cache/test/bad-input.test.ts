import { describe, expect, it } from 'vitest';

import { MemoryStore, type CacheStore, type StoredResponse } from '../src/index.ts';
import { answer, cachedOrigin } from './cached-origin.ts';

const nonsense = [
  '',
  ' ',
  ',',
  ',,,',
  '=',
  '=,=',
  '"',
  '""',
  '"\\',
  '\\',
  'ÿ',
  'max-age',
  'max-age=',
  'max-age=""',
  'max-age="',
  'max-age=-1',
  'max-age=1e9',
  'max-age=0x10',
  'max-age=١',
  'max-age = 60',
  'max-age=60;',
  `max-age=${'9'.repeat(5000)}`,
  '*',
  '-1',
  '1.5',
  'Infinity',
  'NaN',
  'x'.repeat(8000),
  'Thu, 99 Foo 2026 99:99:99 GMT',
  'W/',
  'W/"',
  'bytes',
  'bytes 5-2/1',
  'bytes 0-0/0',
  '%',
  '[',
  '//',
  'http://[',
  '\t\t',
].filter((text) => [...text].every((character) => character.charCodeAt(0) <= 0xff));

describe('nonsense in a field', () => {
  for (const name of [
    'age',
    'cache-control',
    'date',
    'expires',
    'vary',
    'etag',
    'last-modified',
    'content-range',
    'location',
    'connection',
    'pragma',
    'no-vary-search',
    'surrogate-key',
  ]) {
    it(`of a response, in ${name}, is read without an error, and harms nothing`, async () => {
      for (const value of nonsense) {
        for (const status of [200, 206]) {
          const origin = cachedOrigin([answer('body', { 'cache-control': 'max-age=60', [name]: value }, status)], {
            noVarySearch: true,
            tagField: 'surrogate-key',
            heuristics: true,
          });
          for (let n = 0; n < 2; n += 1) expect(await origin.ask('/'), value.slice(0, 20)).toMatchObject({ status, text: 'body' });
          origin.pass(1000);
          expect(await origin.ask('/')).toMatchObject({ status, text: 'body' });
          expect(await origin.ask('/', { method: 'POST' })).toMatchObject({ status });
        }
      }
    });
  }

  for (const name of [
    'cache-control',
    'range',
    'if-none-match',
    'if-modified-since',
    'if-range',
    'pragma',
    'authorization',
    'accept-language',
  ]) {
    it(`of a request, in ${name}, is read without an error`, async () => {
      for (const value of nonsense) {
        const origin = cachedOrigin([answer('body', { 'cache-control': 'max-age=60', etag: '"1"', vary: 'accept-language' })]);
        await origin.ask('/');
        const asked = await origin.ask('/', { headers: { [name]: value } });
        expect([200, 206, 304, 416], value.slice(0, 20)).toContain(asked.status);
      }
    });
  }

  it('as a freshness lifetime is none', async () => {
    for (const control of ['max-age', 'max-age=', 'max-age=-1', 'max-age=1e9', 'max-age=1.5', 'max-age=0x10', 'max-age=60;', 'max-age="']) {
      const origin = cachedOrigin([answer('a', { 'cache-control': control, etag: '"1"' })]);
      await origin.ask('/');
      expect(await origin.state('/'), control).toBe('miss');
    }
    for (const expires of ['0', '-1', 'tomorrow', 'Thu, 01 Dec 2999 00:00:00 UTC']) {
      const origin = cachedOrigin([answer('a', { expires })]);
      await origin.ask('/');
      expect(await origin.state('/'), expires).toBe('miss');
    }
  });
});

describe('an entry', () => {
  async function tampered(change: (response: StoredResponse) => unknown): Promise<string> {
    const memory = new MemoryStore();
    const store: CacheStore = {
      find: (key) => memory.find(key).map((response) => change(response) as StoredResponse),
      open: (key, response, start, end) => memory.open(key, response, start, end),
      write: (key, response) => memory.write(key, response),
      update: (key, response) => memory.update(key, response),
      delete: (key, ids) => memory.delete(key, ids),
      deleteTagged: (tag) => memory.deleteTagged(tag),
      clear: () => memory.clear(),
      size: () => memory.size(),
    };
    const origin = cachedOrigin([answer('body', { 'cache-control': 'max-age=60' })], { store });
    await origin.ask('/');
    const asked = await origin.ask('/');
    expect(asked).toMatchObject({ status: 200, text: 'body' });
    return asked.outcome.state;
  }

  it('of a foreign make is a miss', async () => {
    expect(await tampered(() => null)).toBe('miss');
    expect(await tampered(() => 'text')).toBe('miss');
    expect(await tampered(() => ({}))).toBe('miss');
    expect(await tampered((response) => ({ ...response, headers: 'none' }))).toBe('miss');
    expect(await tampered((response) => ({ ...response, headers: [['a']] }))).toBe('miss');
    expect(await tampered((response) => ({ ...response, selecting: null }))).toBe('miss');
    expect(await tampered((response) => ({ ...response, receivedAt: 'now' }))).toBe('miss');
    expect(await tampered((response) => ({ ...response, length: -1 }))).toBe('miss');
    expect(await tampered((response) => response)).toBe('hit');
  });
});

describe('a clock', () => {
  const minute = 60_000;
  const start = Date.UTC(2026, 10, 1);

  it('that is set back makes nothing younger', async () => {
    const origin = cachedOrigin([answer('a', { 'cache-control': 'max-age=60' })]);
    origin.setClock(start);
    await origin.ask('/');
    origin.setClock(start + 2 * minute);
    expect(await origin.ask('/other')).toMatchObject({ status: 200 });
    origin.setClock(start + minute / 2);
    expect(await origin.state('/')).toBe('miss');
  });

  it('that was ahead when a response was stored does not keep it fresh', async () => {
    const store = new MemoryStore();
    const before = cachedOrigin([answer('a', { 'cache-control': 'max-age=60' })], { store });
    before.setClock(start + 1000 * minute);
    await before.ask('/');
    const after = cachedOrigin([answer('b', { 'cache-control': 'max-age=60' })], { store });
    after.setClock(start);
    expect(await after.ask('/')).toMatchObject({ text: 'b', outcome: { state: 'miss' } });
  });

  it('that jumps ahead makes things stale, which is safe', async () => {
    const origin = cachedOrigin([answer('a', { 'cache-control': 'max-age=60' })]);
    await origin.ask('/');
    origin.pass(10_000_000);
    expect(await origin.state('/')).toBe('miss');
  });
});

describe('the tools', () => {
  it('show, forget and count', async () => {
    const origin = cachedOrigin(
      (request) =>
        answer('body', { 'cache-control': 'max-age=60', 'surrogate-key': `all, one${request.url[3].length}  x`, vary: 'accept' }),
      { tagField: 'Surrogate-Key' },
    );
    const { cache } = origin.dispatcher;
    await origin.ask('/a', { headers: { authorization: 'x' } });
    await origin.ask('/a', { headers: { authorization: 'x' } });
    await origin.ask('/bb');
    origin.pass(10);
    expect(await cache.inspect('http://origin.test/a')).toMatchObject([
      {
        url: 'http://origin.test/a',
        status: 200,
        varies: ['accept'],
        isPersonal: true,
        age: 10,
        lifetime: 60,
        isFresh: true,
        length: 4,
        part: undefined,
        tags: ['all', 'one2', 'x'],
      },
    ]);
    expect(cache.stats()).toMatchObject({ hit: 1, miss: 2, hitRatio: 1 / 3, bytesSaved: 4 });
    expect(cache.stats().origins.get('http://origin.test')).toMatchObject({ hit: 1, miss: 2, bytesSaved: 4 });
    expect(await cache.purgeByTag('one3')).toBe(1);
    expect(await cache.purge('http://origin.test/a')).toBe(1);
    expect(await cache.purge('http://origin.test/a')).toBe(0);
    await origin.ask('/a');
    await cache.purge();
    expect(await cache.size()).toEqual({ entries: 0, bytes: 0 });
    await expect(cache.inspect('no url')).rejects.toThrow(TypeError);
  });

  it('show no secrets', async () => {
    const origin = cachedOrigin([answer('body', { 'cache-control': 'max-age=60', vary: 'authorization, cookie' })]);
    await origin.ask('/', { headers: { authorization: 'Basic secret', cookie: 'secret=1' } });
    expect(JSON.stringify(await origin.dispatcher.cache.inspect('http://origin.test/'))).not.toContain('secret=1');
  });
});
