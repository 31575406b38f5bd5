/** What a request says of its connection: who we are, from where, by which socket, with which protocol. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { inspect } from 'node:util';

import { clientCertificate, serverCertificate, startProxy, startServer, trustedAuthority, type LocalServer } from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  ConnectionPool,
  Proxy,
  type ConnectOptions,
  type DispatchContext,
  type NetworkOptions,
  type PoolOptions,
  type UrlParts,
} from '../../../src/index.ts';
import { lookup } from './trust-world.ts';

let ca: string;
let ada: NetworkOptions;
let eve: NetworkOptions;
let folder: string;
beforeAll(async () => {
  ca = (await trustedAuthority()).certificate;
  const identity = async (name: string): Promise<NetworkOptions> => {
    const { cert, key } = await clientCertificate(name);
    return { tls: { cert, key } };
  };
  [ada, eve] = await Promise.all([identity('ada'), identity('eve')]);
  folder = await mkdtemp(join(tmpdir(), 'networks-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Says who asks, over which connection. */
const whoIsIt = async (http2: boolean): Promise<LocalServer> => {
  const { cert, key } = await serverCertificate({ names: ['a.test', 'b.test'] });
  return startServer(
    (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate() as { subject?: { CN?: string } };
      response.end(subject?.CN ?? 'nobody');
    },
    { http2, tls: { certificate: { cert, key, ca }, requestClientCertificate: true } },
  );
};

async function answer(pool: ConnectionPool, url: UrlParts, network?: NetworkOptions, context: DispatchContext = {}): Promise<string> {
  const [version, status, , , body] = await pool.dispatch('GET', url, [], null, undefined, { ...context, network });
  return `${version} ${status} ${new TextDecoder().decode(await body.bytes())}`;
}

const routes: [string, () => Promise<{ options: PoolOptions } & AsyncDisposable>][] = [
  ['directly', async () => ({ options: {}, async [Symbol.asyncDispose]() {} })],
  ['by CONNECT', async () => viaProxy(await startProxy('http'), 'http')],
  ['by an HTTP/2 proxy', async () => viaProxy(await startProxy('http', { tls: true, http2: true }), 'https')],
  ['by SOCKS', async () => viaProxy(await startProxy('socks'), 'socks5h')],
];

function viaProxy(proxy: { port: number } & AsyncDisposable, scheme: string): { options: PoolOptions } & AsyncDisposable {
  const options = { proxy: new Proxy(`${scheme}://localhost:${proxy.port}`, scheme === 'https' ? { tls: { ca } } : {}) };
  return { options, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}

describe.each(routes)('%s', (_name, start) => {
  it.each([
    ['HTTP/1.1', false],
    ['HTTP/2', true],
  ])('each is who it says it is, and none goes over the connection of another: %s', async (_protocol, http2) => {
    await using server = await whoIsIt(http2);
    await using route = await start();
    await using pool = new ConnectionPool({ ...route.options, lookup, tls: { ca, ...eve.tls }, coalesce: true });
    const url: UrlParts = ['https', 'localhost', server.port, '/'];
    const asked = [ada, undefined, { tls: { ...ada.tls! } }, eve, ada, undefined];
    const version = http2 ? '2' : '1.1';
    const answers = await Promise.all(asked.map((network) => answer(pool, url, network)));
    expect(answers).toEqual(['ada', 'eve', 'ada', 'eve', 'ada', 'eve'].map((who) => `${version} 200 ${who}`));
    for (const network of [ada, { tls: { ...ada.tls! } }]) expect(await answer(pool, url, network)).toBe(`${version} 200 ada`);
    if (http2) expect(pool.stats().opened).toBe(3);
    else expect(pool.stats().opened).toBeLessThanOrEqual(asked.length);
  });
});

it('a forwarding proxy is told nothing of it, and is connected to from the address that is named', async () => {
  await using server = await startServer('plain', { body: 'hi' });
  await using proxy = await startProxy('http');
  await using pool = new ConnectionPool({ proxy: `http://127.0.0.1:${proxy.port}` });
  const url: UrlParts = ['http', '127.0.0.1', server.port, '/'];
  expect(await answer(pool, url, ada)).toBe('1.1 200 hi');
  expect(await answer(pool, url)).toBe('1.1 200 hi');
  expect(pool.stats().opened).toBe(1);
  expect(await answer(pool, url, { localAddress: '127.0.0.1' })).toBe('1.1 200 hi');
  expect(pool.stats().opened).toBe(2);
});

it.runIf(process.platform === 'linux')('localAddress is where it comes from, directly and to proxies', async () => {
  const seen: unknown[] = [];
  const server = createServer((request, response) => response.end(request.socket.remoteAddress));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await using pool = new ConnectionPool();
  const url: UrlParts = ['http', '127.0.0.1', port, '/'];
  for (const localAddress of ['127.0.0.2', '127.0.0.3', undefined, '127.0.0.2']) seen.push(await answer(pool, url, { localAddress }));
  expect(seen).toEqual(['127.0.0.2', '127.0.0.3', '127.0.0.1', '127.0.0.2'].map((from) => `1.1 200 ${from}`));
  expect(pool.stats().opened).toBe(3);

  for (const scheme of ['http', 'socks5h'] as const) {
    const came: string[] = [];
    await using proxy = await (scheme === 'http' ? startProxy('http') : startProxy('socks'));
    await using through = new ConnectionPool({
      proxy: new Proxy(`${scheme}://127.0.0.1:${proxy.port}`, scheme === 'http' ? { tunnel: true } : {}),
    });
    const trace: DispatchContext['trace'] = (name, _at, detail) => {
      if (name === 'assigned') came.push((detail as { connection: { localAddress: string } }).connection.localAddress);
    };
    await answer(through, url, { localAddress: '127.0.0.4' }, { trace });
    expect(came).toEqual(['127.0.0.4']);
  }
  server.close();
  await expect(answer(pool, url, { localAddress: 'localhost' })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining('network.localAddress') as string,
  });
});

