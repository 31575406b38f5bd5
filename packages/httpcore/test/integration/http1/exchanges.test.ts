/** What one exchange may look like over HTTP/1.1, against real servers. */
import { getEventListeners } from 'node:events';

import { createGate, startRawServer, startServer, receiveRequest, receiveHead, receiveUntil, send, hang, close } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import {
  Aborted,
  ConnectionPool,
  LocalProtocolError,
  PoolClosed,
  PoolTimeout,
  WriteError,
  type DispatchContext,
  type DuplexBody,
  type HeaderPair,
  type UrlParts,
} from '../../../src/index.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const bytes = (data: string): Uint8Array => Buffer.from(data, 'latin1');
const at = (port: number, target = '/'): UrlParts => ['http', '127.0.0.1', port, target];

describe('Expect: 100-continue', () => {
  const expects: readonly HeaderPair[] = [['expect', '100-continue']];

  it('holds the body back until the server says go on', async () => {
    await using server = await startServer('expectation', { answer: 'continue', gated: true });
    await using pool = new ConnectionPool({ expectContinueTimeout: 60_000 });
    const seen: number[] = [];
    let pulled = false;
    async function* body(): AsyncGenerator<Uint8Array> {
      pulled = true;
      yield bytes('hello');
    }
    const context: DispatchContext = { onInformational: (status) => seen.push(status) };
    const answer = pool.dispatch('POST', at(server.port), expects, body(), undefined, context);
    await server.connections.until((counts) => counts.requests === 1);
    expect(pulled).toBe(false);
    server.permission.open();
    const [, status, , , responseBody] = await answer;
    await responseBody.bytes();
    expect(status).toBe(200);
    expect(server.uploads[0]).toMatchObject({ bytes: 5 });
    // 100 is the answer to our question, not news for the caller.
    expect(seen).toEqual([]);
  });

  it('does not send the body when the server answers otherwise', async () => {
    await using server = await startServer('expectation', { answer: 'refuse' });
    await using pool = new ConnectionPool({ expectContinueTimeout: 60_000 });
    let pulled = false;
    async function* body(): AsyncGenerator<Uint8Array> {
      pulled = true;
      yield bytes('hello');
    }
    const [, status, , , responseBody] = await pool.dispatch('POST', at(server.port), expects, body());
    await responseBody.close();
    expect(status).toBe(417);
    expect(pulled).toBe(false);
    // The server could take whatever comes next for the body.
    expect(pool.stats().connections).toBe(0);
  });

  it('sends it after a while when the server says nothing', async () => {
    await using server = await startRawServer([receiveUntil('hello'), send('HTTP/1.1 204 No Content\r\n\r\n'), hang()]);
    await using pool = new ConnectionPool({ expectContinueTimeout: 20 });
    const [, status] = await pool.dispatch('POST', at(server.port), expects, [bytes('hello')]);
    expect(status).toBe(204);
    await pool.destroy();
  });
});

describe('an upgraded connection', () => {
  it('is bytes both ways, beginning with those that came with the head', async () => {
    await using server = await startServer('upgrade', { protocol: 'echo', greeting: 'welcome ' });
    await using pool = new ConnectionPool();
    const headers: readonly HeaderPair[] = [
      ['connection', 'upgrade'],
      ['upgrade', 'echo'],
    ];
    const [, status, , , body] = await pool.dispatch('GET', at(server.port), headers, null);
    expect(status).toBe(101);
    const duplex = body as DuplexBody;
    await duplex.write(bytes('hello'));
    let received = '';
    for await (const chunk of duplex) {
      received += text(chunk);
      if (received === 'welcome hello') await duplex.end();
    }
    expect(received).toBe('welcome hello');
    expect(pool.stats().connections).toBe(0);
    await expect(duplex.write(bytes('late'))).rejects.toBeInstanceOf(WriteError);
  });

  it('comes of CONNECT as well', async () => {
    await using server = await startServer('upgrade', {});
    await using pool = new ConnectionPool();
    const [, status, , , body] = await pool.dispatch('CONNECT', at(server.port, 'example.com:443'), [], null);
    expect(status).toBe(200);
    const duplex = body as DuplexBody;
    await duplex.write(bytes('ping'));
    const iterator = duplex[Symbol.asyncIterator]();
    const first = await iterator.next();
    expect(text(first.value ?? bytes(''))).toContain('ping');
    await duplex.close();
    expect(pool.stats().connections).toBe(0);
  });
});

