import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { describe, expect, it, vi } from 'vitest';

import { pac, pacBy, type Pac, type PacOptions } from './pac.ts';
import { freshness } from './source.ts';

const returning = (result: string): string => `function FindProxyForURL(url, host) { return '${result}'; }`;
const counting = 'var count = 0; function FindProxyForURL(url, host) { count += 1; return "PROXY " + host + ":" + count; }';
const a = new URL('http://user:password@a.test/secret?token=1');

/** A server whose answers are these, one after the other, and a clock. */
function served(...answers: (Response | Error)[]): { find: Pac; asked: Record<string, string>[]; pass(milliseconds: number): void } {
  const asked: Record<string, string>[] = [];
  let now = 0;
  const fetch = (async (_url: URL, { headers }: RequestInit) => {
    asked.push(headers as Record<string, string>);
    const answer = answers.shift() ?? new Error('no more');
    if (answer instanceof Error) throw answer;
    return answer;
  }) as unknown as typeof globalThis.fetch;
  const options: PacOptions = { fetch, cacheFor: 0 };
  return {
    find: pacBy(
      'http://wpad.test/proxy.pac',
      options,
      () => now,
      () => new Date(),
    ),
    asked,
    pass: (milliseconds) => void (now += milliseconds),
  };
}

describe('a script that is there', () => {
  it('sees scheme, host and port of a URL and no more, and its answer holds for these', async () => {
    const find = pac({
      text: 'var count = 0; function FindProxyForURL(url, host) { count += 1; alert(url + " " + host); return "PROXY p:" + count; }',
    });
    const alerts: string[] = [];
    const told = pac(
      { text: 'function FindProxyForURL(url, host) { alert(url + " " + host); return "DIRECT"; }' },
      { onAlert: (text) => alerts.push(text) },
    );
    expect(await Promise.all([find(a), find(new URL('http://a.test/other'))])).toEqual([['http://p:1'], ['http://p:1']]);
    expect(await find(new URL('https://a.test/'))).toEqual(['http://p:2']);
    expect(await find(new URL('http://a.test:8080/'))).toEqual(['http://p:3']);
    await told(a);
    await told(new URL('https://[::1]:8443/x'));
    expect(alerts).toEqual(['http://a.test/ a.test', 'https://[::1]:8443/ ::1']);
    find.close();
    told.close();
    await expect(find(a)).rejects.toMatchObject({ name: 'PacError', code: 'PAC_CLOSED' });
  });

  it('is asked again after a while, and when it has failed', async () => {
    let now = 0;
    const find = pacBy(
      { text: counting },
      { cacheFor: 1_000 },
      () => now,
      () => new Date(),
    );
    expect([await find(a), await find(a)]).toEqual([['http://a.test:1'], ['http://a.test:1']]);
    now = 1_000;
    expect(await find(a)).toEqual(['http://a.test:2']);
    find.close();
    const failing = pac({
      text: 'var count = 0; function FindProxyForURL() { count += 1; if (count < 3) throw new Error("no"); return "DIRECT"; }',
    });
    await expect(failing(a)).rejects.toMatchObject({ code: 'PAC_FAILED' });
    await expect(failing(a)).rejects.toMatchObject({ code: 'PAC_FAILED' });
    expect(await failing(a)).toEqual([null]);
    failing.close();
  });

  it('resolves by the function that it is given, which may fail', async () => {
    const lookup = async (name: string): Promise<readonly string[]> => {
      if (name === 'a.test') return ['10.0.0.1'];
      throw new Error('no');
    };
    const find = pac(
      { text: 'function FindProxyForURL(url, host) { return "PROXY p:" + (isInNet(host, "10.0.0.0", "255.0.0.0") ? 1 : 2); }' },
      { lookup },
    );
    expect([await find(a), await find(new URL('http://b.test/'))]).toEqual([['http://p:1'], ['http://p:2']]);
    find.close();
  });
});

