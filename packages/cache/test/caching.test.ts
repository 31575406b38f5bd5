import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { ConnectError, mockDispatcher } from '@x/httpcore';
import { describe, expect, it, vi } from 'vitest';

import { cacheChannelName, cached, InvalidCacheOption, MemoryStore, type CacheEvent } from '../src/index.ts';
import { answer, cachedOrigin, settled } from './cached-origin.ts';

const fresh = { 'cache-control': 'max-age=60' };

describe('reuse', () => {
  it('tells how long a response is fresh, and asks again when it is not', async () => {
    const origin = cachedOrigin([answer('a', fresh)]);
    expect((await origin.ask('/')).outcome).toEqual({ state: 'miss', age: undefined, stored: true, reason: 'nothing stored' });
    origin.pass(59);
    const hit = await origin.ask('/');
    expect(hit.outcome).toEqual({ state: 'hit', age: 59, stored: true, reason: 'fresh by max-age for another 1 s' });
    expect([hit.text, hit.headers['age']]).toEqual(['a', '59']);
    origin.pass(1);
    expect((await origin.ask('/')).outcome).toMatchObject({ state: 'miss', reason: 'stale by max-age' });
  });

  it('tells the diagnostics channel of each response, without the values of a query, and of none without subscribers', async () => {
    const origin = cachedOrigin([answer('a', fresh)]);
    const told: unknown[] = [];
    const listen = (message: unknown): void => void told.push(message);
    await origin.ask('/before');
    subscribe(cacheChannelName, listen);
    await origin.ask('/a?token=secret');
    origin.pass(1);
    await origin.ask('/a?token=secret');
    await origin.ask('/a', { method: 'POST' });
    unsubscribe(cacheChannelName, listen);
    await origin.ask('/after');
    const url = 'http://origin.test/a?…';
    expect(told).toEqual([
      { method: 'GET', url, state: 'miss', age: undefined, stored: true, reason: 'nothing stored' },
      { method: 'GET', url, state: 'hit', age: 1, stored: true, reason: 'fresh by max-age for another 59 s' },
      { method: 'POST', url: 'http://origin.test/a', state: 'bypass', age: undefined, stored: false, reason: 'POST is not cached' },
    ]);
  });

  it('has a stale response confirmed, and takes the new fields', async () => {
    const origin = cachedOrigin((request) =>
      request.headers.some(([name]) => name === 'if-none-match')
        ? answer('', { etag: '"1"', 'cache-control': 'max-age=600', 'x-new': '1', 'content-length': '0' }, 304)
        : answer('body', { ...fresh, etag: '"1"', 'x-old': '1' }),
    );
    await origin.ask('/');
    origin.pass(61);
    const confirmed = await origin.ask('/');
    expect(confirmed).toMatchObject({
      status: 200,
      text: 'body',
      outcome: { state: 'revalidated', reason: 'stale by max-age; the origin confirmed it' },
    });
    expect(confirmed.headers).toMatchObject({ 'x-old': '1', 'x-new': '1', 'cache-control': 'max-age=600' });
    origin.pass(300);
    expect(await origin.state('/')).toBe('hit');
  });

  it('is used stale while it is confirmed, once', async () => {
    let version = 1;
    const origin = cachedOrigin(() =>
      answer(`v${version}`, { 'cache-control': 'max-age=10, stale-while-revalidate=30', etag: `"${version}"` }),
    );
    await origin.ask('/');
    version = 2;
    origin.pass(20);
    const all = await Promise.all([origin.ask('/'), origin.ask('/'), origin.ask('/')]);
    expect(all.map(({ text, outcome }) => [text, outcome.state])).toEqual([
      ['v1', 'stale'],
      ['v1', 'stale'],
      ['v1', 'stale'],
    ]);
    expect(origin.seen).toHaveLength(2);
    expect(await origin.ask('/')).toMatchObject({ text: 'v2', outcome: { state: 'hit' } });
    origin.pass(60);
    expect(await origin.state('/')).toBe('miss');
  });

  it('stands in for an origin that fails, where that is permitted', async () => {
    const events: CacheEvent[] = [];
    const origin = cachedOrigin(
      (request, number) => {
        if (number === 1)
          return answer('kept', { 'cache-control': `max-age=10${request.url[3] === '/no' ? ', must-revalidate' : ', stale-if-error=60'}` });
        return number % 2 === 0 ? new ConnectError('refused') : answer('oops', {}, 503);
      },
      { onEvent: (event) => events.push(event) },
    );
    await origin.ask('/');
    origin.pass(20);
    for (let n = 0; n < 2; n += 1) expect(await origin.ask('/')).toMatchObject({ status: 200, text: 'kept', outcome: { state: 'stale' } });
    origin.pass(60);
    await expect(origin.ask('/')).rejects.toThrow(ConnectError);
    const strict = cachedOrigin([answer('kept', { 'cache-control': 'max-age=10, must-revalidate' }), new ConnectError('refused')], {
      staleIfError: 600,
    });
    await strict.ask('/no');
    strict.pass(20);
    await expect(strict.ask('/no')).rejects.toThrow(ConnectError);
    expect(events).toEqual([]);
  });

  it('answers only-if-cached by itself', async () => {
    const origin = cachedOrigin([answer('a', fresh)]);
    expect(await origin.ask('/', { headers: { 'cache-control': 'only-if-cached' } })).toMatchObject({ status: 504, text: '' });
    await origin.ask('/');
    expect(await origin.ask('/', { headers: { 'cache-control': 'only-if-cached' } })).toMatchObject({ status: 200, text: 'a' });
    expect(origin.seen).toHaveLength(1);
  });

  it('asks nobody for only-if-cached, whatever else the request wants', async () => {
    const origin = cachedOrigin([answer('a', fresh)]);
    await origin.ask('/');
    for (const asking of [
      { method: 'POST' },
      { method: 'OPTIONS' },
      { body: 'body' },
      { headers: { 'if-match': '"1"' } },
      { headers: { range: 'bytes=0-1,3-4' } },
      { headers: { 'cache-control': 'no-store, only-if-cached' } },
    ]) {
      expect(await origin.ask('/', { ...asking, context: { cacheMode: 'only-if-cached' } }), JSON.stringify(asking)).toMatchObject({
        status: 504,
        outcome: { state: 'miss', stored: false },
      });
      const headers = { 'cache-control': 'only-if-cached', ...asking.headers };
      expect((await origin.ask('/', { ...asking, headers })).status).toBe(504);
    }
    expect([origin.seen, await origin.state('/')]).toEqual([['GET /'], 'hit']);
  });

  it('is used stale for only-if-cached, and not asked about', async () => {
    const origin = cachedOrigin([answer('a', { 'cache-control': 'max-age=1, stale-while-revalidate=60' })]);
    await origin.ask('/');
    origin.pass(2);
    expect(await origin.state('/', { headers: { 'cache-control': 'only-if-cached' } })).toBe('stale');
    expect(origin.seen).toHaveLength(1);
  });

  it('asks the origin where it is told that what is stored is of no use, with the fields as they are', async () => {
    const origin = cachedOrigin((_, number) => answer(String(number), { ...fresh, etag: '"1"' }));
    await origin.ask('/');
    for (const cacheMode of ['default', 'force-cache'] as const) {
      expect((await origin.ask('/', { context: { cacheMode, asksOrigin: true } })).outcome.state).toBe('miss');
      expect([origin.fieldOf(-1, 'cache-control'), origin.fieldOf(-1, 'if-none-match')]).toEqual([undefined, undefined]);
    }
    expect(await origin.ask('/', { context: { cacheMode: 'only-if-cached', asksOrigin: true } })).toMatchObject({ text: '3' });
    expect(await origin.ask('/')).toMatchObject({ text: '3', outcome: { state: 'hit' } });
  });

  it('answers what the caller has already with 304', async () => {
    const origin = cachedOrigin([answer('a', { ...fresh, etag: '"x"', 'content-type': 'text/plain' })]);
    await origin.ask('/');
    const { status, headers, text } = await origin.ask('/', { headers: { 'If-None-Match': 'W/"x", "y"' } });
    expect([status, headers['etag'], headers['content-type'], text]).toEqual([304, '"x"', undefined, '']);
  });

  it('gives HEAD what GET has brought, and learns from HEAD', async () => {
    const origin = cachedOrigin((request) =>
      answer('four', { ...fresh, etag: request.method === 'HEAD' ? '"2"' : '"1"', 'content-length': '4' }),
    );
    await origin.ask('/');
    expect(await origin.ask('/', { method: 'HEAD' })).toMatchObject({ status: 200, text: '', outcome: { state: 'hit' } });
    origin.pass(61);
    expect(await origin.state('/', { method: 'HEAD' })).toBe('miss');
    expect(await origin.state('/')).toBe('miss');
  });
});

