/**
 * Tools that stand in for the network (nock, MSW) take over `net.Socket.prototype.connect` and push what they answer into the socket's stream:
 * such a socket knows `'data'` only, whatever it was told about memory to read into.
 */
import { Socket } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { ConnectionPool, type ByteIterable } from '../../../src/index.ts';

const { connect } = Socket.prototype;
afterEach(() => {
  Socket.prototype.connect = connect;
});

/** Every connection is answered by this process, a head at a time; `answer` pushes. */
function intercept(answer: (socket: Socket, request: string) => void): void {
  Socket.prototype.connect = function intercepted(this: Socket): Socket {
    let seen = '';
    const take = (data: Uint8Array | string): void => {
      seen += Buffer.from(data as string).toString('latin1');
      if (!seen.endsWith('\r\n\r\n')) return;
      const request = seen;
      seen = '';
      setImmediate(() => answer(this, request));
    };
    Object.assign(this, {
      _write: (data: Uint8Array, _encoding: string, done: () => void) => {
        take(data);
        done();
      },
      _writev: (chunks: readonly { readonly chunk: Uint8Array }[], done: () => void) => {
        for (const { chunk } of chunks) take(chunk);
        done();
      },
      _final: (done: () => void) => done(),
      _read: () => {},
    });
    process.nextTick(() => {
      this.emit('connect');
      this.emit('ready');
    });
    return this;
  };
}

async function textOf(pool: ConnectionPool, method = 'GET', body: ByteIterable | null = null): Promise<string> {
  const [, status, , , response] = await pool.dispatch(method, ['http', '127.0.0.1', 9, '/mocked'], [], body);
  return `${status} ${Buffer.from(await response.bytes()).toString('latin1')}`;
}

describe('a socket that is answered by a stand-in', () => {
  it('is read by its stream, and used again', async () => {
    let requests = 0;
    intercept((socket) => {
      requests += 1;
      socket.push('HTTP/1.1 201 Created\r\nContent-Length: 6\r\n\r\n');
      socket.push('mocked');
    });
    await using pool = new ConnectionPool();
    expect(await textOf(pool)).toBe('201 mocked');
    const chunked = (async function* () {
      yield Buffer.from('a body');
    })();
    expect(await textOf(pool, 'POST', chunked)).toBe('201 mocked');
    expect(requests).toBe(2);
    expect(pool.stats()).toMatchObject({ opened: 1 });
  });

  it('is paused while a large body is not read, and its bytes are copied: they are the stand-in’s', async () => {
    const piece = Buffer.alloc(50_000, 'x');
    intercept((socket) => {
      socket.push(`HTTP/1.1 200 OK\r\nContent-Length: ${piece.length * 20}\r\n\r\n`);
      for (let n = 0; n < 20; n += 1) socket.push(piece);
    });
    await using pool = new ConnectionPool();
    const [, , , , body] = await pool.dispatch('GET', ['http', '127.0.0.1', 9, '/large'], [], null);
    let size = 0;
    for await (const chunk of body) {
      size += chunk.length;
      chunk.fill(0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(size).toBe(1_000_000);
    expect(piece.every((byte) => byte === 120)).toBe(true);
  });

  it('ends a body with its end', async () => {
    intercept((socket) => {
      socket.push('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end');
      socket.push(null);
    });
    await using pool = new ConnectionPool();
    expect(await textOf(pool)).toBe('200 until the end');
  });
});
