/** A process of its own that asks for one URL by way of a cache in Redis, once it is told to: `redis-sharer.ts <socket> <port>`. */
import { cached } from '@x/cache';
import { RedisStore } from '@x/cache/redis';
import { ConnectionPool } from '@x/httpcore';
import { createClient } from 'redis';

const [path, port] = process.argv.slice(2);
const redis = await createClient({ url: `unix://${path}` }).connect();
const pool = cached(new ConnectionPool(), { store: new RedisStore(redis), storeTimeout: 20_000 });
process.once('message', () => void ask());
process.send!('ready');

async function ask(): Promise<void> {
  let state: string | undefined;
  const [, , , , body] = await pool.dispatch('GET', ['http', '127.0.0.1', Number(port), '/cold'], [], null, undefined, {
    onCacheOutcome: (outcome) => (state = outcome.state),
  });
  process.send!({ state, length: (await body.bytes()).length });
  await pool.close();
  // What this process has brought is there for the others before it goes.
  await pool.cache.close();
  await redis.close();
  process.disconnect();
}
