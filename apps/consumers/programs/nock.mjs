/** nock, as it is, in front of clients: run by `node --test`, with the address of a real server in SERVER. */
import assert from 'node:assert';
import { after, test } from 'node:test';

import { Client, ReadError, DeadlineExceeded, Aborted } from '@x/client';
import nock from 'nock';

const server = process.env.SERVER;
const client = new Client();
after(() => client.close());

nock('http://mocked.invalid').persist().get('/get').reply(201, 'from nock', { 'x-a': 'b' });
nock('https://mocked.invalid').persist().get('/get').reply(202, 'over TLS');
nock('http://mocked.invalid')
  .post('/post', { a: 1 })
  .reply(200, async (request) => ({ got: await request.json() }));
nock('http://mocked.invalid')
  .put('/put')
  .reply(200, async (request) => String((await request.text()).length));
nock('http://mocked.invalid').persist().get('/late').delay(1_000).reply(200, 'late');
nock('http://mocked.invalid').get('/broken').replyWithError('as agreed');
nock('http://mocked.invalid').get('/large').times(2).reply(200, 'x'.repeat(300_000));
nock('http://mocked.invalid').get('/moved').reply(302, '', { location: '/get' });

void test('a name that nobody knows is answered, again and again', async () => {
  for (let n = 0; n < 3; n += 1) {
    const response = await client.get('http://mocked.invalid/get');
    assert.deepEqual([response.status, response.text(), response.headers.get('x-a')], [201, 'from nock', 'b']);
  }
  const many = await Promise.all(Array.from({ length: 20 }, () => client.get('http://mocked.invalid/get')));
  assert.ok(many.every((response) => response.text() === 'from nock'));
});

void test('over TLS', async () => {
  const response = await client.get('https://mocked.invalid/get');
  assert.deepEqual([response.status, response.text(), response.httpVersion], [202, 'over TLS', '1.1']);
});

void test('what is sent arrives, at once or piece by piece', async () => {
  assert.deepEqual((await client.post('http://mocked.invalid/post', { json: { a: 1 } })).json(), { got: { a: 1 } });
  const pieces = async function* () {
    for (let n = 0; n < 10; n += 1) yield new Uint8Array(10_000).fill(97);
  };
  assert.equal((await client.put('http://mocked.invalid/put', { body: pieces() })).text(), '100000');
});

void test('a stream, to its end and left midway', async () => {
  let size = 0;
  await using(await client.stream('GET', 'http://mocked.invalid/large'), async (whole) => {
    for await (const chunk of whole) size += chunk.length;
  });
  assert.equal(size, 300_000);
  await using(await client.stream('GET', 'http://mocked.invalid/large'), async (left) => {
    for await (const chunk of left) {
      assert.ok(chunk.length > 0);
      break;
    }
  });
});

void test('limits and aborts end what is late', async () => {
  await assert.rejects(client.get('http://mocked.invalid/late', { timeout: 50 }), DeadlineExceeded);
  await assert.rejects(client.get('http://mocked.invalid/late', { signal: AbortSignal.timeout(20) }), Aborted);
});

void test('an error is the cause of ours', async () => {
  const error = await client.get('http://mocked.invalid/broken').catch((reason) => reason);
  assert.ok(error instanceof ReadError);
  assert.equal(error.cause.message, 'as agreed');
});

void test('redirects', async () => {
  assert.equal((await client.get('http://mocked.invalid/moved')).text(), 'from nock');
});

void test('what has no match is told so', async () => {
  const response = await client.get('http://mocked.invalid/unknown');
  assert.deepEqual([response.status, response.json().code], [501, 'ERR_NOCK_NO_MATCH']);
});

void test('others reach their server, by address and by name', async () => {
  assert.equal((await client.post(`${server}/path`, { body: 'abc' })).status, 200);
  assert.equal((await client.get(server.replace('127.0.0.1', 'localhost'))).status, 200);
  await assert.rejects(client.get('http://other.invalid/'), { code: 'DNS_FAILED' });
});

void test('nothing reaches the network when that is forbidden; all of it when nock is gone', async () => {
  const fresh = new Client();
  nock.disableNetConnect();
  await assert.rejects(fresh.get(server), /Disallowed net connect/u);
  nock.enableNetConnect();
  nock.restore();
  assert.equal((await fresh.get(server)).status, 200);
  await assert.rejects(fresh.get('http://mocked.invalid/get'), { code: 'DNS_FAILED' });
  await fresh.close();
});

/** `await using`, which Node 22 does not know. */
async function using(resource, task) {
  try {
    await task(resource);
  } finally {
    await resource[Symbol.asyncDispose]();
  }
}