describe('what changes', () => {
  it('forgets the URL, Location and Content-Location of the same origin, and no other', async () => {
    const origin = cachedOrigin((request) =>
      request.method === 'GET' ? answer('a', fresh) : answer('', { location: '/b', 'content-location': 'http://elsewhere.test/c' }, 201),
    );
    for (const path of ['/a', '/b', '/c']) await origin.ask(path);
    await origin.ask('/c', { origin: ['http', 'elsewhere.test', null] });
    expect((await origin.ask('/a', { method: 'POST', body: 'x' })).outcome).toMatchObject({
      state: 'bypass',
      reason: 'POST is not cached',
    });
    expect([await origin.state('/a'), await origin.state('/b'), await origin.state('/c')]).toEqual(['miss', 'miss', 'hit']);
    expect(await origin.state('/c', { origin: ['http', 'elsewhere.test', null] })).toBe('hit');
  });

  it('is not overwritten by what was on its way before', async () => {
    let release: (() => void) | undefined;
    const origin = cachedOrigin(async (request, number) => {
      if (number === 1) await new Promise<void>((resolve) => (release = resolve));
      return request.method === 'GET' ? answer(`v${number}`, fresh) : answer('', {}, 204);
    });
    const old = origin.ask('/');
    await settled();
    await origin.ask('/', { method: 'PUT', body: 'new' });
    release!();
    expect((await old).outcome).toMatchObject({
      stored: false,
      reason: 'nothing stored; not stored: what it answers has been changed or purged meanwhile, or the cache is closed',
    });
    expect(await origin.ask('/')).toMatchObject({ text: 'v3', outcome: { state: 'miss' } });
  });
});

