/**
 * `AsyncLocalStorage`: what a request gives to be called back is called in the context of that request, whoever opened the connection or
 * runs beside it, and a connection keeps nobody's store.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { startProxy, startServer, trustedAuthority, type LocalServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import {
  ConnectionPool,
  diagnosticsChannelName,
  fetchHandlerDispatcher,
  mockDispatcher,
  nodeHandlerDispatcher,
  Proxy,
  type DiagnosticsMessage,
  type Dispatcher,
  type ProxyAuthenticator,
  type UrlParts,
} from '../../src/index.ts';

const store = new AsyncLocalStorage<string>();
const callers = ['A', 'B', 'C'];

/** Who was called back, and in whose context. */
class Calls {
  readonly #seen = new Map<string, Set<string>>();

  note(what: string, who: string): void {
    const key = `${what} of ${who}`;
    const seen = this.#seen.get(key);
    if (seen === undefined) this.#seen.set(key, new Set([String(store.getStore())]));
    else seen.add(String(store.getStore()));
  }

  get kinds(): string[] {
    return Array.from(new Set(Array.from(this.#seen.keys(), (key) => key.split(' of ')[0]!))).toSorted();
  }

  /** Those that were called in the context of another. */
  get strayed(): string[] {
    return Array.from(this.#seen).flatMap(([key, seen]) =>
      Array.from(seen).flatMap((context) => (key.endsWith(` of ${context}`) ? [] : [`${key}: in that of ${context}`])),
    );
  }
}

async function upload(dispatcher: Dispatcher, url: UrlParts, who: string, calls: Calls): Promise<void> {
  const note = (what: string): void => calls.note(what, who);
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      for (let n = 0; n < 20; n += 1) {
        note('body');
        yield Buffer.alloc(20_000);
      }
    } finally {
      note('return');
    }
  }
  const [, , , , response] = await dispatcher.dispatch('POST', url, [], body(), undefined, {
    trace: (name) => note(`trace ${name}`),
    onInformational: () => note('onInformational'),
    trailers: () => {
      note('trailers');
      return [];
    },
  });
  await response.bytes();
}

async function hintedServer(options: object): Promise<LocalServer> {
  return startServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      globalThis.setImmediate(() => response.end('ok'));
    });
  }, options);
}

async function inEachContext(task: (who: string) => Promise<unknown>): Promise<void> {
  await Promise.all(callers.map((who) => store.run(who, () => task(who))));
}

const protocols = [
  ['HTTP/1.1 over one connection', { tls: false }, { maxConnectionsPerOrigin: 1 }],
  ['HTTP/1.1 over connections of their own', { tls: false }, {}],
  ['HTTP/2', { tls: true, http2: true, host: 'localhost' }, {}],
] as const;

describe.each(protocols)('what a request calls back over %s', (_, serverOptions, poolOptions) => {
  it('is called in the context of that request', async () => {
    await using server = await hintedServer(serverOptions);
    await using pool = new ConnectionPool({ ...poolOptions, tls: { ca: (await trustedAuthority()).certificate } });
    const url: UrlParts = [serverOptions.tls ? 'https' : 'http', serverOptions.tls ? 'localhost' : '127.0.0.1', server.port, '/'];
    const calls = new Calls();
    await store.run('OPENER', async () => (await pool.dispatch('GET', url, [], null))[4].bytes());
    await inEachContext((who) => upload(pool, url, who, calls));
    expect(calls.strayed).toEqual([]);
    expect(calls.kinds).toEqual(
      expect.arrayContaining(['body', 'return', 'onInformational', 'trace body-end', 'trace head-sent', 'trailers']),
    );
  });

  it('is seen on the diagnostics channel in the context of that request', async () => {
    await using server = await hintedServer(serverOptions);
    await using pool = new ConnectionPool({ ...poolOptions, tls: { ca: (await trustedAuthority()).certificate } });
    const calls = new Calls();
    const onMessage = (message: unknown): void => {
      const { exchange, name } = message as DiagnosticsMessage;
      whose.set(exchange, whose.get(exchange) ?? String(store.getStore()));
      calls.note(name, whose.get(exchange)!);
    };
    const whose = new Map<number, string>();
    subscribe(diagnosticsChannelName, onMessage);
    try {
      const [scheme, host] = serverOptions.tls ? ['https', 'localhost'] : ['http', '127.0.0.1'];
      await inEachContext(async () => (await pool.dispatch('GET', [scheme, host, server.port, '/'], [], null))[4].bytes());
    } finally {
      unsubscribe(diagnosticsChannelName, onMessage);
    }
    expect(calls.strayed).toEqual([]);
    expect(Array.from(whose.values()).toSorted()).toEqual(callers);
  });

  it('and a connection keeps none of their stores', async () => {
    await using server = await hintedServer(serverOptions);
    await using pool = new ConnectionPool({ ...poolOptions, tls: { ca: (await trustedAuthority()).certificate } });
    const [scheme, host] = serverOptions.tls ? ['https', 'localhost'] : ['http', '127.0.0.1'];
    expect(await storesKept(pool, [scheme, host, server.port, '/'])).toBe(0);
  });
});

