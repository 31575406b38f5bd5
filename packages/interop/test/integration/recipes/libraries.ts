/** What each library does by which way: the rows of the table in the guide. A call that is not here is one that the library has no way to make. */
import { Readable } from 'node:stream';
import Anthropic, { APIUserAbortError as AnthropicAbort, toFile as anthropicFile } from '@anthropic-ai/sdk';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { request as octokit } from '@octokit/request';
import { createClient as createConnect } from '@connectrpc/connect';
import { createTransport } from '@connectrpc/connect/protocol-connect';
import { createClient as createSupabase } from '@supabase/supabase-js';
import { createTRPCClient, httpLink } from '@trpc/client';
import type { AnyTRPCRouter } from '@trpc/server';
import type { Client } from '@x/client';
import { transportOptions } from '@x/interop/connect';
import { nodeAgents } from '@x/interop/node';
import { requestHandler } from '@x/interop/smithy';
import { undiciDispatcher } from '@x/interop/undici';
import { create as createAxios } from 'axios';
import { got } from 'got';
import { GraphQLClient } from 'graphql-request';
import ky from 'ky';
import { createFetch as createOfetch } from 'ofetch';
import OpenAI, { APIUserAbortError } from 'openai';
import createOpenApi from 'openapi-fetch';
import { Stripe } from 'stripe';
import { request as undiciRequest } from 'undici7';
import { service, type Echo, type Text } from '../connect/echo-service.ts';
import type { Way } from './ways.ts';

export interface Setting {
  readonly way: Way;
  /** The fetch of this way. */
  readonly fetch: typeof globalThis.fetch;
  readonly client: Client;
  readonly origin: string;
}

/** Each gives what it read as text, or as what has that text in it; `abort` and `error` reject. */
export interface Calls {
  get?(): Promise<unknown>;
  json?(): Promise<unknown>;
  /** Reads `Hello` in two pieces. */
  stream?(): Promise<unknown>;
  /** Sends a body that is read as it goes. */
  upload?(): Promise<unknown>;
  abort?(signal: AbortSignal): Promise<unknown>;
  error?(): Promise<unknown>;
  end?(): void;
}

export type CallName = Exclude<keyof Calls, 'end'>;

export interface Library {
  readonly name: string;
  readonly ways: readonly Way[];
  /** Are its requests the client's, or only their connections? */
  readonly isSeen: boolean;
  open(setting: Setting): Calls;
}

const global: readonly Way[] = ['install', 'fetch'];
const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] };

function given({ way, fetch }: Setting): { fetch?: typeof globalThis.fetch } {
  return way === 'fetch' ? { fetch } : {};
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('up');
  yield Buffer.from('loaded');
}

async function* texts(): AsyncGenerator<Text> {
  for await (const piece of pieces()) yield { value: Buffer.from(piece).toString() };
}

async function read(chunks: AsyncIterable<unknown> | null | undefined): Promise<string> {
  let text = '';
  for await (const chunk of chunks ?? []) text += Buffer.from(chunk as Uint8Array).toString();
  return text;
}

/** The router of `answers.ts`, as a client of tRPC has it. */
interface Router {
  readonly hello: { query(input?: undefined, options?: { signal: AbortSignal }): Promise<unknown> };
  readonly add: { mutate(): Promise<unknown> };
  readonly fail: { query(): Promise<unknown> };
}

/** What some do not throw. */
function thrown(result: { readonly error?: unknown }): unknown {
  if (result.error !== undefined && result.error !== null) throw Object.assign(new Error('refused'), { cause: result.error });
  return result;
}

