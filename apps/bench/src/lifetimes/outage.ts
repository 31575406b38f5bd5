import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import type { OpenCaller } from './contenders.ts';

const down = 3_000;
const patience = 15_000;

async function listen(port: number): Promise<Server> {
  const server = createServer((_request, response) => response.end('ok'));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** A server that is gone for three seconds, and is called a hundred times a second all the while: how long after its return is a call answered? */
export async function outage(open: OpenCaller): Promise<string> {
  const before = await listen(0);
  const { port } = before.address() as AddressInfo;
  const caller = open(undefined);
  const url = `http://127.0.0.1:${port}/`;
  for (let count = 0; count < 50; count += 1) await caller.call('GET', url);
  before.close();
  before.closeAllConnections();
  let isBack = false;
  let backAt = Infinity;
  const seen: { recoveredAt: number | undefined } = { recoveredAt: undefined };
  let failed = 0;
  const calls: Promise<void>[] = [];
  const begun = performance.now();
  let after: Server | undefined;
  while (seen.recoveredAt === undefined && performance.now() - begun < down + patience) {
    calls.push(
      caller.call('GET', url).then(
        () => {
          if (isBack) seen.recoveredAt ??= performance.now();
        },
        () => {
          if (isBack) failed += 1;
        },
      ),
    );
    await pause(10);
    if (!isBack && performance.now() - begun > down) {
      after = await listen(port);
      isBack = true;
      backAt = performance.now();
    }
  }
  await caller.close();
  await Promise.allSettled(calls);
  after?.close();
  after?.closeAllConnections();
  return seen.recoveredAt === undefined
    ? `not within ${patience / 1_000} s`
    : `${Math.round(seen.recoveredAt - backAt)} ms, ${failed} failed since its return`;
}
