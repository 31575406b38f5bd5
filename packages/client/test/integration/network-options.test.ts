import { createServer as createHttp2Server } from 'node:http2';
import { createServer, type IncomingMessage } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { lookup as systemLookup } from 'node:dns';
import { connect as connectSocket, createServer as createRawServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import type { TLSSocket } from 'node:tls';
import { join } from 'node:path';

import { clientCertificate, serverCertificate, startServer, trustedAuthority } from '@x/testbed';
import { mockDispatcher, type Dispatcher, type TlsOptions } from '@x/httpcore';
import { afterEach, describe, expect, it } from 'vitest';

import { Client, InvalidOption, PinMismatch, Proxy } from '../../src/index.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server, where: string | number = 0): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) =>
    typeof where === 'string' ? server.listen(where, resolve) : server.listen(where, '127.0.0.1', resolve),
  );
  return typeof where === 'string' ? where : `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('what a client says of its connections', () => {
  it('how HTTP/2 is spoken', async () => {
    let [running, most, sessions] = [0, 0, 0];
    const server = createHttp2Server();
    server.on('session', () => void (sessions += 1));
    server.on('stream', (stream) => {
      most = Math.max(most, (running += 1));
      setImmediate(() => {
        running -= 1;
        stream.respond();
        stream.end('over 2');
      });
    });
    const url = await listening(server);
    const http2 = { priorKnowledge: true, maxConcurrentStreams: 2, maxConnectionsPerOrigin: 1, pingInterval: 60_000 };
    await using client = new Client({ http2 });
    const answers = await Promise.all(Array.from({ length: 7 }, async () => (await client.get(url)).text()));
    expect([new Set(answers), most, sessions]).toEqual([new Set(['over 2']), 2, 1]);
    await using other = client.extend({ http2: { ...http2, maxConnectionsPerOrigin: 3 } });
    await Promise.all(Array.from({ length: 7 }, () => other.get(url)));
    expect(sessions).toBeGreaterThan(2);
    for (const wrong of [{ streams: 1 }, { priorKnowledge: 1 }, 'yes'])
      expect(() => new Client({ http2: wrong as never })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });

  it('lookup, localAddress', async () => {
    const url = await listening(createServer((request, response) => response.end(request.socket.remoteAddress)));
    const asked: string[] = [];
    await using client = new Client({
      localAddress: '127.0.0.1',
      lookup: (host, options, callback) => {
        asked.push(host);
        systemLookup('127.0.0.1', options, callback);
      },
    });
    expect((await client.get(url.replace('127.0.0.1', 'somewhere.test'))).text()).toBe('127.0.0.1');
    expect(asked).toEqual(['somewhere.test']);
  });

  it.skipIf(process.platform === 'win32')('socketPath', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'socket-'));
    const socketPath = await listening(
      createServer((request, response) => response.end(request.headers.host)),
      join(folder, 's'),
    );
    await using client = new Client({ socketPath });
    expect((await client.get('http://docker.test/')).text()).toBe('docker.test');
    await using other = client.extend({ socketPath: null, lookup: (_host, _options, callback) => callback(new Error('asked'), []) });
    await expect(other.get('http://docker.test/')).rejects.toThrow();
    await rm(folder, { recursive: true });
  });

  it('http2: prior knowledge', async () => {
    const url = await listening(createHttp2Server((request, response) => response.end(request.httpVersion)));
    await using client = new Client({ http2: 'prior-knowledge' });
    expect((await client.get(url)).text()).toBe('2.0');
    await using usual = client.extend({ http2: true });
    await expect(usual.get(url)).rejects.toThrow();
  });

  it('connect', async () => {
    const url = await listening(createServer((request, response) => response.end(request.headers.host)));
    const port = Number(new URL(url).port);
    const asked: string[] = [];
    await using client = new Client({
      connect({ origin }) {
        asked.push(origin);
        return connectSocket(port, '127.0.0.1');
      },
    });
    expect((await client.get('http://far.test/')).text()).toBe('far.test');
    expect(await (await client.fetch('http://far.test/')).text()).toBe('far.test');
    expect(asked).toEqual(['http://far.test:80']);
    await using other = client.extend({ connect: null });
    expect((await other.get(url)).status).toBe(200);
    expect(asked).toHaveLength(1);
    await using failing = client.extend({ connect: () => Promise.reject(new Error('no tunnel')) });
    await expect(failing.get('http://far.test/')).rejects.toMatchObject({ name: 'ConnectError', cause: { message: 'no tunnel' } });
    await expect(failing.stream('GET', 'http://far.test/')).rejects.toMatchObject({ name: 'ConnectError' });
    expect(() => new Client({ connect: 'ssh' as never })).toThrow(InvalidOption);
  });

  it('lenientHttp1', async () => {
    const url = await listening(
      createRawServer((socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\nContent-Length: 2\n\nok'))),
    );
    await using client = new Client();
    await expect(client.get(url)).rejects.toThrow();
    await using lenient = client.extend({ lenientHttp1: true });
    expect((await lenient.get(url)).text()).toBe('ok');
  });

  it('pipelining: requests of any door go behind each other, and options of one that extends it hold', async () => {
    const ports: (number | undefined)[] = [];
    const url = await listening(
      createServer((request, response) => {
        ports.push(request.socket.remotePort);
        response.end(request.url);
      }),
    );
    await using client = new Client({ pipelining: 8, limits: { maxConnectionsPerOrigin: 1 } });
    expect((await client.get(url)).status).toBe(200);
    const bodies = await Promise.all([
      client.get(`${url}/a`).then((response) => response.text()),
      client.fetch(`${url}/b`).then((response) => response.text()),
      client.stream('GET', `${url}/c`).then((response) => response.text()),
      client.post(`${url}/d`, { body: 'x' }).then((response) => response.text()),
      client.get(`${url}/e`).then((response) => response.text()),
    ]);
    expect(bodies).toEqual(['/a', '/b', '/c', '/d', '/e']);
    expect(new Set(ports).size).toBe(1);
    await using usual = client.extend({ pipelining: null });
    expect((await usual.get(url)).status).toBe(200);
  });

  it('resolve, dns, and names of this machine', async () => {
    const url = new URL(await listening(createServer((request, response) => response.end(request.headers.host))));
    await using client = new Client({ resolve: { 'example.test:80': `127.0.0.1:${url.port}` }, dns: null });
    expect((await client.get('http://example.test/')).text()).toBe('example.test');
    await using other = client.extend({ resolve: { '*.test': 'localhost' }, dns: { spread: true, ttl: 500 } });
    expect((await other.get(`http://other.test:${url.port}/`)).text()).toBe(`other.test:${url.port}`);
    await using usual = other.extend({ resolve: null });
    expect((await usual.get(`http://app.localhost:${url.port}/`)).text()).toBe(`app.localhost:${url.port}`);
    await expect(usual.fetch(`http://app.localhost:${url.port}/`).then((response) => response.status)).resolves.toBe(200);
    await using elsewhere = new Client({ resolve: { '*:80': `:${url.port}` } });
    expect((await elsewhere.get('http://localhost/')).status).toBe(200);
    expect(() => new Client({ resolve: { 'a b': '10.0.0.1' } })).toThrow(
      expect.objectContaining({ name: 'InvalidOption', option: 'resolve' }),
    );
    expect(() => new Client({ dns: { ttl: -1 } })).toThrow(expect.objectContaining({ name: 'InvalidOption', option: 'dns.ttl' }));
    expect(() => new Client({ dns: { time: 1 } as never })).toThrow(expect.objectContaining({ option: 'dns.time' }));
  });

  it('is checked, and is not for a dispatcher', () => {
    for (const options of [
      { socketPath: '' },
      { localAddress: 'here' },
      { lookup: 1 },
      { dns: 1 },
      { resolve: 'a:b' },
      { lenientHttp1: 1 },
      { coalesce: 'x' },
      { pipelining: 0 },
      { pipelining: 101 },
      { http2: 'yes' },
    ]) {
      expect(() => new Client(options as never)).toThrow(InvalidOption);
    }
    const dispatcher = { dispatch: () => undefined };
    expect(() => new Client({ dispatcher, coalesce: true } as never)).toThrow(/coalesce/);
    expect(() => new Client({ dispatcher, pipelining: 2 } as never)).toThrow(/pipelining/);
    expect(new Client({ coalesce: true, pipelining: null, socketPath: null }).state).toBe('open');
  });

  it('tls: pins, which are not retried, and client certificates by origin, which redirects keep', async () => {
    const { certificate: ca } = await trustedAuthority();
    const [ada, eve] = await Promise.all([clientCertificate('ada'), clientCertificate('eve')]);
    const own = ({ cert, key }: { cert: string; key: string }) => ({ cert, key });
    const { cert, key } = await serverCertificate({ names: ['a.test', 'b.test'] });
    await using server = await startServer(
      (request, response) => {
        const name = ((request.socket as TLSSocket).getPeerCertificate() as { subject?: { CN?: string } }).subject?.CN ?? 'nobody';
        if (request.url === '/away') response.writeHead(302, { location: `https://b.test:${server.port}/`, 'x-who': name }).end();
        else response.end(name);
      },
      { tls: { certificate: { cert, key, ca }, requestClientCertificate: true } },
    );
    const lookup = ((_host: string, _options: unknown, done: (error: null, found: unknown) => void) =>
      setImmediate(done, null, [{ address: '127.0.0.1', family: 4 }])) as never;
    await using client = new Client({ lookup, tls: { ca, identities: { 'a.test': own(ada), 'b.test': own(eve) } }, followRedirects: true });
    const response = await client.get(`https://a.test:${server.port}/away`);
    expect([response.history[0]?.headers.get('x-who'), response.text()]).toEqual(['ada', 'eve']);

    const pins = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)].map((digest) => `sha256/${digest.toString('base64')}`);
    const retried: unknown[] = [];
    await using pinned = client.extend({ tls: { pins }, retries: 2, onRetry: (event) => void retried.push(event) });
    for (const attempt of [pinned.get(`https://a.test:${server.port}/`), pinned.stream('GET', `https://a.test:${server.port}/`)]) {
      await expect(attempt).rejects.toThrow(PinMismatch);
    }
    await expect(pinned.fetch(`https://a.test:${server.port}/`)).rejects.toMatchObject({ cause: { code: 'PIN_MISMATCH' } });
    expect(retried).toEqual([]);
    expect(() => new Client({ tls: { pins: ['x'] } })).toThrow(/tls\.pins/);
  });

  it('network: what one call says of its connection stays with the origin of the call', async () => {
    const { certificate: ca } = await trustedAuthority();
    const { cert, key } = await clientCertificate('ada');
    const server = await serverCertificate({ names: ['a.test', 'b.test'] });
    const nameOf = (request: IncomingMessage): string =>
      ((request.socket as TLSSocket).getPeerCertificate() as { subject?: { CN?: string } } | null)?.subject?.CN ?? 'nobody';
    const options = { tls: { certificate: { cert: server.cert, key: server.key, ca }, requestClientCertificate: true } };
    let tries = 0;
    await using a = await startServer((request, response) => {
      const { pathname } = new URL(request.url!, 'http://a.test');
      if (pathname === '/flaky' && (tries += 1) === 1) request.socket.destroy();
      else if (pathname === '/away') response.writeHead(302, { location: `https://b.test:${b.port}/`, 'x-who': nameOf(request) }).end();
      else if (pathname === '/around') response.writeHead(302, { location: '/home' }).end();
      else response.end(`a:${nameOf(request)}`);
    }, options);
    await using b = await startServer((request, response) => void response.end(`b:${nameOf(request)}`), {
      tls: { certificate: options.tls.certificate },
    });
    const lookup = ((_host: string, _options: unknown, done: (error: null, found: unknown) => void) =>
      setImmediate(done, null, [{ address: '127.0.0.1', family: 4 }])) as never;
    await using client = new Client({ lookup, tls: { ca }, followRedirects: true, retries: 1, baseUrl: `https://a.test:${a.port}/` });
    const network = { tls: { cert, key }, protocol: 'http/1.1' } as const;
    expect((await client.get('/home', { network })).text()).toBe('a:ada');
    expect((await client.get('/flaky', { network })).text()).toBe('a:ada');
    expect((await client.get('/around', { network })).text()).toBe('a:ada');
    expect(await (await client.stream('GET', '/home', { network })).text()).toBe('a:ada');
    await expect(client.get('/home')).rejects.toThrow();
    await expect(client.get('/home', { network: null })).rejects.toThrow();
    const away = await client.get('/away', { network });
    expect([away.history[0]?.headers.get('x-who'), away.text()]).toEqual(['ada', 'b:nobody']);
    const { fetch } = client;
    const fetched = async (...given: Parameters<typeof fetch>): Promise<string> => (await fetch(...given)).text();
    expect(await fetched('/home', { network })).toBe('a:ada');
    expect(await fetched('/away', { network })).toBe('b:nobody');
    expect(await fetched(new Request(`https://a.test:${a.port}/away`), { network, mode: 'cors' })).toBe('b:nobody');
    expect(await fetched('/home', { network, method: 'POST', body: new Blob(['x']) })).toBe('a:ada');
    const fromPrototype = Object.create({ network }) as object;
    for (const init of [undefined, {}, { network: null }, { network: undefined }, fromPrototype])
      await expect(fetch('/home', init)).rejects.toThrow();
    await expect(fetch('/home', { network: { tsl: {} } as never })).rejects.toMatchObject({ cause: expect.any(InvalidOption) as Error });
    expect(() => client.buildRequest('GET', '/', { network } as never)).toThrow(InvalidOption);
    await expect(client.get('/', { network: 'ada' as never })).rejects.toThrow(/"network" must be an object/);
    await expect(client.get('/', { network: { tsl: {} } as never })).rejects.toThrow(InvalidOption);
  });

  it.skipIf(process.platform === 'win32')('network: a socket is the whole way, past whatever proxy there is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'socket-'));
    const socketPath = await listening(
      createServer((request, response) => response.end(request.headers.host)),
      join(folder, 's'),
    );
    const proxy = 'http://127.0.0.1:1';
    for (const options of [
      { proxy },
      { proxy: () => proxy },
      { proxy: [proxy, null] },
      { mounts: { 'http://docker.test': new Proxy(proxy) } },
    ]) {
      await using client = new Client(options);
      expect((await client.get('http://docker.test/', { network: { socketPath } })).text()).toBe('docker.test');
      const both = client.get('http://docker.test/', { network: { socketPath }, proxy });
      await expect(both).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    }
    await rm(folder, { recursive: true });
  });

  it('network: is handed to a dispatcher of somebody else, and keeps its answers out of the cache', async () => {
    const seen: unknown[] = [];
    const dispatcher: Dispatcher = {
      dispatch(_method, _url, _headers, _body, _timeouts, context) {
        seen.push(context?.network);
        return mockDispatcher(() => ({ status: 200 })).dispatch('GET', ['http', 'a', null, '/'], [], null);
      },
      async close() {},
      async [Symbol.asyncDispose]() {},
    };
    const over: unknown[] = [];
    const cache = { over: (under: Dispatcher) => (over.push(under), under) } as never;
    await using client = new Client({ dispatcher, cache });
    await client.get('http://a.test/', { network: { localAddress: '127.0.0.1' } });
    expect(over).toHaveLength(1);
    await client.get('http://a.test/', { network: { socketPath: '/run/a' } });
    await client.get('http://a.test/', { network: { tls: { servername: 'b' } } });
    expect(over).toHaveLength(1);
    expect(seen).toEqual([{ localAddress: '127.0.0.1' }, { socketPath: '/run/a' }, { tls: { servername: 'b' } }]);
  });

  it('tls: a function is asked for each request, and laid over what is inherited', async () => {
    const { certificate: ca } = await trustedAuthority();
    const [ada, eve] = await Promise.all([clientCertificate('ada'), clientCertificate('eve')]);
    await using server = await startServer(
      (request, response) =>
        void response.end(((request.socket as TLSSocket).getPeerCertificate() as { subject: { CN: string } }).subject.CN),
      { tls: { requestClientCertificate: true } },
    );
    let who = ada;
    await using client = new Client({ tls: { ca, servername: 'localhost' } });
    const source = (): TlsOptions => sourceOf(who);
    const known = new Map<unknown, TlsOptions>();
    const sourceOf = ({ cert, key }: { cert: string; key: string }): TlsOptions => {
      if (!known.has(cert)) known.set(cert, { cert, key });
      return known.get(cert)!;
    };
    await using live = client.extend({ tls: source });
    const url = `https://127.0.0.1:${server.port}/`;
    expect((await live.get(url)).text()).toBe('ada');
    who = eve;
    expect((await live.get(url)).text()).toBe('eve');
    await using further = live.extend({ tls: { minVersion: 'TLSv1.3' } });
    expect((await further.get(url)).text()).toBe('eve');
    who = ada;
    expect(await (await further.fetch(url)).text()).toBe('ada');
    expect(() => new Client({ tls: () => ({ certt: 'x' }) as never })).toThrow(/certt/);
    expect(() => new Client({ tls: (async () => ({ ca })) as never })).toThrow(/"tls" must be given at once, and is a promise/);
    expect(() => client.extend({ tls: (async () => ({ ca })) as never })).toThrow(/is a promise/);
  });
});
