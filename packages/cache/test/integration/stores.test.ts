import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { cached, MemoryStore, type CacheStore, type StoredResponse } from '@x/cache';
import { FileStore } from '@x/cache/files';
import { RedisStore } from '@x/cache/redis';
import { SqliteStore } from '@x/cache/sqlite';
import { describeCacheStore } from '@x/cache/testing';
import { createClient } from 'redis';
import { mockDispatcher } from '@x/httpcore';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startRedis, whyNoRedis, type RedisServer } from './redis-server.ts';

async function scratch(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'cache-store-'));
}

async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[Math.floor(bytes.length / 2)]! ^= 1;
  await writeFile(path, bytes);
}

const sixTimesNothing = Array.from({ length: 6 }, () => ({ entries: 0, bytes: 0 }));

/** All of it is read, and the store is at work with it; then it is purged. */
async function purgeWhatEnters(store: CacheStore): Promise<unknown[]> {
  const left: unknown[] = [];
  const dispatcher = cached(
    mockDispatcher(({ url }) => ({
      status: 200,
      headers: [
        ['cache-control', 'max-age=60'],
        ['surrogate-key', 'product'],
      ],
      body: (async function* () {
        yield Buffer.alloc(url[3] === '/large' ? 600_000 : 1000, 'x');
      })(),
    })),
    { store, storeTimeout: 10_000, tagField: 'surrogate-key' },
  );
  const { cache } = dispatcher;
  for (const path of ['/large', '/small']) {
    for (const purge of [() => cache.purge(`http://origin.test${path}`), () => cache.purge(), () => cache.purgeByTag('product')]) {
      const [, , , , body] = await dispatcher.dispatch('GET', ['http', 'origin.test', null, path], [], null);
      await body.bytes();
      await purge();
      left.push(await store.size());
    }
  }
  return left;
}

describeCacheStore('MemoryStore', { describe, it, setUp: () => ({ store: new MemoryStore() }) });

describeCacheStore('FileStore', {
  describe,
  it,
  async setUp() {
    const folder = await scratch();
    return {
      store: new FileStore(folder),
      reopen: () => new FileStore(folder),
      async corrupt(_, { id }) {
        const names = await readdir(folder, { recursive: true });
        await flipByte(
          join(
            folder,
            names.find((name) => name.endsWith(`${id}.body`))!,
          ),
        );
      },
      close: () => rm(folder, { recursive: true, force: true }),
    };
  },
});

