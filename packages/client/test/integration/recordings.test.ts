/** Recordings of real servers: what the wire has and memory has not. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@x/client';
import { ConnectionPool } from '@x/httpcore';
import { record, type Har } from '@x/client/testing';
import { startServer } from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'recordings-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each([
  ['HTTP/1.1', undefined],
  ['HTTP/2', true],
] as const)('over %s', (version, http2) => {
  it('versions, timings, 1xx, pieces, trailers, errors and uploads come back from the file', async () => {
    const file = join(folder, `${version.replace('/', '-')}.har`);
    const results: unknown[] = [];
    await using server = await startServer(
      (request, response) => {
        if (request.url === '/hints') response.writeEarlyHints({ link: '</a.css>; rel=preload' });
        if (request.url === '/upload') return void request.pipe(response);
        response.writeHead(200, { 'content-type': 'text/plain', trailer: 'x-sum' });
        // Each piece has left before the next.
        response.write('one', () => {
          response.write('two');
          response.addTrailers({ 'x-sum': '6' });
          response.end();
        });
      },
      { tls: true, ...(http2 === true ? { http2 } : {}) },
    );
    for (const mode of ['once', 'none'] as const) {
      await using pool = new ConnectionPool({ tls: { ca: server.ca! } });
      await using recorder = record({ file, mode, dispatcher: pool });
      await using client = new Client({ dispatcher: recorder });
      const informed: string[] = [];
      await using stream = await client.stream('GET', server.url('/pieces'));
      let text = '';
      for await (const chunk of stream) text += Buffer.from(chunk).toString();
      const hinted = await client.get(server.url('/hints'), {
        onInformational: (status, _, headers) => informed.push(`${status} ${headers.map(String).join()}`),
      });
      const upload = (async function* chunks() {
        yield Buffer.from('up');
        yield Buffer.from('load');
      })();
      const sent = await client.post(server.url('/upload'), { body: upload });
      results.push([stream.httpVersion, text, stream.trailers?.get('x-sum'), hinted.status, informed, sent.text(), hinted.rawHeaders]);
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[0]).toMatchObject([
      http2 === true ? '2' : '1.1',
      'onetwo',
      '6',
      200,
      [expect.stringMatching(/^103 link,/i)],
      'upload',
      expect.anything(),
    ]);
    const { log } = JSON.parse(readFileSync(file, 'utf8')) as Har;
    const [first] = log.entries;
    expect(first).toMatchObject({
      request: { httpVersion: version },
      response: { httpVersion: version, _trailers: [{ name: 'x-sum', value: '6' }] },
    });
    expect(first!.timings.ssl).toBeGreaterThan(0);
    expect(first!.timings.connect).toBeGreaterThanOrEqual(first!.timings.ssl);
    expect(first!.serverIPAddress).toBe('127.0.0.1');
    expect(log.entries[1]!._informational?.[0]).toMatchObject({ status: 103 });
  });
});

it('many at once, over connections of the recorder’s own', async () => {
  const file = join(folder, 'many.har');
  await using server = await startServer('echo');
  const ask = async (client: Client): Promise<string[]> =>
    (await Promise.all(Array.from({ length: 200 }, (_, index) => client.post(server.url('/'), { json: { index } })))).map((response) =>
      response.text(),
    );
  const answers: string[][] = [];
  for (const mode of ['once', 'once'] as const) {
    await using recorder = record({ file, mode });
    await using client = new Client({ dispatcher: recorder });
    answers.push(await ask(client));
  }
  expect(server.connections.requests).toBe(200);
  expect(answers[1]).toEqual(answers[0]);
  const { log } = JSON.parse(readFileSync(file, 'utf8')) as Har;
  expect(log.entries.map(({ request }) => (JSON.parse(request.postData!.text) as { index: number }).index)).toEqual(
    Array.from({ length: 200 }, (_, index) => index),
  );
});

it('an upgraded connection goes its way, and is not answered from the file', async () => {
  const file = join(folder, 'upgrade.har');
  await using server = await startServer('upgrade');
  const upgrade = { headers: { connection: 'upgrade', upgrade: 'echo' } };
  {
    await using recorder = record({ file });
    await using client = new Client({ dispatcher: recorder });
    const response = await client.stream('GET', server.url('/'), upgrade);
    expect(response.status).toBe(101);
    await response.close();
  }
  await using recorder = record({ file });
  await using client = new Client({ dispatcher: recorder });
  await expect(client.stream('GET', server.url('/'), upgrade)).rejects.toThrow('took its connection over (101)');
});