describe('a script from a server', () => {
  it('is read once, kept as long as it is fresh, and asked after by what identifies it', async () => {
    const it = served(
      new Response(returning('PROXY one'), { headers: { 'cache-control': 'max-age=60', etag: '"1"' } }),
      new Response(null, { status: 304, headers: { 'cache-control': 'max-age=60' } }),
      new Response(returning('PROXY two'), {
        headers: { 'cache-control': 'max-age=60', 'last-modified': 'Sat, 28 Nov 2026 00:00:00 GMT' },
      }),
    );
    expect(await Promise.all([it.find(a), it.find(a), it.find(a)])).toEqual([['http://one'], ['http://one'], ['http://one']]);
    it.pass(59_999);
    await it.find(a);
    expect(it.asked).toEqual([{}]);
    it.pass(1);
    expect(await it.find(a)).toEqual(['http://one']);
    await expect.poll(() => it.asked).toEqual([{}, { 'if-none-match': '"1"' }]);
    it.pass(60_000);
    expect(await it.find(a)).toEqual(['http://one']);
    await expect.poll(() => it.find(a)).toEqual(['http://two']);
    it.find.close();
  });

  it.each([
    ['can not be reached', new Error('refused'), 'PAC_UNAVAILABLE'],
    ['is not there', new Response('not here', { status: 404 }), 'PAC_UNAVAILABLE'],
    ['is too large', new Response('x'.repeat(1_048_577)), 'PAC_UNAVAILABLE'],
    ['is a login page', new Response('<html>'), 'PAC_INVALID'],
  ])('that %s is told, and tried again after five seconds', async (_name, answer, code) => {
    const it = served(answer, new Response(returning('DIRECT')));
    await expect(it.find(a)).rejects.toMatchObject({ name: 'PacError', code });
    it.pass(4_999);
    await expect(it.find(a)).rejects.toMatchObject({ name: 'PacError', code });
    expect(it.asked).toHaveLength(1);
    it.pass(1);
    expect(await it.find(a)).toEqual([null]);
    it.find.close();
  });

  it('is kept where the next one is bad, with a warning', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const it = served(new Response(returning('PROXY one')), new Response('<html>'), new Error('gone'));
    await it.find(a);
    for (let round = 1; round <= 2; round += 1) {
      it.pass(3_600_000);
      expect(await it.find(a)).toEqual(['http://one']);
      await expect.poll(() => warnings.mock.calls.length).toBe(round);
      expect(await it.find(a)).toEqual(['http://one']);
    }
    expect(warnings.mock.calls.map(([, options]) => options)).toEqual([{ type: 'PacWarning' }, { type: 'PacWarning' }]);
    warnings.mockRestore();
    it.find.close();
  });

  it.each<[Record<string, string>, number]>([
    [{}, 7_000_000],
    [{ 'cache-control': 'max-age=100' }, 100_000],
    [{ 'cache-control': 'public, max-age="100"', age: '40' }, 60_000],
    [{ 'cache-control': 'no-cache, max-age=100' }, 10_000],
    [{ 'cache-control': 'max-age=1' }, 10_000],
    [{ 'cache-control': 'max-age=99999999' }, 86_400_000],
    [{ date: 'Sat, 28 Nov 2026 00:00:00 GMT', expires: 'Sat, 28 Nov 2026 00:10:00 GMT' }, 600_000],
    [{ expires: '0' }, 10_000],
  ])('is fresh with %j for %i ms', (headers, expected) => {
    expect(freshness(new Headers(headers), 7_000_000)).toBe(expected);
  });
});

it('a script in a file is read again when that has changed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pac-'));
  const path = join(folder, 'proxy.pac');
  let now = 0;
  const find = pacBy(
    pathToFileURL(path),
    { cacheFor: 0 },
    () => now,
    () => new Date(),
  );
  await expect(find(a)).rejects.toMatchObject({ code: 'PAC_UNAVAILABLE', cause: { code: 'ENOENT' } });
  now += 5_000;
  await writeFile(path, counting);
  expect([await find(a), await find(a)]).toEqual([['http://a.test:1'], ['http://a.test:2']]);
  now += 5_000;
  expect(await find(a)).toEqual(['http://a.test:3']);
  await writeFile(path, returning('DIRECT'));
  await utimes(path, 1, 1);
  now += 5_000;
  await find(a);
  await expect.poll(() => find(a)).toEqual([null]);
  find.close();
  await rm(folder, { recursive: true });
});

it.each<[unknown, unknown]>([
  ['proxy.pac', {}],
  ['ftp://a.test/proxy.pac', {}],
  [{}, {}],
  [null, {}],
  [{ text: '' }, { timeout: 0 }],
  [{ text: '' }, { memory: 1 }],
  [{ text: '' }, { cacheFor: '1' }],
  [{ text: '' }, { lookup: 1 }],
  [{ text: '' }, { timeouts: 1 }],
])('%j with %j is no script that can be read', (source, options) => {
  expect(() => pac(source as never, options as never)).toThrow(TypeError);
});
