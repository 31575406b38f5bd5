/** Servers that agree to HTTP/2 and then want HTTP/1.1 (HTTP_1_1_REQUIRED, RFC 9113 §7), as some do for the sake of NTLM: node:http2. */
import { constants, createSecureServer, type Http2SecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';

import { createGate, serverCertificate, startProxy, trustedAuthority } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, Proxy, type ByteIterable, type ConnectionInfo, type PoolOptions, type UrlParts } from '../../../src/index.ts';
import { lookupOf } from './coalescing-world.ts';
import { outcome } from './scripted-world.ts';

const required = constants.NGHTTP2_HTTP_1_1_REQUIRED;

interface Refusing extends AsyncDisposable {
  readonly url: UrlParts;
  /** What was agreed on with each connection. */
  readonly agreed: string[];
  readonly resumed: boolean[];
}

interface Refusals {
  readonly names?: readonly string[];
  readonly onSession?: (session: ServerHttp2Session) => void;
  readonly onStream?: (stream: ServerHttp2Stream, authority: string) => void;
}

const refuse = (stream: ServerHttp2Stream): void => stream.close(required);

/** Answers over HTTP/1.1 with what it was sent; over HTTP/2 as it is told. */
async function startRefusing({ names = ['origin.test'], onSession, onStream = refuse }: Refusals = {}): Promise<Refusing> {
  const agreed: string[] = [];
  const resumed: boolean[] = [];
  const sockets = new Set<TLSSocket>();
  const server: Http2SecureServer = createSecureServer({ ...(await serverCertificate({ onlyNames: names })), allowHTTP1: true });
  server.on('secureConnection', (socket: TLSSocket) => {
    sockets.add(socket);
    agreed.push(String(socket.alpnProtocol));
    resumed.push(socket.isSessionReused());
  });
  server.on('session', (session) => {
    session.on('error', () => {});
    onSession?.(session);
  });
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {});
    onStream(stream, headers[':authority']!);
  });
  server.on('request', (request, response) => {
    if (request.httpVersionMajor !== 1) return;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => response.end(`1.1 ${request.method} ${request.headers.host} ${Buffer.concat(chunks).toString()}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: ['https', names[0]!, port, '/'],
    agreed,
    resumed,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function startPool(options: PoolOptions = {}): Promise<ConnectionPool> {
  return new ConnectionPool({ lookup: lookupOf(), tls: { ca: (await trustedAuthority()).certificate }, ...options });
}

const send = (pool: ConnectionPool, url: UrlParts, body: ByteIterable | null = null): ReturnType<typeof outcome> =>
  outcome(pool.dispatch(body === null ? 'GET' : 'POST', url, [], body));

describe('a server that wants HTTP/1.1', () => {
  it('for a request: it is sent again over HTTP/1.1, and the next one is not tried over HTTP/2', async () => {
    await using server = await startRefusing();
    await using pool = await startPool();
    const authority = `origin.test:${server.url[2]}`;
    const connections: ConnectionInfo[] = [];
    const trace = (name: string, _at: number, detail: unknown): void => {
      if (name === 'assigned') connections.push((detail as { connection: ConnectionInfo }).connection);
    };
    expect(await outcome(pool.dispatch('POST', server.url, [], [Buffer.from('body')], undefined, { trace }))).toBe(
      `200 1.1 POST ${authority} body`,
    );
    expect(connections.map(({ protocol }) => protocol)).toEqual(['h2', 'http/1.1']);
    expect(await Promise.all(Array.from({ length: 3 }, () => send(pool, server.url)))).toEqual(
      Array.from({ length: 3 }, () => `200 1.1 GET ${authority} `),
    );
    await expect.poll(() => server.agreed.length).toBe(1 + pool.stats().connections);
    expect(server.agreed).toEqual(server.agreed.map((_, index) => (index === 0 ? 'h2' : 'http/1.1')));
  });

  it('for each of many that were under way', async () => {
    await using server = await startRefusing();
    await using pool = await startPool({ maxConnectionsPerOrigin: 4 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(pool, server.url, [Buffer.from('x')])));
    expect(new Set(answers)).toEqual(new Set([`200 1.1 POST origin.test:${server.url[2]} x`]));
    expect(server.agreed.filter((protocol) => protocol === 'h2')).toHaveLength(1);
    expect(server.agreed.length).toBeLessThanOrEqual(5);
    expect(pool.stats()).toMatchObject({ active: 0, queued: 0, connecting: 0 });
  });

  it('for the whole connection', async () => {
    await using server = await startRefusing({ onSession: (session) => session.goaway(required), onStream: () => {} });
    await using pool = await startPool();
    expect(await send(pool, server.url, [Buffer.from('body')])).toBe(`200 1.1 POST origin.test:${server.url[2]} body`);
    expect(await send(pool, server.url)).toBe(`200 1.1 GET origin.test:${server.url[2]} `);
    expect(server.agreed).toEqual(['h2', 'http/1.1']);
  });

  it('is believed when the body can not be sent again: that request fails, the next does not', async () => {
    const begun = createGate();
    await using server = await startRefusing({ onStream: (stream) => void begun.opened.then(() => refuse(stream)) });
    await using pool = await startPool();
    async function* once(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from('once'));
      begun.open();
    }
    const refused = await send(pool, server.url, once());
    expect(refused).toMatchObject({ name: 'RemoteProtocolError', code: 'H2_HTTP_1_1_REQUIRED', requestSent: false });
    expect(await send(pool, server.url, once())).toBe(`200 1.1 POST origin.test:${server.url[2]} once`);
  });

  it('does not get it where HTTP/1.1 is switched off', async () => {
    await using server = await startRefusing();
    await using pool = await startPool({ http1: false });
    for (let round = 0; round < 2; round += 1) {
      expect(await send(pool, server.url)).toMatchObject({ code: 'H2_HTTP_1_1_REQUIRED' });
    }
    expect(server.agreed).toEqual(['h2']);
  });

  it('is not reminded of HTTP/2 by the TLS session of the refused connection', async () => {
    let requests = 0;
    await using server = await startRefusing({
      onStream: (stream) => {
        requests += 1;
        if (requests === 2) refuse(stream);
        else {
          stream.respond({ ':status': 200 });
          stream.end('2');
        }
      },
    });
    await using pool = await startPool();
    const oldForm = `200 1.1 GET origin.test:${server.url[2]} `;
    // With the first answer the session has come, too.
    expect([await send(pool, server.url), await send(pool, server.url)]).toEqual(['200 2', oldForm]);
    expect(await Promise.all([send(pool, server.url), send(pool, server.url)])).toEqual([oldForm, oldForm]);
    expect(server.agreed).toEqual(['h2', 'http/1.1', 'http/1.1']);
    expect(server.resumed).toEqual([false, false, true]);
  });

  it('through a tunnel, where what was learnt is of this way alone', async () => {
    await using server = await startRefusing();
    const proxy = await startProxy('http', { resolve: () => '127.0.0.1' });
    try {
      const way = new Proxy(`http://127.0.0.1:${proxy.port}`);
      await using pool = await startPool();
      const through = (): Promise<unknown> => outcome(pool.dispatch('GET', server.url, [], null, undefined, { proxy: way }));
      const answer = `200 1.1 GET origin.test:${server.url[2]} `;
      expect([await through(), await through()]).toEqual([answer, answer]);
      expect(server.agreed).toEqual(['h2', 'http/1.1']);
      expect(await send(pool, server.url)).toBe(answer);
      expect(server.agreed).toEqual(['h2', 'http/1.1', 'h2', 'http/1.1']);
    } finally {
      await proxy.stop();
    }
  });

  it('and is a proxy', async () => {
    await using proxy = await startRefusing();
    const ca = (await trustedAuthority()).certificate;
    const way = new Proxy(`https://origin.test:${proxy.url[2]}`, { tls: { ca } });
    await using pool = await startPool({ proxy: way });
    for (let round = 0; round < 2; round += 1) {
      expect(await send(pool, ['http', 'elsewhere.test', null, '/'])).toBe('200 1.1 GET elsewhere.test ');
    }
    expect(proxy.agreed).toEqual(['h2', 'http/1.1']);
  });
});

