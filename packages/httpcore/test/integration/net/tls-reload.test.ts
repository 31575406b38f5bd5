/** Certificates that are renewed while a pool is at work. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import nodeTls, { type TLSSocket } from 'node:tls';

import { clientCertificate, serverCertificate, startProxy, startServer, trustedAuthority, type LocalServer } from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import {
  ConnectionPool,
  Proxy,
  tlsFiles,
  type DispatchContext,
  type HttpCoreError,
  type PoolOptions,
  type ProxyOptions,
  type ResponseBody,
  type TlsOptions,
  type TlsSource,
  type UrlParts,
} from '../../../src/index.ts';
import { lookup, visit } from './trust-world.ts';

let ca: string;
let ada: TlsOptions;
let eve: TlsOptions;
let folder: string;
beforeAll(async () => {
  ca = (await trustedAuthority()).certificate;
  const identity = async (name: string): Promise<TlsOptions> => {
    const { cert, key } = await clientCertificate(name);
    return { ca, cert, key };
  };
  [ada, eve] = await Promise.all([identity('ada'), identity('eve')]);
  folder = await mkdtemp(join(tmpdir(), 'reload-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Says who asks; what asks for `/slow` is told the rest when the test says so. */
async function whoIsIt(http2: boolean): Promise<{ server: LocalServer; finish: () => void }> {
  let finish = (): void => {};
  const server = await startServer(
    (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate() as { subject?: { CN?: string } };
      if (request.url !== '/slow') response.end(subject?.CN);
      else {
        response.write(`${subject?.CN} `);
        finish = () => void response.end('to the end');
      }
    },
    { http2, tls: { requestClientCertificate: true } },
  );
  return { server, finish: () => finish() };
}

const ask = (pool: ConnectionPool, server: LocalServer): Promise<string> => askAt(pool, server, 'localhost');

async function askAt(pool: ConnectionPool, { port }: LocalServer, host: string): Promise<string> {
  const [, , , , body] = await pool.dispatch('GET', ['https', host, port, '/'], [], null, undefined, { servername: 'localhost' });
  return new TextDecoder().decode(await body.bytes());
}

describe.each([
  ['HTTP/1.1', false],
  ['HTTP/2', true],
])('TLS options that change: %s', (_protocol, http2) => {
  it.each(['directly', 'in a tunnel'])('new connections have the new ones, and what runs goes on: %s', async (way) => {
    const { server, finish } = await whoIsIt(http2);
    await using _server = server;
    await using proxy = await startProxy('http');
    const options: PoolOptions = way === 'directly' ? {} : { proxy: `http://127.0.0.1:${proxy.port}` };
    let current = ada;
    await using pool = new ConnectionPool({ lookup, tls: () => current, coalesce: true, ...options });
    const url: UrlParts = ['https', 'localhost', server.port, '/slow'];
    const [, , , , slow] = await pool.dispatch('GET', url, [], null);
    expect(await ask(pool, server)).toBe('ada');
    const { opened } = pool.stats();
    current = { ...ada };
    expect(await ask(pool, server)).toBe('ada');
    expect(pool.stats().opened).toBe(opened);
    current = eve;
    expect(await Promise.all([ask(pool, server), ask(pool, server)])).toEqual(['eve', 'eve']);
    finish();
    expect(new TextDecoder().decode(await slow.bytes())).toBe('ada to the end');
    expect(await ask(pool, server)).toBe('eve');
    // Who says something of his own says it over what holds now.
    const [, , , , own] = await pool.dispatch('GET', ['https', 'localhost', server.port, '/'], [], null, undefined, {
      network: { tls: { minVersion: 'TLSv1.3' } },
    });
    expect(new TextDecoder().decode(await own.bytes())).toBe('eve');
  });

  it('a connection that is being made when they change is not used', async () => {
    const { server } = await whoIsIt(http2);
    await using _server = server;
    let current = ada;
    const asked: (() => void)[] = [];
    let isReady = false;
    const slowly = ((_host: string, _options: unknown, done: (error: null, addresses: unknown) => void) => {
      const answer = (): void => done(null, [{ address: '127.0.0.1', family: 4 }]);
      if (isReady) setImmediate(answer);
      else asked.push(answer);
    }) as never;
    await using pool = new ConnectionPool({ lookup: slowly, tls: () => current });
    const first = askAt(pool, server, 'slow.test');
    await expect.poll(() => asked).not.toEqual([]);
    current = eve;
    const second = askAt(pool, server, 'slow.test');
    isReady = true;
    for (const answer of asked) answer();
    const answers = await Promise.all([first, second]);
    expect(answers).toEqual(['eve', 'eve']);
  });
});

