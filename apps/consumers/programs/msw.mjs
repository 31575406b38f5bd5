/** MSW, as it is, in front of clients: run by `node --test`, with the address of a real server in SERVER. */
import assert from 'node:assert';
import { after, test } from 'node:test';

import { Client, Aborted, DeadlineExceeded, ReadError } from '@x/client';
import { fetchHandlerDispatcher } from '@x/httpcore';
import { HttpRequestInterceptor } from '@mswjs/interceptors/http';
import { delay, getResponse, http, HttpResponse, passthrough } from 'msw';
import { defineNetwork, InterceptorSource } from 'msw/experimental';
import { setupServer } from 'msw/node';

const server = process.env.SERVER;
const events = () =>
  new ReadableStream({
    async start(controller) {
      for (let n = 0; n < 3; n += 1) {
        controller.enqueue(new TextEncoder().encode(`data: ${n}\n\n`));
        await delay(1);
      }
      controller.close();
    },
  });
const handlers = [
  http.get('http://mocked.invalid/get', ({ request }) =>
    HttpResponse.json({ sent: request.headers.get('x-sent') }, { headers: { 'x-a': 'b' } }),
  ),
  http.get('https://mocked.invalid/get', () => HttpResponse.text('over TLS')),
  http.post('http://mocked.invalid/post', async ({ request }) => HttpResponse.json(await request.json())),
  http.put('http://mocked.invalid/put', async ({ request }) => HttpResponse.text(String((await request.text()).length))),
  http.get('http://mocked.invalid/late', () => delay('infinite')),
  http.get('http://mocked.invalid/broken', () => HttpResponse.error()),
  http.get('http://mocked.invalid/events', () => new HttpResponse(events(), { headers: { 'content-type': 'text/event-stream' } })),
  http.get('http://mocked.invalid/empty', () => new HttpResponse(null, { status: 204 })),
  http.get(`${server}/through`, () => passthrough()),
];

/** MSW's own `setupServer` looks at `http.request` and `fetch` alone; this network looks at sockets. */
function networkOf(strategy) {
  const sources = [new InterceptorSource({ interceptors: [new HttpRequestInterceptor()] })];
  return defineNetwork({ sources, handlers, onUnhandledFrame: strategy, context: { quiet: true } });
}

let network = networkOf('bypass');
network.enable();
const client = new Client();
after(async () => {
  network.disable();
  await client.close();
});

void test('a name that nobody knows is answered', async () => {
  const response = await client.get('http://mocked.invalid/get', { headers: { 'x-sent': '1' } });
  assert.deepEqual([response.status, response.json(), response.headers.get('x-a')], [200, { sent: '1' }, 'b']);
  assert.equal((await client.get('https://mocked.invalid/get')).text(), 'over TLS');
  const many = await Promise.all(Array.from({ length: 20 }, () => client.get('http://mocked.invalid/get')));
  assert.ok(many.every(({ status }) => status === 200));
});

void test('what is sent arrives, at once or piece by piece', async () => {
  assert.deepEqual((await client.post('http://mocked.invalid/post', { json: { a: 1 } })).json(), { a: 1 });
  const pieces = async function* () {
    for (let n = 0; n < 10; n += 1) yield new Uint8Array(10_000).fill(97);
  };
  assert.equal((await client.put('http://mocked.invalid/put', { body: pieces() })).text(), '100000');
});

void test('headers that are handed over stay as they are', async () => {
  const pairs = [
    ['X-Sent', '1'],
    ['X-Other', '2'],
  ];
  const headers = new Headers(pairs);
  const fields = { 'x-sent': '1' };
  for (const given of [headers, pairs, fields]) {
    const response = await client.get('http://mocked.invalid/get', { headers: given });
    assert.deepEqual(response.json(), { sent: '1' });
    assert.deepEqual(await (await client.fetch('http://mocked.invalid/get', { headers: given })).json(), { sent: '1' });
  }
});

void test('events come as they are sent', async () => {
  const stream = await client.stream('GET', 'http://mocked.invalid/events');
  assert.match(await stream.text(), /data: 0\n\ndata: 1\n\ndata: 2/u);
  assert.equal((await client.get('http://mocked.invalid/empty')).status, 204);
});

void test('limits and aborts end what is late; an error is an error', async () => {
  await assert.rejects(client.get('http://mocked.invalid/late', { timeout: 50 }), DeadlineExceeded);
  await assert.rejects(client.get('http://mocked.invalid/late', { signal: AbortSignal.timeout(20) }), Aborted);
  await assert.rejects(client.get('http://mocked.invalid/broken'), ReadError);
});

void test('others reach their server', async () => {
  assert.equal((await client.get(`${server}/through`)).status, 200);
  assert.equal((await client.post(server, { body: 'abc' })).status, 200);
  await assert.rejects(client.get('http://other.invalid/'), { code: 'DNS_FAILED' });
});

void test('unless that is forbidden, or nobody stands in any more', async () => {
  network.disable();
  network = networkOf('error');
  network.enable();
  await assert.rejects(client.get(`${server}/unknown`), ReadError);
  network.disable();
  assert.equal((await client.get(server)).status, 200);
});

void test('setupServer changes nothing for a client', async () => {
  const others = setupServer(...handlers);
  others.listen({ onUnhandledRequest: 'bypass' });
  try {
    assert.equal((await client.get(server)).status, 200);
    assert.equal((await client.fetch(server, { headers: new Headers([['a', 'b']]) })).status, 200);
  } finally {
    others.close();
  }
});

void test('handlers answer a client without a network', async () => {
  const dispatcher = fetchHandlerDispatcher(async (request) => (await getResponse(handlers, request)) ?? HttpResponse.error());
  const direct = new Client({ dispatcher });
  assert.deepEqual((await direct.get('http://mocked.invalid/get', { headers: { 'x-sent': '2' } })).json(), { sent: '2' });
  await direct.close();
});
