import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Application } from '@x/httpcore';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Client } from '../client/client.ts';
import { network, RecordingFile } from '../../test/support/recordings.ts';
import { record } from './record.ts';
import type { RecordOptions } from './recorder-settings.ts';

let recordings: RecordingFile;
beforeEach(() => {
  recordings = new RecordingFile();
});
afterEach(() => recordings[Symbol.dispose]());

const echo: Application = async ({ method, url, body }) => ({
  headers: [['content-type', 'text/plain']],
  status: 200,
  body: `${method} ${url[3]} ${await body.text()}`,
});

describe('a recorder', () => {
  it('answers from its file what it has seen', async () => {
    const dispatcher = network(echo);
    const { recorded, replayed } = await recordings.twice(dispatcher, async (client) => {
      const first = await client.get('/a', { params: { page: 1 } });
      const second = await client.post('/b', { json: { x: 1 } });
      return [first.status, first.text(), second.text(), second.headers.get('content-type')];
    });
    expect(recorded).toEqual([200, 'GET /a?page=1 ', 'POST /b {"x":1}', 'text/plain']);
    expect(replayed).toEqual(recorded);
    expect(dispatcher.calls).toHaveLength(2);
  });

  it('writes a HAR of version 1.2', async () => {
    await recordings.twice(network(echo), (client) => client.post('/b', { form: { a: '1' } }));
    const { log } = recordings.har;
    expect(log).toMatchObject({ version: '1.2', creator: { name: '@x/client' } });
    expect(log.entries[0]).toMatchObject({
      cache: {},
      request: {
        method: 'POST',
        url: 'https://api.test/b',
        httpVersion: 'HTTP/1.1',
        queryString: [],
        postData: { mimeType: 'application/x-www-form-urlencoded', text: 'a=1', params: [{ name: 'a', value: '1' }] },
        bodySize: 3,
      },
      response: { status: 200, content: { size: 11, mimeType: 'text/plain', text: 'POST /b a=1' }, redirectURL: '' },
    });
  });

  it('keeps the order of the requests, whatever the order of the answers', async () => {
    const waits = [3, 1, 2];
    const dispatcher = network(async (request) => {
      for (let turns = waits[Number(request.url[3].slice(1))]!; turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
      return echo(request);
    });
    const ask = async (client: Client): Promise<string[]> =>
      (await Promise.all(['/0', '/1', '/2'].map((path) => client.get(path)))).map((response) => response.text());
    const { recorded, replayed } = await recordings.twice(dispatcher, ask);
    expect(replayed).toEqual(recorded);
    expect(recordings.entries.map(({ request }) => request.url)).toEqual([0, 1, 2].map((at) => `https://api.test/${at}`));
  });

  it('gives the answers of equal requests in their order, and tells of one too many', async () => {
    let state = 0;
    const dispatcher = network(() => ({ status: 200, body: `state ${++state}` }));
    const { replayed } = await recordings.twice(dispatcher, async (client) => [
      (await client.get('/')).text(),
      (await client.get('/')).text(),
    ]);
    expect(replayed).toEqual(['state 1', 'state 2']);
    await using recorder = record({ file: recordings.path, mode: 'none' });
    await using client = new Client({ dispatcher: recorder, retries: 2 });
    for (const state of [1, 2]) expect((await client.get('https://api.test/')).text()).toBe(`state ${state}`);
    await expect(client.get('https://api.test/')).rejects.toThrow(/was recorded 2 times in .*api\.har, and is asked for once more/);
    await using repeating = record({ file: recordings.path, mode: 'none', repeat: true });
    await using patient = new Client({ dispatcher: repeating });
    for (const state of [1, 2, 2, 2]) expect((await patient.get('https://api.test/')).text()).toBe(`state ${state}`);
  });

  it('shows in what the nearest recording differs', async () => {
    await recordings.twice(network(echo), async (client) => {
      await client.get('/users/7');
      await client.post('/items', { params: { page: 1 }, json: { name: 'pen', tags: ['a'] } });
    });
    await using recorder = record({ file: recordings.path, mode: 'none' });
    await using client = new Client({ dispatcher: recorder });
    const failure = client.post('https://api.test/items?page=2&token=s3cret', { json: { name: 'pencil', tags: ['a', 'b'] } });
    await expect(failure).rejects.toMatchObject({ name: 'UnrecordedRequest', code: 'UNRECORDED_REQUEST', requestSent: false });
    const { message } = await failure.then(
      () => expect.unreachable(),
      (error: Error) => error,
    );
    expect(message).toContain(
      `No recording of POST https://api.test/items?page=2&token=[redacted] in ${recordings.path}: the nearest, POST https://api.test/items?page=1`,
    );
    for (const part of [
      'query parameter page',
      'recorded: 1',
      'asked:    2',
      'body $.name',
      'recorded: "pen"',
      'asked:    "pencil"',
      'body $.tags[1]',
    ]) {
      expect(message).toContain(part);
    }
    expect(message).not.toContain('s3cret');
    expect(recorder.unused).toEqual(['GET https://api.test/users/7', 'POST https://api.test/items?page=1']);
  });

  it('compares what matters and nothing else', async () => {
    const dispatcher = network(echo);
    const match = { origin: false, query: { except: ['ts'] }, headers: ['accept-language'], body: { except: ['nonce'] } } as const;
    await recordings.twice(dispatcher, async () => {});
    {
      await using recorder = record({ file: recordings.path, mode: 'once', dispatcher, match });
      await using client = new Client({ dispatcher: recorder });
      await client.post('http://127.0.0.1:1111/a?ts=1&q=x', {
        json: { b: 1, a: 2, nonce: 1 },
        headers: { 'accept-language': 'de', 'x-any': '1' },
      });
    }
    await using recorder = record({ file: recordings.path, mode: 'none', match, repeat: true });
    await using client = new Client({ dispatcher: recorder });
    const same = { json: { nonce: 2, a: 2, b: 1 }, headers: { 'accept-language': 'de', 'x-any': '2' } };
    expect((await client.post('http://127.0.0.1:2222/a?ts=2&q=x', same)).status).toBe(200);
    await expect(client.post('http://127.0.0.1:2222/a?ts=2&q=y', same)).rejects.toThrow('query parameter q');
    await expect(client.post('http://127.0.0.1:2222/a?q=x', { ...same, headers: { 'accept-language': 'fr' } })).rejects.toThrow(
      'header accept-language',
    );
  });

  it('finds an upload in parts again, whose boundary is another one each time', async () => {
    const { replayed } = await recordings.twice(
      network(echo),
      async (client) => (await client.post('/', { form: { a: '1' }, files: { f: new Uint8Array([0, 255]) } })).status,
    );
    expect(replayed).toBe(200);
    expect(recordings.entries[0]?.request.postData).toMatchObject({ _encoding: 'base64' });
  });

  it('records bodies that are sent once, as they go', async () => {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('one ');
      yield Buffer.from('two');
    }
    const { replayed } = await recordings.twice(network(echo), async (client) => (await client.put('/', { body: source() })).text());
    expect(replayed).toBe('PUT / one two');
    expect(recordings.entries[0]?.request).toMatchObject({ postData: { text: 'one two' }, bodySize: 7 });
  });

  it('is answered without its body where that does not count', async () => {
    await recordings.twice(network(echo), (client) => client.put('/', { body: 'a' }), { match: { body: false } });
    await using recorder = record({ file: recordings.path, mode: 'none', match: { body: false } });
    await using client = new Client({ dispatcher: recorder });
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        yield Buffer.from('more');
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    await using response = await client.stream('PUT', 'https://api.test/', { body: endless() });
    expect(response.status).toBe(200);
  });

  it('keeps binary bodies, empty ones, and those that are none', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const dispatcher = network(({ url }) => (url[3] === '/b' ? { status: 200, body: bytes } : { status: url[3] === '/e' ? 200 : 204 }));
    const { recorded, replayed } = await recordings.twice(dispatcher, async (client) => {
      const head = await client.head('/b');
      return [
        (await client.get('/b')).bytes(),
        (await client.get('/e')).bytes().length,
        (await client.get('/n')).status,
        head.bytes().length,
      ];
    });
    expect(replayed).toEqual(recorded);
    expect(recordings.entries[1]?.response.content).toMatchObject({ encoding: 'base64', size: 256 });
  });

  it('tells of a body that was too long to be kept', async () => {
    const dispatcher = network(() => ({ status: 200, body: 'x'.repeat(100) }));
    const calls = (client: Client): Promise<unknown> => client.post('/', { body: 'y'.repeat(100) });
    await expect(recordings.twice(dispatcher, calls, { maxBodyBytes: 99 })).rejects.toThrow(/longer than "maxBodyBytes"/);
    // A request that is as long is known by its digest.
    expect(recordings.entries[0]?.request.postData).toMatchObject({ text: '', _sha256: /^[0-9a-f]{64}$/ as unknown as string });
  });
});

