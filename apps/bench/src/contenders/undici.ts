/** Loading the release of undici that this Node can run, and the pool that every undici contender gets. */
import type { Agent, buildConnector } from 'undici-8';
import type { Workload } from '../child/job.ts';
import { installedPeer } from '../child/peers.ts';

export type Undici = typeof import('undici-8');

export async function loadUndici(): Promise<Undici> {
  // The parts used here have the same types in both releases; the one that differs, the handler, is told apart at run time.
  return installedPeer('undici') === 'undici-7' ? ((await import('undici-7')) as unknown as Undici) : import('undici-8');
}

/** One connection for each of the concurrent exchanges and no pipelining, like everybody else; over HTTP/2, one for all of them. */
export function undiciOptions(workload: Workload): Agent.Options {
  if (workload.protocol === 'http/1.1') return { connections: workload.concurrency, pipelining: 1, allowH2: false };
  // The published type leaves out the option by which its own client for cleartext does it.
  const connect = (workload.scheme === 'http' ? { useH2c: true } : {}) as buildConnector.BuildOptions;
  return { connections: 1, pipelining: workload.concurrency, allowH2: true, connect };
}
