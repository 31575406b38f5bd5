import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

import { BasicAuth, Client, DigestAuth, Retries, RetryOnStatus, type ClientCache } from '@x/client';
import { hedge } from '@x/client/resilience';
import { HttpCache, MemoryStore } from '@x/cache';
import { ConnectionPool } from '@x/httpcore';
import { FileStore } from '@x/cache/files';
import { describe, expect, it } from 'vitest';

interface Origin extends AsyncDisposable {
  readonly url: string;
  readonly seen: { readonly method: string; readonly url: string; readonly headers: IncomingMessage['headers'] }[];
  connections(): Promise<number>;
}

async function startOrigin(listener: RequestListener): Promise<Origin> {
  const seen: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];
  const server = createServer((request, response) => {
    seen.push({ method: request.method!, url: request.url!, headers: request.headers });
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    connections: () => promisify(server.getConnections.bind(server))(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function fresh(response: ServerResponse, body: string, headers: Record<string, string | string[]> = {}): void {
  response.writeHead(200, { 'cache-control': 'max-age=60', ...headers }).end(body);
}

describe('a client with a cache', () => {
  it('takes an HttpCache for what it is', () => {
    const cache: ClientCache = new HttpCache();
    expect(cache).toBeInstanceOf(HttpCache);
  });

  it('ends an exchange that its caller aborts, and fetches on for the store where little is missing', async () => {
    let finish: (() => void) | undefined;
    let isGone: (() => void) | undefined;
    const gone = new Promise<void>((resolve) => (isGone = resolve));
    await using origin = await startOrigin((request, response) => {
      const length = request.url === '/large' ? 10_000_000 : 20;
      response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': length }).write('0123456789');
      if (request.url === '/large') response.on('close', () => isGone!());
      else finish = () => response.end('0123456789');
    });
    await using client = new Client({ baseUrl: origin.url, cache: new HttpCache() });
    for (const path of ['/large', '/small']) {
      const controller = new AbortController();
      const response = await client.stream('GET', path, { signal: controller.signal });
      const chunks = response[Symbol.asyncIterator]();
      await chunks.next();
      controller.abort('enough');
      await expect(chunks.next()).rejects.toMatchObject({ name: 'Aborted', cause: 'enough' });
    }
    await gone;
    finish!();
    const again = await client.get('/small');
    expect([again.text(), again.cache!.state, origin.seen.length]).toEqual(['01234567890123456789', 'hit', 2]);
  });

  it('answers from it, and says so', async () => {
    await using origin = await startOrigin((_, response) => fresh(response, 'hello'));
    await using client = new Client({ baseUrl: origin.url, cache: new HttpCache() });
    const first = await client.get('/a');
    const second = await client.get('/a');
    expect([first.cache, second.cache]).toEqual([
      { state: 'miss', age: undefined, stored: true, reason: 'nothing stored' },
      {
        state: 'hit',
        age: expect.any(Number) as number,
        stored: true,
        reason: expect.stringMatching(/^fresh by max-age for another \d+ s$/) as string,
      },
    ]);
    expect([second.text(), second.headers.get('age')]).toEqual(['hello', expect.stringMatching(/^\d+$/)]);
    expect(second.timings.total).toBeGreaterThanOrEqual(0);
    expect(origin.seen).toHaveLength(1);
  });

  it('has none without the option, or with null', async () => {
    await using origin = await startOrigin((_, response) => fresh(response, 'hello'));
    await using client = new Client({ baseUrl: origin.url, cache: new HttpCache() });
    await using without = client.extend({ cache: null });
    expect((await without.get('/a')).cache).toBeUndefined();
    expect((await client.get('/a', { cache: null })).cache).toBeUndefined();
    expect(() => new Client({ cache: {} as ClientCache })).toThrow('The option "cache" must be a cache');
    await expect(client.get('/a', { cache: 'sometimes' as 'default' })).rejects.toThrow('must be one of default');
    await expect(without.get('/a', { cache: 'only-if-cached' })).rejects.toThrow('the client has no cache');
  });

  it('gives each hop of a redirect its own answer, and keeps them apart', async () => {
    await using origin = await startOrigin((request, response) => {
      if (request.url === '/from') response.writeHead(301, { location: '/to', 'cache-control': 'max-age=60' }).end();
      else fresh(response, 'there');
    });
    await using client = new Client({ baseUrl: origin.url, cache: new HttpCache() });
    await client.get('/from');
    const again = await client.get('/from');
    expect([again.text(), again.cache?.state, again.history[0]?.cache?.state]).toEqual(['there', 'hit', 'hit']);
    expect(origin.seen.map(({ url }) => url)).toEqual(['/from', '/to']);
  });

  it('never gives one user what came for another', async () => {
    await using origin = await startOrigin((request, response) =>
      fresh(response, `for ${String(request.headers.authorization ?? request.headers['x-api-key'])}`),
    );
    await using client = new Client({ baseUrl: origin.url, cache: new HttpCache() });
    const asked = [
      await client.get('/me', { auth: new BasicAuth('ada', 'a') }),
      await client.get('/me', { auth: new BasicAuth('bob', 'b') }),
      await client.get('/me', { headers: { 'x-api-key': 'one' } }),
      await client.get('/me', { headers: { 'x-api-key': 'two' } }),
      await client.get('/me'),
      await client.get('/me', { auth: new BasicAuth('ada', 'a') }),
    ];
    expect(asked.map(({ cache }) => cache?.state)).toEqual(['miss', 'miss', 'miss', 'miss', 'miss', 'hit']);
    expect(new Set(asked.map((response) => response.text())).size).toBe(5);
    expect(asked[5]!.text()).toBe(asked[0]!.text());
  });

  it('answers a challenge although the 401 could be stored', async () => {
    await using origin = await startOrigin((request, response) => {
      if (request.headers.authorization?.startsWith('Digest') === true) fresh(response, 'in');
      else
        response
          .writeHead(401, { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth"', 'cache-control': 'public, max-age=60' })
          .end();
    });
    await using client = new Client({ baseUrl: origin.url, cache: new HttpCache(), auth: new DigestAuth('ada', 'secret') });
    expect((await client.get('/a')).text()).toBe('in');
    expect((await client.get('/a')).text()).toBe('in');
  });

  it('asks the origin for a retry: what is stored is the answer that was of no use', async () => {
    await using origin = await startOrigin((_, response) => {
      const status = origin.seen.length < 3 ? 503 : 200;
      response.writeHead(status, { 'cache-control': 'max-age=60', etag: '"1"' }).end(String(status));
    });
    const retries = new Retries(4, { limits: [new RetryOnStatus()], backoffFactor: 1 });
    await using client = new Client({ baseUrl: origin.url, cache: new HttpCache(), retries });
    expect((await client.get('/')).text()).toBe('200');
    expect((await client.get('/')).cache?.state).toBe('hit');
    // Nothing is said to servers on the way: the retries of many would all go past their caches.
    expect(origin.seen.map(({ headers }) => [headers['cache-control'], headers.pragma, headers['if-none-match']])).toEqual(
      Array.from({ length: 3 }, () => [undefined, undefined, undefined]),
    );
  });

  it('sends a second request beside a slow one, and does not wait for the first', async () => {
    await using origin = await startOrigin((_, response) => {
      if (origin.seen.length > 1) fresh(response, 'second');
    });
    const networkInterceptors = [hedge({ maxDelay: 5, minDelay: 5 })];
    await using client = new Client({ baseUrl: origin.url, cache: new HttpCache(), networkInterceptors });
    expect((await client.get('/')).text()).toBe('second');
    expect((await client.get('/')).cache?.state).toBe('hit');
    expect(origin.seen).toHaveLength(2);
  });

  it('does not set a stored cookie once more', async () => {
    await using origin = await startOrigin((request, response) => {
      if (request.url === '/logout') response.writeHead(204, { 'set-cookie': 'session=; max-age=0' }).end();
      else fresh(response, 'page', { 'set-cookie': 'session=1', 'cache-control': 'public, max-age=60' });
    });
    await using client = new Client({ baseUrl: origin.url, cache: new HttpCache() });
    await client.get('/page');
    await client.get('/logout');
    const page = await client.get('/page');
    expect([page.cache?.state, page.headers.get('set-cookie')]).toEqual(['hit', 'session=1']);
    await client.get('/echo');
    expect(origin.seen.at(-1)!.headers.cookie).toBeUndefined();
  });

  it('stores what is coded as it is coded', async () => {
    const text = 'text '.repeat(1000);
    await using origin = await startOrigin((_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60', 'content-encoding': 'gzip', vary: 'accept-encoding' }).end(gzipSync(text));
    });
    const cache = new HttpCache();
    await using client = new Client({ baseUrl: origin.url, cache });
    await client.get('/a');
    expect((await client.get('/a')).text()).toBe(text);
    expect((await cache.inspect(`${origin.url}/a`))[0]!.length).toBe(gzipSync(text).length);
    expect(origin.seen).toHaveLength(1);
  });

  it('hands out bytes that the caller may change', async () => {
    await using origin = await startOrigin((_, response) => fresh(response, 'hello'));
    await using client = new Client({ baseUrl: origin.url, cache: new HttpCache() });
    (await client.get('/a')).bytes().fill(0);
    (await client.get('/a')).bytes().fill(1);
    expect((await client.get('/a')).text()).toBe('hello');
  });

  it('asks again for what it has, and takes the modes of fetch', async () => {
    let version = 1;
    await using origin = await startOrigin((request, response) => {
      const etag = `"v${version}"`;
      if (request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end();
      else fresh(response, `version ${version}`, { etag });
    });
    await using client = new Client({ baseUrl: origin.url, cache: new HttpCache() });
    const states: unknown[] = [];
    for (const cache of [undefined, 'no-cache', 'reload', 'force-cache', 'no-store', 'only-if-cached'] as const) {
      const response = await client.get('/a', { cache });
      states.push([response.cache?.state, response.text()]);
    }
    expect(states).toEqual([
      ['miss', 'version 1'],
      ['revalidated', 'version 1'],
      ['miss', 'version 1'],
      ['hit', 'version 1'],
      ['bypass', 'version 1'],
      ['hit', 'version 1'],
    ]);
    expect((await client.get('/never', { cache: 'only-if-cached' })).status).toBe(504);
    version = 2;
    expect((await client.get('/a', { cache: 'no-cache' })).text()).toBe('version 2');
    expect(await client.fetch('/a', { cache: 'no-cache' } as RequestInit).then((response) => response.text())).toBe('version 2');
    await expect(client.fetch(`${origin.url}/other`, { cache: 'only-if-cached', mode: 'same-origin' } as RequestInit)).rejects.toThrow(
      TypeError,
    );
  });

  it('shares one exchange among equal requests, for each at its own speed', async () => {
    const body = Buffer.alloc(2 * 1024 * 1024, 7);
    await using origin = await startOrigin((_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': body.length }).end(body);
    });
    await using client = new Client({ baseUrl: origin.url, cache: new HttpCache() });
    const responses = await Promise.all(Array.from({ length: 8 }, () => client.get('/large')));
    expect(responses.every((response) => Buffer.compare(response.bytes(), body) === 0)).toBe(true);
    expect(responses.filter(({ cache }) => cache?.state === 'hit')).toHaveLength(7);
    expect(origin.seen).toHaveLength(1);
  });

  it('asks the origin again for a stored body that turns out to be broken in the middle', async () => {
    const body = 'x'.repeat(3_000_000);
    await using origin = await startOrigin((_, response) => fresh(response, body));
    const folder = await mkdtemp(join(tmpdir(), 'cache-'));
    const cache = new HttpCache({ store: new FileStore(folder) });
    try {
      await using client = new Client({ baseUrl: origin.url, cache, retries: 1 });
      await client.get('/');
      await expect.poll(async () => (await client.get('/', { cache: 'only-if-cached', throwOnStatus: false })).status).toBe(200);
      const [name] = (await readdir(folder, { recursive: true })).filter((each) => each.endsWith('.body'));
      const file = await open(join(folder, name!), 'r+');
      await file.write(Buffer.from('y'), 0, 1, 2_000_000);
      await file.close();
      const stream = await client.stream('GET', '/', { retries: 0 });
      let right = 0;
      const reading = (async () => {
        for await (const chunk of stream) {
          expect(chunk.every((byte) => byte === 0x78)).toBe(true);
          right += chunk.length;
        }
      })();
      await expect(reading).rejects.toMatchObject({ name: 'ReadError' });
      expect(right).toBeGreaterThan(1_000_000);
      expect((await client.get('/')).text()).toBe(body);
      expect(origin.seen).toHaveLength(2);
    } finally {
      await cache.close();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('closes while another client waits for what it had confirmed in the background: that is answered', async () => {
    const held: ServerResponse[] = [];
    await using origin = await startOrigin((_, response) => {
      if (origin.seen.length === 1) fresh(response, 'old', { 'cache-control': 'max-age=1, stale-while-revalidate=60' });
      else held.push(response);
    });
    const store = new MemoryStore();
    let now = Date.now();
    const cache = new HttpCache({ store, now: () => now });
    await using other = new Client({ baseUrl: origin.url, cache });
    const client = new Client({ baseUrl: origin.url, cache });
    await client.get('/');
    now += 2000;
    expect((await client.get('/')).text()).toBe('old');
    await expect.poll(() => held.length).toBe(1);
    store.clear();
    const waiting = other.get('/');
    await new Promise((resolve) => setImmediate(resolve));
    const closing = client.close();
    held[0]!.writeHead(200, { 'cache-control': 'max-age=60' }).end('new');
    expect((await waiting).text()).toBe('new');
    expect(origin.seen).toHaveLength(2);
    await closing;
  });

  it.each(['closed', 'disposed'] as const)('is %s while it fetches for nobody: no socket, draft or error stays behind', async (how) => {
    const folder = await mkdtemp(join(tmpdir(), 'cache-client-'));
    const held: ServerResponse[] = [];
    await using origin = await startOrigin((request, response) => {
      if (request.url === '/half')
        response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': 1000 }).write('x'.repeat(100));
      else if (origin.seen.length === 1) fresh(response, 'old', { 'cache-control': 'max-age=0, stale-while-revalidate=60' });
      else held.push(response);
    });
    const events: string[] = [];
    const cache = new HttpCache({ store: new FileStore(folder), onEvent: ({ type }) => events.push(type) });
    const pool = cache.over(new ConnectionPool());
    const client = new Client({ baseUrl: origin.url, ...(how === 'closed' ? { cache } : { dispatcher: pool }) });
    await client.get('/stale');
    await expect.poll(() => cache.size()).toMatchObject({ entries: 1 });
    expect((await client.get('/stale')).text()).toBe('old');
    await expect.poll(() => held.length).toBe(1);
    const half = await client.stream('GET', '/half');
    for await (const chunk of half) {
      expect(chunk).toHaveLength(100);
      break;
    }
    if (how === 'closed') {
      await cache.close();
      // Nobody waits for what confirms a response, and so this does not.
      await client.close();
    } else {
      // Nobody waits for the answer that does not come, nor for the rest of the body.
      await client.close();
      await pool[Symbol.asyncDispose]();
      await cache.close();
    }
    await expect.poll(() => origin.connections()).toBe(0);
    expect((await readdir(folder, { recursive: true })).filter((name) => name.startsWith('drafts/'))).toEqual([]);
    expect([(await cache.size()).entries, events]).toEqual([1, ['background-failed']]);
    await rm(folder, { recursive: true });
  });
});