describe('parts', () => {
  const whole = '0123456789';
  const ranged = cachedOriginOfRanges;

  it('are cut from a whole', async () => {
    const origin = ranged();
    await origin.ask('/');
    for (const [range, text, contentRange] of [
      ['bytes=2-4', '234', 'bytes 2-4/10'],
      ['bytes=-3', '789', 'bytes 7-9/10'],
      ['bytes=8-', '89', 'bytes 8-9/10'],
      ['bytes=5-99', '56789', 'bytes 5-9/10'],
    ] as const) {
      expect(await origin.ask('/', { headers: { range } })).toMatchObject({
        status: 206,
        text,
        headers: { 'content-range': contentRange, 'content-length': String(text.length) },
      });
    }
    expect(await origin.ask('/', { headers: { range: 'bytes=10-' } })).toMatchObject({
      status: 416,
      headers: { 'content-range': 'bytes */10' },
    });
    expect(await origin.ask('/', { headers: { range: 'bytes=2-4', 'if-range': '"other"' } })).toMatchObject({ status: 200, text: whole });
    expect(await origin.ask('/', { headers: { range: 'bytes=2-4', 'if-range': '"e"' } })).toMatchObject({ status: 206 });
    expect(origin.seen).toHaveLength(1);
    expect(await origin.state('/', { headers: { range: 'bytes=0-1,4-5' } })).toBe('bypass');
  });

  it('take a date for a validator once it is older than the response by a second', async () => {
    const now = Date.UTC(2026, 10, 1);
    for (const [age, status] of [
      [0, 200],
      [1000, 206],
    ] as const) {
      const modified = new Date(now - age).toUTCString();
      const origin = cachedOrigin([
        answer(whole, { 'cache-control': 'max-age=60', date: new Date(now).toUTCString(), 'last-modified': modified }),
      ]);
      await origin.ask('/');
      expect(await origin.ask('/', { headers: { range: 'bytes=2-4', 'if-range': modified } })).toMatchObject({ status });
      expect(origin.seen).toHaveLength(1);
    }
  });

  it('are joined, and become a whole', async () => {
    const origin = ranged();
    await origin.ask('/', { headers: { range: 'bytes=0-4' } });
    await origin.ask('/', { headers: { range: 'bytes=5-9' } });
    expect(await origin.ask('/', { headers: { range: 'bytes=3-6' } })).toMatchObject({ text: '3456', outcome: { state: 'hit' } });
    expect(await origin.ask('/')).toMatchObject({
      status: 200,
      text: whole,
      headers: { 'content-length': '10' },
      outcome: { state: 'hit' },
    });
    expect(origin.seen).toHaveLength(2);
  });

  it('have the rest fetched alone', async () => {
    const origin = ranged();
    await origin.ask('/', { headers: { range: 'bytes=0-4' } });
    const completed = await origin.ask('/');
    expect(completed).toMatchObject({ status: 200, text: whole, headers: { 'content-length': '10' } });
    expect(completed.headers['content-range']).toBeUndefined();
    expect([origin.fieldOf(1, 'range'), origin.fieldOf(1, 'if-range')]).toEqual(['bytes=5-', '"e"']);
    expect(await origin.ask('/')).toMatchObject({ text: whole, outcome: { state: 'hit' } });
  });

  it('whose rest is not as long as it says end in an error, and are not kept as a whole', async () => {
    for (const rest of ['5678', '56789a']) {
      const origin = cachedOrigin(({ headers }) => {
        if (!headers.some(([, value]) => value === 'bytes=5-'))
          return answer('01234', { ...fresh, etag: '"e"', 'content-range': 'bytes 0-4/10' }, 206);
        const body = (async function* () {
          yield Buffer.from(rest);
        })();
        return { status: 206, headers: Object.entries({ ...fresh, etag: '"e"', 'content-range': 'bytes 5-9/10' }), body };
      });
      await origin.ask('/', { headers: { range: 'bytes=0-4' } });
      await expect(origin.ask('/')).rejects.toMatchObject({ name: 'ReadError' });
      expect((await origin.dispatcher.cache.inspect('http://origin.test/')).map(({ part }) => part)).toEqual(['0-4/10']);
    }
  });

  it('are served before a whole that is older', async () => {
    const origin = cachedOrigin(({ headers }, number) => {
      if (number === 1) return answer('0123456789', { 'cache-control': 'max-age=1, stale-while-revalidate=60', etag: '"1"' });
      const isPart = headers.some(([name]) => name === 'range');
      return isPart ? answer('ab', { ...fresh, etag: '"2"', 'content-range': 'bytes 0-1/10' }, 206) : answer('abcdefghij', fresh);
    });
    await origin.ask('/');
    origin.pass(2);
    const range = { headers: { range: 'bytes=0-1' } };
    expect(await origin.ask('/', range)).toMatchObject({ text: '01', outcome: { state: 'stale' } });
    expect(await origin.ask('/', range)).toMatchObject({ text: 'ab', outcome: { state: 'hit' } });
  });

  it('from the end answer what asks for less of the end, though the whole length is not known', async () => {
    const origin = cachedOrigin([answer('56789', { ...fresh, 'content-range': 'bytes 5-9/*' }, 206)]);
    await origin.ask('/', { headers: { range: 'bytes=-5' } });
    expect(await origin.ask('/', { headers: { range: 'bytes=-2' } })).toMatchObject({
      status: 206,
      text: '89',
      headers: { 'content-range': 'bytes 8-9/*', 'content-length': '2' },
      outcome: { state: 'hit' },
    });
    for (const range of ['bytes=-6', 'bytes=-0']) expect(await origin.state('/', { headers: { range } })).toBe('miss');
  });

  it('of something else are not joined', async () => {
    let tag = 'one';
    const origin = ranged(() => tag);
    await origin.ask('/', { headers: { range: 'bytes=0-4' } });
    tag = 'two';
    await origin.ask('/', { headers: { range: 'bytes=5-9' } });
    expect((await origin.ask('/', { headers: { range: 'bytes=3-6' } })).outcome.state).toBe('miss');
    expect(await origin.ask('/')).toMatchObject({ status: 200, text: whole });
  });
});

