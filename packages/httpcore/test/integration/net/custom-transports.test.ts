/** Connections by the option `connect`: streams of any make, under TLS, HTTP/2, proxies, limits and the guard. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter, once } from 'node:events';
import { connect as connectSocket, Socket } from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import { TLSSocket } from 'node:tls';

import { mebibytes, serverCertificate, startProxy, startServer, trustedAuthority } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { publicOnly } from '../../../src/guard/index.ts';
import {
  AddressRefused,
  ConnectionPool,
  Proxy,
  type Connect,
  type ConnectRequest,
  type PoolOptions,
  type UrlParts,
} from '../../../src/index.ts';
import { someTurns } from './sockets.ts';

const sockets = ({ host, port }: Pick<ConnectRequest, 'host' | 'port'>): Socket =>
  connectSocket(port, host === 'far.test' ? '127.0.0.1' : host);

/** A duplex of one's own, as an SDK has it: no socket, no address. */
class Channel extends Duplex {
  readonly socket: Socket;
  constructor(request: Pick<ConnectRequest, 'host' | 'port'>, options: { emitClose?: boolean } = {}) {
    super({ highWaterMark: 4_096, ...options });
    this.socket = sockets(request);
    this.socket.allowHalfOpen = true;
    this.socket.on('data', (chunk) => void (this.push(chunk) || this.socket.pause()));
    this.socket
      .on('end', () => this.push(null))
      .on('error', (error) => this.destroy(error))
      .on('close', () => this.destroy());
  }
  override _read(): void {
    this.socket.resume();
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.socket.write(chunk, () => done());
  }
  override _final(done: () => void): void {
    this.socket.end(() => done());
  }
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }
}

/** What streams were before they could pause: `data`, `write`, `end`, and nothing else. */
class OldChannel extends EventEmitter {
  readonly socket: Socket;
  constructor(request: ConnectRequest) {
    super();
    this.socket = sockets(request);
    for (const name of ['data', 'end', 'error', 'close']) this.socket.on(name, (value) => this.emit(name, value));
  }
  write(chunk: Uint8Array): void {
    this.socket.write(chunk);
  }
  end(): void {
    this.socket.end();
  }
}

const kinds: [string, Connect][] = [
  ['a socket that connects', sockets],
  ['a promise of a stream', async (request) => new Channel(request)],
  ['a stream', (request) => new Channel(request)],
  ['a stream that never says that it is closed', (request) => new Channel(request, { emitClose: false })],
  ['an old stream', (request) => new OldChannel(request) as unknown as Duplex],
];

async function textOf(pool: ConnectionPool, url: UrlParts, body: Uint8Array[] | null = null): Promise<string> {
  const [version, status, , , content] = await pool.dispatch(body === null ? 'GET' : 'POST', url, [], body);
  return `${version} ${status} ${new TextDecoder().decode(await content.bytes())}`;
}

const failureOf = (pool: ConnectionPool, url: UrlParts = ['http', 'far.test', 1, '/']) =>
  pool.dispatch('GET', url, [], null).then(
    () => expect.unreachable('it was answered'),
    (error: unknown) => error as Error & { code: string; phase: string; cause: unknown; attempts: unknown[] },
  );

describe.each(kinds)('connect gives %s', (_name, connect) => {
  it('and it carries HTTP/1.1, again and again', async () => {
    await using server = await startServer('plain', { body: 'hi' });
    await using pool = new ConnectionPool({ connect });
    const url: UrlParts = ['http', 'far.test', server.port, '/'];
    expect(await textOf(pool, url)).toBe('1.1 200 hi');
    expect(await textOf(pool, url)).toBe('1.1 200 hi');
    expect(pool.stats()).toMatchObject({ opened: 1 });
    expect(server.connections.open).toBe(1);
    await pool.close();
    expect(pool.stats().connections).toBe(0);
  });

  it('and TLS and HTTP/2 are put on it', async () => {
    await using server = await startServer('plain', { tls: true, body: 'secured' });
    await using h2 = await startServer('plain', { tls: true, http2: true, body: 'shared' });
    await using pool = new ConnectionPool({ connect, tls: { ca: server.ca, servername: 'localhost' } });
    expect(await textOf(pool, ['https', 'far.test', server.port, '/'])).toBe('1.1 200 secured');
    const url: UrlParts = ['https', 'far.test', h2.port, '/'];
    expect(await Promise.all([textOf(pool, url), textOf(pool, url)])).toEqual(['2 200 shared', '2 200 shared']);
    expect(pool.stats().opened).toBe(2);
  });

  it('and large bodies go both ways at the pace of who is slower', async () => {
    await using server = await startServer((request, response) => void request.pipe(response), {});
    await using pool = new ConnectionPool({ connect });
    const sent = Buffer.alloc(mebibytes(3), 'abcdefg');
    const [, , , , body] = await pool.dispatch('POST', ['http', 'far.test', server.port, '/'], [], [sent]);
    const received: Uint8Array[] = [];
    for await (const chunk of body) {
      received.push(chunk);
      if (received.length % 8 === 0) await new Promise((resolve) => void setImmediate(resolve));
    }
    expect(Buffer.concat(received).equals(sent)).toBe(true);
  });

  it('and a body that ends with it is whole, one that is cut off is not', async () => {
    await using server = await startServer((request, response) => {
      const socket = response.socket!;
      if (request.url === '/whole') socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end');
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot all', () => socket.destroy());
    }, {});
    await using pool = new ConnectionPool({ connect });
    expect(await textOf(pool, ['http', 'far.test', server.port, '/whole'])).toBe('1.1 200 to the end');
    const [, , , , body] = await pool.dispatch('GET', ['http', 'far.test', server.port, '/cut'], [], null);
    let text = '';
    const reading = (async () => {
      for await (const chunk of body) text += new TextDecoder().decode(chunk);
    })();
    await expect(reading).rejects.toMatchObject({ requestSent: true, receivedBytes: 7 });
    expect(text).toBe('not all');
    expect(pool.stats().connections).toBe(0);
  });
});