describe('the mode', () => {
  it('bypass: nothing is read, and nothing is written', async () => {
    const dispatcher = network(echo);
    await using recorder = record({ file: recordings.path, mode: 'bypass', dispatcher });
    await using client = new Client({ dispatcher: recorder });
    expect((await client.get('https://api.test/')).status).toBe(200);
    await recorder.close();
    expect(readdirSync(recordings.folder)).toEqual([]);
  });

  it('none: nothing goes to the network, not even without a file', async () => {
    const dispatcher = network(echo);
    await using recorder = record({ file: recordings.path, mode: 'none', dispatcher });
    await using client = new Client({ dispatcher: recorder });
    await expect(client.get('https://api.test/')).rejects.toThrow(
      /there is no file .*api\.har\. To record it, set "mode" or XHTTP_RECORD to/,
    );
    expect(dispatcher.calls).toEqual([]);
  });

  it('all: recordings take the places of their older ones, and nothing else is lost', async () => {
    let round = 1;
    const dispatcher = network(({ url }) => ({ status: 200, body: `${url[3]} in round ${round}` }));
    await recordings.twice(dispatcher, async (client) => {
      for (const path of ['/a', '/b', '/c']) await client.get(path);
    });
    round = 2;
    {
      await using recorder = record({ file: recordings.path, mode: 'all', dispatcher });
      await using client = new Client({ dispatcher: recorder, baseUrl: 'https://api.test' });
      for (const path of ['/d', '/b']) await client.get(path);
    }
    expect(recordings.entries.map(({ response }) => response.content.text)).toEqual([
      '/a in round 1',
      '/b in round 2',
      '/c in round 1',
      '/d in round 2',
    ]);
  });

  it('comes from the environment, where nothing is said', async () => {
    vi.stubEnv('XHTTP_RECORD', 'NONE');
    expect(record({ file: recordings.path }).mode).toBe('none');
    using recorder = record({ file: recordings.path, mode: 'once' });
    expect(recorder.mode).toBe('once');
    vi.stubEnv('XHTTP_RECORD', 'often');
    expect(() => record({ file: recordings.path })).toThrow('The option "XHTTP_RECORD" must be one of bypass, once, all, none');
  });
});

