/**
 * Libraries by each way there is for them: GET, JSON, a stream, an upload, an abort, an error, and the trace of the client. Each sends its requests to a
 * server of its own; that they came by the client shows in a field that the client adds, and in what its interceptor saw.
 */
import Anthropic from '@anthropic-ai/sdk';
import { request as octokit } from '@octokit/request';
import { createClient as createSupabase } from '@supabase/supabase-js';
import { createTRPCClient, httpLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { Client } from '@x/client';
import { startServer } from '@x/testbed';
import { AwsClient } from 'aws4fetch';
import { create as createAxios } from 'axios';
import { GraphQLClient } from 'graphql-request';
import { createFetch as createOfetch } from 'ofetch';
import OpenAI, { APIConnectionError, APIUserAbortError } from 'openai';
import createOpenApi from 'openapi-fetch';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { by, type Way } from './ways.ts';

type Fetch = typeof globalThis.fetch;

const seen: string[] = [];
const client = new Client({
  headers: { 'x-through': 'client' },
  interceptors: [
    async (request, _, next) => {
      const response = await next(request);
      seen.push(`${request.method} ${response.status} ${response.timings.total >= 0 ? 'timed' : ''}`);
      return response;
    },
  ],
});

/** What the server was asked. */
const asked: { method: string; url: string; body: string; through: string | undefined }[] = [];
/** A request has come that is never answered. */
let onHang: () => void = () => {};
let server: Awaited<ReturnType<typeof startServer>>;
const trpc = initTRPC.create();
const appRouter = trpc.router({ hello: trpc.procedure.query(() => 'world'), add: trpc.procedure.mutation(() => 3) });

beforeAll(async () => {
  server = await startServer((request, response) => {
    void (async () => {
      const body = Buffer.concat((await request.toArray()) as Buffer[]).toString();
      const { method = '', url = '' } = request;
      asked.push({ method, url, body, through: request.headers['x-through'] as string | undefined });
      const json = (value: unknown, status = 200): void =>
        void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      if (url.startsWith('/trpc/')) {
        const made = new Request(`http://x${url}`, {
          method,
          headers: { 'content-type': 'application/json' },
          ...(method === 'GET' ? {} : { body }),
        });
        const answer = await fetchRequestHandler({ endpoint: '/trpc', req: made, router: appRouter });
        return json(await answer.json(), answer.status);
      }
      if (url === '/graphql') return json({ data: { hello: 'world' } });
      if (url.startsWith('/rest/v1/')) return json([{ id: 1 }]);
      if (url.endsWith('/error')) return json({ message: 'no', error: { message: 'no' } }, 400);
      if (url.endsWith('/hang')) return onHang();
      if (url.endsWith('/chat/completions') && body.includes('"stream":true')) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (const text of ['Hel', 'lo']) response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}\n\n`);
        return void response.end('data: [DONE]\n\n');
      }
      if (url.endsWith('/chat/completions')) return json({ choices: [{ message: { content: 'Hello' } }] });
      if (url.endsWith('/messages')) return json({ content: [{ type: 'text', text: 'Hello' }] });
      json({ method, url, body });
    })();
  });
});
beforeEach(() => {
  seen.length = 0;
  asked.length = 0;
});
afterAll(async () => {
  await client.destroy();
  await server.close();
});

/** Aborts once the request is with the server. */
function whenItHangs(): AbortSignal {
  const controller = new AbortController();
  onHang = () => controller.abort();
  return controller.signal;
}

/** Each request came by way of the client, which saw it. */
function expectCarried(...methods: readonly string[]): void {
  expect(asked.map(({ method, through }) => `${method} ${through}`)).toEqual(methods.map((method) => `${method} client`));
  expect(seen.map((line) => line.split(' ')[0])).toEqual(methods);
  for (const line of seen) expect(line).toContain('timed');
}

const ways: readonly Way[] = ['install', 'fetch'];

describe.each(ways)('by %s', (way) => {
  it('fetch itself: GET, JSON, stream, upload, abort, error', async () => {
    await by(way, client, async (fetch) => {
      expect(await (await fetch(server.url('/a'))).json()).toMatchObject({ url: '/a' });
      const upload = new Blob(['uploaded']).stream();
      const answer = await fetch(server.url('/b'), { method: 'POST', body: upload, duplex: 'half' });
      expect(await answer.json()).toMatchObject({ body: 'uploaded' });
      expect((await fetch(server.url('/error'))).status).toBe(400);
      await expect(fetch(server.url('/hang'), { signal: whenItHangs() })).rejects.toMatchObject({ name: 'AbortError' });
      await expect(fetch('http://127.0.0.1:1024/')).rejects.toBeInstanceOf(TypeError);
    });
    expect(asked.map(({ through }) => through)).toEqual(['client', 'client', 'client', 'client']);
  });

  it('openai: an answer, a stream, an abort, a failure', async () => {
    await by(way, client, async (fetch) => {
      const openai = new OpenAI({ apiKey: 'k', baseURL: server.url('/v1'), maxRetries: 0, ...given(way, fetch) });
      const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] };
      expect((await openai.chat.completions.create(ask)).choices[0]?.message.content).toBe('Hello');
      let text = '';
      for await (const chunk of await openai.chat.completions.create({ ...ask, stream: true }))
        text += chunk.choices[0]?.delta.content ?? '';
      expect(text).toBe('Hello');
      expectCarried('POST', 'POST');
      await expect(openai.get('/hang', { signal: whenItHangs() })).rejects.toBeInstanceOf(APIUserAbortError);
      await expect(openai.get('/error')).rejects.toMatchObject({ status: 400 });
      const nobody = new OpenAI({ apiKey: 'k', baseURL: 'http://127.0.0.1:1024/', maxRetries: 0, ...given(way, fetch) });
      await expect(nobody.models.list()).rejects.toBeInstanceOf(APIConnectionError);
    });
  });

  it('anthropic', async () => {
    await by(way, client, async (fetch) => {
      const anthropic = new Anthropic({ apiKey: 'k', baseURL: server.origin, maxRetries: 0, ...given(way, fetch) });
      const message = await anthropic.messages.create({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'hi' }] });
      expect(message.content[0]).toMatchObject({ text: 'Hello' });
    });
    expectCarried('POST');
  });

  it('axios, by its adapter for fetch', async () => {
    await by(way, client, async (fetch) => {
      const api = createAxios({ adapter: 'fetch', baseURL: server.origin, ...(way === 'fetch' ? { env: { fetch } } : {}) });
      expect((await api.get<object>('/a')).data).toMatchObject({ url: '/a' });
      expect((await api.post<object>('/b', { a: 1 })).data).toMatchObject({ body: '{"a":1}' });
      await expect(api.get('/error')).rejects.toMatchObject({ response: { status: 400 } });
      expectCarried('GET', 'POST', 'GET');
      await expect(api.get('/hang', { signal: whenItHangs() })).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    });
  });

  it('ofetch', async () => {
    await by(way, client, async (fetch) => {
      const api = createOfetch({ fetch, Headers, AbortController });
      expect(await api(server.url('/a'), { query: { q: 1 } })).toMatchObject({ url: '/a?q=1' });
      expect(await api(server.url('/b'), { method: 'POST', body: { a: 1 } })).toMatchObject({ body: '{"a":1}' });
      await expect(api(server.url('/error'), { retry: 0 })).rejects.toMatchObject({ status: 400 });
    });
    expectCarried('GET', 'POST', 'GET');
  });

  it('openapi-fetch', async () => {
    await by(way, client, async (fetch) => {
      const api = createOpenApi<{ '/a': { get: { responses: { 200: { content: { 'application/json': { url: string } } } } } } }>({
        baseUrl: server.origin,
        ...given(way, fetch),
      });
      expect((await api.GET('/a')).data).toMatchObject({ url: '/a' });
    });
    expectCarried('GET');
  });

  it('tRPC: a query and a mutation', async () => {
    await by(way, client, async (fetch) => {
      const api = createTRPCClient<typeof appRouter>({ links: [httpLink({ url: server.url('/trpc'), ...(given(way, fetch) as object) })] });
      expect([await api.hello.query(), await api.add.mutate()]).toEqual(['world', 3]);
    });
    expectCarried('GET', 'POST');
  });

  it('graphql-request', async () => {
    await by(way, client, async (fetch) => {
      const api = new GraphQLClient(server.url('/graphql'), given(way, fetch));
      expect(await api.request('{ hello }')).toEqual({ hello: 'world' });
    });
    expectCarried('POST');
  });

  // It wants a WebSocket to be there, though it is not used.
  it.skipIf(typeof WebSocket === 'undefined')('supabase-js', async () => {
    await by(way, client, async (fetch) => {
      const options = way === 'fetch' ? { global: { fetch } } : {};
      const supabase = createSupabase(server.origin, 'key', { auth: { persistSession: false, autoRefreshToken: false }, ...options });
      const { data } = await supabase.from('pens').select();
      expect(data).toEqual([{ id: 1 }]);
    });
    expectCarried('GET');
  });

  it('octokit', async () => {
    await by(way, client, async (fetch) => {
      const api = octokit.defaults({ baseUrl: server.origin, ...(way === 'fetch' ? { request: { fetch } } : {}) });
      expect((await api('GET /repos/{owner}/{repo}', { owner: 'o', repo: 'r' })).data).toMatchObject({ url: '/repos/o/r' });
    });
    expectCarried('GET');
  });
});

function given(way: Way, fetch: Fetch): { fetch?: Fetch } {
  return way === 'fetch' ? { fetch } : {};
}

describe('aws4fetch', () => {
  it('signs as the auth flow of a client', async () => {
    const aws = new AwsClient({ accessKeyId: 'a', secretAccessKey: 'b', region: 'eu-central-1', service: 's3' });
    await using signing = new Client({
      async *auth(request) {
        const { headers } = await aws.sign(request.url, { method: request.method });
        yield request.with({ headers: Object.fromEntries(headers) });
      },
    });
    await using echo = await startServer('echo');
    const text = (await signing.get(echo.url('/bucket/key'))).text();
    expect(text).toContain('AWS4-HMAC-SHA256 Credential=a/');
    expect(text).toContain('x-amz-date');
  });
});
