import { getEventListeners } from 'node:events';
import { createReadStream, writeFileSync, type ReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished, PassThrough } from 'node:stream';

import { createGate, startServer } from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Client, StreamResponse, type RequestOptions } from '../../src/index.ts';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uploads-'));
  file = join(folder, 'file.bin');
  writeFileSync(file, Buffer.alloc(300_000));
});
afterAll(() => rm(folder, { recursive: true }));

/** Settles when the stream is closed, however that came. */
const closed = (stream: ReadStream): Promise<void> => new Promise((resolve) => finished(stream, () => resolve()));

const given: [string, (stream: ReadStream) => RequestOptions][] = [
  ['a body', (body) => ({ body })],
  ['a compressed body', (body) => ({ body, compress: 'gzip' })],
  ['a file', (a) => ({ files: { a } })],
  ['the second file', (b) => ({ files: { a: new Blob(['x']), b } })],
  ['a file in a list', (a) => ({ files: { a: [new Blob(['x']), a] } })],
  ['the content of a file', (content) => ({ files: { a: { content, length: 300_000 } } })],
  ['a file in pairs', (a) => ({ files: [['a', { content: a }]] })],
];

describe.each(given)('a stream that is given as %s', (_, options) => {
  it.each<[string, (client: Client, url: string, own: RequestOptions) => Promise<unknown>]>([
    ['was answered', (client, url, own) => client.post(url, own)],
    ['was streamed', async (client, url, own) => (await client.stream('POST', url, own)).close()],
    ['had a header that is none', (client, url, own) => client.post(url, { ...own, headers: { 'a b': 1 } })],
    ['had an option that is none', (client, url, own) => client.post(url, { ...own, timeout: -1 })],
    ['had an unknown option', (client, url, own) => client.stream('POST', url, Object.assign(own, { nothing: 1 }))],
    ['had no URL', (client, _url, own) => client.post('http://a b/', own)],
    ['was aborted before', (client, url, own) => client.post(url, { ...own, signal: AbortSignal.abort() })],
    ['found the client closed', async (client, url, own) => (await client.close(), client.post(url, own))],
    ['found nobody', (client, _url, own) => client.post('http://127.0.0.1:1/', own)],
    ['was answered by an interceptor', (client, url, own) => answering(client).post(url, own)],
    ['was answered by an interceptor, as a stream', async (client, url, own) => (await answering(client).stream('POST', url, own)).bytes()],
    ['met an interceptor that throws', (client, url, own) => throwing(client).post(url, own)],
    ['was replaced by an interceptor', (client, url, own) => replacing(client).post(url, own)],
  ])('is closed when the call %s', async (_name, call) => {
    await using server = await startServer('upload');
    await using client = new Client();
    const stream = createReadStream(file);
    await call(client, server.url('/'), options(stream)).catch(() => {});
    await closed(stream);
    expect(stream.destroyed).toBe(true);
  });

  it('and is of no file makes the call fail with that, and nothing else', async () => {
    await using server = await startServer('upload');
    await using client = new Client();
    const call = client.post(server.url('/'), options(createReadStream(join(folder, 'missing'))));
    await expect(call).rejects.toMatchObject({
      name: 'WriteError',
      message: expect.stringContaining(join(folder, 'missing')) as string,
      cause: { code: 'ENOENT' },
    });
    await expect(
      client.post(server.url('/'), { ...options(createReadStream(join(folder, 'missing'))), timeout: -1 }),
    ).rejects.toMatchObject({
      name: 'InvalidOption',
    });
  });
});

const answering = (client: Client): Client => client.extend({ interceptors: [async (request) => StreamResponse.of(request)] });
const throwing = (client: Client): Client => client.extend({ interceptors: [() => Promise.reject(new Error('no'))] });
const replacing = (client: Client): Client =>
  client.extend({ interceptors: [(request, _context, next) => next(request.with({ body: 'other' }))] });

it('a stream that fails while it waits for a connection makes the call fail, not the process', async () => {
  const held = createGate();
  await using server = await startServer((request, response) => {
    if (request.url === '/hold') {
      response.write('x');
      held.open();
    } else request.resume().on('end', () => response.end());
  });
  await using client = new Client({ limits: { maxConnectionsPerOrigin: 1 }, http2: false });
  const holder = await client.stream('GET', server.url('/hold'));
  await held.opened;
  const body = new PassThrough();
  const call = client.put(server.url('/'), { body });
  body.destroy(new Error('gone'));
  await expect(call).rejects.toMatchObject({ name: 'WriteError', cause: { message: 'gone' } });
  await holder.close();
});

