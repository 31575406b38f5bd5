/** What one process purges while another fetches it, from a store that both have. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { FileStore } from '../src/files/index.ts';
import { MemoryStore, type CacheStore, type HttpCache } from '../src/index.ts';
import { SqliteStore } from '../src/sqlite/index.ts';
import { cachedOrigin } from './cached-origin.ts';

const folder = mkdtempSync(join(tmpdir(), 'cache-purging-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As processes share one that is elsewhere. */
function sharedStore(): CacheStore {
  const marks = new Map<string, { readonly by: string; readonly at: number }>();
  return Object.assign(new MemoryStore(), {
    markPurged(names: readonly string[], by: string): void {
      for (const name of names) marks.set(name, { by, at: Date.now() });
    },
    purgedAgo(names: readonly string[], by: string): number | undefined {
      const agos = names.flatMap((name) => (marks.has(name) && marks.get(name)!.by !== by ? [Date.now() - marks.get(name)!.at] : []));
      return agos.length === 0 ? undefined : Math.min(...agos);
    },
  });
}

let last = 0;
const hasSqlite = (() => {
  try {
    return createRequire(import.meta.url)('node:sqlite') !== undefined;
  } catch {
    return false;
  }
})();

function pairOf<Store extends CacheStore>(newStore: (path: string) => Store): () => readonly [CacheStore, CacheStore] {
  return () => {
    const path = join(folder, String((last += 1)));
    return [newStore(path), newStore(path)];
  };
}

const pairs: readonly (readonly [name: string, pair: () => readonly [CacheStore, CacheStore]])[] = [
  [
    'in memory, as if it were elsewhere',
    () => {
      const store = sharedStore();
      return [store, store];
    },
  ],
  ['in a folder', pairOf((path) => new FileStore(path))],
  ...(hasSqlite ? [['in SQLite', pairOf((path) => new SqliteStore(path))] as const] : []),
];

const url = 'http://origin.test/';

describe.each(pairs)('a store %s', (_, pair) => {
  /** Two processes; the origin of the first waits before the head and in the middle of the body. */
  function twoProcesses() {
    const stores = pair();
    const waiting: (() => void)[] = [];
    const pause = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
    const [one, other] = stores.map((store) =>
      cachedOrigin(
        async () => {
          await pause();
          return {
            status: 200,
            headers: [
              ['cache-control', 'max-age=60'],
              ['cache-tag', 'a b'],
            ],
            body: (async function* () {
              yield Buffer.from('half');
              await pause();
              yield Buffer.from('half');
            })(),
          };
        },
        { store, tagField: 'cache-tag', now: Date.now, storeTimeout: 10_000 },
      ),
    ) as [ReturnType<typeof cachedOrigin>, ReturnType<typeof cachedOrigin>];
    const goOn = async (): Promise<void> => {
      await expect.poll(() => waiting.length, { interval: 1 }).toBeGreaterThan(0);
      for (const resume of waiting.splice(0)) resume();
    };
    return { one, other, goOn, isStored: async () => (await other.dispatcher.cache.inspect(url)).length > 0 };
  }

  const purges: Readonly<Record<string, (cache: HttpCache) => Promise<unknown>>> = {
    'its URL': (cache) => cache.purge(url),
    'a tag': (cache) => cache.purgeByTag('b'),
    everything: (cache) => cache.purge(),
  };
  const others: typeof purges = {
    'another URL': (cache) => cache.purge(`${url}other`),
    'another tag': (cache) => cache.purgeByTag('c'),
  };

  it.each([
    ...Object.keys(purges).flatMap((what) => [0, 1].map((steps) => [what, steps, false] as const)),
    ...Object.keys(others).flatMap((what) => [0, 1].map((steps) => [what, steps, true] as const)),
  ])('is purged of %s by another process meanwhile (after %s steps): is it kept? %s', async (what, steps, isKept) => {
    const { one, other, goOn, isStored } = twoProcesses();
    const asking = one.ask('/');
    if (steps === 1) await goOn();
    await expect.poll(() => one.seen.length, { interval: 1 }).toBe(1);
    await { ...purges, ...others }[what]!(other.dispatcher.cache);
    await goOn();
    if (steps === 0) await goOn();
    expect((await asking).text).toBe('halfhalf');
    await one.dispatcher.cache.close().catch(() => {});
    expect(await isStored()).toBe(isKept);
  });

  it('from which an unsafe request of another process removes it meanwhile: it is not kept', async () => {
    const { one, other, goOn, isStored } = twoProcesses();
    const asking = one.ask('/');
    await goOn();
    const changing = other.ask('/', { method: 'PUT' });
    await goOn();
    await goOn();
    await Promise.all([asking, changing]);
    await one.dispatcher.cache.close();
    expect(await isStored()).toBe(false);
  });

  it('keeps what is asked for after the purge', async () => {
    const { one, other, goOn, isStored } = twoProcesses();
    for (const purge of Object.values(purges)) await purge(other.dispatcher.cache);
    // The clock tells milliseconds apart, and no less.
    const purgedAt = Date.now();
    await expect.poll(() => Date.now(), { interval: 1 }).toBeGreaterThan(purgedAt + 2);
    const asking = one.ask('/');
    await goOn();
    await goOn();
    await asking;
    await one.dispatcher.cache.close();
    expect(await isStored()).toBe(true);
  });

  it('keeps at once what the one who has purged asks for', async () => {
    const { one, goOn, isStored } = twoProcesses();
    for (const purge of Object.values(purges)) await purge(one.dispatcher.cache);
    const asking = one.ask('/');
    await goOn();
    await goOn();
    await asking;
    await one.dispatcher.cache.close();
    expect(await isStored()).toBe(true);
  });
});
