/** What compiles, and what must not. `tsc` is the test: a directive above a line that compiles is an error itself. */
import {
  Client,
  Headers,
  type ClientOptions,
  type Interceptor,
  type OwnBytes,
  type Response,
  type ResponsePromise,
  type StreamResponse,
} from '@x/client';
import { mockClient } from '@x/client/testing';
import type { Dispatcher } from '@x/httpcore';
import { expectTypeOf } from 'vitest';

declare const client: Client;
declare const dispatcher: Dispatcher;
declare const signal: AbortSignal;

// Results.
expectTypeOf(client.get('/')).toEqualTypeOf<ResponsePromise>();
expectTypeOf(client.stream('GET', '/')).toEqualTypeOf<Promise<StreamResponse>>();
declare const response: Response;
expectTypeOf(response.text()).toEqualTypeOf<string>();
expectTypeOf(response.bytes()).toEqualTypeOf<OwnBytes>();
void new Blob([response.bytes()]);
void crypto.subtle.digest('SHA-256', response.bytes());
void new globalThis.Response(response.bytes());
void new globalThis.Headers(response.headers);

// What one would do with a response is there before it.
expectTypeOf(client.get('/').json()).toEqualTypeOf<Promise<unknown>>();
expectTypeOf(client.post('/').json<{ a: 1 }>()).toEqualTypeOf<Promise<{ a: 1 }>>();
expectTypeOf(client.get('/').raiseForStatus()).toEqualTypeOf<ResponsePromise>();
expectTypeOf(client.get('/').bytes()).toEqualTypeOf<Promise<OwnBytes>>();
expectTypeOf(response.json()).toEqualTypeOf<unknown>();
expectTypeOf(response.json<{ a: 1 }>()).toEqualTypeOf<{ a: 1 }>();
expectTypeOf(response.raiseForStatus()).toEqualTypeOf<Response>();
expectTypeOf(response.trailers).toEqualTypeOf<Headers>();
declare const streamed: StreamResponse;
expectTypeOf(streamed.json<number>()).toEqualTypeOf<Promise<number>>();
expectTypeOf(streamed.trailers).toEqualTypeOf<Headers | undefined>();
expectTypeOf(mockClient(() => ({ status: 200 }))).toEqualTypeOf<Client>();

// One body at most.
void client.post('/', { json: { a: 1 } });
void client.post('/', { json: undefined, form: { a: [1, '2', null] } });
void client.post('/', { body: null });
void client.post('/', { body: () => new Blob(['x']) });
// @ts-expect-error json and form
void client.post('/', { json: {}, form: {} });
// @ts-expect-error json and body
void client.put('/', { json: {}, body: 'x' });
// @ts-expect-error form and body
void client.request('POST', '/', { form: {}, body: 'x' });
// @ts-expect-error two bodies, streamed
void client.stream('POST', '/', { form: {}, json: 1 });
// @ts-expect-error two bodies, built
void client.buildRequest('POST', '/', { json: {}, body: 'x' });
// @ts-expect-error a number is no body
void client.post('/', { body: 7 });
// @ts-expect-error a plain object is no body: json, or form
void client.post('/', { body: { a: 1 } });

// What has no body by its nature.
// @ts-expect-error get has none
void client.get('/', { json: {} });
// @ts-expect-error head has none
void client.head('/', { body: 'x' });
void client.request('GET', '/', { json: {} });

// Headers and parameters.
void client.get('/', { headers: { a: 1, b: ['1', 2], c: null, d: undefined } });
void client.get('/', { headers: new Headers() });
void client.get('/', { headers: new globalThis.Headers() });
void client.get('/', { headers: [['a', 'b']], params: [['a', 1]] });
void client.get('/', { params: new URLSearchParams() });
void client.get('/', { params: 'a=b' });
void client.get('/', { params: null, headers: null, timeout: null, signal: null });
// @ts-expect-error a boolean is no header
void client.get('/', { headers: { a: true } });
interface Query {
  page: number;
  tags?: string[];
}
declare const query: Query;
void client.get('/', { params: query });
void client.post('/', { form: query });
// @ts-expect-error a number is no parameters
void client.get('/', { params: 1 });

// A message and its call are two things.
void client.buildRequest('GET', '/', { headers: {} });
// @ts-expect-error a timeout is no part of a request
void client.buildRequest('GET', '/', { timeout: 5 });
declare const request: ReturnType<typeof client.buildRequest>;
void client.send(request, { timeout: { total: 5, connect: null }, signal });
// @ts-expect-error headers are a part of the request
void client.send(request, { headers: {} });
// @ts-expect-error requests do not change
request.method = 'PUT';
void client.get('/', {
  // @ts-expect-error there is no such limit
  timeout: { conect: 5 },
});

// Clients.
void new Client({ tls: { ca: 'x' }, limits: { maxConnections: null }, http2: false });
void new Client({ dispatcher, headers: {} });
// @ts-expect-error the dispatcher has the connections
void new Client({ dispatcher, tls: {} });
// @ts-expect-error the dispatcher has the connections
void new Client({ dispatcher, limits: {} });
// @ts-expect-error misspelt
void new Client({ baseURL: 'x' });
expectTypeOf<ClientOptions['timeout']>().toExtend<number | object | null | undefined>();

// Interceptors.
const passing: Interceptor = (outgoing, context, next) => next(outgoing.with({ headers: { deadline: context.deadline ?? 'none' } }));
void new Client({ interceptors: [passing] });
// @ts-expect-error it has to return the response
const forgetful: Interceptor = async (outgoing, _, next) => {
  await next(outgoing);
};
void new Client({ networkInterceptors: [forgetful] });

void new Client({ http2: { priorKnowledge: true, maxConcurrentStreams: 10, streamWindow: 65_536, pingInterval: Infinity } });
// @ts-expect-error it is a number of milliseconds
void new Client({ http2: { pingInterval: '1s' } });
