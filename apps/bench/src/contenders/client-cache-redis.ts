/** Ours, with what is asked for in a cache in Redis, on this machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { RedisStore } from '@x/cache/redis';
import { createClient } from 'redis';
import { clientCached } from './client-cached.ts';
import type { OpenContender } from './contender.ts';

export const open: OpenContender = clientCached(
  (url) => url,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bench-redis-'));
    const path = join(folder, 'redis.sock');
    const options = ['--port', '0', '--unixsocket', path, '--dir', folder, '--save', '', '--appendonly', 'no'];
    const server = spawn('redis-server', options, { stdio: 'ignore' });
    // It tries until the server is there.
    const client = createClient({ url: `unix://${path}` }).on('error', () => {});
    await client.connect();
    return {
      store: new RedisStore(client),
      async close() {
        client.destroy();
        const ended = once(server, 'exit');
        server.kill('SIGKILL');
        await ended;
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
);
