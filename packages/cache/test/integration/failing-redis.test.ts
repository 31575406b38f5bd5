/** A Redis that dies, is slow, or has no room: it costs what would have been kept, and no request. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

import { cached, type CacheEvent } from '@x/cache';
import { RedisStore, type RedisClient } from '@x/cache/redis';
import { mockDispatcher } from '@x/httpcore';
import { createClient } from 'redis';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { startRedis, whyNoRedis } from './redis-server.ts';

async function connected(url: string) {
  const client = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: 5 } });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** A cache before an origin whose bodies can be held in their middle. */
function cachedOrigin(client: RedisClient, { size = 600_000, storeTimeout = 5000 } = {}) {
  const told: string[] = [];
  let halfway = (): unknown => undefined;
  const dispatcher = cached(
    mockDispatcher(({ url }) => ({
      status: 200,
      headers: [['cache-control', 'max-age=600']],
      body: (async function* () {
        yield Buffer.from(url[3].padEnd(size / 2, 'x'));
        await halfway();
        yield Buffer.from(url[3].padEnd(size / 2, 'x'));
      })(),
    })),
    { store: new RedisStore(client), storeTimeout, onEvent: (event: CacheEvent) => told.push(event.type) },
  );
  return {
    dispatcher,
    told,
    at: (act: () => unknown) => (halfway = act),
    /** How it was answered; that the answer is the right one is seen to. */
    async ask(path: string): Promise<string> {
      let state = '';
      const [, status, , , body] = await dispatcher.dispatch('GET', ['http', 'origin.test', null, path], [], null, undefined, {
        onCacheOutcome: (outcome) => (state = outcome.state),
      });
      const bytes = Buffer.from(await body.bytes());
      expect([status, bytes.length, bytes.toString('latin1', size / 2, size / 2 + path.length)]).toEqual([200, size, path]);
      return state;
    },
  };
}

const now = performance.now.bind(performance);
let passed = 0;
/** The pause of the breaker is over, as if so much time had passed. */
function passPause(): void {
  passed += 5001;
  vi.spyOn(performance, 'now').mockImplementation(() => now() + passed);
}
afterEach(() => void vi.restoreAllMocks());

describe.skipIf(whyNoRedis !== undefined)(`a Redis that${whyNoRedis === undefined ? '' : ` (SKIPPED: ${whyNoRedis})`}`, () => {
  it('is killed in the middle of a body, and of a commit, is done without until it is back', async () => {
    for (const when of ['body', 'commit'] as const) {
      const server = await startRedis();
      const client = await connected(`unix://${server.path}`);
      const { ask, at, told } = cachedOrigin({
        sendCommand(command, options) {
          if (when === 'commit' && command[0] === 'HSET' && told.length === 0) server.kill();
          return client.sendCommand(command, options);
        },
      });
      const lost = new Promise((resolve) => client.once('reconnecting', resolve));
      if (when === 'body')
        at(async () => {
          server.kill();
          await lost;
        });
      expect(await ask('/')).toBe('miss');
      await lost;
      at(() => undefined);
      for (let n = 0; n < 6; n += 1) expect(await ask('/')).toBe('miss');
      expect(new Set(told)).toEqual(new Set(['store-failed', 'store-suspended']));
      await server.stop();

      const next = await startRedis(server.path);
      await expect.poll(() => client.isReady).toBe(true);
      passPause();
      expect(await ask('/')).toBe('miss');
      await expect.poll(() => ask('/')).toBe('hit');
      expect(told.at(-1)).toBe('store-resumed');
      vi.restoreAllMocks();
      client.destroy();
      await next.stop();
    }
  });

  it('does not answer in time is done without until it does', async () => {
    const server = await startRedis();
    const lines = new Set<Socket>();
    const relay = createServer((near) => {
      const far = connect(server.path);
      near.on('error', () => {}).on('close', () => far.destroy());
      far.on('error', () => {});
      near.pipe(far);
      far.on('data', (chunk) => near.write(chunk));
      lines.add(far);
    }).listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const client = await connected(`redis://127.0.0.1:${(relay.address() as AddressInfo).port}`);
    const { ask, told, dispatcher } = cachedOrigin(client, { size: 1000, storeTimeout: 150 });
    expect(await ask('/')).toBe('miss');
    await expect.poll(() => ask('/')).toBe('hit');
    // And from the store, not from the exchange that is still being kept.
    await dispatcher.cache.close();
    told.length = 0;

    for (const line of lines) line.pause();
    while (!told.includes('store-suspended')) expect(await ask('/')).toBe('miss');
    expect(new Set(told)).toEqual(new Set(['store-failed', 'store-suspended']));
    for (const line of lines) line.resume();
    // What has been asked for meanwhile is answered, and nobody waits for it any more.
    await client.ping();
    expect(await ask('/')).toBe('miss');
    const hitAfterPause = async (): Promise<string> => {
      passPause();
      return ask('/');
    };
    await expect.poll(hitAfterPause).toBe('hit');
    expect(told.at(-1)).toBe('store-resumed');
    client.destroy();
    relay.close();
    await server.stop();
  });

  it('is far away costs a miss three of its answers, and a hit one, or for a large body two and one for each part', async () => {
    const server = await startRedis();
    const client = await connected(`unix://${server.path}`);
    const arrived: (() => void)[] = [];
    let distance = 0;
    // Every answer is on its way until the next journey ends, and all that are then there arrive together.
    const far: RedisClient = {
      async sendCommand(command, options) {
        const answer = await client.sendCommand(command, options);
        await new Promise<void>((resolve) => arrived.push(resolve));
        return answer;
      },
    };
    const journeys = async <Value>(asking: Promise<Value>): Promise<Value> => {
      distance = 0;
      const done = asking.then(() => true);
      while (!(await Promise.race([done, undefined]))) {
        await client.ping();
        if (arrived.length > 0) distance += 1;
        for (const arrive of arrived.splice(0)) arrive();
        await new Promise((resolve) => setImmediate(resolve));
      }
      return asking;
    };
    for (const [size, atMost] of [
      [1000, 1],
      [600_000, 5],
    ] as const) {
      const { ask, told, dispatcher } = cachedOrigin(far, { size });
      expect([await journeys(ask(`/${size}`)), distance <= 3]).toEqual(['miss', true]);
      await journeys(dispatcher.cache.close());
      expect([await journeys(ask(`/${size}`)), distance <= atMost]).toEqual(['hit', true]);
      expect(told).toEqual([]);
    }
    client.destroy();
    await server.stop();
  });

  it('has no room forgets, or refuses', async () => {
    const server = await startRedis();
    const client = await connected(`unix://${server.path}`);
    const { ask, told, dispatcher } = cachedOrigin(client);
    const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))![1]);
    await client.configSet({ maxmemory: String(used + 2_400_000), 'maxmemory-policy': 'allkeys-random' });
    const paths = Array.from({ length: 20 }, (_, n) => `/${n}`);
    for (const path of paths) expect(await ask(path)).toBe('miss');
    // Of most there is a part, or the head, and not the rest: that is nothing.
    const states = [];
    for (const path of paths) states.push(await ask(path));
    expect(states).toContain('miss');
    expect(told).toEqual([]);

    await client.configSet({ maxmemory: '1', 'maxmemory-policy': 'noeviction' });
    for (let n = 0; n < 10; n += 1) expect(await ask(`/refused/${n}`)).toBe('miss');
    await dispatcher.cache.close();
    // It is still asked: what it has can be read.
    expect(new Set(told)).toEqual(new Set(['store-failed']));
    client.destroy();
    await server.stop();
  });
});