it('another server name is asked for, by origins that are known too; one that a request names counts more', async () => {
  const names = ['first.test', 'second.test', 'localhost', 'own.test'];
  const asked: unknown[] = [];
  await using server = await startServer(
    (request, response) => {
      asked.push((request.socket as TLSSocket & { servername?: string }).servername);
      response.end();
    },
    { tls: { certificate: await serverCertificate({ onlyNames: names }) } },
  );
  let current: TlsOptions = { ca, servername: 'first.test' };
  await using pool = new ConnectionPool({ lookup, tls: () => current });
  const get = async (context?: DispatchContext): Promise<void> => {
    const [, , , , body] = await pool.dispatch('GET', ['https', 'localhost', server.port, '/'], [], null, undefined, context);
    await body.bytes();
  };
  for (const servername of ['first.test', 'second.test', undefined]) {
    current = { ca, servername };
    await get();
    await get({ servername: 'own.test' });
    await get({ servername: 'localhost' });
    await get({ network: { tls: { servername: 'own.test' } } });
  }
  const own = ['own.test', 'localhost', 'own.test'];
  expect(asked).toEqual(['first.test', ...own, 'second.test', ...own, 'localhost', ...own]);
  const socket = await pool.connect(`https://localhost:${server.port}`);
  socket.destroy();
});

it('a source must not be asynchronous, and may make requests', async () => {
  const later = (async () => ({ ca })) as unknown as TlsSource;
  expect(() => new ConnectionPool({ tls: later })).toThrow(/tls must be given at once, and is a promise/);
  expect(() => new ConnectionPool({ tls: async () => Promise.reject(new Error('no')) } as never)).toThrow(/is a promise/);
  const { server } = await whoIsIt(false);
  await using _server = server;
  const inside: Promise<string>[] = [];
  const askInside = (): TlsOptions => {
    if (inside.length < 3 && pools.length > 0) inside.push(ask(pools[0]!, server));
    return ada;
  };
  const pools: ConnectionPool[] = [];
  await using pool = new ConnectionPool({ lookup, tls: askInside });
  pools.push(pool);
  expect([await ask(pool, server), ...(await Promise.all(inside))]).toEqual(['ada', 'ada']);
});

it('what can not be used changes nothing, and is told once', async () => {
  const { server } = await whoIsIt(false);
  await using _server = server;
  let current: TlsSource = () => ada;
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  try {
    await using pool = new ConnectionPool({ lookup, tls: () => current() });
    expect(await ask(pool, server)).toBe('ada');
    for (const broken of [
      () => ({ ...ada, key: eve.key }),
      () => ({ ...ada, cert: 'half' }),
      () => ({ chiphers: 'x' }) as TlsOptions,
      () => {
        throw new Error('not there');
      },
    ]) {
      warning.mockClear();
      current = broken;
      expect([await ask(pool, server), await ask(pool, server)]).toEqual(['ada', 'ada']);
      expect(warning).toHaveBeenCalledOnce();
      expect(String(warning.mock.calls[0]![0])).toMatch(/those before are still used/);
    }
    expect(pool.stats().opened).toBe(1);
    current = () => eve;
    expect(await ask(pool, server)).toBe('eve');
  } finally {
    warning.mockRestore();
  }
});

it('connections without HTTP, and those that are made beforehand, have the new ones, too', async () => {
  const { server } = await whoIsIt(false);
  await using _server = server;
  let current = ada;
  await using pool = new ConnectionPool({ lookup, tls: () => current });
  const connect = async (): Promise<string> => {
    const socket = await pool.connect(server.origin, { servername: 'localhost' });
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    return Buffer.concat((await socket.toArray()) as Buffer[]).toString();
  };
  expect(await connect()).toContain('ada');
  current = eve;
  expect(await connect()).toContain('eve');
  await pool.preconnect(server.origin.replace('127.0.0.1', 'localhost'));
  current = ada;
  await pool.preconnect(server.origin.replace('127.0.0.1', 'localhost'));
  expect(pool.stats().opened).toBe(2);
});

