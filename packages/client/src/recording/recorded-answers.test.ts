import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { ConnectError, ReadError, type Dispatcher } from '@x/httpcore';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Client } from '../client/client.ts';
import { network, RecordingFile } from '../../test/support/recordings.ts';
import { record } from './record.ts';

let recordings: RecordingFile;
beforeEach(() => {
  recordings = new RecordingFile();
});
afterEach(() => recordings[Symbol.dispose]());

describe('failures', () => {
  it('are recorded, and fail again', async () => {
    const answering = network(() => ({
      status: 200,
      body: (function* broken() {
        yield Buffer.from('half of ');
        throw new ReadError('The connection was closed', { code: 'CONNECTION_CLOSED' });
      })(),
    }));
    const dispatcher: Dispatcher = {
      async dispatch(...request) {
        if (request[1][3] !== '/refused') return answering.dispatch(...request);
        throw new ConnectError('No connection to api.test', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });
      },
      close: () => answering.close(),
      [Symbol.asyncDispose]: () => answering.close(),
    };
    const calls = async (client: Client): Promise<unknown> => {
      const refused = await client.get('/refused').then(
        () => expect.unreachable(),
        (error: ConnectError) => error,
      );
      await using response = await client.stream('GET', '/broken');
      let text = '';
      const broken = await (async () => {
        for await (const chunk of response) text += Buffer.from(chunk).toString();
        return undefined;
      })().catch((error: ReadError) => error);
      return [refused.name, refused.code, refused.errno, refused.requestSent, text, broken?.name, broken?.code];
    };
    const { recorded, replayed } = await recordings.twice(dispatcher, calls);
    expect(recorded).toEqual(['ConnectError', 'CONNECT_FAILED', 'ECONNREFUSED', false, 'half of ', 'ReadError', 'CONNECTION_CLOSED']);
    expect(replayed).toEqual(recorded);
    expect(recordings.entries.map(({ response }) => [response.status, response._error?.split(':')[0]])).toEqual([
      [0, 'ConnectError CONNECT_FAILED'],
      [200, 'ReadError CONNECTION_CLOSED'],
    ]);
  });

  it('of a caller who gave up: who gives up again has his own error', async () => {
    const dispatcher = network(() => new Promise(() => {}));
    const calls = async (client: Client): Promise<unknown> => {
      const controller = new AbortController();
      const reason = new Error('enough');
      setImmediate(() => controller.abort(reason));
      return await client.get('/hang', { signal: controller.signal }).then(
        () => expect.unreachable(),
        (error: Error) => [error.name, (error.cause as Error).message],
      );
    };
    const { replayed } = await recordings.twice(dispatcher, calls);
    expect(replayed).toEqual(['Aborted', 'enough']);
  });

  it('of a body that was left: what follows is not known', async () => {
    const dispatcher = network(() => ({ status: 200, body: [Buffer.from('one'), Buffer.from('two')].values() }));
    const first = async (client: Client): Promise<string> => {
      await using response = await client.stream('GET', '/');
      for await (const chunk of response) return Buffer.from(chunk).toString();
      return '';
    };
    const { replayed } = await recordings.twice(dispatcher, first);
    expect(replayed).toBe('one');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await using recorder = record({ file: recordings.path, mode: 'none' });
      await using client = new Client({ dispatcher: recorder });
      const whole = client.get('https://api.test/', { timeout: null });
      const failure = whole.then(
        () => expect.unreachable(),
        (error: Error) => error.message,
      );
      while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
      await vi.runAllTimersAsync();
      expect(await failure).toContain('was left here when it was recorded');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('pieces', () => {
  const events = ['data: 1\n\n', 'data: {"access_token":"s3cret"}\n\n', 'data: 3\n\n'];

  it.each([undefined, 'gzip'])('of a stream keep their borders (content coding %s)', async (coding) => {
    const dispatcher = network(() => ({
      status: 200,
      headers: [['content-type', 'text/event-stream'], ...(coding === undefined ? [] : [['content-encoding', coding] as const])],
      body: coding === undefined ? events.map((event) => Buffer.from(event)).values() : flushed(events),
    }));
    const { recorded, replayed } = await recordings.twice(dispatcher, async (client) => {
      await using response = await client.stream('GET', '/');
      const chunks: string[] = [];
      for await (const chunk of response) chunks.push(Buffer.from(chunk).toString());
      return chunks;
    });
    expect(recorded).toEqual(events);
    expect(replayed).toEqual(events.map((event) => event.replace('s3cret', '[redacted]')));
    expect(recordings.entries[0]?.response.content).toMatchObject({ text: replayed.join('') });
    expect(recordings.entries[0]?.response.content._chunks).toHaveLength(3);
  });

  it('come at the speed that they were recorded at, by the timers that there are', async () => {
    await recordings.twice(
      network(() => ({ status: 200, body: events.map((event) => Buffer.from(event)).values() })),
      (client) => client.get('/'),
    );
    const har = recordings.har as unknown as {
      log: { entries: { response: { content: { _chunks: [number, number][] } }; timings: Record<string, number> }[] };
    };
    const [entry] = har.log.entries;
    entry!.response.content._chunks.forEach((chunk, index) => (chunk[0] = index * 10_000));
    Object.assign(entry!.timings, { wait: 5_000, receive: 20_000 });
    writeFileSync(recordings.path, JSON.stringify(har));
    vi.useFakeTimers();
    try {
      await using recorder = record({ file: recordings.path, mode: 'none', speed: 'real' });
      await using client = new Client({ dispatcher: recorder, timeout: null });
      const came: [number, string][] = [];
      const started = performance.now();
      const reading = (async () => {
        await using response = await client.stream('GET', 'https://api.test/');
        for await (const chunk of response) came.push([Math.round((performance.now() - started) / 1_000), Buffer.from(chunk).toString()]);
      })();
      await vi.advanceTimersByTimeAsync(30_000);
      await reading;
      expect(came.map(([at]) => at)).toEqual([6, 16, 26].map((at) => expect.closeTo(at, -1) as number));
      expect(came.map(([, text]) => text)).toHaveLength(3);
    } finally {
      vi.useRealTimers();
    }
  });

  it('of an encoded body are shown decoded, and come encoded', async () => {
    const body = gzipSync('hello '.repeat(100));
    const dispatcher = network(() => ({
      status: 200,
      headers: [
        ['content-type', 'text/plain'],
        ['content-encoding', 'gzip'],
        ['content-length', String(body.length)],
      ],
      body,
    }));
    const { recorded, replayed } = await recordings.twice(dispatcher, async (client) => {
      const response = await client.get('/');
      const raw = await client.get('/', { decompress: false });
      return [response.text(), raw.headers.get('content-encoding'), raw.bytes().subarray(0, 2)];
    });
    expect(replayed).toEqual(recorded);
    expect(recordings.entries[0]?.response.content).toMatchObject({
      text: 'hello '.repeat(100),
      size: 600,
      compression: 600 - body.length,
    });
  });
});

async function* flushed(texts: readonly string[]): AsyncGenerator<Uint8Array> {
  const { createGzip } = await import('node:zlib');
  const gzip = createGzip();
  const made: Uint8Array[] = [];
  gzip.on('data', (chunk: Uint8Array) => void made.push(chunk));
  for (const text of texts) {
    gzip.write(text);
    await new Promise<void>((resolve) => gzip.flush(() => resolve()));
    await new Promise((resolve) => setImmediate(resolve));
    yield Buffer.concat(made.splice(0));
  }
  gzip.end();
  await new Promise((resolve) => gzip.once('end', resolve));
  yield Buffer.concat(made);
}

describe('secrets', () => {
  it('never touch the disk', async () => {
    const secret = 'Zm9vYmFy-s3cret';
    const dispatcher = network(({ url }) => ({
      status: 200,
      headers: [
        ['content-type', 'application/json'],
        ['set-cookie', `sid=${secret}; Path=/; HttpOnly`],
        ['x-session-token', secret],
        ['location', `https://u:${secret}@api.test/next?code=${secret}`],
        ['content-length', String(JSON.stringify({ access_token: secret, n: 1, list: [{ password: secret }] }).length)],
      ],
      body: url[3].startsWith('/plain') ? 'x' : JSON.stringify({ access_token: secret, n: 1, list: [{ password: secret }] }),
      trailers: [['x-api-key', secret]],
    }));
    const { replayed } = await recordings.twice(
      dispatcher,
      async (client) => {
        const response = await client.post('/login', {
          params: { api_key: secret, 'x y': '1' },
          json: { user: 'me', password: secret, key: 'plain' },
          auth: ['me', secret],
          headers: { 'x-api-key': secret, 'x-tenant': secret, 'x-known': `id ${secret}` },
          followRedirects: false,
        });
        await client.post('/form', { form: { client_secret: secret, a: 'b' } });
        await client.post('/parts', { form: { password: secret, a: 'b' }, files: { f: new Blob(['content']) } });
        return [response.json<{ access_token: string; n: number }>(), client.cookies!.get('https://api.test/')[0]?.value];
      },
      { mask: { names: ['x-tenant'], values: [secret] } },
    );
    const text = recordings.text;
    expect(text).not.toContain(secret);
    expect(text).not.toContain(Buffer.from(`me:${secret}`).toString('base64'));
    expect(replayed).toEqual([{ access_token: '[redacted]', n: 1, list: [{ password: '[redacted]' }] }, '[redacted]']);
    const [login, form] = recordings.entries;
    expect(login?.request.postData?.text).toBe('{"user":"me","password":"[redacted]","key":"plain"}');
    expect(form?.request.postData?.text).toBe('client_secret=%5Bredacted%5D&a=b');
    expect(login?.response.cookies).toEqual([{ name: 'sid', value: '[redacted]', path: '/', httpOnly: true, secure: false }]);
    expect(form?.request.cookies).toEqual([{ name: 'sid', value: '[redacted]' }]);
  });

  it('are not said again by a server that echoes them', async () => {
    const dispatcher = network(async ({ url, headers, body }) => ({
      status: 200,
      headers: [['content-type', 'text/plain']],
      body: JSON.stringify([url[3], headers, await body.text()]),
    }));
    await recordings.twice(dispatcher, (client) =>
      client.post('/?sig=one-s3cret', {
        headers: { authorization: 'Bearer two-s3cret', cookie: 'sid=three-s3cret' },
        form: { password: 'four s3cret' },
      }),
    );
    expect(recordings.text).not.toMatch(/(?:one|two|three|four).s3cret/);
  });

  it('are no numbers, and not what is said to be none', async () => {
    const json = { usage: { total_tokens: 3 }, next_page_token: 'p2' };
    await recordings.twice(
      network(() => ({ status: 200, headers: [['content-type', 'application/json']], body: JSON.stringify(json) })),
      (client) => client.get('/', { params: { page_token: 'p1' } }),
      { mask: { except: ['next_page_token', 'page_token'] } },
    );
    expect(JSON.parse(recordings.entries[0]?.response.content.text ?? '')).toEqual(json);
    expect(recordings.entries[0]?.request.url).toBe('https://api.test/?page_token=p1');
  });
});
