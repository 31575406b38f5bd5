/** HTTP/2 to the proxy: one connection for many tunnels (RFC 9113 §8.5), and what that must not mean. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  createGate,
  frames,
  seededBuffer,
  seededBytes,
  seededDigest,
  serverCertificate,
  startHttp2Script,
  startProxy,
  startServer,
  trustedAuthority,
  type Http2Peer,
  type HttpProxyOptions,
} from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, Proxy, type HttpCoreError, type PoolOptions, type ProxyOptions, type UrlParts } from '../../../src/index.ts';
import { openResources, resourcesBackTo, someTurns, turnsUntil } from '../net/sockets.ts';
import { originName } from './routes.ts';
import { answerOf, failure, send } from './world.ts';

const resolve = (): string => '127.0.0.1';

async function world(options: HttpProxyOptions = {}, proxyOptions: ProxyOptions = {}, poolOptions: PoolOptions = {}) {
  const { certificate: ca } = await trustedAuthority();
  const proxy = await startProxy('http', { resolve, tls: true, http2: true, ...options });
  const pool = new ConnectionPool({ proxy: new Proxy(proxy.url, { tls: { ca }, ...proxyOptions }), tls: { ca }, ...poolOptions });
  return {
    proxy,
    pool,
    async [Symbol.asyncDispose]() {
      await pool.close();
      await proxy.connections.until(({ open }) => open === 0);
      await proxy.stop();
    },
  };
}

async function secureOrigin() {
  return startServer('plain', { tls: { certificate: await serverCertificate({ names: [originName] }) } });
}

describe('tunnels', () => {
  it('to a cold proxy share one connection', async () => {
    await using origin = await secureOrigin();
    await using it = await world({}, {}, { http2: false });
    const answers = await Promise.all(Array.from({ length: 50 }, () => answerOf(it.pool, ['https', originName, origin.port, '/'])));
    expect(answers.every(([status]) => status === 200)).toBe(true);
    expect(it.proxy.connections.accepted).toBe(1);
    expect(it.proxy.connections.peakPerConnection).toBeGreaterThan(10);
    // Each tunnel carries one exchange at a time; some exchanges were faster than tunnels.
    expect(it.proxy.tunnels.opened).toBeGreaterThanOrEqual(it.pool.stats().opened);
  });

  it('to many origins share one connection', async () => {
    const origins = await Promise.all(Array.from({ length: 8 }, () => secureOrigin()));
    await using it = await world();
    await Promise.all(origins.map(async ({ port }) => expect((await answerOf(it.pool, ['https', originName, port, '/']))[0]).toBe(200)));
    expect(it.proxy.connections.accepted).toBe(1);
    expect(it.proxy.tunnels.opened).toBe(8);
    await it.pool.close();
    await Promise.all(origins.map((origin) => origin[Symbol.asyncDispose]()));
  });

  it('beyond what the proxy allows take a second connection', async () => {
    await using origin = await startServer('slow', { tls: { certificate: await serverCertificate({ names: [originName] }) } });
    await using it = await world({ http2: { settings: { maxConcurrentStreams: 3 } } }, {}, { http2: false });
    const answers = Array.from({ length: 7 }, () => answerOf(it.pool, ['https', originName, origin.port, '/']));
    await it.proxy.tunnels.until(({ open }) => open === 7);
    origin.release();
    expect((await Promise.all(answers)).map(([status]) => status)).toEqual(Array.from({ length: 7 }, () => 200));
    expect(it.proxy.connections.accepted).toBe(3);
    expect(it.proxy.connections.peakPerConnection).toBe(3);
  });

  it('one that breaks leaves the others', async () => {
    const gate = createGate();
    let broken: (() => void) | undefined;
    await using origin = await startServer(
      (request, response) => {
        if (request.url === '/broken') broken = () => void request.socket.destroy();
        void gate.opened.then(() => response.end('ok'));
      },
      { tls: { certificate: await serverCertificate({ names: [originName] }) } },
    );
    await using it = await world({}, {}, { http2: false });
    const whole = answerOf(it.pool, ['https', originName, origin.port, '/']);
    const lost = failure<HttpCoreError>(answerOf(it.pool, ['https', originName, origin.port, '/broken'], { method: 'POST' }));
    await turnsUntil(() => broken !== undefined && origin.connections.requests === 2);
    broken!();
    expect((await lost).name).toMatch(/ReadError|RemoteProtocolError/);
    gate.open();
    expect(await whole).toEqual([200, 'ok']);
    expect(it.proxy.connections.accepted).toBe(1);
  });

  it('go over HTTP/1.1 where the proxy agrees on nothing else, or where we do not', async () => {
    await using origin = await secureOrigin();
    for (const [options, proxyOptions] of [
      [{ http2: false }, {}],
      [{ http2: { allowHttp1: true } }, { http2: false }],
    ] as const) {
      await using it = await world(options, proxyOptions);
      for (let count = 0; count < 2; count += 1) expect((await answerOf(it.pool, ['https', originName, origin.port, '/']))[0]).toBe(200);
      expect(it.proxy.tunnels.opened).toBe(1);
      expect(it.proxy.requests[0]!.headers.some(([name]) => name.startsWith(':'))).toBe(false);
    }
    await using it = await world({ http2: { allowHttp1: true } });
    expect((await answerOf(it.pool, ['https', originName, origin.port, '/']))[0]).toBe(200);
    expect(it.proxy.requests[0]!.headers[0]![0]).toMatch(/^:/);
  });

  it('a proxy that insists on HTTP/2 is not spoken to by who does not speak it', async () => {
    await using it = await world({}, { http2: false });
    const error = await failure<HttpCoreError>(send(it.pool, ['https', originName, 1, '/']));
    expect(['ConnectError', 'ProxyError']).toContain(error.name);
    expect(error.requestSent).toBe(false);
  });
});

describe('what goes through', () => {
  const size = 8 * 1024 * 1024;

  it('is whole, both ways', async () => {
    await using download = await startServer('bytes', {
      size,
      seed: 'd',
      tls: { certificate: await serverCertificate({ names: [originName] }) },
    });
    await using upload = await startServer('upload', { tls: { certificate: await serverCertificate({ names: [originName] }) } } as never);
    await using it = await world();
    const [down, up] = await Promise.all([
      send(it.pool, ['https', originName, download.port, '/']).then(async ([, , , , body]) => {
        const hash = createHash('sha256');
        for await (const chunk of body) hash.update(chunk);
        return hash.digest('hex');
      }),
      answerOf(it.pool, ['https', originName, upload.port, '/'], { method: 'POST', body: seededBytes('u', size) }),
    ]);
    const hex = (digest: string) => (/^[0-9a-f]{64}$/.test(digest) ? digest : Buffer.from(digest, 'base64').toString('hex'));
    expect(down).toBe(hex(download.sha256));
    expect(up[0]).toBe(200);
    expect(hex(upload.uploads[0]!.sha256)).toBe(hex(seededDigest('u', size)));
  });

  it('does not pile up where nobody reads', async () => {
    await using origin = await startServer('bytes', { size: 64 * 1024 * 1024, seed: 'd' });
    await using it = await world({}, { tunnel: true });
    const [, , , , body] = await send(it.pool, ['http', originName, origin.port, '/']);
    const reader = body[Symbol.asyncIterator]();
    await reader.next();
    // Until nothing moves any more.
    let before = -1;
    while (before !== it.proxy.tunnels.downstream) {
      before = it.proxy.tunnels.downstream;
      for (let count = 0; count < 50; count += 1) await new Promise(setImmediate);
    }
    expect(before).toBeLessThan(32 * 1024 * 1024);
    await reader.return?.();
  });
});

describe('requests that it forwards', () => {
  it('share one connection, whatever their origin', async () => {
    const origins = await Promise.all(Array.from({ length: 4 }, () => startServer('echo', {})));
    await using it = await world({ http2: true });
    await answerOf(it.pool, ['http', originName, origins[0]!.port, '/']);
    const answers = await Promise.all(
      origins.map(({ port }) => answerOf(it.pool, ['http', originName, port, '/a?b'], { method: 'PUT', body: [seededBuffer('u', 1000)] })),
    );
    expect(answers.map(([status, text]) => [status, (JSON.parse(text) as { target: string }).target])).toEqual(
      origins.map(() => [200, '/a?b']),
    );
    expect(it.proxy.connections.accepted).toBe(1);
    await Promise.all(origins.map((origin) => origin[Symbol.asyncDispose]()));
  });

  it('ask for all of a server', async () => {
    await using origin = await startServer('echo', {});
    await using it = await world();
    const [status, text] = await answerOf(it.pool, ['http', originName, origin.port, '*'], { method: 'OPTIONS' });
    expect([status, (JSON.parse(text) as { target: string }).target]).toEqual([200, '*']);
  });
});

describe('a proxy by a script', () => {
  async function scripted(script: (peer: Http2Peer, connection: number) => Promise<void>) {
    let connections = 0;
    const server = await startHttp2Script((peer) => script(peer, connections++), { tls: true });
    const { certificate: ca } = await trustedAuthority();
    const by = new Proxy(`https://127.0.0.1:${server.port}`, { tls: { ca }, tunnel: true });
    const pool = new ConnectionPool({ proxy: by });
    return {
      server,
      pool,
      async [Symbol.asyncDispose]() {
        await pool.destroy();
        await server[Symbol.asyncDispose]();
      },
    };
  }
  const url: UrlParts = ['http', originName, 80, '/'];
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  const opened = (streamId: number) => frames.headers(streamId, [[':status', '200']], {});

  it('sees a CONNECT with no more than it may have', async () => {
    await using it = await scripted(async (peer) => {
      await peer.handshake();
      const { streamId, headers, endStream } = await peer.request();
      expect([headers, endStream]).toEqual([
        [
          [':method', 'CONNECT'],
          [':authority', `${originName}:80`],
        ],
        false,
      ]);
      await peer.send(opened(streamId));
      await peer.next(0, ({ payload }) => payload.toString().includes('\r\n\r\n'));
      await peer.send(frames.data(streamId, answer));
      await peer.ended;
    });
    expect(await answerOf(it.pool, url)).toEqual([200, 'ok']);
    expect(it.server.transcripts[0]?.error).toBeUndefined();
  });

  it('may send nothing for a while: frames without data', async () => {
    await using it = await scripted(async (peer) => {
      await peer.handshake();
      const { streamId } = await peer.request();
      await peer.send(opened(streamId), frames.data(streamId, ''));
      await peer.next(0, ({ payload }) => payload.toString().includes('\r\n\r\n'));
      await peer.send(frames.data(streamId, ''), frames.data(streamId, answer.slice(0, 20)), frames.data(streamId, ''));
      await peer.settled();
      await peer.send(frames.data(streamId, answer.slice(20)));
      await peer.ended;
    });
    expect(await answerOf(it.pool, url)).toEqual([200, 'ok']);
  });

  it('may refuse a stream: the tunnel is asked for again', async () => {
    await using it = await scripted(async (peer) => {
      await peer.handshake();
      const first = await peer.request();
      await peer.send(frames.resetStream(first.streamId, 'REFUSED_STREAM'));
      const { streamId } = await peer.request();
      await peer.send(opened(streamId));
      await peer.next(0, ({ payload }) => payload.toString().includes('\r\n\r\n'));
      await peer.send(frames.data(streamId, answer));
      await peer.ended;
    });
    expect(await answerOf(it.pool, url)).toEqual([200, 'ok']);
  });

  it('may go away: tunnels that stand go on, and new ones take a new connection', async () => {
    await using it = await scripted(async (peer) => {
      await peer.handshake();
      for (;;) {
        const { streamId } = await peer.request();
        await peer.send(opened(streamId));
        await peer.next(0, ({ payload }) => payload.toString().includes('\r\n\r\n'));
        await peer.send(frames.goAway(streamId, 'NO_ERROR'));
        await peer.settled();
        await peer.send(frames.data(streamId, answer));
      }
    });
    expect(await answerOf(it.pool, url)).toEqual([200, 'ok']);
    expect(await answerOf(it.pool, ['http', 'other.test', 80, '/'])).toEqual([200, 'ok']);
    expect(it.server.transcripts).toHaveLength(2);
  });

  it('that resets a tunnel says that it is closed', async () => {
    await using it = await scripted(async (peer) => {
      await peer.handshake();
      for (;;) {
        const { streamId } = await peer.request();
        await peer.send(frames.resetStream(streamId, 'CONNECT_ERROR'));
      }
    });
    const error = await failure(send(it.pool, url));
    expect(error).toMatchObject({ name: 'ProxyError', phase: 'proxy', requestSent: false });
  });

  it('that resets a tunnel while it is written to has said before what the server did', async () => {
    const content = Buffer.alloc(400_000, 'no');
    for (const pauses of [false, true]) {
      await using it = await scripted(async (peer) => {
        await peer.handshake();
        const { streamId } = await peer.request();
        await peer.send(opened(streamId));
        await peer.next(0, ({ payload }) => payload.toString('latin1').includes('\r\n\r\n'));
        // The rest of the body waits for a window.
        const head = frames.data(streamId, `HTTP/1.1 413 Content Too Large\r\nContent-Length: ${content.length}\r\n\r\n`);
        const pieces = Array.from({ length: 40 }, (_, n) => frames.data(streamId, content.subarray(n * 10_000, (n + 1) * 10_000)));
        await peer.send(head, ...pieces, frames.resetStream(streamId, 'CANCEL'));
        await peer.ended;
      });
      const [, status, , , body] = await send(it.pool, url, { method: 'POST', body: [Buffer.alloc(300_000)] });
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) {
        chunks.push(chunk);
        if (pauses) await someTurns();
      }
      expect([status, Buffer.concat(chunks).equals(content)]).toEqual([413, true]);
    }
  });

  it('that breaks the protocol is said to', async () => {
    await using it = await scripted(async (peer) => {
      await peer.handshake();
      const { streamId } = await peer.request();
      await peer.send(frames.data(streamId, 'before the head'));
      await peer.ended;
    });
    expect(await failure(send(it.pool, url))).toMatchObject({
      name: 'ProxyError',
      code: 'PROXY_PROTOCOL',
      phase: 'proxy',
      requestSent: false,
    });
  });

  it('that ends the tunnel with its answer has given no way', async () => {
    await using it = await scripted(async (peer) => {
      await peer.handshake();
      for (;;) {
        const { streamId } = await peer.request();
        await peer.send(frames.headers(streamId, [[':status', '200']], { endStream: true }));
      }
    });
    const error = await failure<HttpCoreError>(send(it.pool, url, { method: 'POST' }));
    expect(['ProxyError', 'ConnectError', 'ReadError']).toContain(error.name);
  });
});

describe('on the way to another proxy', () => {
  it.each(['http', 'https'] as const)('SOCKS, to an %s origin', async (scheme) => {
    const { certificate: ca } = await trustedAuthority();
    const before = openResources();
    {
      await using origin = await startServer('bytes', {
        size: 300_000,
        seed: 'd',
        tls: scheme === 'https' && { certificate: await serverCertificate({ names: [originName] }) },
      });
      await using near = await startProxy('http', { resolve, tls: true, http2: true });
      await using far = await startProxy('socks', { resolve });
      const pool = new ConnectionPool({ proxy: new Proxy(far.url(), { via: new Proxy(near.url, { tls: { ca } }) }), tls: { ca } });
      for (let count = 0; count < 2; count += 1) {
        const [, status, , , body] = await send(pool, [scheme, originName, origin.port, '/']);
        expect([status, (await body.bytes()).length]).toEqual([200, 300_000]);
      }
      expect([near.tunnels.opened, far.tunnels.opened]).toEqual([1, 1]);
      await pool.close();
      await near.connections.until(({ open }) => open === 0);
    }
    await resourcesBackTo(before);
  });

  it('HTTP/2 inside of HTTP/2', async () => {
    const { certificate: ca } = await trustedAuthority();
    await using origin = await startServer('bytes', {
      size: 300_000,
      seed: 'd',
      http2: true,
      tls: { certificate: await serverCertificate({ names: [originName] }) },
    });
    await using near = await startProxy('http', { resolve, tls: true, http2: true });
    await using far = await startProxy('http', { resolve, tls: true, http2: true });
    const via = new Proxy(near.url, { tls: { ca } });
    await using pool = new ConnectionPool({ proxy: new Proxy(far.url, { via, tls: { ca } }), tls: { ca } });
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        send(pool, ['https', originName, origin.port, '/']).then(async ([version, , , , body]) => [version, (await body.bytes()).length]),
      ),
    );
    expect(answers).toEqual(Array.from({ length: 10 }, () => ['2', 300_000]));
    expect([near.tunnels.opened, far.tunnels.opened, near.connections.accepted]).toEqual([1, 1, 1]);
    await pool.close();
  });
});

it('idle tunnels of every kind do not keep a process alive', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tunnels-'));
  try {
    const { certificate: ca } = await trustedAuthority();
    await writeFile(join(folder, 'ca.pem'), ca);
    await using origin = await startServer('plain', { tls: true });
    await using http = await startProxy('http', {});
    await using https = await startProxy('http', { tls: true });
    await using http2 = await startProxy('http', { tls: true, http2: true });
    await using socks = await startProxy('socks', {});
    const script = fileURLToPath(new URL('tunnel.child.ts', import.meta.url));
    const args = ['--import', 'tsx', script, join(folder, 'ca.pem'), String(origin.port), http.url, https.url, http2.url, socks.url()];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (text: Buffer) => (output += text.toString()));
    // Nothing here ends a connection: it has to go by itself.
    const [code] = (await once(child, 'close')) as [number];
    expect([code, output]).toEqual([0, '200 200 200 200\n']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
