import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { startRelay } from '@x/testbed';

import type { OpenCaller } from './contenders.ts';

/** The server closes what has been idle for so long, and does not say so. */
const keepAlive = 2_000;
const users = 40;
const requestsEach = 12;

export interface DeadReuses {
  readonly sent: number;
  /** POSTs that met a connection which the server had closed, or was closing. */
  readonly failed: number;
  readonly connections: number;
}

/**
 * Forty users, each of a server of its own 20 ms away, send POSTs that are not to be sent twice, with 1.5 to 2.5 s between one and the next: the same pauses for
 * every contender.
 */
export async function deadReuses(open: OpenCaller): Promise<DeadReuses> {
  const counts = { sent: 0, failed: 0, connections: 0 };
  const idle = new WeakMap<Socket, NodeJS.Timeout>();
  const server = createServer((incoming, response) => {
    const { socket } = incoming;
    clearTimeout(idle.get(socket));
    incoming.resume();
    response.once('finish', () =>
      idle.set(
        socket,
        setTimeout(() => socket.end(), keepAlive),
      ),
    );
    // Whoever names the field itself is not given Node's `Keep-Alive: timeout`.
    response.writeHead(200, { connection: 'keep-alive' }).end('ok');
  });
  // Exactly, and not within the second that Node gives on top.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const caller = open(undefined);
  const live = async (seed: number): Promise<void> => {
    const relay = await startRelay({ to: { host: '127.0.0.1', port }, delay: 20 });
    let state = seed;
    for (let count = 0; count < requestsEach; count += 1) {
      state = (state * 16_807) % 2_147_483_647;
      await pause(1_500 + (1_000 * state) / 2_147_483_647);
      counts.sent += 1;
      await caller.call('POST', `http://127.0.0.1:${relay.port}/`).catch(() => (counts.failed += 1));
    }
    counts.connections += relay.connections;
    await relay.close();
  };
  await Promise.all(Array.from({ length: users }, (_, user) => live(1_000 + 7_919 * user)));
  await caller.close();
  server.close();
  return counts;
}
