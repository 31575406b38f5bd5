import { appendFileSync } from 'node:fs';
import { chmod, link, open, readdir, readFile, stat, symlink, writeFile, type FileHandle } from 'node:fs/promises';

import { join } from 'node:path';

import { createGate, startServer, type LocalServer } from '@x/testbed';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { Client } from '../../src/index.ts';
import { startOrigin, type Origin } from '../support/file-origin.ts';
import { folder, isWhole, path, save, useDownloads } from '../support/downloads.ts';

useDownloads();

describe('the file system', () => {
  const hello = (): Promise<LocalServer & { origin: Origin; requests: string[] }> => startOrigin({ content: Buffer.from('hello') });

  it.each<[string, () => Promise<unknown>, string]>([
    ['a link', () => symlink(join(folder, 'other'), `${path}.part`), 'other'],
    ['a link of the note', () => symlink(join(folder, 'other'), `${path}.part.json`), 'other'],
    ['a hard link', () => link(join(folder, 'other'), `${path}.part`), 'other'],
    ["somebody else's part", () => writeFile(`${path}.part`, 'precious'), 'file.bin.part'],
    ["somebody else's JSON", () => writeFile(`${path}.part.json`, 'precious'), 'file.bin.part.json'],
  ])('has %s where the part should be: that is left alone', async (_, prepare, victim) => {
    await using server = await hello();
    await using client = new Client();
    await writeFile(join(folder, 'other'), 'precious');
    await prepare();
    const before = await readdir(folder);
    await save(client, server.url('/'), { resume: true });
    expect(await readFile(path, 'utf8')).toBe('hello');
    expect(await readFile(join(folder, victim), 'utf8')).toBe('precious');
    expect((await readdir(folder)).sort()).toEqual([...before, 'file.bin'].sort());
  });

  it.each([false, true])('keeps the mode of the file that is there (resume: %s)', async (resume) => {
    await using server = await hello();
    await using client = new Client();
    await writeFile(path, 'old');
    for (const mode of [0o600, 0o755]) {
      await chmod(path, mode);
      await save(client, server.url('/'), { resume });
      expect((await stat(path)).mode & 0o777).toBe(mode);
    }
  });

  describe('permissions that can not be changed, as under --permission', () => {
    /** The files whose permissions were to be changed. */
    const refuse = async (): Promise<FileHandle[]> => {
      const asked: FileHandle[] = [];
      const probe = await open(folder);
      const refused = vi.spyOn(Object.getPrototypeOf(probe) as FileHandle, 'chmod').mockImplementation(function (this: FileHandle) {
        asked.push(this);
        return Promise.reject(Object.assign(new Error('fchmod API is disabled'), { code: 'ERR_ACCESS_DENIED' }));
      });
      await probe.close();
      onTestFinished(() => {
        refused.mockRestore();
      });
      return asked;
    };

    it.each([false, true])('are those that the file was made with (resume: %s)', async (resume) => {
      await using server = await hello();
      await using client = new Client();
      await writeFile(path, 'old');
      await chmod(path, 0o600);
      const asked = await refuse();
      await save(client, server.url('/'), { resume });
      expect(await readFile(path, 'utf8')).toBe('hello');
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect(asked.map((handle) => handle.fd)).toEqual([-1]);
    });

    it('fail a part that allows more, which is closed', async () => {
      await using server = await hello();
      await using client = new Client();
      await writeFile(`${path}.part`, '');
      await writeFile(`${path}.part.json`, JSON.stringify({ by: '@x/client', owner: 'another', url: null, validator: null }));
      await chmod(`${path}.part`, 0o644);
      await writeFile(path, 'old');
      await chmod(path, 0o600);
      const asked = await refuse();
      await expect(save(client, server.url('/'), { resume: true })).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
      expect(asked.map((handle) => handle.fd)).toEqual([-1]);
      expect(await readFile(path, 'utf8')).toBe('old');
    });
  });

  it.each<[string, () => Promise<string>, object]>([
    ['is a folder', async () => folder, { name: 'InvalidOption', option: 'path' }],
    ['ends as a folder', async () => `${path}/`, { name: 'InvalidOption', option: 'path' }],
    ['is a device', async () => '/dev/null', { name: 'InvalidOption', option: 'path' }],
    ['is in no folder', async () => join(folder, 'none', 'file'), { code: 'ENOENT' }],
    ['is in a file', async () => (await writeFile(path, ''), join(path, 'file')), { code: 'ENOTDIR' }],
    ['is too long', async () => join(folder, 'x'.repeat(300)), { code: 'ENAMETOOLONG' }],
  ])('is asked first: a path that %s', async (_, target, error) => {
    await using server = await startServer((_request, response) => response.writeHead(200, { etag: '"v1"' }).write('never ends'));
    await using client = new Client();
    for (const resume of [false, true]) {
      const response = await client.stream('GET', server.url('/'));
      await expect(response.saveTo(await target(), { resume })).rejects.toMatchObject(error);
    }
    await client.destroy();
  });

  it('may have a name that leaves no room for ours', async () => {
    await using server = await hello();
    await using client = new Client();
    const longest = join(folder, 'x'.repeat(250));
    for (const resume of [false, true]) await save(client, server.url('/'), { resume }, longest);
    expect(await readFile(longest, 'utf8')).toBe('hello');
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('has one part for each of two that save to one path at once', async () => {
    await using server = await startOrigin();
    await using client = new Client();
    await Promise.all([1, 2, 3].map(() => save(client, server.url('/'), { resume: true })));
    expect(await isWhole()).toBe(true);
    expect(await readdir(folder)).toEqual(['file.bin']);
  });

  it('notices that somebody else has written to the part', async () => {
    await using server = await startOrigin();
    await using client = new Client();
    const saved = save(client, server.url('/'), {
      resume: true,
      onProgress: ({ received, total }) => {
        if (received === total) appendFileSync(`${path}.part`, 'x');
      },
    });
    await expect(saved).rejects.toThrow('was changed by somebody else');
    await expect(stat(path)).rejects.toThrow();
  });
});

it('an abort does not wait for a server that is silent', async () => {
  const begun = createGate();
  await using server = await startServer((_, response) => {
    response.writeHead(200, { 'content-length': 1_000, etag: '"v1"' }).write('x');
    begun.open();
  });
  await using client = new Client();
  const response = await client.stream('GET', server.url('/'));
  // Closing it takes until the server says something, or until it is given up.
  const closing = createGate();
  const close = response.close.bind(response);
  response.close = () => Promise.all([close(), closing.opened]).then(() => {});
  const controller = new AbortController();
  const saved = response.saveTo(path, { signal: controller.signal });
  await begun.opened;
  controller.abort();
  await expect(saved).rejects.toThrow(expect.objectContaining({ name: 'Aborted' }));
  closing.open();
});
