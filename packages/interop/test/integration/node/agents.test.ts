/** node:http, and what is built on it, over the connections of a client. */
import { once } from 'node:events';
import { get, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Client } from '@x/client';
import { ConnectionPool } from '@x/httpcore';
import { nodeAgents } from '@x/interop/node';
import { startProxy, startServer, type EchoedRequest } from '@x/testbed';
import axios from 'axios';
import { Stripe } from 'stripe';
import { afterAll, describe, expect, it, vi } from 'vitest';

const client = new Client();
const pool = new ConnectionPool();
afterAll(async () => {
  await client.destroy();
  await pool.destroy();
});

async function read(response: IncomingMessage): Promise<string> {
  return Buffer.concat((await response.toArray()) as Buffer[]).toString();
}

async function send(url: string, options: RequestOptions, body?: string): Promise<string> {
  const made = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, options);
  made.end(body);
  const [response] = (await once(made, 'response')) as [IncomingMessage];
  return read(response);
}

describe.each([
  ['a client', client],
  ['a pool', pool],
] as const)('agents of %s', (_, connector) => {
  it('carry requests of node:http, and keep their connections', async () => {
    await using server = await startServer('echo');
    const agents = nodeAgents(connector);
    for (const body of ['one', 'two', 'three']) {
      const echoed = JSON.parse(await send(server.url('/a'), { agent: agents.http, method: 'POST' }, body)) as EchoedRequest;
      expect(echoed).toMatchObject({ method: 'POST', target: '/a', body });
    }
    expect(server.connections.accepted).toBe(1);
    agents.http.destroy();
    await server.connections.until(({ open }) => open === 0);
  });

  it('read what is large, and send it', async () => {
    await using server = await startServer('bytes', { size: 2 * 1024 * 1024 });
    const agents = nodeAgents(connector);
    expect(Buffer.byteLength(await send(server.url('/'), { agent: agents.http }), 'utf8')).toBeGreaterThan(0);
    await using upload = await startServer('upload');
    await send(upload.url('/'), { agent: agents.http, method: 'POST' }, 'x'.repeat(1_000_000));
    expect(upload.uploads[0]).toMatchObject({ bytes: 1_000_000 });
    agents.http.destroy();
  });

  it('fail as node:http does', async () => {
    const agents = nodeAgents(connector);
    const refused = get('http://127.0.0.1:1/', { agent: agents.http });
    const [error] = (await once(refused, 'error')) as [Error];
    expect(error).toMatchObject({ code: 'ECONNREFUSED', address: '127.0.0.1', port: 1, cause: { name: 'ConnectError' } });
  });

  it('keep to the limits of an agent while connections are made', async () => {
    await using server = await startServer('echo');
    const agents = nodeAgents(connector, { maxSockets: 1 });
    await Promise.all([1, 2, 3].map(() => send(server.url('/'), { agent: agents.http })));
    expect(server.connections.accepted).toBe(1);
    // One that can't be made makes room for the next.
    const failures = [1, 2, 3].map(async () => once(get('http://127.0.0.1:1/', { agent: agents.http }), 'error'));
    expect((await Promise.all(failures)).map(([error]) => (error as NodeJS.ErrnoException).code)).toEqual(Array(3).fill('ECONNREFUSED'));
    agents.http.destroy();
  });

  it('end a response with its connection', async () => {
    await using server = await startServer((_, response) => {
      response.writeHead(200, { connection: 'close' });
      response.write('all ');
      response.end('of it');
    });
    const agents = nodeAgents(connector);
    const made = get(server.url('/'), { agent: agents.http });
    const [socket] = (await once(made, 'socket')) as [Socket];
    const failed = vi.fn<(error: Error) => void>();
    socket.on('error', failed);
    const closed = once(socket, 'close');
    const [response] = (await once(made, 'response')) as [IncomingMessage];
    expect(await read(response)).toBe('all of it');
    await closed;
    expect(failed).not.toHaveBeenCalled();
    expect(socket.readyState).toBe('closed');
  });

  it('have the timeout of a request', async () => {
    await using server = await startServer('slow');
    const agents = nodeAgents(connector);
    const slow = get(server.url('/'), { agent: agents.http, timeout: 20 });
    slow.on('error', () => {});
    await once(slow, 'timeout');
    expect(slow.destroyed).toBe(false);
    slow.destroy();
    await server.connections.until(({ open }) => open === 0);
  });

  it('refuse what only the client can do', async () => {
    const agents = nodeAgents(connector);
    for (const options of [{ rejectUnauthorized: false }, { ca: 'x' }, { socketPath: '/x' }, { localAddress: '127.0.0.1' }]) {
      const made = httpsRequest('https://127.0.0.1:1/', { agent: agents.https, ...options });
      const [error] = (await once(made, 'error')) as [Error];
      expect(error.message).toContain(`"${Object.keys(options)[0]}"`);
    }
  });
});

