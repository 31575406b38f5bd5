import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, LookupFunction } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import type { OpenCaller } from './contenders.ts';

/** Milliseconds that are waited for. */
const patience = 15_000;

async function listen(host: string, port: number): Promise<Server> {
  const server = createServer((_request, response) => response.end(host));
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}

/** A hundred calls a second to a name that gets another address; the old place answers still, or is gone. */
export async function movedService(open: OpenCaller, isGone: boolean): Promise<string> {
  const old = await listen('127.0.0.1', 0);
  const { port } = old.address() as AddressInfo;
  const next = await listen('127.0.0.2', port);
  let address = '127.0.0.1';
  const lookup = ((_host: string, { all }: { all?: boolean }, done: (...answer: unknown[]) => void) => {
    setImmediate(() => (all === true ? done(null, [{ address, family: 4 }]) : done(null, address, 4)));
  }) as unknown as LookupFunction;
  const caller = open(lookup);
  const url = `http://app.test:${port}/`;
  for (let count = 0; count < 100; count += 1) {
    await caller.call('GET', url);
    await pause(10);
  }
  address = '127.0.0.2';
  if (isGone) {
    old.close();
    old.closeAllConnections();
  }
  const movedAt = performance.now();
  let failed = 0;
  let place: string | undefined;
  while (place !== '127.0.0.2' && performance.now() - movedAt < patience) {
    place = await caller.call('GET', url).catch(() => ((failed += 1), undefined));
    await pause(10);
  }
  const took = performance.now() - movedAt;
  await caller.close();
  for (const server of [old, next]) {
    server.close();
    server.closeAllConnections();
  }
  return place === '127.0.0.2' ? `${(took / 1_000).toFixed(2)} s, ${failed} failed` : `not within ${patience / 1_000} s`;
}
