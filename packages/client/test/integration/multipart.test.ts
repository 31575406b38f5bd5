import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import zlib from 'node:zlib';

import { createGate, mebibytes, seededBytes, startServer, type Handler } from '@x/testbed';
import busboy from 'busboy';
import { formidable } from 'formidable';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Client, type FilesInput, type UploadProgress } from '../../src/index.ts';

interface SeenPart {
  readonly name: string;
  readonly filename: string | undefined;
  readonly contentType: string | undefined;
  readonly bytes: number;
  readonly sha256: string;
}
type Parse = (request: IncomingMessage) => Promise<readonly SeenPart[]>;

const digest = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function field(name: string, value: string): SeenPart {
  return { name, filename: undefined, contentType: undefined, bytes: Buffer.byteLength(value), sha256: digest(value) };
}

function file(name: string, filename: string, contentType: string, content: string | Uint8Array): SeenPart {
  return { name, filename, contentType, bytes: Buffer.byteLength(content), sha256: digest(content) };
}

async function parseWithBusboy(request: IncomingMessage): Promise<readonly SeenPart[]> {
  const parts: Promise<SeenPart>[] = [];
  const parser = busboy({ headers: request.headers, defParamCharset: 'utf8', preservePath: true });
  parser.on('field', (name, value) => parts.push(Promise.resolve(field(name ?? '', value))));
  parser.on('file', (name, stream, { filename, mimeType }) => parts.push(read(name ?? '', filename ?? '', mimeType, stream)));
  request.pipe(parser);
  await once(parser, 'close');
  return Promise.all(parts);
}

async function read(name: string, filename: string, contentType: string, stream: Readable): Promise<SeenPart> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of stream) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { name, filename, contentType, bytes, sha256: hash.digest('hex') };
}

