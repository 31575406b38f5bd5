/** Ours, with a cache: `client.get()` and `text()` of the same URL each time, which the cache has, or of a new one, which it has not. */
import { HttpCache, MemoryStore, type CacheStore } from '@x/cache';
import { Client } from '@x/client';
import { workloadUrl } from '../child/job.ts';
import { expectBytes, loopingRunner, type OpenContender } from './contender.ts';

// In its steady state: as much goes as comes.
const STORE_BYTES = 16 * 1024 * 1024;

/** A store, and how what is around it ends. */
interface OpenStore {
  readonly store: CacheStore;
  close(): Promise<void>;
}

const inMemory = async (): Promise<OpenStore> => ({ store: new MemoryStore({ maxBytes: STORE_BYTES }), close: async () => {} });

/** Makes the contender that asks for this URL at its n-th request. */
export function clientCached(
  urlOf: (url: string, request: number) => string,
  openStore: () => Promise<OpenStore> = inMemory,
): OpenContender {
  return async (workload) => {
    const { store, close } = await openStore();
    const cache = new HttpCache({ store });
    const client = new Client({ cache, limits: { maxConnectionsPerOrigin: workload.concurrency } });
    const url = workloadUrl(workload);
    let requests = 0;
    return loopingRunner(
      workload,
      {
        async text() {
          requests += 1;
          const response = await client.get(urlOf(url, requests));
          expectBytes(workload, response.status, response.text().length);
        },
      },
      async () => {
        await client.close();
        await cache.close();
        await close();
      },
    );
  };
}