export const libraries: readonly Library[] = [
  {
    name: 'fetch itself',
    ways: global,
    isSeen: true,
    open: ({ fetch, origin }) => ({
      get: async () => (await fetch(`${origin}/a`)).text(),
      json: async () => (await fetch(`${origin}/b`, { method: 'POST', body: JSON.stringify({ a: 1 }) })).json(),
      stream: async () => read((await fetch(`${origin}/stream`)).body),
      upload: async () => (await fetch(`${origin}/b`, { method: 'POST', body: ReadableStream.from(pieces()), duplex: 'half' })).json(),
      abort: async (signal) => fetch(`${origin}/hang`, { signal }),
      error: async () => fetch('http://127.0.0.1:1/'),
    }),
  },
  {
    name: 'openai',
    ways: global,
    isSeen: true,
    open(setting) {
      const openai = new OpenAI({ apiKey: 'k', baseURL: `${setting.origin}/v1`, maxRetries: 0, ...given(setting) });
      return {
        get: async () => openai.get('/a'),
        json: async () => openai.chat.completions.create(ask),
        async stream() {
          let text = '';
          for await (const chunk of await openai.chat.completions.create({ ...ask, stream: true }))
            text += chunk.choices[0]?.delta.content ?? '';
          return text;
        },
        upload: async () => openai.files.create({ purpose: 'batch', file: new File(['uploaded'], 'a.txt') }),
        abort: async (signal) => openai.get('/hang', { signal }).catch(asAbort(APIUserAbortError)),
        error: async () => openai.get('/error'),
      };
    },
  },
  {
    name: 'anthropic',
    ways: global,
    isSeen: true,
    open(setting) {
      const anthropic = new Anthropic({ apiKey: 'k', baseURL: setting.origin, maxRetries: 0, ...given(setting) });
      const message = { ...ask, max_tokens: 1 };
      return {
        get: async () => anthropic.get('/a'),
        json: async () => anthropic.messages.create(message),
        async stream() {
          let text = '';
          for await (const event of await anthropic.messages.create({ ...message, stream: true })) {
            if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text;
          }
          return text;
        },
        upload: async () => anthropic.post('/files', { body: await anthropicFile(Buffer.from('uploaded'), 'a.txt') }),
        abort: async (signal) => anthropic.get('/hang', { signal }).catch(asAbort(AnthropicAbort)),
        error: async () => anthropic.get('/error'),
      };
    },
  },
  {
    name: 'axios',
    ways: ['install', 'fetch', 'adapter'],
    isSeen: true,
    open(setting) {
      const { way, origin, client, fetch } = setting;
      const agents = way === 'adapter' ? nodeAgents(client) : undefined;
      const api = createAxios({
        baseURL: origin,
        ...(agents === undefined ? { adapter: 'fetch' } : { adapter: 'http', httpAgent: agents.http, httpsAgent: agents.https }),
        ...(way === 'fetch' ? { env: { fetch } } : {}),
      });
      return {
        get: async () => (await api.get<object>('/a')).data,
        json: async () => (await api.post<object>('/b', { a: 1 })).data,
        stream: async () => read((await api.get<AsyncIterable<unknown>>('/stream', { responseType: 'stream' })).data),
        upload: async () =>
          (await api.post<object>('/b', agents === undefined ? ReadableStream.from(pieces()) : Readable.from(pieces()))).data,
        abort: async (signal) => api.get('/hang', { signal }),
        error: async () => api.get('/error'),
        end: () => agents?.http.destroy(),
      };
    },
  },
  {
    name: 'ofetch',
    ways: global,
    isSeen: true,
    open({ fetch, origin }) {
      const api = createOfetch({ fetch, Headers, AbortController, defaults: { retry: 0 } });
      return {
        get: async () => api(`${origin}/a`),
        json: async () => api(`${origin}/b`, { method: 'POST', body: { a: 1 } }),
        stream: async () => read(await api(`${origin}/stream`, { responseType: 'stream' })),
        upload: async () => api(`${origin}/b`, { method: 'POST', body: ReadableStream.from(pieces()), duplex: 'half' }),
        abort: async (signal) => api(`${origin}/hang`, { signal }),
        error: async () => api(`${origin}/error`),
      };
    },
  },
  {
    name: 'ky',
    ways: global,
    isSeen: true,
    open(setting) {
      const api = ky.create({ ...given(setting), retry: 0, timeout: false });
      const { origin } = setting;
      return {
        get: async () => api.get(`${origin}/a`).json(),
        json: async () => api.post(`${origin}/b`, { json: { a: 1 } }).json(),
        stream: async () => read((await api.get(`${origin}/stream`)).body),
        upload: async () => api.post(`${origin}/b`, { body: ReadableStream.from(pieces()) }).json(),
        abort: async (signal) => api.get(`${origin}/hang`, { signal }),
        error: async () => api.get(`${origin}/error`),
      };
    },
  },
  {
    name: 'openapi-fetch',
    ways: global,
    isSeen: true,
    open(setting) {
      const api = createOpenApi<Record<string, Record<string, never>>>({ baseUrl: setting.origin, ...given(setting) }) as unknown as {
        GET(path: string, options?: object): Promise<{ data?: unknown; error?: unknown }>;
        POST(path: string, options?: object): Promise<{ data?: unknown; error?: unknown }>;
      };
      return {
        get: async () => api.GET('/a'),
        json: async () => api.POST('/b', { body: { a: 1 } }),
        stream: async () => read((await api.GET('/stream', { parseAs: 'stream' })).data as AsyncIterable<unknown>),
        upload: async () => api.POST('/b', { body: 1, bodySerializer: () => ReadableStream.from(pieces()), duplex: 'half' }),
        abort: async (signal) => api.GET('/hang', { signal }),
        error: async () => thrown(await api.GET('/error')),
      };
    },
  },
  {
    name: 'tRPC',
    ways: global,
    isSeen: true,
    open(setting) {
      const api = (path: string): Router =>
        createTRPCClient<AnyTRPCRouter>({
          links: [httpLink({ url: `${setting.origin}/${path}`, ...(given(setting) as object) })],
        }) as unknown as Router;
      return {
        get: async () => api('trpc').hello.query(),
        json: async () => api('trpc').add.mutate(),
        abort: async (signal) => api('hang').hello.query(undefined, { signal }),
        error: async () => api('trpc').fail.query(),
      };
    },
  },
  {
    name: 'graphql-request',
    ways: global,
    isSeen: true,
    open(setting) {
      const api = (path: string): GraphQLClient => new GraphQLClient(`${setting.origin}/${path}`, given(setting));
      return {
        json: async () => api('graphql').request('{ hello }'),
        abort: async (signal) => api('hang').request({ document: '{ hello }', signal }),
        error: async () => api('error').request('{ hello }'),
      };
    },
  },
  {
    name: 'supabase-js',
    ways: global,
    isSeen: true,
    open(setting) {
      // It wants a WebSocket, though it is not used; Node 20 has none.
      const realtime = { transport: function transport() {} as never };
      const options = { realtime, ...(setting.way === 'fetch' ? { global: { fetch: setting.fetch } } : {}) };
      const supabase = createSupabase(setting.origin, 'key', { auth: { persistSession: false, autoRefreshToken: false }, ...options });
      return {
        get: async () => thrown(await supabase.from('pens').select()),
        json: async () => thrown(await supabase.from('pens').insert({ id: 1 }).select()),
        abort: async (signal) => thrown(await supabase.from('hang').select().abortSignal(signal)),
        error: async () => thrown(await supabase.from('error').select()),
      };
    },
  },
  {
    name: 'octokit',
    ways: global,
    isSeen: true,
    open({ way, fetch, origin }) {
      const api = octokit.defaults({ baseUrl: origin, ...(way === 'fetch' ? { request: { fetch } } : {}) });
      return {
        get: async () => api('GET /repos/{owner}/{repo}', { owner: 'o', repo: 'a' }),
        json: async () => api('POST /b', { a: 1 }),
        abort: async (signal) => api('GET /hang', { request: { signal, ...(way === 'fetch' ? { fetch } : {}) } }),
        error: async () => api('GET /error'),
      };
    },
  },
  {
    name: 'undici',
    ways: ['install', 'adapter'],
    isSeen: true,
    open({ way, client, origin }) {
      const over = way === 'adapter' ? { dispatcher: undiciDispatcher(client) } : {};
      const send = async (path: string, options: object = {}): Promise<unknown> =>
        (await undiciRequest(`${origin}${path}`, { ...over, ...options })).body.json();
      return {
        get: async () => send('/a'),
        json: async () => send('/b', { method: 'POST', body: JSON.stringify({ a: 1 }) }),
        stream: async () => read((await undiciRequest(`${origin}/stream`, over)).body),
        upload: async () => send('/b', { method: 'POST', body: Readable.from(pieces()) }),
        abort: async (signal) => send('/hang', { signal }),
        error: async () => undiciRequest('http://127.0.0.1:1/', over),
      };
    },
  },
  {
    name: 'AWS SDK v3 (S3)',
    ways: ['adapter'],
    isSeen: true,
    open({ client, origin }) {
      const s3 = new S3Client({
        region: 'us-east-1',
        endpoint: origin,
        forcePathStyle: true,
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
        maxAttempts: 1,
        requestHandler: requestHandler(client),
      });
      const get = async (Key: string, options?: object): Promise<AsyncIterable<unknown>> =>
        (await s3.send(new GetObjectCommand({ Bucket: 'b', Key }), options)).Body as unknown as AsyncIterable<unknown>;
      return {
        get: async () => read(await get('a')),
        stream: async () => read(await get('stream')),
        upload: async () => s3.send(new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: Readable.from(pieces()), ContentLength: 8 })),
        abort: async (signal) => get('hang', { abortSignal: signal }),
        error: async () => get('error'),
      };
    },
  },
  {
    name: 'Connect',
    ways: ['adapter'],
    isSeen: true,
    open({ client, origin }) {
      const echo = createConnect(service, createTransport(transportOptions(client, { baseUrl: origin }))) as unknown as Echo;
      return {
        json: async () => echo.say({ value: '' }),
        async stream() {
          let text = '';
          for await (const { value } of echo.count({ value: '' })) text += value;
          return text;
        },
        upload: async () => echo.collect(texts()),
        abort: async (signal) => echo.say({ value: 'hang' }, { signal }),
        error: async () => echo.say({ value: 'error' }),
      };
    },
  },
  {
    name: 'stripe-node',
    ways: ['adapter'],
    isSeen: false,
    open({ client, origin }) {
      const agents = nodeAgents(client);
      const { hostname, port } = new URL(origin);
      const stripe = new Stripe('sk_test_x', {
        host: hostname,
        port: Number(port),
        protocol: 'http',
        httpAgent: agents.http,
        telemetry: false,
        maxNetworkRetries: 0,
      });
      return {
        get: async () => stripe.customers.retrieve('cus_1'),
        json: async () => stripe.customers.create({ name: 'a' }),
        error: async () => stripe.customers.retrieve('error'),
        end: () => agents.http.destroy(),
      };
    },
  },
  {
    name: 'got',
    ways: ['adapter'],
    isSeen: false,
    open({ client, origin }) {
      const agent = nodeAgents(client);
      const api = got.extend({ prefixUrl: origin, agent, retry: { limit: 0 } });
      return {
        get: async () => api('a').json(),
        json: async () => api.post('b', { json: { a: 1 } }).json(),
        stream: async () => read(api.stream('stream')),
        upload: async () => api.post('b', { body: Readable.from(pieces()) }).json(),
        abort: async (signal) => api('hang', { signal }),
        error: async () => api('error'),
        end: () => agent.http.destroy(),
      };
    },
  },
];

/** Only what the library itself calls an abort counts. */
function asAbort(kind: new (...args: never[]) => Error): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof kind)) throw new Error('', { cause: error });
    throw error;
  };
}
