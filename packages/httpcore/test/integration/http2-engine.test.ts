/** The engine alone, on a plain socket, against nghttp2 as Node has it: an independent implementation of every layer. */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { connect, type Socket } from 'node:net';

import { seededBuffer, startHttp2Server, type Http2LocalServer, type Http2Settings } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import type { HeaderPair } from '../../src/contract/dispatcher.ts';
import { ReadError } from '../../src/contract/errors.ts';
import { ErrorCode } from '../../src/protocol/http2/constants.ts';
import { Http2Engine } from '../../src/protocol/http2/engine.ts';
import type { Http2EngineHandler } from '../../src/protocol/http2/handler.ts';
import type { Http2EngineOptions } from '../../src/protocol/http2/options.ts';
import type { Http2Stream } from '../../src/protocol/http2/stream.ts';
import { seededRandom } from '../support/seeded-random.ts';

interface Answer {
  status: number;
  headers: readonly HeaderPair[];
  informational: number[];
  body: Buffer[];
  trailers: readonly HeaderPair[];
}

interface Call extends Answer {
  stream: Http2Stream<Call> | undefined;
  readonly answered: PromiseWithResolvers<Answer>;
  writable: (() => void) | undefined;
}

interface PromiseWithResolvers<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: Error) => void;
}