it('have the TLS options and the proxies of their client', async () => {
  await using server = await startServer('echo', { tls: true });
  await using proxy = await startProxy('http');
  await using through = new Client({ tls: { ca: server.ca }, proxy: proxy.url });
  const agents = nodeAgents(through);
  expect(await send(server.url('/'), { agent: agents.https })).toContain('"method":"GET"');
  await using plain = await startServer('echo');
  expect(await send(plain.url('/'), { agent: agents.http })).toContain('"method":"GET"');
  expect(proxy.requests.map(({ kind }) => kind)).toEqual(['connect', 'connect']);
  const stranger = httpsRequest(server.url('/'), { agent: nodeAgents(client).https });
  const [error] = (await once(stranger, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY/);
  agents.http.destroy();
  agents.https.destroy();
});

it('have a socket before there is a connection: it has the limit in time, and ends with its agent', async () => {
  let signal: AbortSignal | undefined;
  const agents = nodeAgents({
    connect: async (_, options) => {
      signal = options!.signal!;
      await once(signal, 'abort');
      throw new Error('given up');
    },
  });
  const made = get('http://a.example/', { agent: agents.http, timeout: 5 });
  const failed = once(made, 'error');
  const [socket] = (await once(made, 'socket')) as [Socket];
  expect(socket).toMatchObject({ connecting: true, readyState: 'opening' });
  // The limit may pass first, where the machine is busy.
  const lookedUp = once(socket, 'lookup');
  await once(made, 'timeout');
  expect((await lookedUp)[0]).toBeNull();
  expect(signal!.aborted).toBe(false);
  agents.http.destroy();
  expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET', message: 'socket hang up' });
  expect(signal!.aborted).toBe(true);
});

it('tell of the connection what a socket does', async () => {
  await using server = await startServer('echo', { tls: true });
  await using trusting = new Client({ tls: { ca: server.ca } });
  await using careless = new Client({ tls: { rejectUnauthorized: false } });
  for (const [carrier, authorized] of [
    [trusting, true],
    [careless, false],
  ] as const) {
    const agents = nodeAgents(carrier);
    const made = httpsRequest(server.url('/'), { agent: agents.https });
    made.end();
    const [socket] = (await once(made, 'socket')) as [TLSSocket];
    const events: string[] = [];
    for (const name of ['connect', 'secureConnect', 'ready']) socket.on(name, () => events.push(name));
    const [response] = (await once(made, 'response')) as [IncomingMessage];
    expect(events).toEqual(['connect', 'secureConnect', 'ready']);
    expect(socket).toMatchObject({ encrypted: true, authorized, connecting: false, readyState: 'open', remoteFamily: 'IPv4' });
    expect(socket.authorizationError === null).toBe(authorized);
    expect(socket.getPeerCertificate()).toMatchObject({ serialNumber: expect.any(String) as string });
    expect(socket.getProtocol()).toBe('TLSv1.3');
    expect(socket.getCipher()).toMatchObject({ version: 'TLSv1.3' });
    expect(socket.address()).toMatchObject({ family: 'IPv4', port: socket.localPort });
    await read(response);
    agents.https.destroy();
  }
});

it('need a connector', () => {
  expect(() => nodeAgents({} as never)).toThrow('an object with connect()');
});

describe('for SDKs', () => {
  it('stripe-node', async () => {
    await using server = await startServer('json', { value: { id: 'cus_1', object: 'customer' } });
    const agents = nodeAgents(client);
    const { hostname, port } = new URL(server.origin);
    const stripe = new Stripe('sk_test_x', {
      host: hostname,
      port: Number(port),
      protocol: 'http',
      httpAgent: agents.http,
      telemetry: false,
    });
    expect((await stripe.customers.retrieve('cus_1')).id).toBe('cus_1');
    agents.http.destroy();
  });

  it('axios with its adapter for node:http', async () => {
    await using server = await startServer('echo');
    const agents = nodeAgents(client);
    const { data } = await axios.post<EchoedRequest>(server.url('/b'), { a: 1 }, { adapter: 'http', httpAgent: agents.http });
    expect(data).toMatchObject({ target: '/b', body: '{"a":1}' });
    agents.http.destroy();
  });
});
