import { createHash } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import zlib from 'node:zlib';

import { createGate, mebibytes, seededBuffer, seededBytes, seededDigest, startServer, type LocalServer } from '@x/testbed';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { Client, type SavedFile, type SaveOptions, type SaveProgress } from '../../src/index.ts';

let root: string;
let folder: string;
let path: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'downloads-'));
});
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'each-'));
  path = join(folder, 'file.bin');
});
afterAll(() => rm(root, { recursive: true }));

const content = seededBuffer('download', 300_000);
const sha256 = (encoding: 'hex' | 'base64', bytes: Uint8Array = content): string => createHash('sha256').update(bytes).digest(encoding);

interface Origin {
  content: Buffer;
  etag: string | undefined;
  /** After so many bytes of a body the connection breaks; one for each response, the last one for all that follow. */
  cuts: number[];
  /** Answered first, in this order. */
  statuses: number[];
  /** Answered next, once a body was cut. */
  statusesAfterCut: number[];
  headers: Record<string, string>;
  ignoresRanges: boolean;
}

/** A file behind a server that knows ranges (RFC 9110 §14) and breaks off where it is told to. */
async function startOrigin(changes: Partial<Origin> = {}): Promise<LocalServer & { origin: Origin; requests: string[] }> {
  const origin: Origin = {
    content,
    etag: '"v1"',
    cuts: [],
    statuses: [],
    statusesAfterCut: [],
    headers: {},
    ignoresRanges: false,
    ...changes,
  };
  const requests: string[] = [];
  const server = await startServer((request: IncomingMessage, response: ServerResponse) => {
    const { range, 'if-range': ifRange, 'accept-encoding': coding } = request.headers;
    requests.push([range ?? 'all', ifRange, coding === 'identity' ? coding : undefined].filter(Boolean).join(' '));
    const failing = origin.statuses.shift();
    if (failing !== undefined) {
      response.writeHead(failing).end();
      return;
    }
    const { content: whole, etag, headers } = origin;
    const first = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const isPart = range !== undefined && !origin.ignoresRanges && (ifRange === undefined || ifRange === etag);
    if (isPart && first >= whole.length) {
      response.writeHead(416, { 'content-range': `bytes */${whole.length}` }).end();
      return;
    }
    const body = isPart ? whole.subarray(first) : whole;
    response.writeHead(isPart ? 206 : 200, {
      'content-length': body.length,
      ...(etag === undefined ? {} : { etag }),
      ...(isPart ? { 'content-range': `bytes ${first}-${whole.length - 1}/${whole.length}` } : {}),
      ...headers,
    });
    const cut = origin.cuts.length > 1 ? origin.cuts.shift() : origin.cuts[0];
    if (cut === undefined || cut >= body.length) response.end(body);
    else {
      origin.statuses.push(...origin.statusesAfterCut.splice(0));
      response.write(body.subarray(0, cut), () => response.destroy());
    }
  });
  return Object.assign(server, { origin, requests });
}

async function save(client: Client, url: string, options?: SaveOptions): Promise<SavedFile> {
  await using response = await client.stream('GET', url);
  return await response.saveTo(path, options);
}

const isWhole = async (bytes: Uint8Array = content): Promise<boolean> => Buffer.compare(await readFile(path), bytes) === 0;