it.skipIf(process.platform === 'win32')('socketPath is the whole way, past the proxy of the pool', async () => {
  const server = createServer((request, response) => response.end(request.headers.host));
  const socketPath = join(folder, 's');
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  await using pool = new ConnectionPool({ proxy: 'http://127.0.0.1:1' });
  expect(await answer(pool, ['http', 'docker.test', null, '/'], { socketPath })).toBe('1.1 200 docker.test');
  const both = answer(pool, ['http', 'docker.test', null, '/'], { socketPath }, { proxy: new Proxy('http://127.0.0.1:1') });
  await expect(both).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  await using guarded = new ConnectionPool({ guard: { check: ({ socketPath: path }) => (path === undefined ? undefined : 'no sockets') } });
  await expect(answer(guarded, ['http', 'docker.test', null, '/'], { socketPath })).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  const socket = await pool.connect('http://docker.test', { network: { socketPath } });
  socket.end('GET / HTTP/1.1\r\nHost: raw.test\r\nConnection: close\r\n\r\n');
  expect(Buffer.concat((await socket.toArray()) as Buffer[]).toString()).toMatch(/raw\.test$/);
  server.close();
});

it('protocol is what is spoken, over TLS and without', async () => {
  const { cert, key } = await serverCertificate();
  await using server = await startServer('plain', { tls: { alpnProtocols: ['h2', 'http/1.1'] }, body: 'hi' });
  await using both = await startServer('plain', { http2: true, tls: { certificate: { cert, key, ca } }, body: 'hi' });
  await using pool = new ConnectionPool({ lookup, tls: { ca } });
  expect(await answer(pool, ['https', 'localhost', both.port, '/'], { protocol: 'h2' })).toBe('2 200 hi');
  await expect(answer(pool, ['https', 'localhost', both.port, '/'], { protocol: 'http/1.1' })).rejects.toThrow();
  expect(await answer(pool, ['https', 'localhost', server.port, '/'], { protocol: 'http/1.1' })).toBe('1.1 200 hi');
  const plain = createHttp2Server((_request, response) => response.end('prior knowledge'));
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const { port } = plain.address() as { port: number };
  expect(await answer(pool, ['http', '127.0.0.1', port, '/'], { protocol: 'h2' })).toBe('2 200 prior knowledge');
  // A proxy that forwards speaks HTTP/1.1 itself: it takes a tunnel.
  await using proxy = await startProxy('http');
  await using through = new ConnectionPool({ proxy: `http://127.0.0.1:${proxy.port}` });
  expect(await answer(through, ['http', '127.0.0.1', port, '/'], { protocol: 'h2' })).toBe('2 200 prior knowledge');
  await through.close();
  await pool.close();
  plain.close();
});

it('is shared with no other origin, and shows itself nowhere', async () => {
  await using server = await whoIsIt(true);
  await using pool = new ConnectionPool({ lookup, tls: { ca, ...eve.tls }, coalesce: true });
  const ask = (host: string, network?: NetworkOptions) => answer(pool, ['https', host, server.port, '/'], network);
  expect([await ask('a.test', ada), await ask('b.test', ada), await ask('a.test'), await ask('b.test')]).toEqual(
    ['ada', 'ada', 'eve', 'eve'].map((who) => `2 200 ${who}`),
  );
  expect(pool.stats().opened).toBe(3);
  const secret = String(ada.tls!.key).split('\n')[1]!;
  for (const shown of [JSON.stringify(pool.stats()), inspect(pool.stats(), { depth: 9 }), inspect(pool, { depth: 9, showHidden: true })])
    expect(shown).not.toContain(secret);
  const bad = await ask('a.test', {
    tls: { key: `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`, cert: ada.tls!.cert },
  }).catch((error: unknown) => error);
  expect(bad).toMatchObject({ code: 'INVALID_OPTION', requestSent: false });
  expect(inspect(bad, { depth: 9 })).not.toContain(secret);
});