function cachedOriginOfRanges(tag: () => string = () => 'e'): ReturnType<typeof cachedOrigin> {
  const whole = '0123456789';
  return cachedOrigin((request) => {
    const range = request.headers.find(([name]) => name === 'range')?.[1];
    const ifRange = request.headers.find(([name]) => name === 'if-range')?.[1];
    const headers = { ...fresh, etag: `"${tag()}"`, 'accept-ranges': 'bytes' };
    const match = range === undefined || (ifRange !== undefined && ifRange !== headers.etag) ? null : /^bytes=(\d+)-(\d*)$/.exec(range);
    if (match === null) return answer(whole, { ...headers, 'content-length': '10' });
    const first = Number(match[1]);
    const last = match[2] === '' ? 9 : Number(match[2]);
    const part = whole.slice(first, last + 1);
    return answer(part, { ...headers, 'content-range': `bytes ${first}-${last}/10`, 'content-length': String(part.length) }, 206);
  });
}

describe('a body', () => {
  function endless(length: number, announced?: number): ReturnType<typeof cachedOrigin> {
    return cachedOrigin(() => ({
      status: 200,
      headers: [...Object.entries(fresh), ...(announced === undefined ? [] : [['content-length', String(announced)] as const])],
      body: (async function* () {
        for (let n = 0; n < length; n += 1) {
          await null;
          yield new Uint8Array(1000).fill(n);
        }
      })(),
    }));
  }

  it('that its reader has left is kept if little is missing', async () => {
    const origin = endless(20, 20_000);
    const { body } = await origin.open('/');
    for await (const _ of body) break;
    for (let n = 0; n < 10; n += 1) await settled();
    const again = await origin.ask('/');
    expect([again.outcome.state, again.text.length]).toEqual(['hit', 20_000]);
  });

  it('that its reader has left is not waited for for ever', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const origin = cachedOrigin(() => ({
        status: 200,
        headers: Object.entries(fresh),
        body: (async function* () {
          yield new Uint8Array(10);
          await new Promise(() => {});
        })(),
      }));
      const { body } = await origin.open('/');
      for await (const _ of body) break;
      await settled();
      expect(origin.requests[0]!.signal.aborted).toBe(false);
      vi.advanceTimersByTime(30_000);
      await settled();
      expect(origin.requests[0]!.signal.aborted).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it('that its reader has left is dropped if much is missing', async () => {
    const origin = endless(2000, 2_000_000);
    const { body } = await origin.open('/');
    for await (const _ of body) break;
    await settled();
    expect(await origin.state('/')).toBe('miss');
    expect(await origin.dispatcher.cache.size()).toMatchObject({ entries: 1 });
  });

  it('that breaks off, or is not as long as was announced, is not kept', async () => {
    const origin = cachedOrigin(() => ({
      status: 200,
      headers: Object.entries(fresh),
      body: (async function* () {
        yield new Uint8Array(10);
        throw new Error('broken');
      })(),
    }));
    await expect(origin.ask('/')).rejects.toThrow();
    await expect(origin.ask('/')).rejects.toThrow();
    expect(origin.seen).toHaveLength(2);
  });

  it('that is too large is handed on, and not kept', async () => {
    const origin = cachedOrigin([answer('x'.repeat(1000), { ...fresh, 'content-length': '1000' })], { maxEntryBytes: 999 });
    expect((await origin.ask('/')).outcome).toMatchObject({
      stored: false,
      reason: 'nothing stored; not stored: larger than maxEntryBytes (999)',
    });
    const unannounced = endless(5);
    expect((await unannounced.ask('/')).text).toHaveLength(5000);
    const small = cachedOrigin(() => ({ status: 200, headers: Object.entries(fresh), body: [new Uint8Array(600), new Uint8Array(600)] }), {
      maxEntryBytes: 999,
    });
    expect((await small.ask('/')).text).toHaveLength(1200);
    expect(await small.state('/')).toBe('miss');
  });
});

describe('options', () => {
  it('are checked', () => {
    const inner = mockDispatcher(() => ({ status: 200 }));
    for (const options of [
      { maxEntryBytes: -1 },
      { shared: 1 },
      { stor: null },
      { store: {} },
      { heuristics: { fraction: 'x' } },
      { credentialFields: 'a' },
      { tagField: 'a b' },
      { now: 1 },
      null,
    ]) {
      expect(() => cached(inner, options as object)).toThrow(InvalidCacheOption);
    }
    expect(() => new MemoryStore({ maxBytes: 0 })).toThrow(InvalidCacheOption);
  });
});