describe('a folder', () => {
  let folder: string;
  beforeEach(async () => void (folder = await scratch()));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  function cachedIn(store: FileStore) {
    const told: string[] = [];
    const pool = cached(
      mockDispatcher(({ url }) => ({
        status: 200,
        headers: [['cache-control', 'max-age=60']],
        body: (async function* () {
          // Later than anything that has failed at once.
          await new Promise((resolve) => setImmediate(resolve));
          yield Buffer.alloc(url[3].startsWith('/large') ? 600_000 : 1000, 'x');
        })(),
      })),
      { store, storeTimeout: 10_000, onEvent: (event) => told.push(event.type) },
    );
    const ask = async (path: string): Promise<string> => {
      let state = '';
      const [, , , , body] = await pool.dispatch('GET', ['http', 'origin.test', null, path], [], null, undefined, {
        onCacheOutcome: (outcome) => (state = outcome.state),
      });
      expect((await body.bytes()).length).toBe(path.startsWith('/large') ? 600_000 : 1000);
      return state;
    };
    /** And what has come is written. */
    const askAll = async (...paths: string[]): Promise<string[]> => {
      const states = await Promise.all(paths.map(ask));
      await pool.cache.close();
      return states;
    };
    return { askAll, told };
  }

  it('that is none fails no request, and is used once it is one', async () => {
    const path = join(folder, 'cache');
    await writeFile(path, 'a file');
    const { askAll, told } = cachedIn(new FileStore(path));
    expect(await askAll('/')).toEqual(['miss']);
    expect(new Set(told)).toEqual(new Set(['store-failed']));
    await rm(path);
    expect([await askAll('/'), await askAll('/')]).toEqual([['miss'], ['hit']]);
  });

  it('that somebody has removed is made again', async () => {
    const { askAll } = cachedIn(new FileStore(folder));
    await askAll('/');
    await rm(folder, { recursive: true });
    await askAll('/lost');
    expect([await askAll('/'), await askAll('/')]).toEqual([['miss'], ['hit']]);
  });

  it('on a full disk keeps what fits, fails no request, and has no rest of the others', async () => {
    const program = new URL('full-disk.ts', import.meta.url);
    // 512 blocks of 1 KiB: the limit of a file stands in for that of a disk.
    const command = ['-c', 'ulimit -f 512; exec "$0" --import tsx "$1" "$2"', process.execPath, fileURLToPath(program), folder];
    const { stdout, stderr } = await promisify(execFile)('bash', command, { env: { ...process.env, NODE_DEBUG: 'xhttp' } });
    expect(JSON.parse(stdout)).toEqual({ states: ['miss', 'miss', 'miss', 'hit'], events: ['write'] });
    const log = stderr.split('\n').map((line) => line.replace(/^XHTTP \d+: /, ''));
    expect(log).toEqual(
      expect.arrayContaining([
        'GET http://origin.test/large miss: nothing stored',
        expect.stringMatching(/^store-failed Error: EFBIG/),
        // A full second can pass on a busy machine.
        expect.stringMatching(/^GET http:\/\/origin\.test\/small hit: fresh by max-age for another \d+ s$/),
      ]),
    );
    const left = (await readdir(folder, { recursive: true })).filter((name) => /\.(?:head|body)$|drafts./.test(name));
    expect(left.map((name) => name.replace(/^.*\./, '')).toSorted()).toEqual(['body', 'head']);
  });

  it('whose response cannot get its head has no body of it either', async () => {
    const store = new FileStore(folder);
    const response = storedResponse('one');
    const writer = store.write('key', response);
    await writer.write(new Uint8Array(1000));
    const name = hash('sha256', 'key', 'hex').slice(0, 40);
    await mkdir(join(folder, 'responses', name.slice(0, 2), name.slice(2), 'one.head'), { recursive: true });
    await expect(writer.commit(1000, [])).rejects.toThrow();
    await writer.abort();
    const left = await readdir(folder, { recursive: true });
    expect(left.filter((path) => path.endsWith('.body') || path.startsWith('drafts/'))).toEqual([]);
  });

  it('has nothing of what is purged while it is being written, and no rest of it', async () => {
    expect(await purgeWhatEnters(new FileStore(folder))).toEqual(sixTimesNothing);
    expect((await readdir(folder, { recursive: true })).filter((name) => /\.(?:head|body)$|drafts./.test(name))).toEqual([]);
  });

  it('from which a response is removed while it is updated, has nothing of it', async () => {
    const store = new FileStore(folder);
    const writer = store.write('key', storedResponse('one'));
    await writer.write(new Uint8Array(1000));
    await writer.commit(1000, []);
    const [found] = await store.find('key');
    const updating = store.update('key', found!);
    await store.delete('key');
    await updating;
    expect([await store.find('key'), await store.size()]).toEqual([[], { entries: 0, bytes: 0 }]);
  });

  it('is shared by two caches: each finds what the other has written, and forgets what the other has removed', async () => {
    const [one, two] = [cachedIn(new FileStore(folder)), cachedIn(new FileStore(folder))];
    const paths = Array.from({ length: 20 }, (_, n) => `/${n % 2 === 0 ? 'small' : 'large'}/${n}`);
    await Promise.all([one.askAll(...paths), two.askAll(...paths)]);
    for (const each of [one, two]) expect(new Set(await each.askAll(...paths))).toEqual(new Set(['hit']));
    await new FileStore(folder).clear();
    expect([await one.askAll('/large/1'), await two.askAll('/large/1')]).toEqual([['miss'], ['hit']]);
    expect([one.told, two.told]).toEqual([[], []]);
  });
});

interface Database {
  exec(sql: string): void;
  prepare(sql: string): { run(...values: unknown[]): unknown; get(): unknown };
  close(): void;
}

const sqlite = process.getBuiltinModule('node:sqlite') as { DatabaseSync: new (file: string) => Database } | undefined;

const whyNoSqlite = sqlite === undefined ? ` (SKIPPED: Node ${process.version} has no node:sqlite)` : '';

