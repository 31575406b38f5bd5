/**
 * What a runtime must be able to do, against servers of another process whose addresses are in SERVERS. Prints a line for each check that failed, then
 * the count. It asks nothing of the runtime but what the packages ask: no runtime is named here.
 */
import { Aborted, Client, ConnectError, DeadlineExceeded, Proxy } from '@x/client';
import { ConnectionPool } from '@x/httpcore';

const { ca, plain, secure, proxies, codings } = JSON.parse(process.env.SERVERS);
const tls = { ca };
const size = 1_000_000;
let [held, failed] = [0, 0];

async function check(name, works) {
  let late;
  const limit = new Promise((_resolve, reject) => (late = setTimeout(() => reject(new Error('hangs')), 5_000)));
  try {
    await Promise.race([works(), limit]);
    held += 1;
  } catch (error) {
    failed += 1;
    console.log(`${name}: ${error.message ?? error}`);
  } finally {
    clearTimeout(late);
  }
}

function equal(is, wanted) {
  const [seen, asked] = [JSON.stringify(is), JSON.stringify(wanted)];
  if (seen !== asked) throw new Error(`${seen} instead of ${asked}`);
}

async function failure(call) {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('did not fail');
}

async function* pieces(count, length) {
  for (let n = 0; n < count; n += 1) yield new Uint8Array(length).fill(120);
}

/** What a client can do with an origin, whatever leads there. */
const deeds = {
  get: async (client, url) => equal((await client.get(`${url}/hello`)).text(), 'hello'),
  'post and echo': async (client, url) => equal((await client.post(`${url}/echo`, { json: { a: [1] } })).json(), { a: [1] }),
  // Not after a large answer: Node's own server over TLS then takes the request for one that came too early, and resets (HPE_PAUSED).
  'stream up': async (client, url) => equal((await client.put(`${url}/count`, { body: pieces(10, 50_000) })).text(), '500000'),
  'stream down': async (client, url) => {
    let got = 0;
    const stream = await client.stream('GET', `${url}/bytes`);
    for await (const chunk of stream) got += chunk.length;
    equal(got, size);
  },
  'many at once': async (client, url) => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => client.get(`${url}/hello`)));
    equal(
      answers.every((answer) => answer.text() === 'hello'),
      true,
    );
  },
  'Latin-1 in fields': async (client, url) => {
    equal((await client.get(`${url}/field`, { headers: { 'x-field': 'caf\u00e9 \u00ff' } })).text(), '636166e920ff');
  },
  'left midway': async (client, url) => {
    const stream = await client.stream('GET', `${url}/bytes`);
    for await (const chunk of stream) {
      if (chunk.length > 0) break;
    }
    equal((await client.get(`${url}/hello`)).text(), 'hello');
  },
  abort: async (client, url) => {
    const error = await failure(client.get(`${url}/silent`, { signal: AbortSignal.timeout(30) }));
    equal(error instanceof Aborted, true);
    equal((await client.get(`${url}/hello`)).text(), 'hello');
  },
  'a limit in time': async (client, url) =>
    equal((await failure(client.get(`${url}/silent`, { timeout: 30 }))) instanceof DeadlineExceeded, true),
  'a body that is cut': async (client, url) => {
    const stream = await client.stream('GET', `${url}/cut`);
    const error = await failure(stream.text());
    if (error.message === 'did not fail') throw error;
  },
};

const ways = [
  ['h1', plain, {}],
  ['h1 over TLS', secure, { tls, http2: false }],
  ['h2', secure, { tls }],
  ...Object.entries(proxies)
    .map(([kind, proxy]) => [kind, new Proxy(proxy, proxy.startsWith('https') ? { tls } : {})])
    .flatMap(([kind, proxy]) => [
      [`h1 by ${kind}`, plain, { proxy, tls }],
      [`h1 over TLS by ${kind}`, secure, { proxy, tls, http2: false }],
      [`h2 by ${kind}`, secure, { proxy, tls }],
    ]),
];

