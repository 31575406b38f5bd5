/** Redirects, retries, mounts, fetch and the verbs: what compiles, and what must not. */
import {
  callOf,
  Client,
  delete as remove,
  get,
  post,
  Retries,
  RetryOnStatus,
  stream,
  type AttemptRecord,
  type FailedCall,
  type Request,
  type Response,
  type ResponsePromise,
  type AnyResponse,
  type RetryFlow,
  type RetryLimits,
  type StreamResponse,
  type TooManyRetries,
} from '@x/client';
import { mock, type MockCall, type MockRoute } from '@x/client/testing';
import type { Dispatcher } from '@x/httpcore';
import { expectTypeOf } from 'vitest';

declare const client: Client;
declare const dispatcher: Dispatcher;
declare const request: Request;

// Redirects.
void new Client({ followRedirects: false, maxRedirects: 3 });
void client.get('/', { followRedirects: null, maxRedirects: null });
declare const response: Response;
expectTypeOf(response.history).toEqualTypeOf<readonly AnyResponse[]>();
expectTypeOf(response.nextRequest).toEqualTypeOf<Request | undefined>();
// @ts-expect-error a number is no yes or no
void client.get('/', { followRedirects: 3 });
// @ts-expect-error they are about sending, not about the message
void client.buildRequest('GET', '/', { followRedirects: true });

// Retries.
void new Client({ retries: 3 });
void client.get('/', { retries: null });
void client.send(request, { retries: new Retries(3, { limits: [new RetryOnStatus({ statuses: [500] })], jitter: false }) });
void new Retries(Infinity).with({ lastResponse: 'return' });
// @ts-expect-error the count comes first
void new Retries({ backoffFactor: 1 });
// @ts-expect-error misspelt
void new Retries(1, { backOffFactor: 1 });
// @ts-expect-error they do not change
new Retries(1).count = 2;
// @ts-expect-error a limit has a flow
void new Retries(1, { limits: [503] });
const limits: RetryLimits = {
  *retryFlow(sent) {
    const answered = yield sent;
    expectTypeOf(answered).toEqualTypeOf<StreamResponse>();
    if (answered.status === 503) yield sent.with({ headers: { again: 1 } });
  },
};
const asyncLimits: RetryLimits = {
  async *retryFlow(sent) {
    if ((await (yield sent).json<{ later: boolean }>()).later) yield sent;
  },
};
void new Retries(1, { limits: [limits, asyncLimits] });
const numbers: RetryLimits = {
  // @ts-expect-error only requests can be sent
  *retryFlow() {
    yield 1;
  },
};
void numbers;
expectTypeOf(limits.retryFlow(request)).toEqualTypeOf<RetryFlow>();
expectTypeOf<TooManyRetries['attempts']>().toEqualTypeOf<readonly AttemptRecord[]>();
expectTypeOf<TooManyRetries['response']>().toEqualTypeOf<AnyResponse | undefined>();
expectTypeOf(callOf(new Error('x'))).toEqualTypeOf<FailedCall | undefined>();

// Mounts.
void new Client({ mounts: { 'http://a.test': dispatcher, 'all://': null } });
void new Client({ dispatcher, mounts: null });
// @ts-expect-error a client is no dispatcher
void new Client({ mounts: { 'http://a.test': client } });
// @ts-expect-error they are the client's
void client.get('/', { mounts: {} });

// The platform's fetch.
expectTypeOf(client.fetch).toExtend<typeof globalThis.fetch>();
expectTypeOf(client.fetch('/')).toEqualTypeOf<Promise<globalThis.Response>>();

// The verbs.
expectTypeOf(get('http://a.test/')).toEqualTypeOf<ResponsePromise>();
expectTypeOf(remove('http://a.test/')).toEqualTypeOf<ResponsePromise>();
expectTypeOf(stream('GET', 'http://a.test/')).toEqualTypeOf<Promise<StreamResponse>>();
expectTypeOf(stream(request, { timeout: 5 })).toEqualTypeOf<Promise<StreamResponse>>();
void post('http://a.test/', { json: 1 });
// @ts-expect-error get has no body
void get('http://a.test/', { json: 1 });

// The mock.
const api = mock();
expectTypeOf(api.get('/', 200)).toEqualTypeOf<MockRoute>();
api.post('/items/:id', [503, new Error('x'), (call) => ({ json: call.params['id'], headers: { a: 1 } })], {
  times: 3,
  where: (call) => call.url !== '',
});
expectTypeOf(api.calls).toEqualTypeOf<readonly MockCall[]>();
expectTypeOf(api.client()).toEqualTypeOf<Client>();
void new Client({ dispatcher: api });
// @ts-expect-error text is no answer
api.get('/', 'text');
// @ts-expect-error misspelt
api.get('/', { stauts: 200 });

// What one call says of its connection.
void client.get('/', { network: { tls: { cert: '', key: '' }, localAddress: '127.0.0.1', protocol: 'h2' } });
void client.stream('POST', '/', { network: { socketPath: '/run/docker.sock' }, json: {} });
void client.get('/', { network: null });
// @ts-expect-error -- no protocol of ours
void client.get('/', { network: { protocol: 'h3' } });
// @ts-expect-error -- not an option
void client.get('/', { network: { proxy: 'http://a' } });
