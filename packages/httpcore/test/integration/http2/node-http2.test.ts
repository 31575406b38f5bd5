/** The pool over HTTP/2 against node:http2, with TLS and without. */
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type Http2Session,
  type ServerHttp2Stream,
  type SecureServerOptions,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

import { createGate, serverCertificate, startServer, trustedAuthority } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import {
  Aborted,
  ConnectionPool,
  RemoteProtocolError,
  type ConnectionInfo,
  type DispatchResponse,
  type DuplexBody,
  type PoolOptions,
  type UrlParts,
} from '../../../src/index.ts';

type Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

interface Http2TestServer extends AsyncDisposable {
  readonly url: (target?: string) => UrlParts;
  readonly sessions: Http2Session[];
}

async function startHttp2(
  handler: Handler,
  options: SecureServerOptions & { readonly cleartext?: boolean } = {},
): Promise<Http2TestServer> {
  const { cleartext = false, ...rest } = options;
  const sessions: Http2Session[] = [];
  let server: Http2Server;
  if (cleartext) server = createServer(rest);
  else {
    const { cert, key } = await serverCertificate();
    server = createSecureServer({ cert, key, ...rest });
  }
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    handler(stream, headers);
  });
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    sessions,
    url: (target = '/') => [cleartext ? 'http' : 'https', '127.0.0.1', port, target],
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function poolFor(cleartext: boolean, options: PoolOptions = {}): Promise<ConnectionPool> {
  const ca = (await trustedAuthority()).certificate;
  return new ConnectionPool(cleartext ? { http1: false, ...options } : { tls: { ca }, ...options });
}

const text = (data: Uint8Array): string => Buffer.from(data).toString('latin1');
const bytes = (data: string): Uint8Array => Buffer.from(data, 'latin1');

