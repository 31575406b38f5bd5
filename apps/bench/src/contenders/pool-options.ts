import type { PoolOptions } from '@x/httpcore';
import type { Workload } from '../child/job.ts';

/** One connection over HTTP/2; over HTTP/1.1 one for each of the concurrent exchanges. */
export function poolOptions({ protocol, scheme, concurrency, proxy }: Workload): PoolOptions {
  if (protocol === 'http/1.1') return { http2: false, maxConnectionsPerOrigin: concurrency, proxy };
  return { http1: scheme === 'https', maxConnectionsPerOrigin: 1, proxy };
}
