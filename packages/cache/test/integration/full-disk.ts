/** Asks for what is too large for its limit of a file, and for what is not, by way of a cache in a folder: `full-disk.ts <folder>`. */
import { cached } from '@x/cache';
import { FileStore } from '@x/cache/files';
import { mockDispatcher } from '@x/httpcore';

const [folder = ''] = process.argv.slice(2);
// Else the limit ends the process.
process.on('SIGXFSZ', () => {});

const states: string[] = [];
const events: string[] = [];
const pool = cached(
  mockDispatcher(({ url }) => ({
    status: 200,
    headers: [['cache-control', 'max-age=60']],
    body: Buffer.alloc(url[3] === '/large' ? 2_000_000 : 1000),
  })),
  { store: new FileStore(folder), storeTimeout: 10_000, onEvent: (event) => 'operation' in event && events.push(event.operation) },
);
for (const path of ['/large', '/large', '/small', '/small']) {
  const [, , , , body] = await pool.dispatch('GET', ['http', 'origin.test', null, path], [], null, undefined, {
    onCacheOutcome: ({ state }) => states.push(state),
  });
  await body.bytes();
  await pool.cache.close();
}
process.stdout.write(JSON.stringify({ states, events: [...new Set(events)] }));