it('verifies as it says: other authorities, names, or nobody', async () => {
  await using server = await startServer('plain', { tls: true, body: 'hi' });
  await using pool = new ConnectionPool({ lookup });
  const url: UrlParts = ['https', 'elsewhere.test', server.port, '/'];
  await expect(answer(pool, url)).rejects.toMatchObject({ code: 'TLS_FAILED' });
  expect(await answer(pool, url, { tls: { ca, servername: 'localhost' } })).toBe('1.1 200 hi');
  expect(await answer(pool, url, { tls: { rejectUnauthorized: false } })).toBe('1.1 200 hi');
  await expect(answer(pool, url, { tls: { ca } })).rejects.toMatchObject({ code: 'TLS_FAILED' });
  await expect(answer(pool, url)).rejects.toMatchObject({ code: 'TLS_FAILED' });
});

it('leaves nothing behind, however many there are', async () => {
  await using server = await startServer('plain', { body: 'hi' });
  await using pool = new ConnectionPool({ maxConnections: 4 });
  const url: UrlParts = ['http', '127.0.0.1', server.port, '/'];
  for (let count = 0; count < 50; count += 1) await answer(pool, url, { tls: { passphrase: String(count) } });
  expect(pool.stats().origins.length).toBeLessThanOrEqual(4);
  expect(pool.stats().connections).toBeLessThanOrEqual(4);
});

it.each<[unknown, RegExp]>([
  ['ada', /"network" must be an object/],
  [{ tls: 'x' }, /network\.tls" must be an object/],
  [{ tls: { certt: 'x' } }, /tls\.certt is not an option/],
  [{ localAdress: 'x' }, /network\.localAdress" is not an option; there are tls, localAddress/],
  [{ protocol: 'h3' }, /network\.protocol" must be 'http\/1\.1' or 'h2'/],
  [{ socketPath: '' }, /network\.socketPath" must be a path/],
])('is checked: %o', async (network, words) => {
  await using pool = new ConnectionPool();
  await expect(answer(pool, ['http', 'a.test', 1, '/'], network as NetworkOptions)).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringMatching(words) as string,
  });
  await using custom = new ConnectionPool({ connect: () => new Promise(() => {}) });
  await expect(answer(custom, ['http', 'a.test', 1, '/'], { localAddress: '127.0.0.1' })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
});

it('is the request’s own, and for connections without HTTP it is checked as well', async () => {
  await using server = await startServer('echo', {});
  await using pool = new ConnectionPool();
  const prototype = Object.prototype as ConnectOptions;
  const unwanted = (): never => expect.unreachable();
  const planted = {
    network: { socketPath: '/none' },
    servername: 'b.test',
    proxy: new Proxy('http://127.0.0.1:1'),
    deadline: -1,
    trace: unwanted,
    onInformational: unwanted,
    trailers: unwanted,
    protocol: 'websocket',
    path: '/none',
    localAddress: '192.0.2.1',
    localPort: 1,
    signal: AbortSignal.abort(),
    timeout: 1,
  };
  Object.assign(prototype, planted);
  const url: UrlParts = ['http', '127.0.0.1', server.port, '/'];
  const asked = pool.dispatch('GET', url, [], null, undefined, {});
  const connected = pool.connect(server.origin, {});
  for (const name of Object.keys(planted)) Reflect.deleteProperty(prototype, name);
  const [, status, , , body] = await asked;
  await body.bytes();
  (await connected).destroy();
  expect(status).toBe(200);

  const socketPath = join(folder, 'none');
  const proxy = new Proxy('http://127.0.0.1:1');
  await using custom = new ConnectionPool({ connect: () => expect.unreachable() });
  for (const refused of [
    pool.connect(server.origin, { network: 5 as never }),
    pool.connect(server.origin, { network: null as never }),
    pool.connect(server.origin, { proxy, network: { socketPath } }),
    custom.connect(server.origin, { network: { localAddress: '127.0.0.1' } }),
  ])
    await expect(refused).rejects.toMatchObject({ name: 'LocalProtocolError', code: 'INVALID_OPTION' });
});