/** Of how many requests, whose connection is kept, the async context is kept as well. */
async function storesKept(pool: ConnectionPool, url: UrlParts): Promise<number> {
  const objects = new AsyncLocalStorage<object>();
  const stores: WeakRef<object>[] = [];
  const visit = async (): Promise<void> => {
    const first = { large: new Uint8Array(100_000) };
    stores.push(new WeakRef(first));
    await objects.run(first, async () => {
      const body = (async function* () {
        yield Buffer.from('x');
      })();
      const expects = [['expect', '100-continue']] as const;
      await (await pool.dispatch('POST', url, expects, body, undefined, { trace: () => objects.getStore() }))[4].bytes();
    });
  };
  await visit();
  await visit();
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const kept = (): number => stores.filter((each) => each.deref() !== undefined).length;
  for (let round = 0; round < 20 && kept() > 0; round += 1) {
    await setImmediate();
    gc();
  }
  expect(pool.stats().connections).toBeGreaterThan(0);
  return kept();
}

describe('a connection through a proxy keeps no store of those who use it', () => {
  it.each<[string, (ca: string) => Promise<{ proxy: AsyncDisposable; by: string | Proxy }>]>([
    ['HTTP', async () => startProxy('http').then((proxy) => ({ proxy, by: proxy.url }))],
    ['SOCKS', async () => startProxy('socks').then((proxy) => ({ proxy, by: proxy.url() }))],
    [
      'HTTP/2',
      async (ca) =>
        startProxy('http', { tls: true, http2: true }).then((proxy) => ({ proxy, by: new Proxy(proxy.url, { http2: true, tls: { ca } }) })),
    ],
  ])('%s', async (_, start) => {
    const ca = (await trustedAuthority()).certificate;
    await using server = await hintedServer({ tls: true, host: 'localhost' });
    const { proxy, by } = await start(ca);
    await using _proxy = proxy;
    await using pool = new ConnectionPool({ proxy: by, tls: { ca } });
    expect(await storesKept(pool, ['https', 'localhost', server.port, '/'])).toBe(0);
  });
});

describe('who asks a proxy', () => {
  const authenticator = (calls: Calls): ProxyAuthenticator => ({
    authorize: () => {
      const who = String(store.getStore());
      calls.note('authorize', who);
      return `Basic ${Buffer.from(`${who}:pw`).toString('base64')}`;
    },
    challenged: () => false,
    accepted: () => calls.note('accepted', String(store.getStore())),
  });
  const asked = (fields: readonly (string | undefined)[]): string[] =>
    fields
      .map(
        (field) =>
          Buffer.from(field?.slice(6) ?? '', 'base64')
            .toString('latin1')
            .split(':')[0]!,
      )
      .toSorted();

  it.each([
    ['forwards', false],
    ['opens a tunnel', true],
  ])('is told as whom by the request that it %s for', async (_, tunnel) => {
    await using server = await hintedServer({});
    await using proxy = await startProxy('http', {});
    const calls = new Calls();
    await using pool = new ConnectionPool({ proxy: new Proxy(proxy.url, { tunnel, auth: authenticator(calls) }) });
    await inEachContext(async () => (await pool.dispatch('GET', ['http', '127.0.0.1', server.port, '/'], [], null))[4].bytes());
    const fields = proxy.requests.map(({ headers }) => headers.find(([name]) => name.toLowerCase() === 'proxy-authorization')?.[1]);
    expect(asked(fields)).toEqual(callers);
  });
});

describe('an application without a network', () => {
  it.each([
    ['a function', () => mockDispatcher(() => ({ status: 200, body: String(store.getStore()) }))],
    ['a fetch handler', () => fetchHandlerDispatcher(() => new Response(String(store.getStore())))],
    ['a listener of node:http', () => nodeHandlerDispatcher((_request, response) => void response.end(String(store.getStore())))],
  ] as const)('that is %s is called in the context of its request', async (_, make) => {
    await using dispatcher = make();
    const seen: string[] = [];
    await inEachContext(async (who) => {
      const [, , , , body] = await dispatcher.dispatch('GET', ['http', 'a.example', null, '/'], [], null);
      seen.push(`${who} ${Buffer.from(await body.bytes()).toString()}`);
    });
    expect(seen.toSorted()).toEqual(callers.map((who) => `${who} ${who}`));
  });
});
