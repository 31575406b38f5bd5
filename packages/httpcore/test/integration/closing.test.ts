/** How a pool ends: what it waits for, what it ends at once, and that nothing and nobody hangs on it. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

import { serverCertificate, startHttp2Server, startProxy, startServer, trustedAuthority, type LocalServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import {
  ConnectionPool,
  PoolClosed,
  Proxy,
  type DuplexBody,
  type PoolOptions,
  type ResponseBody,
  type Timeouts,
  type UrlParts,
} from '../../src/index.ts';

const noLimits: Timeouts = [null, null, null, null];

interface World extends AsyncDisposable {
  readonly pool: ConnectionPool;
  get(target: string): Promise<ResponseBody>;
}

/** `/large` is whole at once, `/endless` goes on for ever, `/silent` begins and then says nothing. */
async function startOrigin(http2: boolean, tls: boolean): Promise<Pick<LocalServer, 'port'> & AsyncDisposable> {
  const large = Buffer.alloc(3_000_000);
  if (!http2) {
    return startServer(
      (request, response) => {
        if (request.url === '/large') response.end(large);
        else if (request.url === '/silent') response.write('x');
        else {
          const go = (): void => {
            while (response.write(large));
            response.once('drain', go);
          };
          response.on('error', () => {});
          go();
        }
      },
      { tls },
    );
  }
  return startHttp2Server(
    (stream, headers) => {
      stream.on('error', () => {});
      stream.respond({ ':status': 200 });
      if (headers[':path'] === '/large') stream.end(large);
      else if (headers[':path'] === '/silent') stream.write('x');
      else {
        const go = (): void => {
          while (!stream.destroyed && stream.write(large));
          if (!stream.destroyed) stream.once('drain', go);
        };
        go();
      }
    },
    { tls },
  );
}

interface Way {
  readonly name: string;
  readonly http2: boolean;
  readonly proxy: 'none' | 'http/1.1' | 'h2' | 'socks';
}

const ways: readonly Way[] = [
  { name: 'HTTP/1.1', http2: false, proxy: 'none' },
  { name: 'HTTP/2', http2: true, proxy: 'none' },
  { name: 'HTTP/1.1 through CONNECT', http2: false, proxy: 'http/1.1' },
  { name: 'HTTP/1.1 through CONNECT over HTTP/2', http2: false, proxy: 'h2' },
  { name: 'HTTP/2 through CONNECT over HTTP/2', http2: true, proxy: 'h2' },
  { name: 'HTTP/2 through SOCKS', http2: true, proxy: 'socks' },
];

async function start({ http2, proxy }: Way, options: PoolOptions = {}): Promise<World> {
  const servers: AsyncDisposable[] = [];
  const use = <Server extends AsyncDisposable>(server: Server): Server => {
    servers.unshift(server);
    return server;
  };
  const { certificate: ca } = await trustedAuthority();
  const origin = use(await startOrigin(http2, true));
  let through: Proxy | null = null;
  if (proxy === 'socks') through = new Proxy(use(await startProxy('socks')).url('socks5'));
  else if (proxy !== 'none') {
    const started = use(await startProxy('http', proxy === 'h2' ? { tls: true, http2: true } : {}));
    through = new Proxy(started.url, proxy === 'h2' ? { tls: { ca } } : {});
  }
  const pool = new ConnectionPool({ tls: { ca }, proxy: through, http1: !http2, http2, ...options });
  const url = (target: string): UrlParts => ['https', '127.0.0.1', origin.port, target];
  return {
    pool,
    async get(target) {
      const [, status, , , body] = await pool.dispatch('GET', url(target), [], null, noLimits);
      expect(status).toBe(200);
      return body;
    },
    async [Symbol.asyncDispose]() {
      await pool.destroy();
      for (const server of servers) await server[Symbol.asyncDispose]();
    },
  };
}

