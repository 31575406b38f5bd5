import { once } from 'node:events';
import { Agent, get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { clientCertificate, hasIPv6, startServer, type LocalServer } from '../../src/index.ts';

async function fetchText(server: LocalServer, options: object = {}): Promise<string> {
  const get = server.origin.startsWith('https') ? httpsGet : httpGet;
  const request = get(server.url('/'), { ca: server.ca, agent: false, ...options });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return text(response);
}

test.skipIf(!hasIPv6)('a plain server answers on both loopback addresses at ports of its own', async () => {
  await using ipv4 = await startServer('plain', { body: 'four' });
  await using ipv6 = await startServer('plain', { body: 'six', host: '::1' });
  expect(ipv4.origin).toBe(`http://127.0.0.1:${ipv4.port}`);
  expect(ipv6.origin).toBe(`http://[::1]:${ipv6.port}`);
  expect(await fetchText(ipv4)).toBe('four');
  expect(await fetchText(ipv6)).toBe('six');
});

test.each([{ tls: false }, { tls: true }])(
  'as localhost it listens on both at one port, and counts them together (%o)',
  async ({ tls }) => {
    await using server = await startServer('plain', { host: 'localhost', tls });
    expect(server.origin).toBe(`http${tls ? 's' : ''}://localhost:${server.port}`);
    expect(await fetchText(server, { host: '127.0.0.1' })).toBe('hello world');
    expect(await fetchText(server, { host: '::1' })).toBe('hello world');
    expect(server.connections.requestsPerConnection).toEqual([1, 1]);
    await server.connections.until((counts) => counts.open === 0);
  },
);

test('it listens on a unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'testbed-'));
  try {
    const socketPath = join(folder, 'server.sock');
    await using server = await startServer('plain', { socketPath });
    expect(await fetchText(server, { socketPath })).toBe('hello world');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('it speaks TLS with a certificate that its authority makes valid', async () => {
  await using server = await startServer('plain', { tls: true });
  expect(server.origin).toMatch(/^https:/u);
  expect(await fetchText(server)).toBe('hello world');
  await expect(fetchText(server, { ca: [] })).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
});

test('it asks for a client certificate', async () => {
  await using server = await startServer('plain', { tls: { requestClientCertificate: true, maxVersion: 'TLSv1.2' } });
  const { cert, key } = await clientCertificate();
  expect(await fetchText(server, { cert, key })).toBe('hello world');
  await expect(fetchText(server)).rejects.toThrow();
});

test.each([{ tls: false }, { tls: true }])('it counts connections, requests and their closing (%o)', async ({ tls }) => {
  await using server = await startServer('plain', { tls });
  const agent = Object.assign(tls ? new (await import('node:https')).Agent() : new Agent(), { keepAlive: true, maxSockets: 1 });
  await fetchText(server, { agent });
  await fetchText(server, { agent });
  await fetchText(server);
  await server.connections.until((counts) => counts.open === 1);
  agent.destroy();
  await server.connections.until((counts) => counts.open === 0);
  expect(server.connections).toMatchObject({ accepted: 2, requests: 3, requestsPerConnection: [2, 1] });
  expect(server.connections.handshakes).toBe(tls ? 2 : 0);
});

test('closing takes every connection down and is idempotent', async () => {
  const server = await startServer('plain', { tls: true });
  const sockets = [connect(server.port, server.host), connect(server.port, server.host)];
  await server.connections.until((counts) => counts.open === 2);
  const closed = sockets.map((socket) => once(socket.resume(), 'close'));
  await Promise.all([server.close(), server.close(), ...closed]);
  expect(server.connections.open).toBe(0);
  await expect(server.connections.until((counts) => counts.accepted === 3)).rejects.toThrow(/closed before/u);
});

test('a handler of your own', async () => {
  await using server = await startServer((request, response) => response.end(`you asked for ${request.url}`));
  expect(await fetchText(server)).toBe('you asked for /');
});
