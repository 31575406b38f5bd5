import { readdir, readFile, rm, writeFile } from 'node:fs/promises';

import zlib from 'node:zlib';

import { seededBuffer, startServer, withEnoughTime, type LocalServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { Client, type SaveOptions, type SaveProgress } from '../../src/index.ts';
import { arrived, content, sha256, startOrigin, writeAndBreak, type Origin } from '../support/file-origin.ts';
import { folder, isWhole, path, save, useDownloads } from '../support/downloads.ts';

useDownloads();

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
    ['the part is gone', () => rm(`${path}.part`)],
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

  it('does not ask again without a validator, nor for what is no GET', async () => {
    await using client = new Client();
    for (const [method, etag] of [
      ['GET', undefined],
      ['POST', '"v1"'],
    ] as const) {
      await using server = await startOrigin({ etag, cuts: [1_000] });
      const response = await client.stream(method, server.url('/'));
      await expect(response.saveTo(path, options)).rejects.toThrow(expect.objectContaining({ name: 'RemoteProtocolError' }));
      expect(server.requests).toEqual(['all']);
      expect(await readdir(folder)).toEqual([]);
    }
  });

  /** Compresses for who takes it, and breaks that off in the middle. */
  async function startEncodingOrigin(): Promise<LocalServer & { requests: string[]; breaks: { encoded: boolean; plain: boolean } }> {
    const requests: string[] = [];
    const breaks = { encoded: true, plain: false };
    const packed = zlib.gzipSync(content);
    const server = await startServer((request, response) => {
      const { range, 'accept-encoding': coding = '' } = request.headers;
      requests.push(`${range ?? 'all'} ${coding === 'identity' ? coding : 'any'}`);
      if (coding !== 'identity') {
        response.writeHead(200, { 'content-encoding': 'gzip', etag: '"v1-gzip"', 'content-length': packed.length });
        if (breaks.encoded) response.write(packed.subarray(0, 100_000), () => response.destroy());
        else response.end(packed);
        return;
      }
      const first = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
      response.writeHead(first > 0 ? 206 : 200, {
        etag: '"v1"',
        'content-length': content.length - first,
        ...(first > 0 ? { 'content-range': `bytes ${first}-${content.length - 1}/${content.length}` } : {}),
      });
      if (breaks.plain) writeAndBreak(response, content.subarray(first, first + 1_000));
      else response.end(content.subarray(first));
    });
    return Object.assign(server, { requests, breaks });
  }

  it('in a coding begins anew without it', async () => {
    await using server = await startEncodingOrigin();
    await using client = new Client();
    await save(client, server.url('/'), options);
    expect(await isWhole()).toBe(true);
    expect(server.requests).toEqual(['all any', 'all identity']);
  });

  it('goes on where an earlier one without a coding ended, though the server has one', async () => {
    await using server = await startEncodingOrigin();
    server.breaks.plain = true;
    await using client = new Client();
    const identity = { headers: { 'accept-encoding': 'identity' } };
    await expect(
      (await client.stream('GET', server.url('/'), identity)).saveTo(path, { resume: { maxFailures: 1 }, onProgress: arrived }),
    ).rejects.toThrow();
    server.breaks.plain = false;
    server.requests.length = 0;
    expect(await save(client, server.url('/'), options)).toMatchObject({ resumedFrom: 1_000 });
    expect(await isWhole()).toBe(true);
    expect(server.requests).toEqual(['all any', 'bytes=1000- identity']);
  });

  it('in a coding that it has whatever is asked for ends after so many attempts', async () => {
    await using server = await startOrigin({ content: zlib.gzipSync(content), headers: { 'content-encoding': 'gzip' }, cuts: [100_000] });
    await using client = new Client();
    await expect(save(client, server.url('/'), { resume: { delay: 1, maxFailures: 3 } })).rejects.toThrow(
      expect.objectContaining({ name: 'RemoteProtocolError' }),
    );
    expect(server.requests.length).toBeLessThanOrEqual(4);
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
    await withEnoughTime(async (timeout) => {
      await using server = await startOrigin({ cuts: [1_000, 0] });
      await using client = new Client();
      await using response = await client.stream('GET', server.url('/'), { timeout });
      const saved = response.saveTo(path, { resume: { delay: 1_000_000, maxFailures: 100 } });
      await expect(saved).rejects.toThrow(expect.objectContaining({ name: 'DeadlineExceeded' }));
    });
  });
});

