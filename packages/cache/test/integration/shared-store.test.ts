import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { cached, type CachedDispatcher, type CacheOutcome, type StoredResponse } from '@x/cache';
import { FileStore } from '@x/cache/files';
import { RedisStore } from '@x/cache/redis';
import { mockDispatcher } from '@x/httpcore';
import { build } from 'esbuild';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startRedis, whyNoRedis, type RedisServer } from './redis-server.ts';

describe('a folder whose process is killed', () => {
  it('has every response that was committed, and no half one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cache-crash-'));
    try {
      let committed = 0;
      for (let round = 0; round < 2; round += 1) {
        const child = fork(fileURLToPath(new URL('file-store-writer.ts', import.meta.url)), [folder, String(round)], {
          execArgv: ['--import', 'tsx'],
        });
        committed = await countUntilKilled(child, 40 + round * 7);
        const store = new FileStore(folder);
        for (let number = 0; number < committed; number += 1) {
          const key = `https://example.com/${round}/${number}`;
          const [found] = await store.find(key);
          expect(found, key).toBeDefined();
          const opened = await store.open(key, found!, 0, found!.length);
          expect(Buffer.from(opened as Uint8Array).every((byte) => byte === number % 251)).toBe(true);
        }
        // What it was doing when it died is whole, or not there.
        for (const number of [committed, committed + 1]) {
          const key = `https://example.com/${round}/${number}`;
          for (const found of await store.find(key)) {
            expect(await store.open(key, found, 0, found.length)).toHaveLength(found.length);
          }
        }
      }
      expect(committed).toBeGreaterThan(0);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('a folder that two stores have', () => {
  const response: StoredResponse = {
    id: '',
    url: 'http://origin.test/',
    status: 200,
    reason: 'OK',
    httpVersion: '1.1',
    headers: [['cache-control', 'max-age=60']],
    selecting: [],
    partition: '',
    requestedAt: 0,
    receivedAt: 0,
    part: null,
    askedRange: null,
    tags: ['tag'],
    usefulUntil: 60_000,
    length: 1000,
  };

  it('is bounded, and whatever one finds is whole; a tag is that of both', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cache-beside-'));
    const maxBytes = 40_000;
    const stores = [0, 1].map(() => new FileStore(folder, { maxBytes }));
    for (const store of stores) await store.size();
    const put = async (n: number): Promise<void> => {
      const writer = stores[n % 2]!.write(`key ${n % 20}`, { ...response, id: `id-${n}` });
      await writer.write(new Uint8Array(1000).fill(n));
      await writer.commit(1000, []);
    };
    const read = async (n: number): Promise<void> => {
      const other = stores[(n + 1) % 2]!;
      for (const found of await other.find(`key ${n % 20}`)) {
        const bytes = await other.open(`key ${n % 20}`, found, 0, 1000);
        if (bytes !== undefined)
          expect(new Uint8Array(bytes as Uint8Array)).toEqual(new Uint8Array(1000).fill(Number(found.id.slice('id-'.length))));
      }
    };
    for (let n = 0; n < 64; n += 8) {
      const some = Array.from({ length: 8 }, (_, at) => n + at);
      await Promise.all([...some.map(put), ...some.map((each) => read(each))]);
    }
    let next = 64;
    const together = async (): Promise<number> => {
      await put((next += 1));
      return (await new FileStore(folder).size()).bytes;
    };
    await expect.poll(together, { interval: 1 }).toBeLessThanOrEqual(maxBytes * 1.75);
    for (const store of stores) expect(await store.deleteTagged('other')).toBe(0);
    const { bytes, entries } = await new FileStore(folder).size();
    expect(bytes).toBeLessThanOrEqual(maxBytes);
    expect(entries).toBeGreaterThan(8);
    expect(await stores[0]!.deleteTagged('tag')).toBe(entries);
    expect((await new FileStore(folder).size()).entries).toBe(0);
    await rm(folder, { recursive: true, force: true });
  });
});

/** It says so after each response that it has committed; it is killed in the middle of what comes after that many. */
async function countUntilKilled(child: ChildProcess, enough: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let committed = 0;
    child.on('error', reject);
    child.on('message', () => {
      committed += 1;
      if (committed === enough) child.kill('SIGKILL');
    });
    child.on('exit', (code) => (code === null ? resolve(committed) : reject(new Error(`The writer ended with ${code}`))));
  });
}

