/** node:http, and what is built on it, over the connections of a client. */
import { once } from 'node:events';
import { get, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Client } from '@x/client';
import { ConnectionPool } from '@x/httpcore';
import { nodeAgents } from '@x/interop/node';
import { startProxy, startServer, type EchoedRequest } from '@x/testbed';
import axios from 'axios';
import { Stripe } from 'stripe';
import { afterAll, describe, expect, it } from 'vitest';

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
