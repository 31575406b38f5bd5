import type { PoolOptions } from '@x/httpcore';
import type { Workload } from '../child/job.ts';

/** Requests under way on one connection, where they are pipelined, by us and by undici. */
export const pipelined = 10;

/** As many connections as take all exchanges when each is full. */
export function pipelinedConnections({ concurrency }: Workload): number {
  return Math.ceil(concurrency / pipelined);
}

/** One connection over HTTP/2; over HTTP/1.1 one for each of the concurrent exchanges. */
export function poolOptions({ protocol, scheme, concurrency, proxy }: Workload): PoolOptions {
  if (protocol === 'http/1.1') return { http2: false, maxConnectionsPerOrigin: concurrency, proxy };
  return { http1: scheme === 'https', maxConnectionsPerOrigin: 1, proxy };
}