describe.each([
  ['HTTP/1.1', false],
  ['HTTP/2', true],
])('TLS with a proxy that changes: %s', (_protocol, http2) => {
  /** A proxy that tells who asked for what, origins behind it, and a pool by each of two equal proxies. */
  async function behindProxy(options: ProxyOptions, url: 'http' | 'https') {
    const proxy = await startProxy('http', { http2, tls: { requestClientCertificate: true } });
    let finish = (): void => {};
    const server = await startServer(
      (request, response) => {
        response.write('begun, ');
        if (request.url === '/slow') finish = () => void response.end('ended');
        else response.end();
      },
      { tls: url === 'https' },
    );
    const byProxy = (): Proxy => new Proxy(`https://localhost:${proxy.port}`, options);
    const pool = new ConnectionPool({ lookup, tls: { ca } });
    const get = async (path = '/'): Promise<ResponseBody> => {
      const context = { proxy: byProxy() };
      const [, status, , , body] = await pool.dispatch('GET', [url, 'localhost', server.port, path], [], null, undefined, context);
      expect(status).toBe(200);
      return body;
    };
    const world = {
      proxy,
      pool,
      get,
      finish: () => finish(),
      ask: async () => void (await (await get()).bytes()),
      names: () => proxy.requests.map(({ clientName }) => clientName),
      [Symbol.asyncDispose]: async () => {
        await pool.destroy();
        await Promise.all([proxy.stop(), server[Symbol.asyncDispose]()]);
      },
    };
    return world;
  }

  it.each(['http', 'https'] as const)('new connections to it have the new ones, for %s origins', async (scheme) => {
    let current = ada;
    await using world = await behindProxy({ tls: () => current }, scheme);
    for (const [options, clientName] of [
      [ada, 'ada'],
      [{ ...ada }, 'ada'],
      [eve, 'eve'],
      [ada, 'ada'],
    ] as const) {
      current = options;
      await Promise.all([world.ask(), world.ask()]);
      await world.ask();
      expect(world.names().at(-1)).toBe(clientName);
    }
    // Equal ones are no change.
    expect(world.names().filter((name, at, all) => name !== all[at - 1])).toEqual(['ada', 'eve', 'ada']);
  });

  it('what runs in a tunnel through it ends in peace, and takes nothing more', async () => {
    let current = ada;
    await using world = await behindProxy({ tls: () => current }, 'https');
    const slow = await world.get('/slow');
    current = eve;
    await world.ask();
    expect(world.names()).toEqual(['ada', 'eve']);
    world.finish();
    expect(new TextDecoder().decode(await slow.bytes())).toBe('begun, ended');
    await world.ask();
    expect(world.names().at(-1)).toBe('eve');
  });

  it('the one before another proxy is asked, too, and one that has gone wrong changes nothing', async () => {
    let current: TlsSource = () => ada;
    await using socks = await startProxy('socks', { resolve: () => '127.0.0.1' });
    await using world = await behindProxy({ tls: () => current() }, 'https');
    const via = new Proxy(`https://localhost:${world.proxy.port}`, { tls: () => current() });
    const last = new Proxy(`socks5h://localhost:${socks.port}`, { via });
    await using origin = await startServer('echo');
    await using pool = new ConnectionPool({ lookup, proxy: last });
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      const broken: TlsSource = () => ({ ...ada, key: eve.key });
      for (const source of [() => ada, broken, () => eve] satisfies TlsSource[]) {
        current = source;
        await pool.preconnect(origin.origin);
        const [, , , , body] = await pool.dispatch('GET', ['http', '127.0.0.1', origin.port, '/'], [], null);
        await body.bytes();
      }
      expect(warning).toHaveBeenCalledOnce();
      expect(String(warning.mock.calls[0]![0])).toMatch(/those before are still used/);
    } finally {
      warning.mockRestore();
    }
    expect(world.names()).toEqual(['ada', 'eve']);
    expect(pool.stats().opened).toBe(2);
  });

  it('files are read anew', async () => {
    const authority = join(folder, 'authority.crt');
    const paths = { cert: join(folder, `proxy-${http2}.crt`), key: join(folder, `proxy-${http2}.key`) };
    const put = async ({ cert, key }: TlsOptions): Promise<void> => {
      await Promise.all([writeFile(paths.cert, String(cert)), writeFile(paths.key, String(key))]);
    };
    expect(() => new Proxy('https://localhost', { tls: tlsFiles(paths) })).toThrow(/tlsFiles\(\): cert can not be read: ENOENT/);
    await put(ada);
    await writeFile(authority, ca);
    await using world = await behindProxy({ tls: tlsFiles({ ...paths, ca: authority, every: 0 }) }, 'https');
    await world.ask();
    await put(eve);
    await world.ask();
    expect(world.names()).toEqual(['ada', 'eve']);
  });
});