describe('a source that fails while its call waits for a connection is told at once', () => {
  const sources: [string, () => { options: RequestOptions; fail: (error: Error) => void }][] = [
    ...given.map(([name, options]): [string, () => { options: RequestOptions; fail: (error: Error) => void }] => [
      name,
      () => {
        const stream = new PassThrough();
        return { options: options(stream as unknown as ReadStream), fail: (error) => void stream.destroy(error) };
      },
    ]),
    [
      'a web stream',
      () => {
        let controller!: ReadableStreamDefaultController<Uint8Array>;
        const body = new ReadableStream<Uint8Array>({ start: (given_) => void (controller = given_) });
        return { options: { body }, fail: (error) => controller.error(error) };
      },
    ],
  ];

  async function waiting() {
    const held = createGate();
    const server = await startServer((_request, response) => {
      response.write('x');
      held.open();
    });
    const client = new Client({ limits: { maxConnectionsPerOrigin: 1 }, http2: false });
    const holder = await client.stream('GET', server.url('/hold'));
    await held.opened;
    return {
      client,
      server,
      async [Symbol.asyncDispose]() {
        await holder.close();
        await client.close();
        await server[Symbol.asyncDispose]();
      },
    };
  }

  it.each(sources)('as %s', async (_name, source) => {
    await using world = await waiting();
    const controller = new AbortController();
    for (const signal of [undefined, controller.signal]) {
      const { options, fail } = source();
      const call = world.client.put(world.server.url('/'), { ...options, signal });
      const gone = new Error('gone');
      setImmediate(fail, gone);
      const error: unknown = await call.then(String, (failure: unknown) => failure);
      expect(error).toMatchObject({
        name: 'WriteError',
        code: 'REQUEST_BODY_FAILED',
        message: expect.stringContaining('gone') as string,
        requestSent: false,
        method: 'PUT',
      });
      expect((error as Error).cause).toBe(gone);
    }
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    expect(world.server.connections.requests).toBe(1);
  });

  it.each(sources)('and is not sent again, as %s', async (_name, source) => {
    await using world = await waiting();
    const { options, fail } = source();
    const call = world.client.put(world.server.url('/'), { ...options, retries: 3 });
    setImmediate(fail, new Error('gone'));
    await expect(call).rejects.toMatchObject({ name: 'WriteError', code: 'REQUEST_BODY_FAILED' });
  });
});

it('a web stream that waits for a connection is cancelled by an abort, with nobody on it', async () => {
  let cancelled = 0;
  const body = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled += 1) });
  await using server = await startServer(() => {});
  await using client = new Client({ limits: { maxConnectionsPerOrigin: 1 }, http2: false });
  const controller = new AbortController();
  const holder = client.get(server.url('/'), { signal: controller.signal });
  const call = client.put(server.url('/'), { body, signal: controller.signal });
  setImmediate(() => controller.abort());
  await expect(call).rejects.toMatchObject({ name: 'Aborted' });
  await expect(holder).rejects.toMatchObject({ name: 'Aborted' });
  expect([cancelled, body.locked]).toEqual([1, false]);
});

it('a web stream of a call that is refused is cancelled', async () => {
  let reason: unknown = 'nothing';
  const body = new ReadableStream<Uint8Array>({ cancel: (given_) => void (reason = given_) });
  await using client = new Client();
  await expect(client.post('http://a b/', { body })).rejects.toThrow();
  expect(reason).toBeUndefined();
});

it('a missing file is told by its field and its path', async () => {
  await using client = new Client();
  const missing = join(folder, 'missing');
  await expect(client.post('http://127.0.0.1:1/', { files: { photo: { path: missing } } })).rejects.toThrow(
    `The option "files" has a path for "photo" that can not be read (ENOENT): ${missing}`,
  );
  await expect(client.post('http://127.0.0.1:1/', { files: { photo: { path: folder } } })).rejects.toThrow(`is a folder: ${folder}`);
});

it('a file that can not be read to its end is told by its field', async () => {
  await using server = await startServer('upload');
  await using client = new Client();
  const photo = createReadStream(join(folder, 'missing'));
  await expect(client.post(server.url('/'), { files: { title: new Blob(['x']), photo } })).rejects.toMatchObject({
    name: 'WriteError',
    code: 'REQUEST_BODY_FAILED',
    message: expect.stringMatching(/^The file for "photo" failed while it was read: ENOENT.*missing/) as string,
    cause: { code: 'ENOENT' },
    method: 'POST',
  });
});

describe('what can be read once and is given to two requests', () => {
  const made: [string, () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>][] = [
    [
      'a generator',
      function* () {
        yield Buffer.from('one');
      },
    ],
    [
      'an async generator',
      async function* () {
        yield Buffer.from('one');
      },
    ],
    ['a Node stream', () => new PassThrough().end('one')],
  ];

  it.each(made)('is sent by one of them, and the other says so: %s', async (_, make) => {
    await using server = await startServer('upload');
    await using client = new Client({ retries: 0 });
    const together = make();
    const outcomes = await Promise.allSettled([1, 2].map(() => client.post(server.url('/'), { body: together })));
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);

    const one = make();
    await client.post(server.url('/'), { body: one });
    await expect(client.post(server.url('/'), { body: one })).rejects.toThrow();
  });

  it('is as good as new where the first request never came to read it', async () => {
    await using server = await startServer('upload');
    await using client = new Client({ retries: 0 });
    const body = (async function* () {
      yield Buffer.from('one');
    })();
    await expect(client.post('http://127.0.0.1:1/', { body })).rejects.toThrow();
    const response = await client.post(server.url('/'), { body });
    expect(response.json<{ bytes: number }>()).toMatchObject({ bytes: 3 });
  });
});

describe('an observer that is async', () => {
  const refuse = async (): Promise<never> => {
    await Promise.resolve();
    throw new Error('no progress wanted');
  };

  it('ends the call with what it rejects with, as if it had thrown', async () => {
    await using server = await startServer('upload');
    await using client = new Client({ retries: 0 });
    const options = { body: Buffer.alloc(300_000) };
    for (const name of ['onUploadProgress', 'onDownloadProgress']) {
      await expect(client.post(server.url('/'), { ...options, [name]: refuse })).rejects.toThrow('no progress wanted');
    }
  });

  it('of the trace changes nothing', async () => {
    await using server = await startServer('upload');
    await using client = new Client();
    const trace = refuse as () => never;
    const { status } = await client.post(server.url('/'), { body: 'x', trace });
    expect(status).toBe(200);
  });
});
