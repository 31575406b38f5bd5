import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MemoryStore } from '@x/cache';
import { FileStore } from '@x/cache/files';
import { RedisStore } from '@x/cache/redis';
import { SqliteStore } from '@x/cache/sqlite';
import { describeCacheStore } from '@x/cache/testing';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, it } from 'vitest';

import { startRedis, whyNoRedis, type RedisServer } from './redis-server.ts';

async function scratch(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'cache-store-'));
}

async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[Math.floor(bytes.length / 2)]! ^= 1;
  await writeFile(path, bytes);
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

const sqlite = process.getBuiltinModule('node:sqlite') as
  | { DatabaseSync: new (file: string) => { prepare(sql: string): { run(...values: unknown[]): unknown }; close(): void } }
  | undefined;

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
});
