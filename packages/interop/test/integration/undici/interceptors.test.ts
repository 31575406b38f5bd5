/** undici's own interceptors, agents and options, with a dispatcher of ours below them. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Client } from '@x/client';
import { ConnectionPool } from '@x/httpcore';
import { undiciDispatcher } from '@x/interop/undici';
import type * as Undici from 'undici7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadUndici, undiciNames, type UndiciName } from './undici-versions.ts';

type Loaded = typeof Undici;
type Dispatcher = Undici.Dispatcher;
type Interceptor = Undici.Dispatcher.DispatcherComposeInterceptor;

const seen = new Map<string, number>();
const server = createServer((request, response) => {
  const path = request.url ?? '';
  const times = (seen.get(path) ?? 0) + 1;
  seen.set(path, times);
  void (async () => {
    const body = Buffer.concat(await request.toArray()).toString();
    const { authorization = '', 'content-length': length = '' } = request.headers;
    if (path === '/unwell' && times < 3) response.writeHead(503, { 'retry-after': '0' }).end('unwell');
    else if (path === '/lost' && times < 3) request.socket.destroy();
    else if (path === '/moved') response.writeHead(302, { location: '/here?a=1' }).end('moved');
    else if (path === '/see-other') response.writeHead(303, { location: '/here' }).end();
    else if (path === '/away') response.writeHead(307, { location: `http://localhost:${port}/here` }).end();
    else if (path === '/round') response.writeHead(302, { location: '/round' }).end('round');
    else if (path === '/kept') response.writeHead(200, { 'cache-control': 'max-age=60' }).end(`kept ${times}`);
    else if (path === '/gzip') response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('unzipped'));
    else response.end(`${request.method} ${path} ${authorization} ${length} ${body}`.replaceAll(/ +/g, ' ').replace(/ $/, ''));
  })();
});
let port = 0;
let base = '';
const client = new Client();
const pool = new ConnectionPool();

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  ({ port } = server.address() as AddressInfo);
  base = `http://127.0.0.1:${port}`;
});
beforeEach(() => seen.clear());
afterAll(async () => {
  await client.destroy();
  await pool.destroy();
  server.closeAllConnections();
  server.close();
});

const load = async (name: UndiciName): Promise<Loaded> => (await loadUndici(name)) as unknown as Loaded;
const ours: Readonly<Record<'a client' | 'a dispatcher', () => Dispatcher>> = {
  'a client': () => undiciDispatcher(client),
  'a dispatcher': () => undiciDispatcher(pool),
};
const cases = undiciNames.flatMap((name) => (['a client', 'a dispatcher'] as const).map((carrier) => ({ name, carrier })));

describe.each(cases)('$name over $carrier', ({ name, carrier }) => {
  let undici: Loaded;
  let dispatcher: Dispatcher;
  beforeAll(async () => {
    undici = await load(name);
    dispatcher = ours[carrier]();
  });
  const text = async (path: string, under: Dispatcher, options: object = {}): Promise<string> => {
    const { statusCode, body } = await undici.request(base + path, { dispatcher: under, ...options });
    return `${statusCode} ${await body.text()}`;
  };
  const fetched = async (path: string, under: Dispatcher, options: object = {}): Promise<string> => {
    const response = await undici.fetch(base + path, { dispatcher: under, ...options });
    return `${response.status} ${await response.text()}`;
  };

  it('retries what failed and what was answered with 503, by interceptor and by agent', async () => {
    const { retry } = undici.interceptors;
    const retrying = dispatcher.compose(retry({ minTimeout: 1, maxTimeout: 1 }));
    for (const path of ['/unwell', '/lost']) {
      for (const ask of [text, fetched]) {
        seen.clear();
        expect(await ask(path, retrying)).toBe(`200 GET ${path}`);
        expect(seen.get(path)).toBe(3);
      }
    }
    seen.clear();
    expect(await text('/unwell', new undici.RetryAgent(dispatcher, { minTimeout: 1 }))).toBe('200 GET /unwell');
    seen.clear();
    expect(await text('/unwell', retrying, { method: 'PUT', body: 'all' })).toBe('200 PUT /unwell 3 all');
  });

  it('follows redirects, with the length that a body in memory has', async () => {
    const following = dispatcher.compose(undici.interceptors.redirect({ maxRedirections: 2 }));
    expect(await text('/moved', following)).toBe('200 GET /here?a=1');
    expect(await text('/away', following, { method: 'POST', body: 'abc' })).toBe('200 POST /here 3 abc');
  });

  it('caches, dumps and resolves', async () => {
    const { cache, dump, dns } = undici.interceptors as Partial<typeof undici.interceptors>;
    if (cache !== undefined) {
      const caching = dispatcher.compose(cache());
      expect([await text('/kept', caching), await text('/kept', caching)]).toEqual(['200 kept 1', '200 kept 1']);
      expect(await fetched('/kept', caching)).toBe('200 kept 1');
    }
    expect(await text('/here', dispatcher.compose(dump!({ maxSize: 1024 })))).toBe('200 ');
    expect(await text('/here', dispatcher.compose(dns!()))).toBe('200 GET /here');
    expect(await fetched('/here', dispatcher.compose(dns!(), undici.interceptors.retry()))).toBe('200 GET /here');
  });

  it('is composed again and again, of what is there', async () => {
    const order: string[] = [];
    const told =
      (who: string): Interceptor =>
      (dispatch) =>
      (options, handler) => {
        order.push(who);
        return dispatch(options, handler);
      };
    const composed = dispatcher.compose(told('first'), null as never).compose([told('second')]);
    expect(await text('/here', composed.compose(undefined as never, told('third')))).toBe('200 GET /here');
    expect(order).toEqual(['third', 'second', 'first']);
    expect(() => dispatcher.compose(5 as never)).toThrow(TypeError);
    expect(() => dispatcher.compose((() => undefined) as never)).toThrow(TypeError);
  });

  it('stands behind interceptors of every version', async () => {
    for (const other of undiciNames) {
      const { retry, redirect } = (await load(other)).interceptors;
      const composed = dispatcher.compose(
        retry({ minTimeout: 1 }),
        redirect({ maxRedirections: 1 }),
        undici.interceptors.retry({ minTimeout: 1 }),
      );
      seen.clear();
      expect(await text('/unwell', composed), other).toBe('200 GET /unwell');
      expect(await fetched('/moved', composed), other).toBe('200 GET /here?a=1');
    }
  });

  it('writes a query as undici does', async () => {
    const query = { a: 'b c', none: null, nothing: undefined, list: [1, 2], yes: true, tilde: '~!*()', e: 'ü&=' };
    expect(await text('/here', dispatcher, { query })).toBe(
      '200 GET /here?a=b%20c&none=&nothing=&list=1&list=2&yes=true&tilde=~!*()&e=%C3%BC%26%3D',
    );
  });

  it('says how long a form is', async () => {
    const form = new undici.FormData();
    form.append('name', 'pen');
    form.append('file', new Blob(['x'.repeat(10)]), 'x.txt');
    const { body } = await undici.request(`${base}/form`, { dispatcher, method: 'POST', body: form });
    expect(await body.text()).toMatch(/^POST \/form \d+ --/);
    const large = new undici.FormData();
    large.append('file', new Blob([new Uint8Array(2 * 1024 * 1024)]), 'large');
    const sent = await undici.request(`${base}/form`, { dispatcher, method: 'POST', body: large });
    const [, length = '', ...rest] = /^POST \/form (\d+) (.*)$/s.exec(await sent.body.text()) ?? [];
    expect(Number(length)).toBe(rest.join('').length);
  });
});

describe.each(['a client', 'a dispatcher'] as const)('undici6 over %s, with maxRedirections', (carrier) => {
  const get = async (path: string, options: object): Promise<string> => {
    const { request } = await load('undici6');
    const { statusCode, body } = await request(base + path, { dispatcher: ours[carrier](), ...options });
    return `${statusCode} ${await body.text()}`;
  };

  it('follows so many, and hands out the last answer', async () => {
    expect(await get('/moved', { maxRedirections: 1 })).toBe('200 GET /here?a=1');
    expect(await get('/moved', { maxRedirections: 1, method: 'POST', body: 'abc' })).toBe('200 POST /here?a=1 3 abc');
    expect(await get('/round', { maxRedirections: 3 })).toBe('302 round');
    expect(seen.get('/round')).toBe(4);
    await expect(get('/round', { maxRedirections: 1, throwOnMaxRedirect: true })).rejects.toThrow('max redirects');
    await expect(get('/moved', { maxRedirections: -1 })).rejects.toMatchObject({ code: 'UND_ERR_INVALID_ARG' });
  });

  it('asks anew with GET after 303, and takes no credentials elsewhere', async () => {
    const headers = { authorization: 'Basic eA==', 'content-type': 'text/plain' };
    expect(await get('/see-other', { maxRedirections: 1, method: 'POST', body: 'abc', headers })).toBe('200 GET /here Basic eA==');
    expect(await get('/away', { maxRedirections: 1, method: 'PUT', body: 'abc', headers })).toBe('200 PUT /here 3 abc');
  });

  it('hands out the redirect where the body can not be sent once more', async () => {
    const body = (async function* () {
      yield await Promise.resolve('once');
    })();
    expect(await get('/moved', { maxRedirections: 1, method: 'POST', body })).toBe('302 moved');
  });
});
