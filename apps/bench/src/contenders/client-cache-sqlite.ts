/** Ours, with what is asked for in a cache in an SQLite database. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SqliteStore } from '@x/cache/sqlite';
import { clientCached } from './client-cached.ts';
import type { OpenContender } from './contender.ts';

export const open: OpenContender = clientCached(
  (url) => url,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bench-cache-'));
    return { store: new SqliteStore(join(folder, 'cache.sqlite')), close: () => rm(folder, { recursive: true, force: true }) };
  },
);