describe.skipIf(sqlite === undefined)(`with node:sqlite${whyNoSqlite}`, () => {
  describeCacheStore('SqliteStore', {
    describe,
    it,
    async setUp() {
      const folder = await scratch();
      const file = join(folder, 'cache.sqlite');
      return {
        store: new SqliteStore(file),
        reopen: () => new SqliteStore(file),
        corrupt(_, { id }) {
          const database = new sqlite!.DatabaseSync(file);
          database.prepare("UPDATE responses SET body = x'00' || substr(body, 2) WHERE id = ? AND body IS NOT NULL").run(id);
          database.prepare("UPDATE parts SET bytes = x'00' || substr(bytes, 2) WHERE id = ? AND number = 1").run(id);
          database.close();
        },
        close: () => rm(folder, { recursive: true, force: true }),
      };
    },
  });
});

/** A store, and the database that it has opened. */
function openedStore(file: string): { readonly store: SqliteStore; readonly inner: Database } {
  const { DatabaseSync } = sqlite!;
  const opened: Database[] = [];
  sqlite!.DatabaseSync = function open(path: string) {
    opened.push(new DatabaseSync(path));
    return opened[0];
  } as unknown as typeof DatabaseSync;
  try {
    return { store: new SqliteStore(file), inner: opened[0]! };
  } finally {
    sqlite!.DatabaseSync = DatabaseSync;
  }
}

function storedResponse(id: string): StoredResponse {
  const now = Date.now();
  return {
    id,
    url: 'http://origin.test/',
    status: 200,
    reason: 'OK',
    httpVersion: '1.1',
    headers: [],
    selecting: [],
    partition: '',
    requestedAt: now,
    receivedAt: now,
    part: null,
    askedRange: null,
    tags: [],
    usefulUntil: now + 60_000,
    length: -1,
  };
}

describe.skipIf(sqlite === undefined)(`an SQLite database${whyNoSqlite}`, () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await scratch();
    file = join(folder, 'cache.sqlite');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('of somebody else is refused, and left as it is', () => {
    const foreign = new sqlite!.DatabaseSync(file);
    foreign.exec('CREATE TABLE tags (name TEXT); INSERT INTO tags VALUES (1)');
    expect(() => new SqliteStore(file)).toThrow(/cache\.sqlite can't be used: it has tables of something else/);
    expect(foreign.prepare('SELECT count(*) AS rows FROM tags').get()).toMatchObject({ rows: 1 });
    foreign.close();
  });

  it('that is none, or in no folder, is an error that says what to do', async () => {
    await writeFile(file, 'x'.repeat(5000));
    expect(() => new SqliteStore(file)).toThrow(
      expect.objectContaining({ code: 'SQLITE_FAILED', message: expect.stringContaining('not a database') }),
    );
    expect(() => new SqliteStore(join(folder, 'none', 'a.sqlite'))).toThrow(expect.objectContaining({ code: 'SQLITE_FAILED' }));
  });

  it.each([
    ['is locked by another process', 'lock'],
    ['is full', 'full'],
    ['is only to be read', 'readonly'],
  ])('that %s fails no request', async (_, what) => {
    const { store, inner } = openedStore(file);
    const operations: string[] = [];
    let seen = 0;
    const pool = cached(
      mockDispatcher(({ url }) => {
        seen += 1;
        return { status: 200, headers: [['cache-control', 'max-age=60']], body: 'x'.repeat(url[3] === '/large' ? 600_000 : 100) };
      }),
      { store, onEvent: (event) => operations.push(event.type === 'store-failed' ? event.operation : event.type) },
    );
    const ask = async (path: string): Promise<number> => {
      const [, , , , body] = await pool.dispatch('GET', ['http', 'origin.test', null, path], [], null);
      return (await body.bytes()).length;
    };
    await ask('/before');
    const other = new sqlite!.DatabaseSync(file);
    if (what === 'lock') other.exec('BEGIN IMMEDIATE');
    else if (what === 'readonly') inner.exec('PRAGMA query_only = ON');
    else inner.exec('PRAGMA max_page_count = 1');
    expect(await ask('/before')).toBe(100);
    expect(seen).toBe(1);
    expect([await ask('/large'), await ask('/small')]).toEqual([600_000, 100]);
    expect(seen).toBe(3);
    expect(operations).toContain('write');
    if (what === 'lock') other.exec('ROLLBACK');
    else if (what === 'readonly') inner.exec('PRAGMA query_only = OFF');
    else inner.exec('PRAGMA max_page_count = 1000000');
    await ask('/small');
    const asked = seen;
    await ask('/small');
    expect(seen).toBe(asked);
    other.close();
    store.close();
  });

  it('has nothing of what is purged while it is being written', async () => {
    const store = new SqliteStore(file);
    expect(await purgeWhatEnters(store)).toEqual(sixTimesNothing);
    store.close();
  });

  it('keeps to its bytes although another process writes beside it', () => {
    const stores = [1, 2].map(() => new SqliteStore(file, { maxBytes: 100_000 }));
    for (let n = 0; n < 2100; n += 1) {
      const writer = stores[n % 2]!.write(`key ${n}`, storedResponse(`id-${n}`));
      void writer.write(new Uint8Array(1000));
      void writer.commit(1000, []);
    }
    expect(stores[0]!.size().bytes).toBeLessThan(220_000);
    for (const store of stores) store.close();
  });

  it('does not lose what another process is writing while it is opened', async () => {
    const one = new SqliteStore(file);
    const writer = one.write('key', storedResponse('large'));
    void writer.write(new Uint8Array(600_000));
    const two = new SqliteStore(file);
    void writer.commit(600_000, []);
    const [found] = two.find('key');
    expect(await two.open('key', found!, 0, 600_000)).toBeDefined();
    one.close();
    two.close();
  });
});

