import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createGate } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { Client } from '../../src/index.ts';

/** A head and half of a body at once, the other half when the gate opens. */
async function halfway() {
  const gate = createGate();
  const server = createServer((_, response) => {
    response.writeHead(500);
    response.write('half, ');
    void gate.opened.then(() => response.end('whole'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { gate, url, [Symbol.asyncDispose]: async () => void server.close() };
}

describe('a client that closes', () => {
  it.each(['fetch', 'stream'] as const)('waits until a body of %s() is here, and for nobody to read it', async (door) => {
    await using server = await halfway();
    const client = new Client();
    const response = door === 'fetch' ? await client.fetch(server.url) : await client.stream('GET', server.url);
    const closed = client.close();
    server.gate.open();
    await closed;
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('half, whole');
  });
});