for (const [way, url, options] of ways) {
  const client = new Client({ ...options, trustEnv: false });
  // Who forwards a request spells its fields anew.
  const own = Object.entries(deeds).filter(([deed]) => !(deed === 'Latin-1 in fields' && way.startsWith('h1 by an ')));
  for (const [deed, works] of own) await check(`${way}: ${deed}`, () => works(client, url));
  await check(`${way}: closing`, () => client.close());
}

const client = new Client({ tls });
await check('the environment', async () => equal((await client.get(`${plain}/hello`)).text(), 'hello'));
await check('cookies', async () => {
  await client.get(`${plain}/cookie`);
  equal((await client.get(`${plain}/cookies`)).text(), 'sid=1');
});
await check('a form with a file', async () => {
  const files = { file: { content: new TextEncoder().encode('abc'), filename: 'a.txt' } };
  const text = (await client.post(`${plain}/echo`, { files, form: { b: 'c' } })).text();
  equal([text.includes('filename="a.txt"'), text.includes('name="b"')], [true, true]);
});
await check('FormData and Blob', async () => {
  const form = new FormData();
  form.append('a', new Blob(['blob']), 'b.txt');
  equal((await client.post(`${plain}/echo`, { body: form })).text().includes('blob'), true);
});
await check('events', async () => {
  const seen = [];
  for await (const { data } of (await client.stream('GET', `${plain}/events`)).sse()) {
    seen.push(data);
    if (seen.length === 3) break;
  }
  equal(seen, ['0', '1', '2']);
});
for (const coding of ['gzip', 'deflate', 'br', 'zstd']) {
  const accepted = (await client.get(`${plain}/accepted`)).text();
  if (!accepted.includes(coding) || !codings.includes(coding)) continue;
  await check(coding, async () => equal((await client.get(`${plain}/coded/${coding}`)).text(), 'coded'));
  await check(`${coding} that is cut`, async () => {
    const error = await failure(client.get(`${plain}/coded/${coding}?cut`));
    if (error.message === 'did not fail') throw error;
  });
}
await check('redirects', async () => equal((await client.get(`${plain}/moved`)).text(), 'hello'));
await check('fetch', async () => {
  const answer = await client.fetch(`${plain}/echo`, { method: 'POST', body: 'text', headers: new Headers([['x-a', 'b']]) });
  equal([answer.status, await answer.text(), answer instanceof Response], [200, 'text', true]);
});
await check('a refused connection', async () => equal((await failure(client.get('http://127.0.0.1:1/'))) instanceof ConnectError, true));
await check('a name that is none', async () => equal((await failure(client.get('http://name.invalid/'))).code, 'DNS_FAILED'));
await check('a certificate of somebody else', async () => {
  const stranger = new Client();
  equal((await failure(stranger.get(`${secure}/hello`))).code, 'TLS_FAILED');
  await stranger.close();
});
await check('trailers', async () => {
  const stream = await client.stream('GET', `${plain}/trailers`);
  await stream.text();
  equal(stream.trailers?.get('x-end'), 'yes');
});
await check('an upgrade', async () => {
  const pool = new ConnectionPool();
  const { host, port } = new URL(plain);
  const parts = ['http', host.split(':')[0], Number(port), '/upgrade'];
  const [, status, , , body] = await pool.dispatch(
    'GET',
    parts,
    [
      ['connection', 'upgrade'],
      ['upgrade', 'echo'],
    ],
    null,
  );
  equal(status, 101);
  await body.write(new TextEncoder().encode('through'));
  for await (const chunk of body) {
    equal(new TextDecoder().decode(chunk), 'through');
    break;
  }
  await pool.close();
});
await check('closing', () => client.close());
console.log(failed === 0 ? `all ${held} hold` : `${held} hold, ${failed} fail`);
