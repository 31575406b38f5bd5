/**
 * Tools that stand in for the network (nock, MSW) take over `net.Socket.prototype.connect` and push what they answer into the socket's stream:
 * such a socket knows `'data'` only, whatever it was told about memory to read into.
 */
import { Socket } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { ConnectionPool, type ByteIterable, type GuardTarget } from '../../../src/index.ts';

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

/** Every connection is let through once the request is here, and fails then; gives the addresses that it was led to. */
function letThrough(): string[] {
  const reached: string[] = [];
  type Lookup = (
    host: string,
    options: object,
    done: (error: Error | null, found: readonly { readonly address: string }[]) => void,
  ) => void;
  Socket.prototype.connect = function through(this: Socket, ...given: unknown[]): Socket {
    const [first] = given as [{ lookup: Lookup }[]];
    this._write = (): void =>
      first[0]!.lookup('name.test', { all: true }, (error, found) => {
        reached.push(...found.map(({ address }) => address));
        this.destroy(error ?? new Error('it stops here'));
      });
    this._writev = (): void => this._write(Buffer.alloc(0), 'latin1', () => {});
    this.on('error', () => {});
    process.nextTick(() => {
      if (!this.destroyed) this.emit('connect');
    });
    return this;
  };
  return reached;
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

  it('is handed the name, which nobody looks up, and is offered HTTP/1.1 alone', async () => {
    let asked: { readonly host?: string; readonly ALPNProtocols?: unknown } = {};
    intercept((socket) => socket.push('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    const intercepted = Socket.prototype.connect;
    Socket.prototype.connect = function asking(this: Socket, ...given: unknown[]): Socket {
      const [first] = given as [typeof asked | readonly [typeof asked]];
      asked = Array.isArray(first) ? (first[0] as typeof asked) : (first as typeof asked);
      return (intercepted as (this: Socket) => Socket).call(this);
    };
    const lookup = (): never => {
      throw new Error('looked up');
    };
    await using pool = new ConnectionPool({ lookup });
    const [, status] = await pool.dispatch('GET', ['http', 'name.test', 80, '/'], [], null);
    expect([status, asked.host]).toEqual([200, 'name.test']);
  });

  it('fails as the connection does that it lets through', async () => {
    letThrough();
    await using pool = new ConnectionPool({ lookup: (_host, _options, done) => done(new Error('unknown'), []) });
    const call = pool.dispatch('POST', ['http', 'name.test', 80, '/'], [], null);
    await expect(call).rejects.toMatchObject({ name: 'ConnectError', code: 'DNS_FAILED' });
  });

  it('that is let through is led to no address that the guard forbids, and to no other port', async () => {
    const reached = letThrough();
    const lookup = ((_host: string, _options: object, done: (error: null, found: unknown) => void): void =>
      done(
        null,
        ['10.0.0.1', '192.88.99.77', '1.1.1.1'].map((address) => ({ address, family: 4 })),
      )) as never;
    const ask = async (pool: ConnectionPool): Promise<unknown> => {
      try {
        return await pool.dispatch('POST', ['http', 'name.test', 80, '/'], [], null);
      } catch (error) {
        return error;
      }
    };
    const asked: string[] = [];
    const check = ({ address }: GuardTarget): string | undefined => {
      asked.push(address!);
      return address === '10.0.0.1' ? 'not this one' : undefined;
    };
    await using guarded = new ConnectionPool({ guard: { check }, lookup });
    await ask(guarded);
    expect([asked, reached]).toEqual([
      ['10.0.0.1', '192.88.99.77', '1.1.1.1'],
      ['192.88.99.77', '1.1.1.1'],
    ]);
    await using forbidding = new ConnectionPool({ guard: { check: () => 'nothing' }, lookup });
    expect(await ask(forbidding)).toMatchObject({ name: 'AddressRefused', rule: 'nothing', address: '10.0.0.1' });
    await using elsewhere = new ConnectionPool({ resolve: { 'name.test:80': '127.0.0.1:8080' } });
    expect(await ask(elsewhere)).toMatchObject({ name: 'ConnectError', message: expect.stringContaining('to port 8080') as string });
    expect(reached).toHaveLength(2);
  });

  it('cuts a body that only the close delimits, where it closes without an end', async () => {
    intercept((socket) => {
      socket.push('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of it');
      setImmediate(() => socket.emit('close', true));
    });
    await using pool = new ConnectionPool();
    await expect(textOf(pool)).rejects.toMatchObject({ code: 'READ_FAILED' });
  });

  it('is not taken for one where somebody only watches', async () => {
    let watched = 0;
    Socket.prototype.connect = function watching(this: Socket, ...given: unknown[]): Socket {
      watched += 1;
      return (connect as (this: Socket, ...given: unknown[]) => Socket).apply(this, given);
    };
    const names: string[] = [];
    const lookup = (host: string, _options: object, done: (error: Error, none: readonly never[]) => void): void => {
      names.push(host);
      done(new Error('unknown'), []);
    };
    await using pool = new ConnectionPool({ lookup: lookup as never });
    await expect(pool.dispatch('GET', ['http', 'name.test', 80, '/'], [], null)).rejects.toMatchObject({
      code: 'DNS_FAILED',
      phase: 'dns',
    });
    expect([watched, names]).toEqual([1, ['name.test']]);
  });
});
