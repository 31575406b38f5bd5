/** With `diagnostics: 'undici'`, who listens to undici's channels hears of a pool as of undici itself. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { startServer, trustedAuthority } from '@x/testbed';
import { afterEach, describe, expect, it } from 'vitest';

import { ConnectionPool, type HeaderPair, type UrlParts } from '../../src/index.ts';
import type { UndiciRequest } from '../../src/observe/undici-channels.ts';

interface Message {
  readonly name: string;
  readonly request: UndiciRequest;
  readonly response?: { statusCode: number; statusText: string; headers: Buffer[] };
  readonly trailers?: Buffer[];
  readonly error?: Error;
  readonly headers?: string;
  readonly socket?: { remoteAddress: string; remotePort: number; alpnProtocol: string | false };
  readonly connectParams?: { host: string; protocol: string };
}

const names = [
  'undici:request:create',
  'undici:client:beforeConnect',
  'undici:client:connected',
  'undici:client:connectError',
  'undici:client:sendHeaders',
  'undici:request:bodySent',
  'undici:request:headers',
  'undici:request:trailers',
  'undici:request:error',
];
let taken: (() => void)[] = [];
afterEach(() => {
  for (const take of taken) take();
  taken = [];
});

function listen(onCreate?: (request: UndiciRequest) => void): Message[] {
  const messages: Message[] = [];
  for (const name of names) {
    const subscriber = (message: unknown): void => {
      messages.push({ name: name.slice('undici:'.length), ...(message as Omit<Message, 'name'>) });
      if (name === 'undici:request:create') onCreate?.((message as Message).request);
    };
    subscribe(name, subscriber);
    taken.push(() => unsubscribe(name, subscriber));
  }
  return messages;
}

const of = (messages: readonly Message[], name: string): Message => messages.find((message) => message.name === name)!;

for (const http2 of [false, true]) {
  describe(`undici's channels, over HTTP/${http2 ? '2' : '1.1'}`, () => {
    it('hear of a request from its making to its trailers, and add fields to it', async () => {
      await using server = await startServer('echo', { tls: true, http2, format: 'raw', host: 'localhost' });
      await using pool = new ConnectionPool({ http2, diagnostics: 'undici', tls: { ca: (await trustedAuthority()).certificate } });
      const messages = listen((request) => request.addHeader('traceparent', '00-1-2-01'));
      const url: UrlParts = ['https', 'localhost', server.port, '/a?b=c'];
      const [, status, , , body] = await pool.dispatch('POST', url, [['x-own', 'a']], [Buffer.from('hello')], undefined);
      await body.bytes();
      expect(messages.map(({ name }) => name)).toEqual([
        'request:create',
        'client:beforeConnect',
        'client:connected',
        'client:sendHeaders',
        'request:bodySent',
        'request:headers',
        'request:trailers',
      ]);
      const { request } = messages[0]!;
      expect(messages.filter((message) => message.request !== undefined).every((message) => message.request === request)).toBe(true);
      expect(request).toMatchObject({ method: 'POST', origin: `https://localhost:${server.port}`, path: '/a?b=c', completed: true });
      expect(of(messages, 'request:headers').response).toMatchObject({ statusCode: status });
      const { headers, socket } = of(messages, 'client:sendHeaders');
      expect(headers).toContain('traceparent: 00-1-2-01\r\n');
      expect(socket).toMatchObject({ remotePort: server.port, alpnProtocol: http2 ? 'h2' : false });
      expect(of(messages, 'client:connected').connectParams).toMatchObject({ host: `localhost:${server.port}`, protocol: 'https:' });
    });

    it('send what subscribers have put there', async () => {
      const seen: unknown[] = [];
      await using server = await startServer(
        (request, response) => {
          seen.push(request.headers['traceparent'], request.headers['x-own']);
          response.end('ok');
        },
        { tls: true, http2, host: 'localhost' },
      );
      await using pool = new ConnectionPool({ http2, diagnostics: 'undici', tls: { ca: (await trustedAuthority()).certificate } });
      listen((request) => {
        request.headers.push('traceparent', '00-1-2-01');
        request.headers[1] = 'changed';
      });
      const given: HeaderPair[] = [['x-own', 'a']];
      const [, , , , body] = await pool.dispatch('GET', ['https', 'localhost', server.port, '/'], given, null);
      await body.bytes();
      expect(seen).toEqual(['00-1-2-01', 'changed']);
      expect(given).toEqual([['x-own', 'a']]);
    });
  });
}

describe("undici's channels", () => {
  it('hear of failures, once: of a connection, of an abort in the platform’s own words', async () => {
    await using pool = new ConnectionPool({ diagnostics: 'undici' });
    const messages = listen();
    await expect(pool.dispatch('GET', ['http', '127.0.0.1', 1, '/'], [], null)).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
    expect(messages.map(({ name }) => name)).toEqual(['request:create', 'client:beforeConnect', 'client:connectError', 'request:error']);
    await using server = await startServer(() => {});
    const controller = new AbortController();
    const aborted = pool.dispatch('GET', ['http', '127.0.0.1', server.port, '/'], [], null, undefined, {
      signal: controller.signal,
      trace: (name) => name === 'head-sent' && controller.abort(),
    });
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    expect(messages.at(-1)).toMatchObject({ name: 'request:error', error: { name: 'AbortError' } });
    expect(messages.filter(({ name }) => name === 'request:error')).toHaveLength(2);
  });

  it('refuse what a subscriber adds that no field may be, before anything is sent', async () => {
    await using server = await startServer('plain');
    await using pool = new ConnectionPool({ diagnostics: 'undici' });
    const messages = listen((request) => request.addHeader('x-bad', 'a\r\nhost: elsewhere'));
    const bad = pool.dispatch('GET', ['http', '127.0.0.1', server.port, '/'], [], null);
    await expect(bad).rejects.toMatchObject({ code: 'INVALID_HEADER_VALUE' });
    expect(messages.map(({ name }) => name)).toEqual(['request:create', 'request:error']);
    expect(server.connections.accepted).toBe(0);
  });

  it('are called in the context of the call that the event is about, on a connection that they share', async () => {
    await using server = await startServer('echo', { tls: true, http2: true, host: 'localhost' });
    await using pool = new ConnectionPool({ diagnostics: 'undici', tls: { ca: (await trustedAuthority()).certificate } });
    const storage = new AsyncLocalStorage<string>();
    const mixed: string[] = [];
    for (const name of names.filter((each) => each.startsWith('undici:request'))) {
      const subscriber = (message: unknown): void => {
        const { path } = (message as Message).request;
        if (storage.getStore() !== path) mixed.push(`${name} ${path} ${storage.getStore()}`);
      };
      subscribe(name, subscriber);
      taken.push(() => unsubscribe(name, subscriber));
    }
    const trace = { traceInAnyContext: true, trace: () => {} };
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        storage.run(`/${index}`, async () => {
          const url: UrlParts = ['https', 'localhost', server.port, `/${index}`];
          const [, , , , body] = await pool.dispatch('GET', url, [], null, undefined, trace);
          await body.bytes();
        }),
      ),
    );
    expect(mixed).toEqual([]);
  });

  it('hear nothing of a pool that was not told so', async () => {
    await using server = await startServer('plain');
    const pool = new ConnectionPool();
    const messages = listen();
    const [, , , , body] = await pool.dispatch('GET', ['http', '127.0.0.1', server.port, '/'], [], null);
    await body.bytes();
    expect(messages).toEqual([]);
  });
});
