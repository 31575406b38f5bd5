/**
 * Ours, the core without sockets, with many more requests than connections: all of a batch are there at once, two for each origin, and each waits
 * for one of 64 connections, most of which have to be given up for it by another origin.
 */
import type { UrlParts } from '@x/httpcore';
import { TransportDispatcher } from '@x/httpcore/testing';
import { expectBytes, type OpenContender } from './contender.ts';
import { MemoryTransport } from './memory-transport.ts';

const CONNECTIONS = 64;
const PER_ORIGIN = 2;

/** A contender that has so many requests waiting at the beginning of each batch. */
export function queueOf(waiting: number): OpenContender {
  return async (workload) => {
    const pool = new TransportDispatcher({
      http2: false,
      maxConnections: CONNECTIONS,
      maxConnectionsPerOrigin: PER_ORIGIN,
      timeouts: [null, null, null, null],
      connect: () => new MemoryTransport('http/1.1'),
    });
    const origins = Array.from({ length: waiting / PER_ORIGIN }, (_, number) => `origin-${number}.test`);
    const exchange = async (url: UrlParts): Promise<void> => {
      const [, status, , , body] = await pool.dispatch('GET', url, [], null);
      expectBytes(workload, status, (await body.bytes()).length);
    };
    return {
      async run(budget) {
        for (let isOver = false; !isOver;) {
          const batch: Promise<void>[] = [];
          while (batch.length < waiting && !isOver) {
            if (budget.take()) batch.push(exchange(['http', origins[batch.length % origins.length]!, null, workload.target]));
            else isOver = true;
          }
          await Promise.all(batch);
        }
      },
      close: () => pool.destroy(),
    };
  };
}
