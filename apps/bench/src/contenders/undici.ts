/** Loading the release of undici that this Node can run, and the pool that every undici contender gets. */
import type { Agent } from 'undici-8';
import type { Workload } from '../child/job.ts';
import { installedPeer } from '../child/peers.ts';

export type Undici = typeof import('undici-8');

export async function loadUndici(): Promise<Undici> {
  // The parts used here have the same types in both releases; the one that differs, the handler, is told apart at run time.
  return installedPeer('undici') === 'undici-7' ? ((await import('undici-7')) as unknown as Undici) : import('undici-8');
}

/** One connection for each of the concurrent exchanges and no pipelining, like everybody else. */
export function undiciOptions(workload: Workload): Agent.Options {
  const http2 = workload.protocol === 'h2';
  return {
    connections: http2 ? 1 : workload.concurrency,
    pipelining: http2 ? workload.concurrency : 1,
    allowH2: http2,
  };
}