describe('the file', () => {
  it('is whole or not there: the older one stays until the new one is written', async () => {
    await recordings.twice(network(echo), (client) => client.get('/a'));
    const before = recordings.text;
    const recorder = record({ file: recordings.path, mode: 'all', dispatcher: network(echo) });
    await new Client({ dispatcher: recorder }).get('https://api.test/b');
    expect(recordings.text).toBe(before);
    recorder.save();
    expect(recordings.entries).toHaveLength(2);
    await recorder.close();
    expect(readdirSync(join(recordings.folder, 'deep'))).toEqual(['api.har']);
  });

  it('is written at the end of a using, too', async () => {
    {
      using recorder = record({ file: recordings.path, dispatcher: network(echo) });
      await recorder.dispatch('GET', ['https', 'api.test', null, '/'], [], null);
    }
    expect(recordings.entries).toHaveLength(1);
  });

  it('is not recorded by two at once, nor written over by one who did not know of it', async () => {
    const recorder = record({ file: recordings.path, dispatcher: network(echo) });
    expect(() => record({ file: recordings.path })).toThrow('is being recorded by another recorder of this process');
    await recorder.dispatch('GET', ['https', 'api.test', null, '/'], [], null);
    recorder.save();
    await recorder.close({ grace: 0 });
    await recorder.close();
    await expect(recorder.dispatch('GET', ['https', 'api.test', null, '/'], [], null)).rejects.toThrow('is closed');

    const other = join(recordings.folder, 'other.har');
    const late = record({ file: other, dispatcher: network(echo) });
    await late.dispatch('GET', ['https', 'api.test', null, '/'], [], null);
    writeFileSync(other, '{}');
    await expect(late.close({ grace: 0 })).rejects.toThrow('Somebody else has written');
    expect(readFileSync(other, 'utf8')).toBe('{}');
  });

  it.each([
    ['{', 'which is JSON'],
    ['{"log":{}}', 'which has log.entries'],
    ['{"log":{"entries":[{}]}}', 'entries[0] of'],
    ['{"log":{"entries":[{"request":{"method":"GET","url":"http://a/"}}]}}', 'no response with a status'],
  ])('is checked: %s', (text, problem) => {
    const path = join(recordings.folder, 'bad.har');
    writeFileSync(path, text);
    expect(() => record({ file: path })).toThrow(problem);
  });

  it('may come from a browser', async () => {
    const path = join(recordings.folder, 'chromium.har');
    const request = {
      method: 'GET',
      url: 'https://api.test/',
      httpVersion: 'http/2.0',
      headers: [{ name: ':authority', value: 'api.test' }],
    };
    const response = {
      status: 200,
      statusText: '',
      httpVersion: 'h2',
      headers: [
        { name: 'content-type', value: 'text/plain' },
        { name: 'content-encoding', value: 'br' },
      ],
      content: { size: 5, mimeType: 'text/plain', text: 'aGVsbG8=', encoding: 'base64' },
    };
    writeFileSync(path, `\uFEFF${JSON.stringify({ log: { version: '1.2', entries: [{ request, response }] } })}`);
    await using recorder = record({ file: path });
    await using client = new Client({ dispatcher: recorder });
    const answer = await client.get('https://api.test/');
    expect([answer.text(), answer.httpVersion]).toEqual(['hello', '2']);
  });
});

it('refuses options that mean nothing', () => {
  for (const [options, problem] of [
    [{}, '"file" must be a path'],
    [{ file: recordings.path, mode: 'sometimes' }, '"mode" must be one of'],
    [{ file: recordings.path, speed: 2 }, '"speed" must be'],
    [{ file: recordings.path, match: { header: [] } }, '"match.header" is not known here'],
    [{ file: recordings.path, match: { headers: 'accept' } }, '"match.headers" must be a list'],
    [{ file: recordings.path, match: { query: { except: 1 } } }, '"match.query.except" must be a list'],
    [{ file: recordings.path, mask: { names: 'a' } }, '"mask.names" must be a list'],
    [{ file: recordings.path, maxBodyBytes: -1 }, '"maxBodyBytes" must be'],
    [{ file: recordings.path, dispatcher: {} }, '"dispatcher" must be a dispatcher'],
  ] as const) {
    expect(() => record(options as unknown as RecordOptions), problem).toThrow(problem);
  }
});