describe('an early answer', () => {
  it('arrives while the upload runs, and ends it', async () => {
    await using server = await startServer('early', { status: 413, body: 'too large' });
    await using pool = new ConnectionPool();
    let returned = 0;
    const more = createGate();
    async function* body(): AsyncGenerator<Uint8Array> {
      try {
        yield bytes('first');
        await more.opened;
        yield bytes('second');
      } finally {
        returned += 1;
      }
    }
    const [, status, , , responseBody] = await pool.dispatch('POST', at(server.port), [], body());
    expect(status).toBe(413);
    expect(text(await responseBody.bytes())).toBe('too large');
    more.open();
    await expect.poll(() => returned).toBe(1);
    expect(pool.stats().connections).toBe(0);
  });

  it('may be a conversation: each part of the request is answered before the next is sent', async () => {
    await using server = await startServer('echo', { format: 'raw' });
    await using pool = new ConnectionPool();
    const heard: string[] = [];
    const turns = [createGate(), createGate()];
    async function* body(): AsyncGenerator<Uint8Array> {
      yield bytes('one');
      await turns[0]!.opened;
      yield bytes('two');
      await turns[1]!.opened;
    }
    const [, status, , , responseBody] = await pool.dispatch('POST', at(server.port), [], body());
    expect(status).toBe(200);
    for await (const chunk of responseBody) {
      turns[heard.length]?.open();
      heard.push(text(chunk));
    }
    expect(heard).toEqual(['one', 'two']);
    expect(pool.stats()).toMatchObject({ connections: 1, idle: 1 });
  });
});

describe('the request body', () => {
  it('that throws fails the request with its error as the cause', async () => {
    await using server = await startServer('echo', { format: 'raw' });
    await using pool = new ConnectionPool();
    const cause = new Error('disk on fire');
    async function* body(): AsyncGenerator<Uint8Array> {
      yield bytes('some');
      throw cause;
    }
    // The server echoes: the head may come before the failure, which then is the body's.
    const failure = await pool
      .dispatch('POST', at(server.port), [], body())
      .then(([, , , , responseBody]) => responseBody.bytes())
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WriteError);
    expect(failure).toMatchObject({ code: 'REQUEST_BODY_FAILED', cause, requestSent: true });
    expect(pool.stats().connections).toBe(0);
  });

  it('is not pulled faster than the server takes it', async () => {
    // An application that never reads what it is sent.
    await using server = await startServer(() => {});
    await using pool = new ConnectionPool();
    let pulled = 0;
    const chunk = new Uint8Array(65_536);
    function* body(): Generator<Uint8Array> {
      for (; pulled < 4_000; pulled += 1) yield chunk;
    }
    const controller = new AbortController();
    const answer = pool.dispatch('POST', at(server.port), [], body(), undefined, { signal: controller.signal });
    await expect.poll(() => pulled).toBeGreaterThan(0);
    // Give it many turns of the loop to overrun; what it may fill is the buffers of the two sockets.
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(pulled).toBeLessThan(400);
    controller.abort();
    await expect(answer).rejects.toBeInstanceOf(Aborted);
  });

  it('that does not fit what was announced is told before anything is sent, where it can be known', async () => {
    await using server = await startServer('plain', {});
    await using pool = new ConnectionPool();
    const announced: readonly HeaderPair[] = [['content-length', '3']];
    await expect(pool.dispatch('POST', at(server.port), announced, [bytes('four')])).rejects.toMatchObject({
      code: 'CONTENT_LENGTH_MISMATCH',
      requestSent: false,
    });
    async function* four(): AsyncGenerator<Uint8Array> {
      yield bytes('four');
    }
    await expect(pool.dispatch('POST', at(server.port), announced, four())).rejects.toMatchObject({ code: 'CONTENT_LENGTH_MISMATCH' });
    async function* two(): AsyncGenerator<Uint8Array> {
      yield bytes('tw');
    }
    await expect(pool.dispatch('POST', at(server.port), announced, two())).rejects.toMatchObject({ code: 'CONTENT_LENGTH_MISMATCH' });
    expect(pool.stats().connections).toBe(0);
  });

  it('must be bytes', async () => {
    await using pool = new ConnectionPool();
    for (const body of ['text', new Uint8Array(3), 7, {}, ['text']]) {
      await expect(pool.dispatch('POST', at(1), [], body as never), JSON.stringify(body)).rejects.toSatisfy(
        (error: Error) => error instanceof LocalProtocolError && error.code === 'INVALID_BODY' && !error.requestSent,
      );
    }
  });
});

