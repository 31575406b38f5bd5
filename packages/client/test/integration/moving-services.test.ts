/** Services that move and that are replaced under load: names by dnsmasq, draining by HAProxy. */
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

import { installedProgram, startDnsmasq, startHaproxy } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { Client, Retries, RetryOnStatus, type ClientOptions } from '../../src/index.ts';

type Protocol = 'http/1.1' | 'h2';
const http2Of = (protocol: Protocol): NonNullable<ClientOptions['http2']> => (protocol === 'h2' ? 'prior-knowledge' : false);

/** A server that says where it is; over either protocol. */
async function listen(protocol: Protocol, host: string, port = 0): Promise<{ readonly server: Server; readonly port: number }> {
  const server =
    protocol === 'h2'
      ? createHttp2Server((request, response) => response.end(request.stream.session!.socket.localAddress!))
      : createServer((request, response) => response.end(request.socket.localAddress));
  server.listen(port, host);
  await Promise.race([once(server, 'listening'), once(server, 'error').then(([error]: unknown[]) => Promise.reject(error as Error))]);
  return { server, port: (server.address() as AddressInfo).port };
}

/** At 127.0.0.1 and 127.0.0.2, at one port. */
async function listenAtBoth(protocol: Protocol): Promise<{ readonly port: number; readonly servers: readonly Server[] }> {
  for (;;) {
    const { server, port } = await listen(protocol, '127.0.0.1');
    try {
      const other = await listen(protocol, '127.0.0.2', port);
      return { port, servers: [server, other.server] };
    } catch {
      server.close();
    }
  }
}

/** By a client that never rests. */
async function isFollowed(protocol: Protocol): Promise<void> {
  const { port, servers } = await listenAtBoth(protocol);
  await using names = await startDnsmasq({ 'app.test': ['127.0.0.1'] }, { ttl: 1 });
  const client = new Client({ http2: http2Of(protocol), dns: { servers: [names.address] }, limits: { maxConnectionAge: 200 } });
  const sources = new Set<string>();
  const where = async (): Promise<string> => {
    const response = await client.get(`http://app.test:${port}/`, {
      trace: (name, _at, detail) => {
        if (name === 'dns-end') sources.add((detail as { source: string }).source);
      },
    });
    await pause(5);
    return response.text();
  };
  expect(await where()).toBe('127.0.0.1');
  await names.change({ 'app.test': ['127.0.0.2'] });
  // Its old place answers still: nothing but the age of connections and answers makes it go.
  let isThere = false;
  for (let request = 0; request < 2_000 && !isThere; request += 1) isThere = (await where()) === '127.0.0.2';
  expect(isThere).toBe(true);
  expect(await where()).toBe('127.0.0.2');
  expect(sources).toEqual(new Set(['lookup', 'cache']));
  await expect(client.get('http://other.test/', { retries: null })).rejects.toMatchObject({ code: 'DNS_FAILED' });
  await client.destroy();
  for (const server of servers) server.close();
}

/** What came of the requests that were made meanwhile. */
async function outcomesOf(protocol: Protocol, hardStopAfter: number | undefined, slow: number): Promise<string[]> {
  const { server, port } = await listen('http/1.1', '127.0.0.1');
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    request.resume();
    if (request.url === '/slow') setTimeout(() => response.end('done'), slow);
    else response.end('done');
  });
  await using haproxy = await startHaproxy({ to: { host: '127.0.0.1', port }, http2: protocol === 'h2', hardStopAfter });
  // What is cut off is answered with 502, or not at all.
  const retries = hardStopAfter === undefined ? 0 : new Retries(3, { limits: [new RetryOnStatus()], backoffFactor: 10 });
  const client = new Client({ http2: http2Of(protocol), limits: { maxConnectionsPerOrigin: 8 }, retries });
  const over = new AbortController();
  const outcomes = new Map<string, number>();
  const note = (outcome: string): void => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const work = async (target: string, method: 'GET' | 'PUT'): Promise<void> => {
    while (!over.signal.aborted) {
      await client.request(method, haproxy.origin + target, method === 'PUT' ? { body: 'something' } : {}).then(
        (response) => note(response.text()),
        (error: Error) => note(`${method} ${target}: ${error.message}`),
      );
      await pause(1);
    }
  };
  const workers = [work('/', 'GET'), work('/', 'GET'), work('/', 'PUT'), work('/slow', 'GET'), work('/slow', 'GET')];
  await pause(20);
  await haproxy.reload();
  await haproxy.settled();
  over.abort();
  await Promise.all(workers);
  await client.destroy();
  server.close();
  return Array.from(outcomes.keys());
}

const protocols: readonly Protocol[] = ['http/1.1', 'h2'];

it.skipIf(installedProgram('dnsmasq') === undefined)(
  'a name that gets another address is followed, for its records say how long they hold',
  async () => {
    await Promise.all(protocols.map(isFollowed));
  },
);

describe.skipIf(installedProgram('haproxy') === undefined)('a proxy in front that is reloaded', () => {
  it.each([
    ['drains', undefined, 0],
    ['cuts off what takes too long', 50, 200],
  ])('%s, and nothing is lost that may be sent again', async (_, hardStopAfter, slow) => {
    const outcomes = await Promise.all(protocols.map((protocol) => outcomesOf(protocol, hardStopAfter, slow)));
    expect(outcomes).toEqual([['done'], ['done']]);
  });
});
