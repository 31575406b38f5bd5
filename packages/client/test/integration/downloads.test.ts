import { getEventListeners } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import zlib from 'node:zlib';

import { createGate, mebibytes, seededBytes, seededDigest, startServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { Client, type SaveOptions, type SaveProgress } from '../../src/index.ts';
import { content, sha256, startOrigin, type Origin } from '../support/file-origin.ts';
import { folder, isWhole, path, save, useDownloads } from '../support/downloads.ts';

useDownloads();

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

it('a large download takes little memory', async () => {
  const size = mebibytes(128);
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