describe.skipIf(whyNoRedis !== undefined)(`a Redis that is shared${whyNoRedis === undefined ? '' : ` (SKIPPED: ${whyNoRedis})`}`, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => server?.stop());

  it('has one request go to the origin for a cold key, however many ask', async () => {
    let requests = 0;
    let release: () => void;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const origin = mockDispatcher(async () => {
      requests += 1;
      await gate;
      return { status: 200, headers: [['cache-control', 'max-age=60']], body: 'x'.repeat(100_000) };
    });
    const clients = await Promise.all(Array.from({ length: 4 }, () => createClient({ url: `unix://${server.path}` }).connect()));
    // Each stands for a process: they share nothing but Redis.
    const processes = Array.from({ length: 100 }, (_, index) =>
      cached(origin, { store: new RedisStore(clients[index % clients.length]!), storeTimeout: 10_000 }),
    );
    const outcomes: CacheOutcome[] = [];
    const asking = processes.map(async (dispatcher) => {
      const [, status, , , body] = await dispatcher.dispatch('GET', ['http', 'origin.test', null, '/cold'], [], null, undefined, {
        onCacheOutcome: (outcome) => outcomes.push(outcome),
      });
      return [status, (await body.bytes()).length];
    });
    setImmediate(() => release());
    expect(new Set((await Promise.all(asking)).map(String))).toEqual(new Set(['200,100000']));
    expect(requests).toBe(1);
    expect(outcomes.filter(({ state }) => state === 'miss')).toHaveLength(1);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('has one request go to the origin from real processes, too, and holds none of them', async () => {
    const count = Number(process.env['CACHE_PROCESSES'] ?? 3);
    let requests = 0;
    const origin = createServer((_, response) => {
      requests += 1;
      response.writeHead(200, { 'cache-control': 'max-age=60' });
      // Time for all to ask.
      response.write('x'.repeat(1000));
      setImmediate(() => response.end('x'.repeat(300_000)));
    });
    await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
    const { port } = origin.address() as AddressInfo;
    // One file of plain JavaScript: what each process would compile for itself takes longer than all that it does.
    const folder = await mkdtemp(join(tmpdir(), 'cache-sharer-'));
    const sharer = join(folder, 'sharer.mjs');
    await build({
      entryPoints: [fileURLToPath(new URL('redis-sharer.ts', import.meta.url))],
      outfile: sharer,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
    const children = Array.from({ length: count }, () => fork(sharer, [server.path, String(port)]));
    const exits = children.map((child) => once(child, 'exit'));
    await Promise.all(children.map((child) => once(child, 'message')));
    const answers = children.map(async (child) => (await once(child, 'message'))[0] as { readonly state: string; readonly length: number });
    for (const child of children) child.send('go');
    const all = await Promise.all(answers);
    expect(new Set(all.map(({ length }) => length))).toEqual(new Set([301_000]));
    expect([requests, all.filter(({ state }) => state === 'miss').length]).toEqual([1, 1]);
    expect((await Promise.all(exits)).map(([code]) => code as number)).toEqual(Array.from({ length: count }, () => 0));
    await new Promise((resolve) => origin.close(resolve));
    await rm(folder, { recursive: true, force: true });
  }, 300_000);

  it('keeps nothing that another process has purged while it was on its way', async () => {
    const clients = await Promise.all([1, 2].map(() => createClient({ url: `unix://${server.path}` }).connect()));
    let goOn = (): void => {};
    const [one, other] = clients.map((client) =>
      cached(
        mockDispatcher(async () => {
          await new Promise<void>((resolve) => (goOn = resolve));
          return {
            status: 200,
            headers: [
              ['cache-control', 'max-age=60'],
              ['cache-tag', 'tag'],
            ],
            body: 'body',
          };
        }),
        { store: new RedisStore(client, { prefix: 'purged:' }), storeTimeout: 10_000, tagField: 'cache-tag' },
      ),
    ) as [CachedDispatcher, CachedDispatcher];
    const left: number[] = [];
    const purges = [
      () => {},
      () => other.cache.purge('http://origin.test/'),
      () => other.cache.purgeByTag('tag'),
      () => other.cache.purge(),
    ];
    for (const purge of purges) {
      goOn = () => {};
      const idle = goOn;
      const asking = one.dispatch('GET', ['http', 'origin.test', null, '/'], [], null);
      await expect.poll(() => goOn !== idle, { interval: 1 }).toBe(true);
      await purge();
      goOn();
      await (await asking)[4].bytes();
      await one.cache.close();
      left.push((await other.cache.size()).entries);
      await one.cache.purge();
    }
    expect(left).toEqual([1, 0, 0, 0]);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('has something else under a name of ours, or has lost a part: that is a miss, and is mended', async () => {
    const client = await createClient({ url: `unix://${server.path}` }).connect();
    const events: unknown[] = [];
    let requests = 0;
    const dispatcher = cached(
      mockDispatcher(() => {
        requests += 1;
        return { status: 200, headers: [['cache-control', 'max-age=60']], body: 'x'.repeat(600_000) };
      }),
      { store: new RedisStore(client, { prefix: 'mended:' }), storeTimeout: 10_000, onEvent: (event) => events.push(event) },
    );
    const ask = async (): Promise<string> => {
      let state = '';
      const [, , , , body] = await dispatcher.dispatch('GET', ['http', 'origin.test', null, '/'], [], null, undefined, {
        onCacheOutcome: (outcome) => (state = outcome.state),
      });
      expect((await body.bytes()).length).toBe(600_000);
      // What is on its way is there.
      await dispatcher.cache.size();
      return state;
    };
    const stored = async (): Promise<string> => {
      await expect.poll(async () => (await client.keys('mended:k:*')).length).toBe(1);
      return (await client.keys('mended:k:*'))[0]!;
    };
    expect(await ask()).toBe('miss');
    const name = await stored();
    await client.del(name);
    await client.set(name, 'something else');
    expect(await ask()).toBe('miss');
    await expect.poll(() => client.type(name)).toBe('hash');
    expect(await ask()).toBe('hit');
    await client.del(await client.keys('mended:p:*:1'));
    expect(await ask()).toBe('miss');
    await stored();
    expect([await ask(), requests, events]).toEqual(['hit', 3, []]);
    await client.close();
  });

  it('goes away, and nobody notices but by the origin', async () => {
    const own = await startRedis();
    const client = createClient({ url: `unix://${own.path}`, disableOfflineQueue: true, socket: { reconnectStrategy: false } });
    client.on('error', () => {});
    await client.connect();
    const events: string[] = [];
    const dispatcher = cached(
      mockDispatcher(() => ({ status: 200, headers: [['cache-control', 'max-age=60']], body: 'here' })),
      { store: new RedisStore(client), onEvent: ({ type }) => events.push(type) },
    );
    const states: string[] = [];
    const ask = async (): Promise<string> => {
      const [, , , , body] = await dispatcher.dispatch('GET', ['http', 'origin.test', null, '/'], [], null, undefined, {
        onCacheOutcome: ({ state }) => states.push(state),
      });
      return Buffer.from(await body.bytes()).toString();
    };
    await ask();
    await ask();
    await own.stop();
    for (let n = 0; n < 10; n += 1) expect(await ask()).toBe('here');
    expect(states.slice(0, 3)).toEqual(['miss', 'hit', 'miss']);
    expect(new Set(events)).toEqual(new Set(['store-failed', 'store-suspended']));
    client.destroy();
  });
});