describe.each(ways)('over $name', (way) => {
  it('disposing ends what nobody reads, and an error of the program comes out', async () => {
    await using world = await start(way);
    const bodies: ResponseBody[] = [];
    const program = async (): Promise<void> => {
      await using pool = world.pool;
      expect(pool.stats().connections).toBe(0);
      for (const target of ['/large', '/endless', '/silent']) bodies.push(await world.get(target));
      throw new Error('the bug that the user must see');
    };
    await expect(program()).rejects.toThrow('the bug that the user must see');
    expect(world.pool.stats()).toMatchObject({ connections: 0, active: 0 });
    for (const body of bodies) await expect(body.bytes()).rejects.toBeInstanceOf(PoolClosed);
  });

  it('disposing waits for who reads, also where the reader is busy for a while', async () => {
    await using world = await start(way);
    const body = await world.get('/large');
    let length = 0;
    const reading = (async () => {
      for await (const chunk of body) {
        length += chunk.length;
        await new Promise(setImmediate);
      }
    })();
    await world.pool[Symbol.asyncDispose]();
    await reading;
    expect(length).toBe(3_000_000);
  });

  it('disposing ends what its reader has left in the middle', async () => {
    await using world = await start(way);
    const chunks = (await world.get('/endless'))[Symbol.asyncIterator]();
    await chunks.next();
    await world.pool[Symbol.asyncDispose]();
    const read = async (): Promise<void> => {
      while ((await chunks.next()).done !== true);
    };
    await expect(read()).rejects.toBeInstanceOf(PoolClosed);
  });

  it('close() waits for what runs up to its grace, and says then what ended it', async () => {
    await using world = await start(way);
    const large = await world.get('/large');
    const endless = await world.get('/endless');
    const length = large.bytes().then((bytes) => bytes.length);
    const closed = world.pool.close();
    expect(await length).toBe(3_000_000);
    await world.pool.close({ grace: 20 });
    await closed;
    await expect(endless.bytes()).rejects.toMatchObject({ code: 'POOL_CLOSED', message: expect.stringContaining('20 ms') });
  });

  it('the grace is an option', async () => {
    await using world = await start(way, { closeGrace: 10 });
    const silent = await world.get('/silent');
    await world.pool.close();
    await expect(silent.bytes()).rejects.toMatchObject({ code: 'POOL_CLOSED', message: expect.stringContaining('closeGrace') });
  });

  it('closing twice, in whatever ways, is one end', async () => {
    await using world = await start(way);
    await (await world.get('/large')).bytes();
    await world.get('/endless');
    await Promise.all([world.pool.close(), world.pool[Symbol.asyncDispose](), world.pool.close({ grace: 60_000 }), world.pool.destroy()]);
    expect(world.pool.stats().connections).toBe(0);
  });
});

it('refuses a grace that is none', async () => {
  await using pool = new ConnectionPool();
  for (const grace of [-1, Number.NaN, '5' as unknown as number]) {
    await expect(pool.close({ grace })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  }
  expect(() => new ConnectionPool({ closeGrace: -1 })).toThrow('closeGrace');
});

describe('a tunnel whose peer ignores our end', () => {
  async function startDeafServer(): Promise<{ readonly url: UrlParts; readonly sockets: Set<Socket> } & AsyncDisposable> {
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => sockets.delete(socket));
      socket.once('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'));
      // It goes on talking, and so hears of an end in the end.
      socket.once('end', () => {
        const talk = (): void => {
          if (!socket.destroyed) socket.write('x', () => setImmediate(talk));
        };
        talk();
      });
      socket.resume();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return {
      url: ['http', '127.0.0.1', (server.address() as AddressInfo).port, '/'],
      sockets,
      async [Symbol.asyncDispose]() {
        for (const socket of sockets) socket.destroy();
        await once(server.close(), 'close');
      },
    };
  }

  it.each<[string, (pool: ConnectionPool) => Promise<void>]>([
    ['destroy()', (pool) => pool.destroy()],
    ['close() when its grace is over', (pool) => pool.close({ grace: 10 })],
    ['disposing', (pool) => pool[Symbol.asyncDispose]()],
  ])('is ended by %s', async (_how, end) => {
    await using server = await startDeafServer();
    const pool = new ConnectionPool();
    const headers = [
      ['connection', 'upgrade'],
      ['upgrade', 'x'],
    ] as const;
    const [, status, , , body] = await pool.dispatch('GET', server.url, headers, null, noLimits);
    expect(status).toBe(101);
    await (body as DuplexBody).write(Buffer.from('hello'));
    await (body as DuplexBody).end();
    const [socket] = server.sockets;
    const closed = new Promise((resolve) => socket!.once('close', resolve));
    await end(pool);
    await closed;
    expect(server.sockets.size).toBe(0);
  });
});

it('a program that closes its pools one after the other gets to its end', async () => {
  const { certificate: ca } = await trustedAuthority();
  await using origin = await startServer('plain', { tls: { certificate: await serverCertificate() } });
  await using proxy = await startProxy('http', { tls: true, http2: true });
  for (let round = 0; round < 5; round += 1) {
    await using pool = new ConnectionPool({ proxy: new Proxy(proxy.url, { tls: { ca } }), tls: { ca } });
    const [, status, , , body] = await pool.dispatch('GET', ['https', '127.0.0.1', origin.port, '/'], [], null);
    await body.bytes();
    expect(status).toBe(200);
  }
  await proxy.connections.until(({ open }) => open === 0);
});