describe('a download', () => {
  it('has its name when it is whole, and tells how far it is', async () => {
    await using server = await startOrigin();
    await using client = new Client();
    await writeFile(path, 'the old file');
    const progress: SaveProgress[] = [];
    let seen: string[] = [];
    const saved = await save(client, server.url('/'), {
      onProgress: (step) => {
        progress.push(step);
        if (progress.length === 1) void readdir(folder).then((names) => (seen = names));
      },
    });
    expect(saved).toEqual({ path, size: content.length, resumedFrom: 0 });
    expect(await isWhole()).toBe(true);
    expect(progress.at(-1)).toEqual({ received: content.length, total: content.length });
    expect(seen.sort()).toEqual([expect.stringMatching(/^\.file\.bin\.[0-9a-f]{12}\.part$/), 'file.bin']);
    expect(await readdir(folder)).toEqual(['file.bin']);
  });

  it('is decoded, to a path that is a URL', async () => {
    await using server = await startServer((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(zlib.gzipSync(content)),
    );
    await using client = new Client();
    const progress: SaveProgress[] = [];
    await using response = await client.stream('GET', server.url('/'));
    await response.saveTo(pathToFileURL(path), { onProgress: (step) => progress.push(step) });
    expect(await isWhole()).toBe(true);
    expect(progress.at(-1)).toEqual({ received: content.length, total: undefined });
  });

  it('may be of nothing', async () => {
    await using server = await startOrigin({ content: Buffer.alloc(0) });
    await using client = new Client();
    expect(await save(client, server.url('/'), { digest: `sha-256=${sha256('hex', Buffer.alloc(0))}` })).toMatchObject({ size: 0 });
    expect(await isWhole(Buffer.alloc(0))).toBe(true);
  });

  it.each<[string, Partial<Origin>, SaveOptions, object]>([
    ['breaks off', { cuts: [1_000] }, {}, { name: 'RemoteProtocolError' }],
    ['is an error page', { statuses: [404] }, {}, { name: 'HTTPStatusError', status: 404 }],
    ['is a redirect to nowhere', { statuses: [304] }, {}, { name: 'HTTPStatusError', status: 304 }],
    [
      'has another digest',
      {},
      { digest: `sha-256=${sha256('hex', Buffer.from('other'))}` },
      { name: 'DigestMismatch', code: 'DIGEST_MISMATCH' },
    ],
    ['states no digest', {}, { digest: true }, { name: 'DigestMismatch', code: 'DIGEST_MISSING' }],
    [
      'is not what it states',
      { headers: { 'repr-digest': `sha-256=:${sha256('base64', Buffer.from('x'))}:` } },
      { digest: true },
      { code: 'DIGEST_MISMATCH' },
    ],
    ['is watched by somebody who throws', {}, { onProgress: () => expect.fail('enough') }, { message: 'enough' }],
    ['is aborted before', {}, { signal: AbortSignal.abort(new Error('enough')) }, { name: 'Aborted', cause: { message: 'enough' } }],
  ])('that %s leaves the old file and nothing else', async (_, origin, options, error) => {
    await using server = await startOrigin(origin);
    await using client = new Client();
    await writeFile(path, 'the old file');
    await expect(save(client, server.url('/'), options)).rejects.toMatchObject(error);
    expect(await readdir(folder)).toEqual(['file.bin']);
    expect(await readFile(path, 'utf8')).toBe('the old file');
  });

  it('that has nowhere to go closes its response', async () => {
    await using server = await startOrigin();
    await using client = new Client();
    const response = await client.stream('GET', server.url('/'));
    await expect(response.saveTo(join(folder, 'missing', 'file.bin'))).rejects.toMatchObject({ code: 'ENOENT' });
    await client.close();
  });

  it('ends when it is aborted in the middle, and listens to nothing any more', async () => {
    const begun = createGate();
    await using server = await startServer((_, response) => {
      response.writeHead(200, { 'content-length': 1_000, etag: '"v1"' }).write('x');
      begun.open();
    });
    await using client = new Client();
    for (const resume of [false, true]) {
      const controller = new AbortController();
      const saved = save(client, server.url('/'), {
        signal: controller.signal,
        resume,
        onProgress: () => controller.abort(new Error('enough')),
      });
      await expect(saved).rejects.toMatchObject({ name: 'Aborted', cause: { message: 'enough' } });
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    }
    expect(await readdir(folder)).toEqual(['file.bin.part', 'file.bin.part.json']);
  });

  it.each<[string | URL, SaveOptions, string]>([
    ['', {}, 'path'],
    [new URL('https://a.example/'), {}, 'path'],
    ['x', { digest: 'md5=abc' }, 'digest'],
    ['x', { resume: { maxFailures: 0 } }, 'resume.maxFailures'],
    ['x', { resume: { delay: -1 } }, 'resume.delay'],
    ['x', { onProgress: 1 as never }, 'onProgress'],
    ['x', { signal: {} as never }, 'signal'],
    ['x', { resumes: true } as object, 'saveTo.resumes'],
  ])('to %j with %j is refused', async (target, options, option) => {
    await using server = await startOrigin();
    await using client = new Client();
    await using response = await client.stream('GET', server.url('/'));
    await expect(response.saveTo(target, options)).rejects.toThrow(expect.objectContaining({ name: 'InvalidOption', option }));
  });
});

describe('a digest', () => {
  const stated = (name: string, bytes: Uint8Array): Record<string, string> => ({ [name]: `sha-256=:${sha256('base64', bytes)}:` });

  it.each([['repr-digest'], ['content-digest']])('that %s states is compared', async (name) => {
    await using server = await startOrigin({ headers: stated(name, content) });
    await using client = new Client();
    await save(client, server.url('/'), { digest: true });
    expect(await isWhole()).toBe(true);
  });

  it.each([true, false])(
    'of a body with a coding is of the body as it travelled, and that of the caller of the file (large: %s)',
    async (isLarge) => {
      const body = isLarge ? content : content.subarray(0, 100);
      const encoded = zlib.gzipSync(body);
      await using server = await startServer((_, response) =>
        response.writeHead(200, { 'content-encoding': 'gzip', ...stated('repr-digest', encoded) }).end(encoded),
      );
      await using client = new Client();
      await save(client, server.url('/'), { digest: true });
      expect(await isWhole(body)).toBe(true);
      await save(client, server.url('/'), { digest: `sha-256=${sha256('hex', body)}` });
      await expect(save(client, server.url('/'), { digest: `sha-256=${sha256('hex', encoded)}` })).rejects.toThrow(
        expect.objectContaining({ code: 'DIGEST_MISMATCH' }),
      );
    },
  );

  it('of a part is its Content-Digest, and not that of the whole', async () => {
    const part = content.subarray(100);
    await using server = await startOrigin({ headers: { ...stated('repr-digest', content), ...stated('content-digest', part) } });
    await using client = new Client();
    await using response = await client.stream('GET', server.url('/'), { headers: { range: 'bytes=100-' } });
    await response.saveTo(path, { digest: true });
    expect(await isWhole(part)).toBe(true);
  });

  it('of testbed bytes, one of which is wrong, is noticed', async () => {
    await using server = await startServer('bytes', { size: 500_000, corrupt: true });
    await using client = new Client();
    await expect(save(client, server.url('/'), { digest: true })).rejects.toThrow(expect.objectContaining({ name: 'DigestMismatch' }));
  });
});

describe('with resume, a download', () => {
  const options: SaveOptions = { resume: { delay: 1 }, digest: `sha-256=${sha256('hex')}` };

  it('goes on where the connection broke, as often as it takes', async () => {
    await using server = await startOrigin({ cuts: [100_000, 50_000, 1, 400_000] });
    await using client = new Client();
    const progress: SaveProgress[] = [];
    const saved = await save(client, server.url('/'), { ...options, onProgress: (step) => progress.push(step) });
    expect(saved).toEqual({ path, size: content.length, resumedFrom: 0 });
    expect(await isWhole()).toBe(true);
    expect(server.requests).toEqual(['all', 'bytes=100000- "v1" identity', 'bytes=150000- "v1" identity', 'bytes=150001- "v1" identity']);
    expect(new Set(progress.map(({ total }) => total))).toEqual(new Set([content.length]));
    expect(await readdir(folder)).toEqual(['file.bin']);
  });

  it('goes on where an earlier one ended', async () => {
    await using server = await startOrigin({ cuts: [100_000, 0] });
    await using client = new Client();
    await expect(save(client, server.url('/?key=s3cret'), { resume: { maxFailures: 2, delay: 1 } })).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['file.bin.part', 'file.bin.part.json']);
    expect(await readFile(`${path}.part.json`, 'utf8')).not.toContain('s3cret');
    server.origin.cuts = [];
    server.requests.length = 0;
    expect(await save(client, server.url('/?key=s3cret'), options)).toEqual({ path, size: content.length, resumedFrom: 100_000 });
    expect(server.requests).toEqual(['all', 'bytes=100000- "v1" identity']);
    expect(await isWhole()).toBe(true);
    expect(await readdir(folder)).toEqual(['file.bin']);
  });

  it('only takes its name when all of it was here already', async () => {
    await using server = await startOrigin({ cuts: [content.length - 1, 0] });
    await using client = new Client();
    await expect(save(client, server.url('/'), { resume: { maxFailures: 1 } })).rejects.toThrow();
    await writeFile(`${path}.part`, content);
    server.requests.length = 0;
    server.origin.cuts = [];
    expect(await save(client, server.url('/'), options)).toMatchObject({ resumedFrom: content.length });
    expect(server.requests).toEqual(['all']);
  });

  it.each<[string, (server: { origin: Origin }) => unknown]>([
    ['it is another one now', ({ origin }) => Object.assign(origin, { content: seededBuffer('other', 200_000), etag: '"v2"' })],
    ['the part is longer than the whole', () => writeFile(`${path}.part`, Buffer.alloc(400_000))],
    ['the note is gone', () => rm(`${path}.part.json`)],
    ['the note is nonsense', () => writeFile(`${path}.part.json`, '{')],
    ['the server gives no validator', ({ origin }) => (origin.etag = undefined)],
    ['the validator is weak', ({ origin }) => (origin.etag = 'W/"v1"')],
    ['the server gives no parts', ({ origin }) => (origin.headers = { 'accept-ranges': 'none' })],
  ])('begins anew when %s', async (_, change) => {
    await using server = await startOrigin({ cuts: [100_000, 0] });
    await using client = new Client();
    await expect(save(client, server.url('/'), { resume: { maxFailures: 2, delay: 1 } })).rejects.toThrow();
    server.origin.cuts = [];
    server.requests.length = 0;
    await change(server);
    expect(await save(client, server.url('/'), { resume: true })).toMatchObject({ resumedFrom: 0 });
    expect(server.requests).toEqual(['all']);
    expect(await isWhole(server.origin.content)).toBe(true);
    expect(await readdir(folder)).toEqual(['file.bin']);
  });

  it('begins anew when it changes in the middle', async () => {
    await using server = await startOrigin({ cuts: [100_000, 400_000] });
    await using client = new Client();
    const other = seededBuffer('other', 200_000);
    let changed = false;
    const saved = await save(client, server.url('/'), {
      resume: true,
      onProgress: () => {
        if (!changed) Object.assign(server.origin, { content: other, etag: '"v2"' });
        changed = true;
      },
    });
    expect(saved).toEqual({ path, size: other.length, resumedFrom: 0 });
    expect(await isWhole(other)).toBe(true);
  });

  it('begins anew when the server does not take If-Range for what it is', async () => {
    await using server = await startServer((request, response) => {
      const { range } = request.headers;
      if (range === undefined) {
        response.writeHead(200, { 'content-length': content.length, etag: '"v1"' });
        if (requests++ === 0) response.write(content.subarray(0, 1_000), () => response.destroy());
        else response.end(content);
        return;
      }
      response.writeHead(206, { 'content-range': `bytes 0-9/${content.length}`, 'content-length': 10 }).end('0123456789');
    });
    let requests = 0;
    await using client = new Client();
    await save(client, server.url('/'), options);
    expect(await isWhole()).toBe(true);
  });

  it('waits out what will pass, and ends with what will not', async () => {
    for (const [statusesAfterCut, outcome] of [
      [[503, 500, 429], undefined],
      [[403], 403],
      [Array<number>(9).fill(503), 503],
    ] as const) {
      await rm(path, { force: true });
      await using server = await startOrigin({ cuts: [1_000, 400_000], statusesAfterCut: [...statusesAfterCut] });
      await using client = new Client();
      const saved = save(client, server.url('/'), options);
      if (outcome === undefined) expect(await saved).toMatchObject({ size: content.length });
      else await expect(saved).rejects.toThrow(expect.objectContaining({ name: 'HTTPStatusError', status: outcome }));
    }
  });

  it('does not ask again without a validator, nor for a part of what it has decoded', async () => {
    await using weak = await startOrigin({ etag: undefined, cuts: [1_000] });
    await using client = new Client();
    await expect(save(client, weak.url('/'), options)).rejects.toThrow(expect.objectContaining({ name: 'RemoteProtocolError' }));
    expect(weak.requests).toEqual(['all']);
    await using encoded = await startOrigin({ content: zlib.gzipSync(content), headers: { 'content-encoding': 'gzip' }, cuts: [100_000] });
    await expect(save(client, encoded.url('/'), options)).rejects.toThrow(expect.objectContaining({ name: 'RemoteProtocolError' }));
    expect(encoded.requests).toEqual(['all']);
    expect(await readdir(folder)).toEqual([]);
  });

  it('goes by a date where there is no tag, if that is old enough', async () => {
    const [old, now] = ['Sun, 01 Nov 2026 00:00:00 GMT', 'Sun, 22 Nov 2026 00:00:00 GMT'];
    for (const [modified, asked] of [
      [old, 2],
      [now, 1],
    ] as const) {
      await using server = await startOrigin({
        etag: undefined,
        headers: { 'last-modified': modified, date: now },
        cuts: [1_000, 400_000],
      });
      server.origin.etag = undefined;
      await using client = new Client();
      await save(client, server.url('/'), { resume: { delay: 1 } }).catch(() => {});
      expect(server.requests).toHaveLength(asked);
    }
  });

  it('stays within the deadline of its call', async () => {
    await using server = await startOrigin({ cuts: [1_000, 0] });
    await using client = new Client();
    await using response = await client.stream('GET', server.url('/'), { timeout: 150 });
    const saved = response.saveTo(path, { resume: { delay: 1_000_000, maxFailures: 100 } });
    await expect(saved).rejects.toThrow(expect.objectContaining({ name: 'DeadlineExceeded' }));
  });
});

it('a large download takes little memory', { timeout: 60_000 }, async () => {
  const size = mebibytes(256);
  await using server = await startServer((_, response) => {
    response.writeHead(200, {
      'content-length': size,
      'repr-digest': `sha-256=:${Buffer.from(seededDigest('large', size), 'hex').toString('base64')}:`,
    });
    const pieces = seededBytes('large', size);
    const write = (): void => {
      for (let piece = pieces.next(); ; piece = pieces.next()) {
        if (piece.done === true) {
          response.end();
          return;
        }
        if (!response.write(piece.value)) break;
      }
      response.once('drain', write);
    };
    write();
  });
  seededDigest('large', size);
  await using client = new Client();
  const before = process.memoryUsage.rss();
  let most = before;
  const saved = await save(client, server.url('/'), { digest: true, onProgress: () => (most = Math.max(most, process.memoryUsage.rss())) });
  expect(saved.size).toBe(size);
  expect(most - before).toBeLessThan(mebibytes(80));
});
