/** Whether memory grows with the number of requests. */
import type { MemorySample } from '../child/job.ts';
import { slope } from './statistics.ts';

export interface Growth {
  /** Bytes of JavaScript memory (heap and what it holds outside) that each request leaves behind. */
  readonly heapPerRequest: number;
  /** Bytes by which the process grows with each request. */
  readonly rssPerRequest: number;
  readonly flat: boolean;
}

// A leak of one object per request is 16 bytes at least. Below that lie compiled code, caches that fill and the allocator's fragments.
const HEAP_BYTES_PER_REQUEST = 1;
const RSS_BYTES_PER_REQUEST = 8;
// Over few requests the same things look steep: below this much in all, nothing is said to grow.
const HEAP_NOISE = 1024 * 1024;
const RSS_NOISE = 8 * 1024 * 1024;

/**
 * Looks at the second half of the samples, when everything has been compiled, every pool has filled and V8 has made its young
 * generation as large as it wants it: by then RSS has gone up in steps of many MiB that no request can be blamed for.
 *
 * @throws {RangeError} with fewer than two samples there.
 */
export function memoryGrowth(samples: readonly MemorySample[]): Growth {
  const last = samples.at(-1)?.requests ?? 0;
  const steady = samples.filter(({ requests }) => requests >= last / 2);
  const requests = last - (steady[0]?.requests ?? 0);
  const heapPerRequest = slope(steady.map((sample) => [sample.requests, sample.heapUsed + sample.external]));
  const rssPerRequest = slope(steady.map((sample) => [sample.requests, sample.rss]));
  const heapFlat = heapPerRequest < HEAP_BYTES_PER_REQUEST || heapPerRequest * requests < HEAP_NOISE;
  const rssFlat = rssPerRequest < RSS_BYTES_PER_REQUEST || rssPerRequest * requests < RSS_NOISE;
  return { heapPerRequest, rssPerRequest, flat: heapFlat && rssFlat };
}