for (const cleartext of [false, true]) {
  describe(`node:http2 ${cleartext ? 'by prior knowledge' : 'by ALPN'}`, () => {
    it('answers, with headers, body and trailers', async () => {
      await using server = await startHttp2(
        (stream, headers) => {
          stream.respond(
            { ':status': 200, 'x-path': headers[':path'], 'x-authority': headers[':authority'], 'set-cookie': ['a=1', 'b=2'] },
            { waitForTrailers: true },
          );
          stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }));
          stream.end('hello');
        },
        { cleartext },
      );
      await using pool = await poolFor(cleartext);
      const seen: ConnectionInfo[] = [];
      const [version, status, reason, headers, body] = await pool.dispatch('GET', server.url('/a?b'), [['X-Upper', '1']], null, undefined, {
        trace: (name, _at, detail) => {
          if (name === 'assigned') seen.push((detail as { connection: ConnectionInfo }).connection);
        },
      });
      expect([version, status, reason]).toEqual(['2', 200, '']);
      expect(headers).toContainEqual(['x-path', '/a?b']);
      expect(headers).toContainEqual(['x-authority', `127.0.0.1:${server.url()[2]}`]);
      expect(headers.filter(([name]) => name === 'set-cookie')).toEqual([
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ]);
      expect(text(await body.bytes())).toBe('hello');
      expect(body.trailers).toEqual([['x-sum', '42']]);
      expect(seen[0]?.protocol).toBe('h2');
    });

    it('takes a body, its trailers, and echoes while it comes', async () => {
      await using server = await startHttp2(
        (stream) => {
          const trailers: unknown[] = [];
          stream.on('trailers', (fields: IncomingHttpHeaders) => trailers.push(fields['x-sum']));
          stream.respond({ ':status': 200 }, { waitForTrailers: true });
          stream.on('wantTrailers', () => stream.sendTrailers({ 'x-heard': String(trailers[0]) }));
          stream.pipe(stream);
        },
        { cleartext },
      );
      await using pool = await poolFor(cleartext);
      const heard: string[] = [];
      const turns = [createGate(), createGate()];
      async function* body(): AsyncGenerator<Uint8Array> {
        yield bytes('one');
        await turns[0]!.opened;
        yield bytes('two');
        await turns[1]!.opened;
      }
      const [, status, , , responseBody] = await pool.dispatch('POST', server.url(), [], body(), undefined, { trailers: [['x-sum', '7']] });
      expect(status).toBe(200);
      for await (const chunk of responseBody) {
        turns[heard.length]?.open();
        heard.push(text(chunk));
      }
      expect(heard).toEqual(['one', 'two']);
      expect(responseBody.trailers).toEqual([['x-heard', '7']]);
    });

    it('moves large bodies both ways', async () => {
      const size = 20 * 1024 * 1024;
      await using server = await startHttp2(
        (stream) => {
          stream.respond({ ':status': 200 });
          stream.pipe(stream);
        },
        { cleartext },
      );
      await using pool = await poolFor(cleartext);
      const block = new Uint8Array(65_536).fill(7);
      function* body(): Generator<Uint8Array> {
        for (let sent = 0; sent < size; sent += block.length) yield block;
      }
      const [, , , , responseBody] = await pool.dispatch('POST', server.url(), [], body());
      let received = 0;
      for await (const chunk of responseBody) received += chunk.length;
      expect(received).toBe(size);
    });

    it('serves a thousand requests at once over one connection to a cold origin', async () => {
      await using server = await startHttp2(
        (stream) => {
          stream.respond({ ':status': 200 });
          stream.end('x');
        },
        { cleartext, settings: { maxConcurrentStreams: 1_000 } },
      );
      await using pool = await poolFor(cleartext);
      const statuses = await Promise.all(
        Array.from({ length: 1_000 }, async () => {
          const [, status, , , body] = await pool.dispatch('GET', server.url(), [], null);
          await body.bytes();
          return status;
        }),
      );
      expect(new Set(statuses)).toEqual(new Set([200]));
      expect(server.sessions).toHaveLength(1);
      expect(pool.stats().opened).toBe(1);
    });

    it('serves them all where only a hundred streams are allowed, within the limits', async () => {
      await using server = await startHttp2(
        (stream) => {
          stream.respond({ ':status': 200 });
          stream.end('x');
        },
        { cleartext, settings: { maxConcurrentStreams: 100 } },
      );
      await using pool = await poolFor(cleartext, { maxConnectionsPerOrigin: 3 });
      await Promise.all(
        Array.from({ length: 1_000 }, async () => {
          const [, , , , body] = await pool.dispatch('GET', server.url(), [], null);
          await body.bytes();
        }),
      );
      expect(server.sessions.length).toBeLessThanOrEqual(3);
    });

    it('resets what is aborted; the other streams live on', async () => {
      const gate = createGate();
      const codes: number[] = [];
      await using server = await startHttp2(
        (stream, headers) => {
          stream.on('close', () => codes.push(stream.rstCode));
          stream.respond({ ':status': 200 });
          stream.write('first');
          if (headers[':path'] === '/other') void gate.opened.then(() => stream.end(' last'));
        },
        { cleartext },
      );
      await using pool = await poolFor(cleartext);
      const controller = new AbortController();
      const [aborted, other] = await Promise.all([
        pool.dispatch('GET', server.url('/aborted'), [], null, undefined, { signal: controller.signal }),
        pool.dispatch('GET', server.url('/other'), [], null),
      ]);
      controller.abort();
      await expect(aborted[4].bytes()).rejects.toBeInstanceOf(Aborted);
      await expect.poll(() => codes).toEqual([8]);
      gate.open();
      expect(text(await other[4].bytes())).toBe('first last');
      expect(server.sessions).toHaveLength(1);
    });

    it('gives the window of abandoned bodies back', async () => {
      const block = Buffer.alloc(512 * 1024);
      await using server = await startHttp2(
        (stream) => {
          stream.respond({ ':status': 200 });
          stream.end(block);
        },
        { cleartext },
      );
      await using pool = await poolFor(cleartext);
      // Far more than the connection's window, in bodies that nobody reads.
      for (let round = 0; round < 80; round += 1) {
        const [, , , , body] = await pool.dispatch('GET', server.url(), [], null);
        await body.close();
      }
      const [, , , , body] = await pool.dispatch('GET', server.url(), [], null);
      expect((await body.bytes()).length).toBe(block.length);
      expect(server.sessions).toHaveLength(1);
    });

    it('goes on over one connection after more than its window of answers that nobody reads', async () => {
      const answer = Buffer.alloc(100_000);
      await using server = await startHttp2(
        (stream) => {
          stream.respond({ ':status': 200 });
          stream.end(answer);
        },
        { cleartext },
      );
      await using pool = await poolFor(cleartext);
      const responses: DispatchResponse[] = [];
      for (let count = 0; count < 200; count += 1) {
        const response = await pool.dispatch('GET', server.url(), [], null, [null, 5_000, null, null]);
        responses.push(response);
        // Whole, and left alone.
        await expect.poll(() => response[4].trailers, { interval: 1 }).toEqual([]);
      }
      expect((await responses.at(-1)?.[4].bytes())?.length).toBe(answer.length);
      expect(pool.stats().opened).toBe(1);
    });

    it('replays what a GOAWAY says was not processed', async () => {
      let requests = 0;
      await using server = await startHttp2(
        (stream) => {
          requests += 1;
          if (requests === 3) stream.session?.goaway(0, stream.id);
          stream.respond({ ':status': 200 });
          stream.end('x');
        },
        { cleartext },
      );
      await using pool = await poolFor(cleartext);
      for (let round = 0; round < 10; round += 1) {
        const [, status, , , body] = await pool.dispatch('POST', server.url(), [], [bytes('once')]);
        await body.bytes();
        expect(status).toBe(200);
      }
      expect(requests).toBe(10);
      expect(server.sessions).toHaveLength(2);
    });

    it('replays refused streams at most twice', async () => {
      let requests = 0;
      await using server = await startHttp2(
        (stream, headers) => {
          requests += 1;
          if (headers[':path'] === '/never' || requests === 1) stream.close(7);
          else {
            stream.respond({ ':status': 200 });
            stream.end('x');
          }
        },
        { cleartext },
      );
      await using pool = await poolFor(cleartext);
      const [, status, , , body] = await pool.dispatch('POST', server.url(), [], [bytes('x')]);
      await body.bytes();
      expect([status, requests]).toEqual([200, 2]);
      requests = 0;
      const refused: unknown = await pool.dispatch('GET', server.url('/never'), [], null).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(RemoteProtocolError);
      expect(refused).toMatchObject({ code: 'H2_REFUSED_STREAM' });
      expect(requests).toBe(3);
    });

    it('opens a tunnel by extended CONNECT', async () => {
      await using server = await startHttp2(
        (stream, headers) => {
          stream.respond({ ':status': 200, 'x-protocol': headers[':protocol'] });
          stream.pipe(stream);
        },
        { cleartext, settings: { enableConnectProtocol: true } },
      );
      await using pool = await poolFor(cleartext);
      const [, status, , headers, body] = await pool.dispatch('CONNECT', server.url('/chat'), [], null, undefined, {
        protocol: 'websocket',
      });
      expect([status, headers.find(([name]) => name === 'x-protocol')?.[1]]).toEqual([200, 'websocket']);
      const duplex = body as DuplexBody;
      await duplex.write(bytes('ping'));
      const iterator = duplex[Symbol.asyncIterator]();
      expect(text((await iterator.next()).value ?? bytes(''))).toBe('ping');
      await duplex.end();
      expect((await iterator.next()).done).toBe(true);
    });

    it('closes in order', async () => {
      const gate = createGate();
      await using server = await startHttp2(
        (stream) => {
          stream.respond({ ':status': 200 });
          void gate.opened.then(() => stream.end('late'));
        },
        { cleartext },
      );
      const pool = await poolFor(cleartext);
      const [, , , , body] = await pool.dispatch('GET', server.url(), [], null);
      const closed = pool.close();
      gate.open();
      expect(text(await body.bytes())).toBe('late');
      await closed;
      expect(pool.stats().connections).toBe(0);
    });
  });
}

describe('ALPN', () => {
  it('fans out to a server that speaks HTTP/1.1, after one dial that told', async () => {
    await using server = await startServer('slow', { tls: true, pieces: ['late'] });
    await using pool = await poolFor(false, { maxConnectionsPerOrigin: 4 });
    const versions: string[] = [];
    const requests = Array.from({ length: 8 }, async () => {
      const [version, , , , body] = await pool.dispatch('GET', ['https', '127.0.0.1', server.port, '/'], [], null);
      versions.push(version);
      await body.bytes();
    });
    expect(pool.stats()).toMatchObject({ connecting: 1, queued: 8 });
    await expect.poll(() => pool.stats().connections).toBe(4);
    server.release();
    await Promise.all(requests);
    expect(new Set(versions)).toEqual(new Set(['1.1']));
    expect(server.connections.accepted).toBe(4);
  });

  it('is not offered HTTP/2 when that is switched off', async () => {
    await using server = await startHttp2(() => {});
    await using pool = await poolFor(false, { http2: false });
    await expect(pool.dispatch('GET', server.url(), [], null)).rejects.toMatchObject({ name: 'ConnectError', phase: 'tls' });
  });
});