describe('connect', () => {
  it.each<[string, unknown, RegExp]>([
    ['an object stream', new PassThrough({ objectMode: true }), /object mode/],
    ['a stream of text', new PassThrough().setEncoding('utf8'), /setEncoding/],
    ['nothing', undefined, /no stream/],
    ['an address', 'localhost:80', /no stream/],
    ['only half a stream', { on() {}, write() {} }, /no stream/],
  ])('must not give %s', async (_name, given, words) => {
    await using pool = new ConnectionPool({ connect: () => given as Duplex });
    const error = await failureOf(pool);
    expect(error).toMatchObject({ name: 'LocalProtocolError', code: 'INVALID_OPTION', requestSent: false });
    expect(error.message).toMatch(words);
    expect(pool.stats()).toMatchObject({ connections: 0, connecting: 0 });
  });

  const ended = new PassThrough();
  ended.end();
  const refuse = (): never => {
    throw new Error('not that');
  };
  const odd = (name: string): Duplex =>
    Object.defineProperty(new PassThrough(), name, { get: () => (name === 'on' ? onlyErrors : refuse()) });
  function onlyErrors(event: string): void {
    if (event === 'drain') refuse();
  }
  const oddSocket = (): Socket => {
    const socket = new Socket();
    setImmediate(() => socket.emit('connect'));
    return Object.assign(socket, { setNoDelay: refuse });
  };
  it.each<[string, Connect]>([
    [
      'throws',
      () => {
        throw Object.assign(new Error('no way'), { code: 'ENOWAY' });
      },
    ],
    ['rejects', () => Promise.reject(Object.assign(new Error('no way'), { code: 'ENOWAY' }))],
    [
      'gives what fails before it is open',
      () => {
        const socket = connectSocket({ port: 1, host: '127.0.0.1', lookup: () => {} });
        socket.destroy(Object.assign(new Error('no way'), { code: 'ENOWAY' }));
        return socket;
      },
    ],
    ['gives what is closed', () => new PassThrough().destroy()],
    ['gives what has ended', () => ended],
    ['gives what refuses a listener', () => odd('on')],
    ['gives that later', async () => odd('on')],
    ['gives later what can not be looked at', async () => odd('readableEnded')],
    ['gives later a socket that can not be configured', async () => oddSocket()],
    ['gives a socket that can not be configured once it is connected', () => Object.assign(oddSocket(), { connecting: true })],
  ])('that %s is a connection that could not be made', async (name, connect) => {
    await using pool = new ConnectionPool({ connect });
    const error = await failureOf(pool);
    expect(error).toMatchObject({ name: 'ConnectError', code: 'CONNECT_FAILED', phase: 'connect', origin: 'http://far.test:1' });
    expect(error.attempts).toHaveLength(1);
    if (name.includes('throws') || name.includes('rejects')) expect(error.cause).toMatchObject({ code: 'ENOWAY' });
  });

  it('is told where to, and that nobody waits any more; what comes too late is closed', async () => {
    const asked: ConnectRequest[] = [];
    const late = new PassThrough();
    let release!: (stream: Duplex) => void;
    const later = new Promise<Duplex>((resolve) => (release = resolve));
    await using pool = new ConnectionPool({
      connect(request) {
        asked.push(request);
        return later;
      },
    });
    const controller = new AbortController();
    const waiting = pool.dispatch('GET', ['https', '[2001:db8::1]', null, '/'], [], null, undefined, { signal: controller.signal });
    const { signal, ...where } = asked[0]!;
    expect(where).toEqual({ origin: 'https://[2001:db8::1]:443', host: '2001:db8::1', port: 443, proxy: false });
    expect(signal.aborted).toBe(false);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    expect(signal.aborted).toBe(true);
    release(late);
    await once(late, 'close');
  });

  it('is within the limit of connecting, and called in no context of a request, since many may use what it gives', async () => {
    const store = new AsyncLocalStorage<string>();
    const stores: unknown[] = [];
    await using pool = new ConnectionPool({
      connect() {
        stores.push(store.getStore());
        return new Promise(() => {});
      },
    });
    const error = await store.run('mine', () =>
      pool.dispatch('GET', ['http', 'a.test', null, '/'], [], null, [10, null, null, null]).catch((thrown: unknown) => thrown),
    );
    expect(stores).toEqual([undefined]);
    expect(error).toMatchObject({ name: 'ConnectTimeout', phase: 'connect' });
    expect((error as Error).message).toMatch(/the option "connect" gave no stream/);
  });

  it('opens the way to proxies, whatever they speak, and connections without HTTP', async () => {
    await using server = await startServer('plain', { tls: true, body: 'hi' });
    await using plain = await startServer('plain', { body: 'forwarded' });
    for (const [scheme, start] of [
      ['http', () => startProxy('http')],
      ['https', () => startProxy('http', { tls: true })],
      ['socks5h', () => startProxy('socks')],
    ] as const) {
      await using proxy = await start();
      const asked: string[] = [];
      const connect: Connect = (request) => {
        asked.push(`${request.host} ${String(request.proxy)}`);
        return new Channel({ host: '127.0.0.1', port: request.port });
      };
      const through = new Proxy(
        `${scheme}://proxy.test:${proxy.port}`,
        scheme === 'https' ? { tls: { ca: server.ca!, servername: 'localhost' } } : {},
      );
      await using pool = new ConnectionPool({ connect, proxy: through, tls: { ca: server.ca! } });
      expect(await textOf(pool, ['https', 'localhost', server.port, '/'])).toBe('1.1 200 hi');
      expect(await textOf(pool, ['http', 'localhost', plain.port, '/'])).toBe('1.1 200 forwarded');
      expect(new Set(asked)).toEqual(new Set(['proxy.test true']));
      const stream = await pool.connect(`http://localhost:${plain.port}`);
      stream.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      expect(Buffer.concat((await stream.toArray()) as Buffer[]).toString()).toMatch(/forwarded$/);
    }
  });

  it('asks the guard, which knows no address of a name that means something elsewhere', async () => {
    await using server = await startServer('plain', { body: 'hi' });
    const connect: Connect = ({ port }) => sockets({ host: '127.0.0.1', port });
    await using guarded = new ConnectionPool({ connect, guard: publicOnly() });
    const rules: string[] = [];
    for (const host of ['169.254.169.254', '10.0.0.1', 'far.test', 'a.localhost', '0x7f.1']) {
      const error = await failureOf(guarded, ['http', host, server.port, '/']);
      expect(error).toBeInstanceOf(AddressRefused);
      rules.push((error as unknown as AddressRefused).rule);
    }
    expect(rules[2]).toBe('a name that the option "connect" resolves (allowRemoteNames)');
    await using allowing = new ConnectionPool({ connect, guard: publicOnly({ allowRemoteNames: true }) });
    expect(await textOf(allowing, ['http', 'far.test', server.port, '/'])).toBe('1.1 200 hi');
    await expect(failureOf(allowing, ['http', 'localhost', server.port, '/'])).resolves.toBeInstanceOf(AddressRefused);
  });

  it('gives up a stream that does not pause', async () => {
    const flood = new (class extends EventEmitter {
      write(): void {
        this.emit('data', Buffer.from('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'));
        for (let count = 0; count < 40; count += 1) this.emit('data', Buffer.alloc(1_048_576));
      }
      end(): void {}
    })();
    await using pool = new ConnectionPool({ connect: () => flood as unknown as Duplex });
    const [, status, , , body] = await pool.dispatch('GET', ['http', 'a.test', null, '/'], [], null);
    expect(status).toBe(200);
    await expect(body.bytes()).rejects.toMatchObject({ name: 'ReadError' });
  });

  it.each<[PoolOptions, RegExp]>([
    [{ connect: 'ssh' as never }, /"connect" must be a function/],
    [{ connect: sockets, socketPath: '/run/a' }, /"socketPath" and connect/],
    [{ connect: sockets, localAddress: '127.0.0.1' }, /"localAddress" and connect/],
  ])('is refused where it makes no sense: %o', (options, words) => {
    expect(() => new ConnectionPool(options)).toThrow(words);
    expect(() => new ConnectionPool({ connect: null })).not.toThrow();
  });
});