describe('the response body', () => {
  it('that nobody reads holds back the server', async () => {
    await using server = await startServer('bytes', { size: 64 * 1024 * 1024, seed: 'unread' });
    await using pool = new ConnectionPool();
    const before = process.memoryUsage().arrayBuffers;
    const [, , , , body] = await pool.dispatch('GET', at(server.port), [], null);
    for (let turn = 0; turn < 300; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    // The server lives in this process too, and buffers: far below the 64 MiB that it would like to send.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
    await body.close();
    expect(pool.stats().connections).toBe(0);
  });

  it('gives its connection back when a small rest is not wanted', async () => {
    await using server = await startServer('bytes', { size: 10_000, seed: 'small' });
    await using pool = new ConnectionPool();
    const [, , , , body] = await pool.dispatch('GET', at(server.port), [], null);
    await body.close();
    expect(pool.stats()).toMatchObject({ connections: 1, idle: 1 });
    await expect(body.bytes()).rejects.toMatchObject({ code: 'BODY_ALREADY_READ' });
  });

  it('is closed by leaving the loop', async () => {
    await using server = await startServer('bytes', { size: 16 * 1024 * 1024, seed: 'left' });
    await using pool = new ConnectionPool();
    const [, , , , body] = await pool.dispatch('GET', at(server.port), [], null);
    for await (const chunk of body) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(pool.stats()).toMatchObject({ connections: 0, active: 0 });
  });

  it('has trailers once it has ended', async () => {
    await using server = await startServer('chunking', { chunks: [1, 2, 3], trailers: [['X-Sum', '42']] });
    await using pool = new ConnectionPool();
    const [, , , , body] = await pool.dispatch('GET', at(server.port), [], null);
    await body.bytes();
    expect(body.trailers).toEqual([['X-Sum', '42']]);
  });
});

describe('cancelling', () => {
  it('leaves no listener on the signal, however the request ends', async () => {
    await using server = await startServer('plain', {});
    await using pool = new ConnectionPool();
    const controller = new AbortController();
    for (let round = 0; round < 20; round += 1) {
      const [, , , , body] = await pool.dispatch('GET', at(server.port), [], null, undefined, { signal: controller.signal });
      await body.bytes();
    }
    await pool.dispatch('GET', at(1), [], null, undefined, { signal: controller.signal }).catch(() => {});
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('while the response is awaited fails with the reason as the cause', async () => {
    await using server = await startRawServer([receiveHead(), hang()]);
    await using pool = new ConnectionPool();
    const controller = new AbortController();
    const answer = pool.dispatch('GET', at(server.port), [], null, undefined, { signal: controller.signal });
    await expect.poll(() => server.transcripts[0]?.received.length ?? 0).toBeGreaterThan(0);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(answer).rejects.toMatchObject({ name: 'Aborted', cause: reason, phase: 'response-head' });
    expect(pool.stats()).toMatchObject({ connections: 0, active: 0 });
  });

  it('the only request that waits for a connection gives the dial up', async () => {
    await using server = await startRawServer([receiveHead(), hang()]);
    await using pool = new ConnectionPool();
    const controller = new AbortController();
    const answer = pool.dispatch('GET', at(server.port), [], null, undefined, { signal: controller.signal });
    controller.abort();
    await expect(answer).rejects.toBeInstanceOf(Aborted);
    await expect.poll(() => pool.stats()).toMatchObject({ connections: 0, connecting: 0, queued: 0 });
  });
});

describe('the pool', () => {
  it('sends again what a closing keep-alive connection did not take', async () => {
    await using server = await startServer('closing', { after: 1, how: 'on-next-request' });
    await using pool = new ConnectionPool();
    const names: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const [, status, , , body] = await pool.dispatch('GET', at(server.port), [], null, undefined, { trace: (name) => names.push(name) });
      await body.bytes();
      expect(status).toBe(200);
    }
    expect(names.filter((name) => name === 'replayed')).toHaveLength(2);
  });

  it('does not send a POST twice', async () => {
    await using server = await startServer('closing', { after: 1, how: 'on-next-request' });
    await using pool = new ConnectionPool();
    const post = async (): Promise<void> => {
      const [, , , , body] = await pool.dispatch('POST', at(server.port), [], [bytes('x')]);
      await body.bytes();
    };
    await post();
    await expect(post()).rejects.toMatchObject({ name: 'ReadError', connectionReused: true, requestSent: true });
  });

  it('says who holds the slots when none comes free', async () => {
    await using server = await startRawServer([receiveHead(), hang()]);
    await using pool = new ConnectionPool({ maxConnectionsPerOrigin: 1 });
    const controller = new AbortController();
    const held = pool.dispatch('PUT', at(server.port, '/secret?token=1'), [], null, undefined, { signal: controller.signal });
    await expect.poll(() => pool.stats().active).toBe(1);
    const waiting: unknown = await pool.dispatch('GET', at(server.port), [], null, [null, null, null, 20]).catch((error: unknown) => error);
    expect(waiting).toBeInstanceOf(PoolTimeout);
    expect(waiting).toMatchObject({
      phase: 'pool',
      holders: [{ method: 'PUT', origin: `http://127.0.0.1:${server.port}`, phase: 'response-head' }],
    });
    expect(String(waiting)).not.toContain('secret');
    controller.abort();
    await expect(held).rejects.toBeInstanceOf(Aborted);
  });

  it('closes in order: what runs ends, what comes is refused', async () => {
    await using server = await startServer('slow', { pieces: ['late'] });
    const pool = new ConnectionPool();
    const running = pool.dispatch('GET', at(server.port), [], null);
    await server.connections.until((counts) => counts.requests === 1);
    const closed = pool.close();
    await expect(pool.dispatch('GET', at(server.port), [], null)).rejects.toBeInstanceOf(PoolClosed);
    server.release();
    const [, , , , body] = await running;
    expect(text(await body.bytes())).toBe('late');
    await closed;
    expect(pool.stats().connections).toBe(0);
    await pool.close();
  });

  it('fails what runs when it is destroyed', async () => {
    await using server = await startRawServer([receiveHead(), hang()]);
    const pool = new ConnectionPool();
    const running = pool.dispatch('GET', at(server.port), [], null);
    await expect.poll(() => server.transcripts.length).toBe(1);
    await pool.destroy();
    await expect(running).rejects.toBeInstanceOf(PoolClosed);
  });

  it('keeps to its limits and serves everybody', async () => {
    await using server = await startServer('plain', {});
    await using pool = new ConnectionPool({ maxConnectionsPerOrigin: 7 });
    const statuses = await Promise.all(
      Array.from({ length: 300 }, async () => {
        const [, status, , , body] = await pool.dispatch('GET', at(server.port), [], null);
        await body.bytes();
        return status;
      }),
    );
    expect(statuses).toEqual(Array.from({ length: 300 }, () => 200));
    expect(server.connections.peak).toBeLessThanOrEqual(7);
    expect(pool.stats()).toMatchObject({ active: 0, queued: 0 });
  });

  it('lets an idle connection of one origin go when another needs its slot', async () => {
    await using one = await startServer('plain', { body: 'one' });
    await using other = await startServer('plain', { body: 'other' });
    await using pool = new ConnectionPool({ maxConnections: 1 });
    for (const server of [one, other, one]) {
      const [, , , , body] = await pool.dispatch('GET', at(server.port), [], null);
      expect(text(await body.bytes())).toBe(server === one ? 'one' : 'other');
      expect(pool.stats().connections).toBe(1);
    }
  });

  it('honours Connection: close and Keep-Alive hints', async () => {
    await using server = await startServer('closing', { after: 1, how: 'announced' });
    await using pool = new ConnectionPool();
    const [, , , , body] = await pool.dispatch('GET', at(server.port), [], null);
    await body.bytes();
    expect(pool.stats().connections).toBe(0);
    await using hinting = await startRawServer([
      receiveRequest(),
      send('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n'),
      hang(),
    ]);
    const [, , , , empty] = await pool.dispatch('GET', at(hinting.port), [], null);
    await empty.bytes();
    // A second less than a second is not worth keeping.
    expect(pool.stats().connections).toBe(0);
  });

  it('connects before it is needed', async () => {
    await using server = await startServer('plain', {});
    await using pool = new ConnectionPool();
    await pool.preconnect(`http://127.0.0.1:${server.port}`);
    expect(pool.stats()).toMatchObject({ connections: 1, idle: 1, opened: 1 });
    const reused: boolean[] = [];
    const [, , , , body] = await pool.dispatch('GET', at(server.port), [], null, undefined, {
      trace: (name, _at, detail) => {
        if (name === 'assigned') reused.push((detail as { reused: boolean }).reused);
      },
    });
    await body.bytes();
    expect(reused).toEqual([false]);
    expect(pool.stats().opened).toBe(1);
    await expect(pool.preconnect('http://127.0.0.1:1')).rejects.toMatchObject({ name: 'ConnectError' });
    await expect(pool.preconnect('nonsense')).rejects.toBeInstanceOf(LocalProtocolError);
  });

  it('tells a body that ends with the connection from one that was cut', async () => {
    await using server = await startRawServer([receiveHead(), send('HTTP/1.1 200 OK\r\n\r\nall of it'), close()]);
    await using pool = new ConnectionPool();
    const [, , , , body] = await pool.dispatch('GET', at(server.port), [], null);
    expect(text(await body.bytes())).toBe('all of it');
  });
});