describe.skipIf(whyNoRedis !== undefined)(whyNoRedis === undefined ? 'with Redis' : `RedisStore (SKIPPED: ${whyNoRedis})`, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => server?.stop());

  let databases = 0;
  describeCacheStore('RedisStore', {
    describe,
    it,
    async setUp() {
      databases += 1;
      const prefix = `test ${databases}*:`;
      const client = createClient({ url: `unix://${server.path}` });
      await client.connect();
      return {
        store: new RedisStore(client, { prefix }),
        reopen: () => new RedisStore(client, { prefix }),
        async corrupt(_, { id }) {
          for (const name of await client.keys('*p:*')) if (name.includes(id)) await client.setRange(name, 7, '!');
          for (const name of await client.keys('*k:*'))
            if (await client.hExists(name, `b${id}`)) await client.hSet(name, `b${id}`, 'other');
        },
        close: () => client.close(),
      };
    },
  });

  it('has nothing of what is purged while it is being written', async () => {
    const client = await createClient({ url: `unix://${server.path}` }).connect();
    expect(await purgeWhatEnters(new RedisStore(client, { prefix: 'purged:' }))).toEqual(sixTimesNothing);
    expect(await client.keys('purged:[kp]:*')).toEqual([]);
    await client.close();
  });

  it('has what another process adds to a tag, or removes, while this one purges and updates', async () => {
    const client = await createClient({ url: `unix://${server.path}` }).connect();
    const prefix = 'beside:';
    const other = new RedisStore(client, { prefix });
    let beside = async (_command: unknown): Promise<void> => {};
    const store = new RedisStore(
      {
        async sendCommand(command, options) {
          if (command[0] === 'EVAL') await beside('EVAL');
          const answer = await client.sendCommand(command, options);
          if (command[0] === 'SMEMBERS') await beside('SMEMBERS');
          return answer;
        },
      },
      { prefix },
    );
    const put = async (into: RedisStore, id: string): Promise<void> => {
      const writer = into.write(id, { ...storedResponse(id), tags: ['tag'] });
      await writer.write(new Uint8Array(1000));
      await writer.commit(1000, []);
    };
    await put(store, 'one');
    beside = () => put(other, 'two');
    expect(await store.deleteTagged('tag')).toBe(1);
    expect((await store.find('two')).length).toBe(1);
    beside = async () => {};
    expect(await store.deleteTagged('tag')).toBe(1);

    await put(store, 'three');
    const [found] = await store.find('three');
    beside = async () => void (await other.delete('three'));
    expect(await store.update('three', found!)).toBe(false);
    expect(await client.keys(`${prefix}k:*`)).toEqual([]);
    await client.close();
  });
});
