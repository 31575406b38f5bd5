/** A Redis server of its own for a test file: on a socket in a folder, with nothing kept. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RedisServer {
  /** Of its socket. */
  readonly path: string;
  /** As a crash ends it. */
  kill(): void;
  stop(): Promise<void>;
}

/** Why the tests with it are skipped; `undefined`: they are not. */
export const whyNoRedis: string | undefined = findReason();

function findReason(): string | undefined {
  if (spawnSync('redis-server', ['--version']).status === 0) return undefined;
  if (process.env['REQUIRE_PEERS'] === '1') throw new Error('There is no redis-server, and REQUIRE_PEERS is 1');
  console.warn('There is no redis-server: its tests are SKIPPED. See .ci/peers');
  return 'there is no redis-server';
}

/** `path`: of the socket of one that has been stopped, in whose place it starts. */
export async function startRedis(path: string = ''): Promise<RedisServer> {
  if (path === '') path = join(await mkdtemp(join(tmpdir(), 'redis-')), 'redis.sock');
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const options = ['--port', '0', '--unixsocket', path, '--dir', folder, '--save', '', '--appendonly', 'no', '--loglevel', 'warning'];
  const server = spawn('redis-server', options, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  while (!(await stat(path).catch(() => undefined))) {
    if (server.exitCode !== null) throw new Error(`redis-server ended with ${server.exitCode}`);
    await sleep(5);
  }
  return {
    path,
    kill: () => void server.kill('SIGKILL'),
    async stop() {
      server.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