function withResolvers<Value>(): PromiseWithResolvers<Value> {
  let resolve!: (value: Value) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

/** The least that joins an engine to a socket. */
class TestConnection implements AsyncDisposable {
  readonly engine: Http2Engine<Call>;
  readonly events: string[] = [];
  readonly settled: Promise<void>;
  pong: ((payload: number) => void) | undefined;
  readonly #socket: Socket;
  #onReceived: () => void = () => {};

  static async open(server: Http2LocalServer, options: Partial<Http2EngineOptions> = {}): Promise<TestConnection> {
    const socket = connect(server.port, server.host);
    socket.setNoDelay(true);
    await once(socket, 'connect');
    const connection = new TestConnection(socket, options);
    await connection.settled;
    return connection;
  }

  private constructor(socket: Socket, options: Partial<Http2EngineOptions>) {
    this.#socket = socket;
    const settled = withResolvers<void>();
    this.settled = settled.promise;
    const handler: Http2EngineHandler<Call> = {
      onOutput: () =>
        setImmediate(() => {
          socket.cork();
          this.engine.flush();
          socket.uncork();
        }),
      onSettings: () => settled.resolve(),
      onCapacityChange: () => {},
      onInformational: (call, status) => call.informational.push(status),
      onHead: (call, status, headers) => Object.assign(call, { status, headers }),
      onData: (call, chunk, start, end) => {
        call.body.push(Buffer.from(chunk.subarray(start, end)));
        this.engine.consumed(call.stream!, end - start);
      },
      onResponseEnd: (call, trailers) => call.answered.resolve(Object.assign(call, { trailers })),
      onReset: (call, error, wasProcessed) => {
        this.events.push(`reset ${call.stream!.id} ${wasProcessed}`);
        call.answered.reject(error);
      },
      onUploadStopped: (call) => {
        this.events.push(`upload stopped ${call.stream!.id}`);
        call.writable?.();
      },
      onWritable: (call) => call.writable?.(),
      onRequestSent: () => {},
      onHttp1Required: () => {},
      onGoAway: (lastStreamId) => this.events.push(`goaway ${lastStreamId}`),
      onPingAcknowledged: (payload) => this.pong?.(payload),
      onConnectionError: (error) => this.events.push(error.message),
    };
    this.engine = new Http2Engine({ write: (bytes) => socket.write(bytes) }, handler, { now: () => performance.now(), ...options });
    socket.on('data', (chunk) => {
      this.engine.receive(chunk);
      this.#onReceived();
    });
    socket.on('drain', () => this.engine.onDrained());
    socket.on('error', () => {});
    socket.on('close', () => this.engine.terminate(new ReadError('closed', { code: 'CONNECTION_CLOSED' })));
    this.engine.start();
  }

  open(method: string, target: string, headers: readonly HeaderPair[], endStream: boolean, protocol: string | null = null): Call {
    const call: Call = {
      stream: undefined,
      status: 0,
      headers: [],
      informational: [],
      body: [],
      trailers: [],
      answered: withResolvers(),
      writable: undefined,
    };
    call.stream = this.engine.openStream(method, 'http', 'engine.test', target, protocol, headers, null, endStream, call);
    return call;
  }

  get(target: string, headers: readonly HeaderPair[] = []): Promise<Answer> {
    return this.open('GET', target, headers, true).answered.promise;
  }

  /** Waits until what was received has made it true. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        this.#onReceived = resolve;
      });
    }
  }

  /** Sends the chunks as fast as they are taken. */
  async upload(call: Call, chunks: Iterable<Uint8Array>, trailers: readonly HeaderPair[] | null = null): Promise<void> {
    for (const chunk of chunks) {
      if (this.engine.sendData(call.stream!, chunk)) continue;
      await new Promise<void>((resolve) => {
        call.writable = resolve;
      });
    }
    this.engine.endStream(call.stream!, trailers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    if (!this.#socket.closed) await once(this.#socket, 'close');
  }
}

function serve(
  handle: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  settings?: Http2Settings,
): Promise<Http2LocalServer> {
  return startHttp2Server(handle, settings === undefined ? {} : { settings });
}

const digest = (chunks: readonly Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
};

describe('against nghttp2', () => {
  it('requests are understood to the letter, and responses too, over thousands of changes of the tables', async () => {
    const random = seededRandom(11);
    const words = Array.from({ length: 60 }, () =>
      Array.from({ length: 1 + random(40) }, () => String.fromCharCode(0x21 + random(0x5d))).join(''),
    );
    await using server = await serve((stream, headers) => {
      stream.respond({ ':status': 200, 'x-echo': headers['x-value'], [`x-${String(headers['x-value']).length}`]: headers[':path'] });
      stream.end(JSON.stringify(headers));
    });
    await using connection = await TestConnection.open(server);
    for (let round = 0; round < 40; round += 1) {
      const calls = Array.from({ length: 50 }, () => {
        const path = `/${random(300)}`;
        const value = words[random(words.length)]!;
        const name = `X-Name-${random(80)}`;
        const cookie = 'c'.repeat(1 + random(40));
        return {
          path,
          value,
          name,
          cookie,
          answer: connection.get(path, [
            [name, value],
            ['x-value', value],
            ['cookie', cookie],
            ['authorization', 'Basic abc'],
          ]),
        };
      });
      for (const { path, value, name, cookie, answer } of calls) {
        const { status, headers, body } = await answer;
        expect(status).toBe(200);
        expect(headers).toContainEqual(['x-echo', value]);
        expect(JSON.parse(Buffer.concat(body).toString())).toEqual({
          ':method': 'GET',
          ':scheme': 'http',
          ':authority': 'engine.test',
          ':path': path,
          [name.toLowerCase()]: value,
          'x-value': value,
          cookie,
          authorization: 'Basic abc',
        });
      }
    }
  });

  it('names that plain objects have are names like any other, and values too', async () => {
    const seen: string[][] = [];
    await using server = await serve((stream, headers) => {
      seen.push([String(headers['constructor']), String(headers['valueof'])]);
      stream.respond({ ':status': 200, constructor: 'tostring' });
      stream.end();
    });
    await using connection = await TestConnection.open(server);
    for (let count = 0; count < 3; count += 1) {
      const { headers } = await connection.get('/constructor', [
        ['constructor', 'constructor'],
        ['valueOf', '__proto__'],
      ]);
      expect(headers).toContainEqual(['constructor', 'tostring']);
    }
    expect(seen).toEqual(Array.from({ length: 3 }, () => ['constructor', '__proto__']));
  });

  it.each([0, 100, 65_536])('a table of %i octets is obeyed', async (headerTableSize) => {
    await using server = await serve(
      (stream, headers) => {
        stream.respond({ ':status': 200 });
        stream.end(String(headers['x-a']));
      },
      { headerTableSize },
    );
    await using connection = await TestConnection.open(server);
    for (const value of ['one', 'one', 'two', 'one']) expect(String((await connection.get('/', [['x-a', value]])).body)).toBe(value);
    // While it runs: smaller, larger, both at once.
    for (const size of [0, 4_096, 50, 10_000]) {
      const [session] = server.sessions;
      session!.settings({ headerTableSize: size });
      await once(session!, 'localSettings');
      for (const value of ['one', 'three', 'one']) expect(String((await connection.get('/', [['x-a', value]])).body)).toBe(value);
    }
  });

  it('header blocks larger than a frame arrive whole, both ways', async () => {
    await using server = await serve((stream, headers) => {
      stream.respond({ ':status': 200, 'x-length': String(String(headers['x-large']).length), 'x-large': 'v'.repeat(40_000) });
      stream.end();
    });
    await using connection = await TestConnection.open(server);
    const { headers } = await connection.get('/', [['x-large', '~'.repeat(30_000)]]);
    expect(headers).toContainEqual(['x-length', '30000']);
    expect(headers).toContainEqual(['x-large', 'v'.repeat(40_000)]);
  });

  it('a header list over our limit fails its stream, and the next request is answered', async () => {
    await using server = await serve((stream, headers) => {
      stream.respond({
        ':status': 200,
        ...(headers[':path'] === '/large' ? { 'x-1': 'v'.repeat(5_000), 'x-2': 'w'.repeat(5_000) } : {}),
      });
      stream.end();
    });
    await using connection = await TestConnection.open(server, { maxHeaderListSize: 8_192 });
    await expect(connection.get('/large')).rejects.toMatchObject({ code: 'H2_ENHANCE_YOUR_CALM' });
    expect((await connection.get('/small')).status).toBe(200);
    expect((await connection.get('/small')).status).toBe(200);
  });

  it('8 MiB come down whole, while others are answered', async () => {
    const content = seededBuffer('download', 8 * 1_048_576);
    await using server = await serve((stream, headers) => {
      stream.respond({ ':status': 200 });
      stream.end(headers[':path'] === '/large' ? content : 'small');
    });
    await using connection = await TestConnection.open(server);
    const large = connection.get('/large');
    for (let count = 0; count < 20; count += 1) expect(String((await connection.get('/small')).body)).toBe('small');
    expect(digest((await large).body)).toBe(digest([content]));
  });

  it('uploads go up whole and side by side, with trailers', async () => {
    const trailers: unknown[] = [];
    await using server = await serve((stream) => {
      const hash = createHash('sha256');
      stream.on('trailers', (fields) => trailers.push({ ...fields }));
      stream.on('data', (chunk: Buffer) => hash.update(chunk));
      stream.on('end', () => {
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-digest': hash.digest('hex') }));
        stream.end();
      });
    });
    await using connection = await TestConnection.open(server);
    const uploads = [1, 2, 3].map(async (seed) => {
      const chunks = Array.from({ length: 20 }, (_, index) => seededBuffer(`${seed} ${index}`, 1 + index * 9_000));
      const call = connection.open('PUT', `/${seed}`, [], false);
      await connection.upload(call, chunks, [['x-seed', String(seed)]]);
      const answer = await call.answered.promise;
      expect(answer.trailers).toEqual([['x-digest', digest(chunks)]]);
    });
    await Promise.all(uploads);
    expect(trailers).toHaveLength(3);
    expect(trailers).toEqual(expect.arrayContaining(['1', '2', '3'].map((seed): unknown => expect.objectContaining({ 'x-seed': seed }))));
  });

  it('a bidirectional stream is one', async () => {
    await using server = await serve((stream) => {
      stream.additionalHeaders({ ':status': 103, link: '</a>' });
      stream.respond({ ':status': 200 });
      stream.on('data', (chunk: Buffer) => stream.write(chunk.toString().toUpperCase()));
      stream.on('end', () => stream.end());
    });
    await using connection = await TestConnection.open(server);
    const call = connection.open('POST', '/', [], false);
    const said: string[] = [];
    for (const word of ['one', 'two', 'three']) {
      connection.engine.sendData(call.stream!, Buffer.from(word));
      said.push(word.toUpperCase());
      await connection.until(() => Buffer.concat(call.body).toString() === said.join(''));
    }
    connection.engine.endStream(call.stream!, null);
    await call.answered.promise;
    expect(call.informational).toEqual([103]);
    expect(call.stream!.isClosed).toBe(true);
  });

  it('extended CONNECT carries a protocol of its own (RFC 8441)', async () => {
    await using server = await serve(
      (stream, headers) => {
        stream.respond({ ':status': 200, 'x-protocol': headers[':protocol'] });
        stream.pipe(stream);
      },
      { enableConnectProtocol: true },
    );
    await using connection = await TestConnection.open(server);
    const call = connection.open('CONNECT', '/chat', [], false, 'websocket');
    connection.engine.sendData(call.stream!, Buffer.from('ping'));
    connection.engine.endStream(call.stream!, null);
    const { headers, body } = await call.answered.promise;
    expect(headers).toContainEqual(['x-protocol', 'websocket']);
    expect(String(body)).toBe('ping');
  });

  it('an answer before the end of the upload stops it', async () => {
    await using server = await serve((stream) => {
      // Node itself resets a stream whose answer is whole and whose request is not.
      stream.respond({ ':status': 413 }, { endStream: true });
    });
    await using connection = await TestConnection.open(server);
    const call = connection.open('PUT', '/', [], false);
    connection.engine.sendData(call.stream!, Buffer.alloc(500_000));
    expect((await call.answered.promise).status).toBe(413);
    await connection.until(() => connection.events.length > 0);
    expect(connection.events).toEqual(['upload stopped 1']);
    expect(connection.engine.openStreams).toBe(0);
    expect((await connection.get('/')).status).toBe(413);
  });

  it('streams that are given up leave the connection as it was, hundreds of times', async () => {
    await using server = await serve((stream, headers) => {
      stream.respond({ ':status': 200 });
      if (headers[':path'] === '/endless') stream.write(Buffer.alloc(200_000));
      else stream.end('ok');
    });
    await using connection = await TestConnection.open(server);
    for (let count = 0; count < 300; count += 1) {
      const call = connection.open('GET', '/endless', [], true);
      await connection.until(() => call.body.length > 0);
      connection.engine.resetStream(call.stream!, ErrorCode.CANCEL);
    }
    // 60 MB that nobody took would have used up the connection's 16 MiB.
    expect(String((await connection.get('/')).body)).toBe('ok');
  });

  it('refused streams and GOAWAY say what was not processed', async () => {
    await using server = await serve((stream, headers) => {
      if (headers[':path'] === '/refuse') stream.close(ErrorCode.REFUSED_STREAM);
      else if (headers[':path'] === '/goaway') {
        stream.respond({ ':status': 200 });
        stream.session!.goaway(0, stream.id);
        stream.end('last');
      }
    });
    await using connection = await TestConnection.open(server);
    await expect(connection.get('/refuse')).rejects.toMatchObject({ code: 'H2_REFUSED_STREAM' });
    const last = connection.get('/goaway');
    const above = connection.get('/never');
    await expect(above).rejects.toMatchObject({ code: 'H2_NO_ERROR' });
    expect(String((await last).body)).toBe('last');
    expect(connection.events).toEqual(['reset 1 false', 'goaway 3', 'reset 5 false']);
    expect(connection.engine.capacity).toBe(0);
  });

  it("the peer's limit of streams is known, and a PING comes back", async () => {
    await using server = await serve((stream) => stream.respond({ ':status': 200 }, { endStream: true }), { maxConcurrentStreams: 7 });
    await using connection = await TestConnection.open(server);
    expect(connection.engine.capacity).toBe(7);
    const pong = new Promise<number>((resolve) => {
      connection.pong = resolve;
    });
    connection.engine.ping(42);
    expect(await pong).toBe(42);
    expect(connection.engine.areSettingsAcknowledged).toBe(true);
  });

  it('the end of the socket ends what was open', async () => {
    await using server = await serve((stream) => stream.session!.destroy());
    await using connection = await TestConnection.open(server);
    await expect(connection.get('/')).rejects.toBeInstanceOf(Error);
    expect(connection.engine.isFinished || connection.engine.openStreams === 0).toBe(true);
  });
});