const { getCACertificates, setDefaultCACertificates } = nodeTls as unknown as {
  getCACertificates: (type: 'default') => readonly string[];
  setDefaultCACertificates?: (certificates: readonly string[]) => void;
};
const whyNoSetting = setDefaultCACertificates === undefined ? ` (SKIPPED: Node ${process.version} can set none)` : '';
it.skipIf(whyNoSetting !== '').each([{}, { ca: ['default'] }] satisfies TlsOptions[])(
  `authorities that are set for the process hold for the next connection of a pool, which resumes nothing from before: %j${whyNoSetting}`,
  async (tls) => {
    await using server = await startServer('plain', { tls: true });
    await using proxy = await startProxy('http', { tls: true });
    const before = getCACertificates('default');
    for (const options of [{ tls }, { tls, proxy: new Proxy(`https://localhost:${proxy.port}`, { tls }) }]) {
      await using pool = new ConnectionPool({ lookup, ...options });
      const seen: unknown[] = [];
      const ask = async (): Promise<void> => {
        const answer = await visit(pool, server, 'localhost', [['connection', 'close']]).catch((error: HttpCoreError) => error);
        seen.push('code' in answer ? answer.code : answer.connection.tlsResumed);
      };
      await ask();
      try {
        setDefaultCACertificates!([...before, ca]);
        await ask();
        await ask();
        setDefaultCACertificates!(before);
        await ask();
        setDefaultCACertificates!([...before, ca]);
        await ask();
      } finally {
        setDefaultCACertificates!(before);
      }
      expect(seen).toEqual(['TLS_FAILED', false, true, 'TLS_FAILED', false]);
    }
  },
);

describe('tlsFiles()', () => {
  it('has no files but its own', () => {
    const prototype = Object.prototype as { ca?: string };
    prototype.ca = join(folder, 'none.pem');
    try {
      expect(Object.keys(tlsFiles({})())).toEqual([]);
    } finally {
      delete prototype.ca;
    }
  });

  it('reads files when they have changed', async () => {
    const { server } = await whoIsIt(true);
    await using _server = server;
    const paths = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key'), ca: ['default', join(folder, 'ca.crt')] };
    const put = async ({ cert, key }: TlsOptions): Promise<void> => {
      await writeFile(paths.cert, String(cert));
      await writeFile(paths.key, String(key));
    };
    await writeFile(paths.ca[1]!, ca);
    await put(ada);
    const source = tlsFiles({ ...paths, every: 0 }, { minVersion: 'TLSv1.3' });
    expect(source()).toBe(source());
    expect(source().minVersion).toBe('TLSv1.3');
    await using pool = new ConnectionPool({ lookup, tls: source });
    expect(await ask(pool, server)).toBe('ada');
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await writeFile(paths.cert, String(eve.cert));
    expect(await ask(pool, server)).toBe('ada');
    await rm(paths.key);
    expect(await ask(pool, server)).toBe('ada');
    warning.mockRestore();
    await put(eve);
    expect(await ask(pool, server)).toBe('eve');
    const seldom = tlsFiles({ ...paths, every: Infinity });
    const options = seldom();
    await put(ada);
    expect(seldom()).toBe(options);
  });

  it('says what is wrong at once', () => {
    const missing = join(folder, 'none.pem');
    expect(() => new ConnectionPool({ tls: tlsFiles({ cert: missing }) })).toThrow(/tlsFiles\(\): cert can not be read: ENOENT/);
    expect(() => tlsFiles({ every: -1 })).toThrow(/every must be/);
    expect(() => tlsFiles({ passphrase: 'x' } as never)).toThrow(/passphrase is not one of/);
  });
});
