/** Where undici looks for its global dispatcher, and what is there when. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpCache } from '@x/cache';
import { AddressRefused, Client } from '@x/client';
import { record } from '@x/client/testing';
import { publicOnly } from '@x/httpcore/guard';
import { install, installFor } from '@x/interop/undici';
import { startProxy, startServer } from '@x/testbed';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { isForUndici8, loadUndici } from './undici-versions.ts';

const symbols = [Symbol.for('undici.globalDispatcher.1'), Symbol.for('undici.globalDispatcher.2')];
const found = (): unknown[] => symbols.map((symbol) => Object.getOwnPropertyDescriptor(globalThis, symbol)?.value as unknown);

const clients = ['a', 'b', 'c'].map((name) => new Client({ headers: { 'x-through': name } }));
const [a, b, c] = clients as [Client, Client, Client];
let server: Awaited<ReturnType<typeof startServer<'echo'>>>;
let original: unknown[];
beforeAll(async () => {
  void globalThis.Headers;
  original = found();
  server = await startServer('echo');
});
afterEach(() => {
  const differs = found().map((dispatcher, index) => dispatcher !== original[index]);
  expect(differs).toEqual([false, false]);
});
afterAll(async () => {
  for (const client of clients) await client.destroy();
  await server.close();
});

const through = async (call: (url: string) => Promise<{ text(): Promise<string> }> = (url) => fetch(url)): Promise<string | undefined> => {
  const text = await (await call(server.url('/'))).text();
  return /"x-through","(.)"/.exec(text)?.[1];
};

describe('install', () => {
  it('is in force until it is taken back, once', async () => {
    const off = install(a);
    expect(await through()).toBe('a');
    off();
    off();
    expect(await through()).toBeUndefined();
  });

  it('ends with the block of a using', async () => {
    {
      using _off = install(a);
      expect(await through()).toBe('a');
    }
    expect(await through()).toBeUndefined();
  });

  it('nests: the latest is asked', async () => {
    using _a = install(a);
    {
      using _b = install(b);
      expect(await through()).toBe('b');
    }
    expect(await through()).toBe('a');
  });

  it.each([
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ])('comes off in any order: %i, %i, %i', async (...order) => {
    const offs = [install(a), install(b), install(c)];
    const standing = new Set([0, 1, 2]);
    for (const index of order) {
      expect(await through()).toBe('abc'[Math.max(...standing)]);
      offs[index]!();
      standing.delete(index);
    }
    expect(await through()).toBeUndefined();
  });

  it.each([
    ['first', 'second'],
    ['second', 'first'],
  ])('comes off beside another copy of this package: %s below, and %s', async (below, last) => {
    const { fetch: platformFetch } = globalThis;
    vi.resetModules();
    const { install: another } = await import('@x/interop/undici');
    expect(another).not.toBe(install);
    const installers = below === 'first' ? [install, another] : [another, install];
    for (const order of last === 'first' ? [0, 1] : [1, 0]) {
      const offs = [installers[0]!(a), installers[1]!(b)];
      expect(await through()).toBe('b');
      offs[order]!();
      expect(await through()).toBe(order === 0 ? 'b' : 'a');
      offs[1 - order]!();
      expect(await through()).toBeUndefined();
      expect(globalThis.fetch).toBe(platformFetch);
    }
  });

  it('lets running calls end', async () => {
    await using slow = await startServer('slow', { pieces: ['a'] });
    const off = install(a);
    const running = fetch(slow.url('/'));
    await slow.connections.until(({ requests }) => requests === 1);
    off();
    slow.release();
    expect(await (await running).text()).toBe('a');
  });

  it('leaves alone what somebody else has set since, and is passed by from below it', async () => {
    const { setGlobalDispatcher, getGlobalDispatcher } = await loadUndici('undici6');
    const before = getGlobalDispatcher();
    const off = install(a);
    const calls: string[] = [];
    const ours = getGlobalDispatcher();
    const composed = ours.compose((dispatch) => (options, handler) => {
      calls.push(options.path);
      return dispatch(options, handler);
    });
    setGlobalDispatcher(composed);
    const { fetch: fetchOfNpm } = await loadUndici('undici6');
    expect(await through((url) => fetchOfNpm(url))).toBe('a');
    off();
    expect(getGlobalDispatcher() === composed).toBe(true);
    // The one below it has been taken back: its calls go where they went before.
    expect(await through((url) => fetchOfNpm(url))).toBeUndefined();
    expect(calls).toEqual(['/', '/']);
    setGlobalDispatcher(before);
  });

  it('has the guard of its client asked, at redirects too: fetch fails, and says who refused', async () => {
    const { accepted } = server.connections;
    const port = Number(new URL(server.url('/')).port);
    await using redirecting = await startServer((_, response) => void response.writeHead(302, { location: server.url('/') }).end());
    await using guarded = new Client({ guard: publicOnly({ allow: [redirecting.origin.slice('http://'.length)] }) });
    using _off = install(guarded);
    for (const url of [server.url('/'), `http://localhost:${port}/`, 'http://169.254.169.254/latest/meta-data/', redirecting.url('/')]) {
      const error = await fetch(url).catch((failure: unknown) => failure as Error);
      expect(error).toBeInstanceOf(TypeError);
      const chain = [error as Error];
      while (chain.at(-1)?.cause instanceof Error) chain.push(chain.at(-1)!.cause as Error);
      expect(chain.some((cause) => cause instanceof AddressRefused)).toBe(true);
    }
    expect(server.connections.accepted).toBe(accepted);
  });

  it('is refused what it does not know', () => {
    expect(() => install(a, { scope: 'thread' as never })).toThrow("'process' or 'async'");
    expect(() => install(a, { scopes: 'async' } as never)).toThrow('no option "scopes"');
    expect(() => install(a, { debug: true as never })).toThrow('must be a function');
    expect(() => install({} as never)).toThrow(TypeError);
  });

  it('writes a line for each call, without its query', async () => {
    const lines: string[] = [];
    using _off = install(a, { debug: (line) => lines.push(line) });
    await (await fetch(server.url('/items?token=secret'))).text();
    await fetch(server.url('/'), { signal: AbortSignal.abort() }).catch(() => {});
    const aborted = fetch('http://127.0.0.1:9/', { signal: AbortSignal.timeout(1000) });
    await aborted.catch(() => {});
    expect(lines[0]).toMatch(/^carried GET http:\/\/127\.0\.0\.1:\d+\/items\?…: 200 over HTTP\/1\.1 in [\d.]+ ms \(undici [≤≥] \d\)$/);
    expect(lines.join()).not.toContain('secret');
  });
});

describe('scope async', () => {
  it('is in force in its context, and nowhere else', async () => {
    const outside = (): Promise<string | undefined> => through();
    const inside = await installFor(a, async () => {
      await Promise.resolve();
      return [await through(), await installFor(b, () => through()), await through()];
    });
    expect(inside).toEqual(['a', 'b', 'a']);
    expect(await outside()).toBeUndefined();
  });

  it('keeps concurrent contexts apart', async () => {
    const results = await Promise.all([
      installFor(a, () => through()),
      through(),
      installFor(b, () => through()),
      installFor(c, async () => {
        await new Promise((resolve) => void setImmediate(resolve));
        return through();
      }),
    ]);
    expect(results).toEqual(['a', undefined, 'b', 'c']);
  });

  it('begins where it is called, until it is taken back', async () => {
    const task = async (client: Client): Promise<(string | undefined)[]> => {
      await Promise.resolve();
      using off = install(client, { scope: 'async' });
      const first = await through();
      off();
      return [first, await through()];
    };
    expect(await Promise.all([task(a), task(b)])).toEqual([
      ['a', undefined],
      ['b', undefined],
    ]);
  });

  it('is over with an error of what ran, too', async () => {
    await expect(installFor(a, () => Promise.reject(new Error('mistake')))).rejects.toThrow('mistake');
    expect(() =>
      installFor(a, () => {
        throw new Error('mistake');
      }),
    ).toThrow('mistake');
    expect(await through()).toBeUndefined();
  });

  it('stands above one of the process', async () => {
    using _off = install(a);
    expect(await installFor(b, () => through())).toBe('b');
    expect(await through()).toBe('a');
  });
});

it.each(['undici6', 'undici7', ...(isForUndici8 ? (['undici8'] as const) : [])] as const)('is under %s of npm, too', async (name) => {
  const undici = await loadUndici(name);
  // Loaded for the first time, it may set what Node has set.
  original = found();
  using _off = install(a);
  expect(await through((url) => undici.fetch(url))).toBe('a');
  expect(await through(async (url) => (await undici.request(url)).body)).toBe('a');
});

describe('what the client has', () => {
  it('holds for global fetch: its proxy', async () => {
    await using proxy = await startProxy('http');
    await using proxied = new Client({ proxy: proxy.url });
    using _off = install(proxied);
    expect((await fetch(server.url('/'))).status).toBe(200);
    expect(proxy.requests).toHaveLength(1);
  });

  it('holds for global fetch: its cache', async () => {
    await using fresh = await startServer('site');
    await using caching = new Client({ cache: new HttpCache() });
    using _off = install(caching);
    const texts: string[] = [];
    for (let time = 0; time < 2; time += 1) texts.push(await (await fetch(fresh.url('/cacheable/3600/1'))).text());
    expect(texts[1]).toBe(texts[0]);
    expect(fresh.connections.requests).toBe(1);
  });

  it('holds for global fetch: a recorder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'recordings-'));
    try {
      const answers: string[] = [];
      for (const isRecording of [true, false]) {
        await using recorder = record({ file: join(folder, 'fetch.har') });
        expect(recorder.isRecording).toBe(isRecording);
        using _off = install(recorder);
        answers.push(await (await fetch(server.url('/recorded'), { method: 'POST', body: 'hello' })).text());
      }
      expect(answers[1]).toBe(answers[0]);
      await using strict = record({ file: join(folder, 'fetch.har'), mode: 'none' });
      using _off = install(strict);
      const failure = await fetch(server.url('/other')).catch((error: TypeError) => error.cause as Error & { cause?: Error });
      expect(String(failure instanceof Error ? `${failure.message} ${failure.cause?.message}` : '')).toContain('No recording of GET');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

it('an installation for a context leaves it as it was', async () => {
  const off = install(a, { scope: 'async' });
  expect(await through()).toBe('a');
  off();
  const inner = install(b, { scope: 'async' });
  expect(await through()).toBe('b');
  inner();
  expect(await through()).toBeUndefined();
});