describe('a peer that answers and goes while it is written to', () => {
  const content = Buffer.alloc(100_000, 'too large ');
  const answer = Buffer.concat([Buffer.from(`HTTP/1.1 413 Content Too Large\r\nContent-Length: ${content.length}\r\n\r\n`), content]);

  /** Two ends. Once `isGone`, what ours writes fails; and what the peer has written before comes after that, in pieces, as from a system that holds it. */
  function pair({ ends = false }: { readonly ends?: boolean } = {}) {
    const state = { isGone: false };
    const held: Buffer[] = [];
    const deliver = (): void => {
      const next = held.shift();
      if (next !== undefined) ours.push(next);
      else if (ends) ours.push(null);
      if (next !== undefined) setImmediate(deliver);
    };
    const ours: Duplex = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        if (!state.isGone) {
          peer.push(chunk);
          done();
          return;
        }
        setImmediate(deliver);
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      },
    });
    const peer: Duplex = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        if (!state.isGone) ours.push(chunk);
        else for (let at = 0; at < chunk.length; at += 4_000) held.push(chunk.subarray(at, at + 4_000));
        done();
      },
    });
    peer.on('error', () => {});
    return { ours, peer, state };
  }

  /** Until all of a head has come. */
  async function headOn(stream: Duplex): Promise<void> {
    let text = '';
    while (!text.includes('\r\n\r\n')) text += String(((await once(stream, 'data')) as [Buffer])[0]);
  }

  async function serve(peer: Duplex, state: { isGone: boolean }): Promise<void> {
    peer.on('data', () => {});
    await headOn(peer);
    state.isGone = true;
    peer.write(answer);
  }

  async function* body() {
    for (let count = 0; count < 4; count += 1) {
      yield Buffer.alloc(1_000);
      await someTurns();
    }
  }

  async function refusal(pool: ConnectionPool, scheme: string): Promise<[number, boolean]> {
    const [, status, , , received] = await pool.dispatch('POST', [scheme, 'localhost', null, '/'], [], body());
    const chunks: Uint8Array[] = [];
    for await (const chunk of received) {
      chunks.push(chunk);
      await someTurns();
    }
    return [status, Buffer.concat(chunks).equals(content)];
  }

  async function secured(stream: Duplex): Promise<TLSSocket> {
    const { cert, key } = await serverCertificate();
    return new TLSSocket(stream, { isServer: true, cert, key }).on('error', () => {});
  }

  it.each([true, false])('has its answer read, whether the stream ends then or not (%s)', async (ends) => {
    const { ours, peer, state } = pair({ ends });
    await using pool = new ConnectionPool({ connect: () => ours });
    const served = serve(peer, state);
    expect(await refusal(pool, 'http')).toEqual([413, true]);
    await served;
  });

  it('has its answer read under TLS, and under TLS inside of TLS', async () => {
    const { certificate: ca } = await trustedAuthority();
    const { ours, peer, state } = pair();
    await using pool = new ConnectionPool({ connect: () => ours, tls: { ca } });
    const served = secured(peer).then((inner) => serve(inner, state));
    expect(await refusal(pool, 'https')).toEqual([413, true]);
    await served;

    const outer = pair();
    await using through = new ConnectionPool({
      connect: () => outer.ours,
      proxy: new Proxy('https://localhost:1', { tls: { ca } }),
      tls: { ca },
    });
    const proxied = secured(outer.peer).then(async (proxy) => {
      await headOn(proxy);
      proxy.write('HTTP/1.1 200 OK\r\n\r\n');
      await serve(await secured(proxy), outer.state);
    });
    expect(await refusal(through, 'https')).toEqual([413, true]);
    await proxied;
  });

  it('has its answer read where the stream has failed with it unread', async () => {
    const stream: Duplex = new Duplex({
      read() {},
      write(_chunk, _encoding, done) {
        done();
        if (this.readableLength > 0 || this.destroyed) return;
        setImmediate(() => {
          for (let at = 0; at < answer.length; at += 4_000) this.push(answer.subarray(at, at + 4_000));
          this.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
        });
      },
    });
    await using pool = new ConnectionPool({ connect: () => stream });
    expect(await refusal(pool, 'http')).toEqual([413, true]);
  });

  it('has failed where it said nothing', async () => {
    const { ours, peer, state } = pair();
    state.isGone = true;
    await using pool = new ConnectionPool({ connect: () => ours });
    expect(await failureOf(pool)).toMatchObject({ name: 'ReadError', cause: { code: 'EPIPE' } });
    expect([ours.destroyed, peer.readableLength]).toEqual([true, 0]);
  });
});