describe('a server that wants HTTP/1.1 on a connection that origins share', () => {
  const names = ['a.test', 'b.test', 'c.test'];
  const refuseOne =
    (refused: string): NonNullable<Refusals['onStream']> =>
    (stream, authority) => {
      if (authority.startsWith(refused)) refuse(stream);
      else {
        stream.respond({ ':status': 200 });
        stream.end(`2 ${authority.slice(0, 6)}`);
      }
    };
  const urlsOf = ({ url }: Refusing): UrlParts[] => names.map((name) => ['https', name, url[2], '/']);

  it('for a guest: that origin is nobody’s guest any more, and its host stays with HTTP/2', async () => {
    await using server = await startRefusing({ names, onStream: refuseOne('b.test') });
    await using pool = await startPool({ coalesce: true });
    const [a, b, c] = urlsOf(server);
    const oldForm = `200 1.1 GET b.test:${server.url[2]} `;
    expect(await send(pool, a!)).toBe('200 2 a.test');
    expect(await send(pool, b!)).toBe(oldForm);
    expect(await send(pool, a!)).toBe('200 2 a.test');
    expect(await send(pool, c!)).toBe('200 2 c.test');
    // One more than there are connections for.
    expect(await Promise.all([send(pool, b!), send(pool, b!)])).toEqual([oldForm, oldForm]);
    expect(server.agreed).toEqual(['h2', 'http/1.1', 'h2', 'http/1.1']);
  });

  it('for the host: it goes on alone, and its guests find another', async () => {
    await using server = await startRefusing({ names, onStream: refuseOne('a.test') });
    await using pool = await startPool({ coalesce: true });
    const [a, b, c] = urlsOf(server);
    expect(await send(pool, a!)).toBe(`200 1.1 GET a.test:${server.url[2]} `);
    expect(await send(pool, b!)).toBe('200 2 b.test');
    expect(await send(pool, c!)).toBe('200 2 c.test');
    expect(await send(pool, a!)).toBe(`200 1.1 GET a.test:${server.url[2]} `);
    expect(server.agreed).toEqual(['h2', 'http/1.1', 'h2']);
  });

  it('for all of them', async () => {
    const sessions: ServerHttp2Session[] = [];
    await using server = await startRefusing({
      names,
      onSession: (session) => sessions.push(session),
      onStream: (stream, authority) => {
        if (authority.startsWith('a.test')) refuseOne('nobody')(stream, authority);
        // The first stream was the last that it served.
        else sessions[0]!.goaway(required, 1);
      },
    });
    await using pool = await startPool({ coalesce: true });
    const [a, b] = urlsOf(server);
    expect(await send(pool, a!)).toBe('200 2 a.test');
    expect(await send(pool, b!)).toBe(`200 1.1 GET b.test:${server.url[2]} `);
    expect(await send(pool, a!)).toBe(`200 1.1 GET a.test:${server.url[2]} `);
    expect(server.agreed).toEqual(['h2', 'http/1.1', 'http/1.1']);
    expect(pool.stats().origins.map(({ coalesced }) => coalesced)).toEqual([0, 0]);
  });
});
