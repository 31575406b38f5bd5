/** Global fetch over a client with a cache: its cache modes mean what the Fetch Standard says (§2.2.5). */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { cached, HttpCache } from '@x/cache';
import { Client } from '@x/client';
import { ConnectionPool } from '@x/httpcore';
import { install, installFor, undiciDispatcher } from '@x/interop/undici';
import { afterEach, describe, expect, it } from 'vitest';

const platformFetch = globalThis.fetch;
afterEach(() => expect(globalThis.fetch).toBe(platformFetch));

interface Origin extends AsyncDisposable {
  readonly url: string;
  /** One for each request that came: was it conditional? */
  readonly seen: string[];
}

/** Each answer is another version; `/stale` is stale at once. */
async function startOrigin(): Promise<Origin> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const condition = request.headers['if-none-match'];
    seen.push(condition === undefined ? 'plain' : 'conditional');
    const headers = { 'cache-control': `max-age=${request.url === '/stale' ? 0 : 60}`, etag: `"${seen.length}"` };
    if (condition === undefined) response.writeHead(200, headers).end(`v${seen.length}`);
    else response.writeHead(304, { ...headers, etag: condition }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const ask = async (url: string | Request, init: object = {}): Promise<string> => (await fetch(url, init)).text();
const requestOf = (url: string, init: object): Request => new Request(url, init);

const carriers = {
  'a client': () => new Client({ cache: new HttpCache() }),
  'a client that retries': () => new Client({ cache: new HttpCache(), retries: 2 }),
  'a dispatcher': () => cached(new ConnectionPool()),
};

describe.each(Object.entries(carriers))('global fetch over %s with a cache', (_, make) => {
  it('knows every mode', async () => {
    await using origin = await startOrigin();
    await using carrier = make();
    using _off = install(carrier);
    const url = `${origin.url}/`;
    expect([await ask(url), await ask(url), origin.seen.length]).toEqual(['v1', 'v1', 1]);
    // Nothing is used, and nothing kept.
    expect([await ask(url, { cache: 'no-store' }), await ask(url)]).toEqual(['v2', 'v1']);
    // Nothing is used, and what comes is kept.
    expect([await ask(url, { cache: 'reload' }), await ask(new Request(url))]).toEqual(['v3', 'v3']);
    expect(origin.seen).toEqual(['plain', 'plain', 'plain']);
    // What is kept is used once the origin has confirmed it.
    expect([await ask(requestOf(url, { cache: 'no-cache' })), origin.seen.at(-1)]).toEqual(['v3', 'conditional']);
    // Whatever its age.
    const stale = `${origin.url}/stale`;
    expect([await ask(stale), await ask(stale, { cache: 'force-cache' }), origin.seen.length]).toEqual(['v5', 'v5', 5]);
    expect(await ask(stale, { cache: 'only-if-cached', mode: 'same-origin' })).toBe('v5');
    expect(await ask(requestOf(stale, { cache: 'only-if-cached', mode: 'same-origin' }))).toBe('v5');
    // Without it there is no answer, and nobody is asked.
    await expect(ask(`${origin.url}/never`, { cache: 'only-if-cached', mode: 'same-origin' })).rejects.toThrow(TypeError);
    await expect(ask(stale, { cache: 'only-if-cached' })).rejects.toThrow(TypeError);
    await expect(ask(stale, { cache: 'sometimes' })).rejects.toThrow(TypeError);
    expect(origin.seen).toHaveLength(5);
  });
});

describe('the modes of global fetch', () => {
  it('are left alone where there is no cache, and where another dispatcher is named', async () => {
    await using origin = await startOrigin();
    await using client = new Client();
    await using caching = new Client({ cache: new HttpCache() });
    await using pool = new ConnectionPool();
    for (const carrier of [client, pool]) {
      using _off = install(carrier);
      const before = origin.seen.length;
      for (const cache of ['no-store', 'reload', 'no-cache', 'force-cache']) expect(await ask(origin.url, { cache })).toMatch(/^v/);
      await expect(ask(origin.url, { cache: 'only-if-cached', mode: 'same-origin' })).rejects.toThrow(TypeError);
      expect(origin.seen.length - before).toBe(4);
    }
    using _off = install(caching);
    await ask(origin.url);
    const before = origin.seen.length;
    await ask(origin.url, { cache: 'force-cache', dispatcher: undiciDispatcher(client) });
    expect(origin.seen.length - before).toBe(1);
  });

  it('are those of the installation that counts here', async () => {
    await using origin = await startOrigin();
    await using outer = new Client({ cache: new HttpCache() });
    await using inner = new Client({ cache: new HttpCache() });
    const modes = { cache: 'force-cache' };
    await installFor(inner, () => ask(`${origin.url}/stale`));
    using _off = install(outer);
    await installFor(inner, async () => expect([await ask(`${origin.url}/stale`, modes), origin.seen.length]).toEqual(['v1', 1]));
    expect([await ask(`${origin.url}/stale`, modes), await ask(`${origin.url}/stale`, modes), origin.seen.length]).toEqual(['v2', 'v2', 2]);
  });

  it('leave what somebody else has put in the place of fetch', () => {
    const before = globalThis.fetch;
    const client = { dispatch: () => Promise.reject(new Error('not asked')) };
    const off = install(client);
    const others = (): never => {
      throw new Error('not asked');
    };
    globalThis.fetch = others;
    off();
    expect(globalThis.fetch).toBe(others);
    globalThis.fetch = before;
  });
});
