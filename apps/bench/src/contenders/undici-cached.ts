/** undici's `request` through its cache interceptor, with a store in memory: the same URL each time, which that has, or a new one, which it has not. */
import { workloadUrl } from '../child/job.ts';
import { expectBytes, loopingRunner, type OpenContender } from './contender.ts';
import { loadUndici, undiciOptions } from './undici.ts';

// As for ours. By itself its store has no bounds but 1,024 entries.
const STORE_BYTES = 16 * 1024 * 1024;

/** Makes the contender that asks for this URL at its n-th request. */
export function undiciCached(urlOf: (url: string, request: number) => string): OpenContender {
  return async (workload) => {
    const { Agent, request, interceptors, cacheStores } = await loadUndici();
    const store = new cacheStores.MemoryCacheStore({ maxSize: STORE_BYTES, maxCount: Number.MAX_SAFE_INTEGER });
    const dispatcher = new Agent(undiciOptions(workload)).compose(interceptors.cache({ store }));
    const url = workloadUrl(workload);
    let requests = 0;
    return loopingRunner(
      workload,
      {
        async text() {
          requests += 1;
          const { statusCode, body } = await request(urlOf(url, requests), { dispatcher });
          expectBytes(workload, statusCode, (await body.text()).length);
        },
      },
      () => dispatcher.close(),
    );
  };
}