/** The first response breaks off after 18 bytes; what comes then is up to the test. */
describe('what a server gives as the rest', () => {
  const whole = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789');
  interface Part {
    range?: string;
    body: string | Buffer;
    status?: number;
    headers?: Record<string, string>;
    chunked?: boolean;
    first?: boolean;
  }
  async function start(part: (from: number, n: number) => Part, total = true): Promise<LocalServer & { asked: string[] }> {
    const asked: string[] = [];
    const server = await startServer((request, response) => {
      const { range } = request.headers;
      asked.push(range ?? 'all');
      if (range === undefined) {
        response.writeHead(200, { etag: '"v1"', ...(total ? { 'content-length': whole.length } : {}) });
        writeAndBreak(response, whole.subarray(0, 18));
        return;
      }
      const { range: said, body, status = 206, headers, chunked = false } = part(Number(range.slice(6, -1)), asked.length);
      response.writeHead(status, {
        ...(status === 206 ? { etag: '"v1"' } : {}),
        ...(said === undefined ? {} : { 'content-range': `bytes ${said}` }),
        ...(chunked ? {} : { 'content-length': body.length }),
        ...headers,
      });
      response.end(body);
    });
    return Object.assign(server, { asked });
  }
  const resume = { delay: 1, maxFailures: 3 };

  it.each<[string, boolean]>([
    ['with its length', true],
    ['of a length that nobody knows', false],
  ])('may be less than was asked for, of a file %s', async (_, total) => {
    await using server = await start((from) => {
      if (from >= whole.length) return { status: 416, range: `*/${whole.length}`, body: '' };
      const last = Math.min(from + 5, whole.length - 1);
      return { range: `${from}-${last}/${total ? whole.length : '*'}`, body: whole.subarray(from, last + 1) };
    }, total);
    await using client = new Client();
    await save(client, server.url('/'), { resume, onProgress: arrived });
    expect(await isWhole(whole)).toBe(true);
    expect(server.asked).toEqual(['all', 'bytes=18-', 'bytes=24-', 'bytes=30-', ...(total ? [] : ['bytes=36-'])]);
  });

  it.each<[string, (from: number) => Part]>([
    ['longer than it says', (from) => ({ range: `${from}-35/36`, body: `${whole.toString('latin1', from)}surplus` })],
    [
      'longer than it says, in chunks',
      (from) => ({ range: `${from}-35/36`, body: `${whole.toString('latin1', from)}surplus`, chunked: true }),
    ],
    ['shorter than it says', (from) => ({ range: `${from}-35/36`, body: 'xx' })],
    ['shorter than it says, in chunks', (from) => ({ range: `${from}-35/36`, body: 'xx', chunked: true })],
    ['another part', () => ({ range: '0-17/36', body: whole.subarray(0, 18) })],
    ['of a larger whole', (from) => ({ range: `${from}-35/40`, body: whole.subarray(from) })],
    ['past the end', (from) => ({ range: `${from}-39/*`, body: `${whole.toString('latin1', from)}more` })],
    ['of another representation', (from) => ({ range: `${from}-35/36`, body: 'x'.repeat(18), headers: { etag: '"v2"' } })],
    ['in a coding', (from) => ({ range: `${from}-35/36`, body: 'x'.repeat(18), headers: { 'content-encoding': 'br' } })],
    ['without a range', () => ({ body: 'x'.repeat(18) })],
    ['in several parts', () => ({ body: 'x'.repeat(18), headers: { 'content-type': 'multipart/byteranges; boundary=b' } })],
    ['not there, though it is', () => ({ status: 416, range: '*/36', body: '' })],
  ])('begins it anew once and is an error then: %s', async (_, part) => {
    await using server = await start(part);
    await using client = new Client();
    await writeFile(path, 'the old file');
    await expect(save(client, server.url('/'), { resume, onProgress: arrived })).rejects.toThrow(
      expect.objectContaining({ name: 'RemoteProtocolError' }),
    );
    expect(await readFile(path, 'utf8')).toBe('the old file');
    expect(server.asked.length).toBeLessThanOrEqual(4);
  });

  it('may be all of it again, of which the beginning is here', async () => {
    let requests = 0;
    await using server = await startServer((_, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': whole.length });
      if (requests++ < 2) writeAndBreak(response, whole.subarray(0, requests * 10));
      else response.end(whole);
    });
    await using client = new Client();
    const received: number[] = [];
    await save(client, server.url('/'), {
      resume,
      digest: `sha-256=${sha256('hex', whole)}`,
      onProgress: (step) => {
        received.push(step.received);
        arrived();
      },
    });
    expect(await isWhole(whole)).toBe(true);
    expect(received).toEqual([...received].sort((a, b) => a - b));
  });

  it.each<[string, (n: number) => string, string]>([
    ['the same', () => '"v1"', 'RemoteProtocolError'],
    ['another one each time', (n) => `"v${n}"`, 'RepresentationChanged'],
  ])('ends when it breaks off at the same place each time: %s', async (_, etag, name) => {
    let requests = 0;
    await using server = await startServer((_request, response) => {
      requests += 1;
      response.writeHead(200, { etag: etag(requests), 'content-length': 100 });
      // What is no news is not told: then it breaks off by itself.
      if (requests === 1 || etag(2) !== etag(1)) writeAndBreak(response, 'x'.repeat(50));
      else response.write('x'.repeat(50), () => response.destroy());
    });
    await using client = new Client();
    await expect(save(client, server.url('/'), { resume, onProgress: arrived })).rejects.toThrow(expect.objectContaining({ name }));
    expect(requests).toBeLessThanOrEqual(4);
  });
});