async function parseWithFormidable(request: IncomingMessage): Promise<readonly SeenPart[]> {
  const folder = await mkdtemp(join(tmpdir(), 'formidable-'));
  try {
    const form = formidable({ uploadDir: folder, hashAlgorithm: 'sha256', allowEmptyFiles: true, minFileSize: 0 });
    const parts: SeenPart[] = [];
    form.on('field', (name, value) => parts.push(field(name, value)));
    form.on('file', (name, { originalFilename, mimetype, size, hash }) =>
      parts.push({ name, filename: originalFilename ?? undefined, contentType: mimetype ?? undefined, bytes: size, sha256: String(hash) }),
    );
    await form.parse(request);
    return parts;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const python = 'python3';
const hasPython = spawnSync(python, ['--version']).status === 0;
if (!hasPython) console.warn(`Multipart is not compared with Python's parser: there is no ${python} here`);

/** The parser of mail, which follows the RFCs that multipart comes from. It is given bytes as characters, since mail has no UTF-8 names. */
const pythonParser = `
import sys, json, hashlib
from email.parser import Parser
message = Parser().parsestr(sys.stdin.buffer.read().decode('latin-1'))
text = lambda value: None if value is None else value.encode('latin-1').decode('utf-8')
parts = []
for part in message.get_payload():
    content = part.get_payload().encode('latin-1')
    filename = part.get_param('filename', header='content-disposition')
    parts.append({
        'name': text(part.get_param('name', header='content-disposition')),
        'filename': text(filename),
        'contentType': text(part.get('content-type')),
        'bytes': len(content), 'sha256': hashlib.sha256(content).hexdigest(),
    })
print(json.dumps(parts))
`;

async function parseWithPython(request: IncomingMessage): Promise<readonly SeenPart[]> {
  const child = spawn(python, ['-c', pythonParser], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.write(`Content-Type: ${request.headers['content-type']}\r\nContent-Transfer-Encoding: binary\r\n\r\n`);
  request.pipe(child.stdin);
  const output: Buffer[] = [];
  for await (const chunk of child.stdout) output.push(chunk as Buffer);
  const parts = JSON.parse(Buffer.concat(output).toString('utf8')) as Record<keyof SeenPart, string | number | null>[];
  return parts.map(
    (part) => Object.fromEntries(Object.entries(part).map(([key, value]) => [key, value ?? undefined])) as unknown as SeenPart,
  );
}

/** Answers with the parts that the parser has found. */
function answerWith(parse: Parse): Handler {
  return (request, response) => {
    parse(request).then(
      (parts) => response.setHeader('x-framing', request.headers['content-length'] ?? 'chunked').end(JSON.stringify(parts)),
      (error: unknown) => response.writeHead(400).end(String(error)),
    );
  };
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uploads-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileNamed(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const parsers: readonly (readonly [name: string, parse: Parse])[] = [
  ['busboy', parseWithBusboy],
  ['formidable', parseWithFormidable],
  ...(hasPython ? ([["Python's email", parseWithPython]] as const) : []),
];

/** As JSON has it, and in an order of our own where the parser tells of a file when it is on disk. */
function inOrder(parts: readonly SeenPart[], reader: string): readonly SeenPart[] {
  const plain = JSON.parse(JSON.stringify(parts)) as SeenPart[];
  return reader === 'formidable'
    ? plain.sort((one, other) => `${one.name} ${one.sha256}`.localeCompare(`${other.name} ${other.sha256}`))
    : plain;
}

describe.each(parsers)('read by %s', (reader, parse) => {
  it('every kind of part is what it was', async () => {
    await using server = await startServer(answerWith(parse));
    await using client = new Client();
    const noise = randomBytes(200_000);
    const path = await fileNamed('noise.bin', noise);
    const text = 'line one\r\n--form-data\r\n--\nline two';
    const response = await client.post(server.url('/'), {
      form: { title: 'Grüße 文', empty: '', tags: ['a', 'b'] },
      files: [
        ['photo', { path }],
        ['photo', new File([noise.subarray(0, 1_000)], 'zwei 文.png', { type: 'image/png' })],
        ['bytes', Buffer.from([0, 13, 10, 45, 45, 0, 255])],
        ['stream', { content: Readable.from([Buffer.from('a'), noise]), filename: 'stream.txt' }],
        ['text', { content: text, filename: 'text.txt', contentType: 'text/plain' }],
        ['nothing', { content: '', filename: 'nothing.json' }],
      ],
    });
    const expected = [
      field('title', 'Grüße 文'),
      field('empty', ''),
      field('tags', 'a'),
      field('tags', 'b'),
      file('photo', 'noise.bin', 'application/octet-stream', noise),
      file('photo', 'zwei 文.png', 'image/png', noise.subarray(0, 1_000)),
      file('bytes', 'blob', 'application/octet-stream', Buffer.from([0, 13, 10, 45, 45, 0, 255])),
      file('stream', 'stream.txt', 'text/plain', Buffer.concat([Buffer.from('a'), noise])),
      file('text', 'text.txt', 'text/plain', text),
      file('nothing', 'nothing.json', 'application/json', ''),
    ];
    expect(inOrder(response.raiseForStatus().json(), reader)).toEqual(inOrder(expected, reader));
    expect(response.headers.get('x-framing')).toBe('chunked');
  });

  it('a FormData is what fetch makes of it', async () => {
    await using server = await startServer(answerWith(parse));
    await using client = new Client();
    const form = new FormData();
    form.append('a "quoted" name', 'one\ntwo');
    form.append('file', new File(['<p>'], 'a "quoted" page.html', { type: 'text/html' }));
    form.append('file', new Blob(['x']));
    const theirs = inOrder((await (await fetch(server.url('/'), { method: 'POST', body: form })).json()) as SeenPart[], reader);
    expect(inOrder((await client.post(server.url('/'), { body: form })).raiseForStatus().json(), reader)).toEqual(theirs);
    expect(inOrder((await client.post(server.url('/'), { files: form })).raiseForStatus().json(), reader)).toEqual(theirs);
  });

  it("the caller's boundary is the one that is used", async () => {
    await using server = await startServer(answerWith(parse));
    await using client = new Client();
    const response = await client.post(server.url('/'), {
      files: { f: { content: 'x', filename: 'f.txt' } },
      headers: { 'content-type': 'multipart/form-data; boundary="our own \'boundary\'"' },
    });
    expect(response.raiseForStatus().json<SeenPart[]>()).toMatchObject([{ name: 'f', bytes: 1 }]);
  });
});

describe('the length of an upload', () => {
  it.each<[string, (path: string) => FilesInput, boolean]>([
    ['bytes, Blobs and paths', (path) => ({ f: [Buffer.from('a'), new Blob(['b']), { path }] }), true],
    ['a stream of known length', () => ({ f: { content: Readable.from([Buffer.from('abc')]), length: 3 } }), true],
    ['a stream of unknown length', (path) => ({ f: [{ path }, Readable.from([Buffer.from('abc')])] }), false],
  ])('with %s', async (_, files, isKnown) => {
    await using server = await startServer('upload');
    await using client = new Client();
    const path = await fileNamed('known.txt', 'c');
    const response = await client.post(server.url('/'), { files: files(path), form: { a: '1' } });
    expect(response.raiseForStatus().json()).toMatchObject({ framing: isKnown ? 'length' : 'chunked', complete: true });
  });
});

describe('an upload that is sent twice', () => {
  const files = async (): Promise<FilesInput> => ({
    f: [{ path: await fileNamed('twice.txt', 'twice') }, new Blob(['blob']), () => [Buffer.from('made')]],
  });

  it('is the same the second time', async () => {
    await using server = await startServer('upload');
    await using first = await startServer((request, response) => {
      request.resume().on('end', () => response.writeHead(307, { location: server.url('/') }).end());
    });
    await using client = new Client();
    const response = await client.post(first.url('/'), { files: await files() });
    expect(response.status).toBe(200);
    expect(server.uploads).toHaveLength(1);
    expect(server.uploads[0]).toMatchObject({ complete: true });
  });

  it('is refused when a part of it can be read once', async () => {
    await using server = await startServer('upload');
    await using first = await startServer((request, response) => {
      request.resume().on('end', () => response.writeHead(307, { location: server.url('/') }).end());
    });
    await using client = new Client();
    const sent = client.post(first.url('/'), { files: { f: Readable.from([Buffer.from('once')]) } });
    await expect(sent).rejects.toThrow(expect.objectContaining({ name: 'BodyNotReplayable' }));
    expect(server.uploads).toHaveLength(0);
  });
});

describe('an upload that ends early', () => {
  it('lets go of every stream, also of those whose turn did not come', async () => {
    const reached = createGate();
    await using server = await startServer((request, response) => {
      request.once('data', () => {
        reached.open();
        response.writeHead(413, { connection: 'close' }).end('too large');
      });
    });
    await using client = new Client();
    const [begun, waiting] = [new Readable({ read: () => {} }), new Readable({ read: () => {} })];
    begun.push('begun');
    const response = await client.post(server.url('/'), { files: { f: [begun, waiting] } });
    await reached.opened;
    expect(response.status).toBe(413);
    await Promise.all([begun, waiting].map((stream) => stream.destroyed || once(stream, 'close')));
    expect([begun.destroyed, waiting.destroyed]).toEqual([true, true]);
  });

  it('is never begun when a file is not there', async () => {
    await using server = await startServer('upload');
    await using client = new Client();
    const stream = new Readable({ read: () => {} });
    const sent = client.post(server.url('/'), { files: { a: stream, b: { path: join(folder, 'missing') } } });
    await expect(sent).rejects.toThrow(expect.objectContaining({ name: 'InvalidOption', option: 'files' }));
    expect(stream.destroyed).toBe(true);
    expect(server.connections.accepted).toBe(0);
  });

  it('when a file changes on the way, and the server does not take it for whole', async () => {
    const path = await fileNamed('grows.bin', Buffer.alloc(mebibytes(4)));
    const begun = createGate();
    const go = createGate();
    await using server = await startServer((request, response) => {
      request.once('data', () => {
        request.pause();
        begun.open();
        void go.opened.then(() => request.resume());
      });
      request.on('end', () => response.end('whole'));
      request.on('error', () => {});
    });
    await using client = new Client();
    const outcome = client.post(server.url('/'), { files: { f: { path } } }).catch((error: unknown) => error);
    await begun.opened;
    await writeFile(path, 'other');
    go.open();
    expect(await outcome).toMatchObject({ name: 'WriteError', cause: { name: 'BodyChanged', code: 'FILE_CHANGED' } });
  });
});

describe('progress of an upload', () => {
  it('is told as the connection takes it, up to the end', async () => {
    await using server = await startServer('upload');
    await using client = new Client();
    const path = await fileNamed('progress.bin', Buffer.alloc(1_000_000));
    const progress: UploadProgress[] = [];
    const response = await client.post(server.url('/'), { files: { f: { path } }, onUploadProgress: (step) => progress.push(step) });
    const { bytes } = response.json<{ bytes: number }>();
    expect(progress.at(-1)).toEqual({ sent: bytes, total: bytes });
    expect(progress.length).toBeGreaterThan(10);
    expect(progress.map(({ sent }) => sent)).toEqual(progress.map(({ sent }) => sent).sort((one, other) => one - other));
  });

  it('has steps for what is here as a whole, and no total for what nobody knows', async () => {
    await using server = await startServer('upload');
    await using client = new Client();
    const progress: UploadProgress[] = [];
    const onUploadProgress = (step: UploadProgress): void => void progress.push(step);
    await client.post(server.url('/'), { body: Buffer.alloc(300_000), onUploadProgress });
    expect(progress.map(({ sent }) => sent)).toEqual([65_536, 131_072, 196_608, 262_144, 300_000]);
    progress.length = 0;
    await client.post(server.url('/'), { body: Readable.from([Buffer.alloc(10), Buffer.alloc(20)]), onUploadProgress });
    expect(progress).toEqual([
      { sent: 10, total: undefined },
      { sent: 30, total: undefined },
    ]);
  });

  it('does not run ahead of a server that takes nothing', async () => {
    await using server = await startServer(() => {});
    await using client = new Client({ timeout: { write: 300 } });
    let last = 0;
    const sent = client.post(server.url('/'), {
      body: () => seededBytes('ahead', mebibytes(64)),
      onUploadProgress: (step) => (last = step.sent),
    });
    await expect(sent).rejects.toThrow(expect.objectContaining({ name: 'WriteTimeout' }));
    // What the buffers of two sockets hold.
    expect(last).toBeGreaterThan(0);
    expect(last).toBeLessThan(mebibytes(32));
  });
});

describe('a compressed upload', () => {
  const decoders: Record<string, (bytes: Buffer) => Buffer> = {
    gzip: zlib.gunzipSync,
    deflate: zlib.inflateSync,
    br: zlib.brotliDecompressSync,
  };
  const zstdDecompress = (zlib as unknown as { zstdDecompressSync?: (bytes: Buffer) => Buffer }).zstdDecompressSync;
  if (zstdDecompress !== undefined) decoders['zstd'] = zstdDecompress;

  const decoding: Handler = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { 'content-encoding': coding = '', 'content-length': length, 'content-type': type } = request.headers;
      const encoded = Buffer.concat(chunks);
      const body = decoders[coding]!(encoded);
      response.end(JSON.stringify({ coding, length, type, encoded: encoded.length, sha256: digest(body), bytes: body.length }));
    });
  };

  it.each(Object.keys(decoders) as 'gzip'[])('in %s is undone by the server', async (compress) => {
    await using server = await startServer(decoding);
    await using client = new Client();
    const text = 'compress me '.repeat(50_000);
    const small = (await client.post(server.url('/'), { json: { text: 'x'.repeat(1_000) }, compress })).json<Record<string, unknown>>();
    expect(small).toMatchObject({
      coding: compress,
      type: 'application/json',
      sha256: digest(JSON.stringify({ text: 'x'.repeat(1_000) })),
    });
    expect(small['length']).toBe(String(small['encoded']));
    const large = (await client.post(server.url('/'), { body: text, compress })).json<Record<string, unknown>>();
    expect(large).toMatchObject({ coding: compress, bytes: text.length, sha256: digest(text) });
    expect(large['length']).toBeUndefined();
    expect(large['encoded']).toBeLessThan(10_000);
    const nothing = (await client.post(server.url('/'), { body: () => [], compress })).json<Record<string, unknown>>();
    expect(nothing).toMatchObject({ coding: compress, bytes: 0 });
  });

  it('of files is one body in one coding', async () => {
    await using server = await startServer(decoding);
    await using client = new Client();
    const path = await fileNamed('plain.txt', 'plain '.repeat(100_000));
    const seen = (await client.post(server.url('/'), { files: { f: { path } }, compress: 'gzip' })).json<Record<string, number>>();
    expect(seen['bytes']).toBeGreaterThan(600_000);
    expect(seen['encoded']).toBeLessThan(10_000);
  });

  it.each([
    [{ json: 1, compress: 'lzma' as 'gzip' }, 'compress'],
    [{ body: 'x', compress: 'gzip' as const, headers: { 'content-encoding': 'br' } }, 'compress'],
    [{ files: {}, headers: { 'content-type': 'application/json' } }, 'headers'],
    [{ files: {}, json: 1 } as never, 'files'],
    [{ files: {}, body: 'x' } as never, 'body'],
    [{ body: 'x', onUploadProgress: 1 as never }, 'onUploadProgress'],
  ])('%j is refused before anything is sent', async (options, option) => {
    await using client = new Client();
    await expect(client.post('http://127.0.0.1:1/', options)).rejects.toThrow(expect.objectContaining({ name: 'InvalidOption', option }));
  });
});

it('a large file is uploaded in little memory', async () => {
  const path = join(folder, 'large.bin');
  const size = mebibytes(128);
  const output = createWriteStream(path);
  Readable.from(seededBytes('large', size)).pipe(output);
  await finished(output);
  await using server = await startServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => (bytes += chunk.length));
    request.on('end', () => response.end(String(bytes)));
  });
  await using client = new Client();
  await client.post(server.url('/'), { files: { warm: new Blob(['up']) } });
  const before = process.memoryUsage.rss();
  let most = before;
  const response = await client.post(server.url('/'), {
    files: { f: { path } },
    onUploadProgress: () => (most = Math.max(most, process.memoryUsage.rss())),
  });
  expect(Number(response.text())).toBeGreaterThan(size);
  // Both ends are in this process.
  expect(most - before).toBeLessThan(mebibytes(80));
});
