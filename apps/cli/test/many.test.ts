import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createGate, seededDigest, startServer, type LocalServer } from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileNameOf } from '../src/download/file-name.ts';
import { Interruption } from '../src/io.ts';
import { bucketsOf, drawLatencies } from '../src/repeat/latencies.ts';
import { temporaryFolder, xhttp } from './fake-io.ts';

let site: LocalServer;
beforeAll(async () => {
  site = await startServer('site');
});
afterAll(() => site.close());

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('downloads', () => {
  it('are files with names of their own, several at once', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, '300'), 'mine');
    const { code, errors, output } = await xhttp(
      ['-D', site.url('/bytes/300'), site.url('/bytes/200000?seed=b'), site.url('/status/404')],
      { cwd },
    );
    expect({ code, output }).toEqual({ code: 4, output: '' });
    expect(errors).toMatch(/^300-1 {2}300 B, /mu);
    expect(errors).toMatch(/^200000 {2}195\.3 KiB, /mu);
    expect(errors).toContain('404');
    expect((await readdir(cwd)).sort()).toEqual(['200000', '300', '300-1']);
    expect(await readFile(join(cwd, '300'), 'utf8')).toBe('mine');
    expect(sha256(await readFile(join(cwd, '200000')))).toBe(seededDigest('b', 200_000));
  });

  it('have the digest that they must have, or are not there', async () => {
    const cwd = await temporaryFolder();
    const url = site.url('/bytes/5000?seed=c');
    expect(await xhttp(['-D', url, '-o', 'good', '--digest', `sha-256=${seededDigest('c', 5000)}`], { cwd })).toMatchObject({
      code: 0,
      errors: expect.stringContaining('digest as expected') as unknown,
    });
    expect((await xhttp(['-D', url, '-o', 'bad', '--digest', `sha-256=${'0'.repeat(64)}`], { cwd })).code).toBe(65);
    expect(await readdir(cwd)).toEqual(['good']);
  });

  it('that are interrupted keep their part, and go on', async () => {
    const cwd = await temporaryFolder();
    const content = Buffer.alloc(100_000, 'abcdefg');
    const gate = createGate();
    await using server = await startServer((request, response) => {
      const from = Number(/bytes=(\d+)-/u.exec(request.headers.range ?? '')?.[1] ?? 0);
      response.writeHead(from > 0 ? 206 : 200, {
        etag: '"one"',
        'content-length': content.length - from,
        ...(from > 0 ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}),
      });
      if (from > 0) response.end(content.subarray(from));
      else {
        response.write(content.subarray(0, 60_000));
        void gate.opened.then(() => response.end(content.subarray(60_000)));
      }
    });
    const ending = new AbortController();
    const words = ['-D', '--resume', server.url('/file.bin')];
    const running = xhttp(words, { cwd, signal: ending.signal });
    await expect
      .poll(() =>
        readFile(join(cwd, 'file.bin.part')).then(
          ({ length }) => length,
          () => 0,
        ),
      )
      .toBe(60_000);
    ending.abort(new Interruption('Ended by SIGINT', 130));
    expect(await running).toMatchObject({ code: 130, errors: expect.stringContaining('file.bin.part is kept') as unknown });
    expect(await readdir(cwd)).toContain('file.bin.part');
    const again = await xhttp(words, { cwd });
    expect(again).toMatchObject({
      code: 0,
      errors: expect.stringMatching(/^file\.bin {2}97\.7 KiB, \d\S* KiB of it were there/u) as unknown,
    });
    expect(sha256(await readFile(join(cwd, 'file.bin')))).toBe(sha256(content));
    expect((await xhttp(words, { cwd })).errors).toContain('is there already');
    expect(await readdir(cwd)).toEqual(['file.bin']);
    gate.open();
  });

  it.each([
    ['attachment; filename="report.pdf"', '/x', 'report.pdf'],
    ["attachment; filename=a.txt; filename*=UTF-8''na%C3%AFve.txt", '/x', 'naïve.txt'],
    ['attachment; filename="../../etc/passwd"', '/x', 'passwd'],
    ['attachment; filename="C:\\\\Windows\\\\a.exe"', '/x', 'a.exe'],
    ['attachment; filename=".bashrc"', '/x', 'bashrc'],
    ['attachment; filename="-rf"', '/x', 'rf'],
    ['attachment; filename="con.txt"', '/x', '_con.txt'],
    ['attachment; filename="a\u001B[2Jb"', '/x', 'a_[2Jb'],
    ['attachment; filename=".."', '/x', 'x'],
    ['', '/a/b%20c.tar.gz?x=1', 'b c.tar.gz'],
    ['', '/a/%2e%2e%2fb', 'b'],
    ['', '/%ff', '%ff'],
    ['', '/', 'download'],
  ])('are named safely: %j, %s', (field, path, expected) => {
    const headers = { get: () => field } as unknown as Parameters<typeof fileNameOf>[0]['headers'];
    expect(fileNameOf({ headers, url: `http://a.test${path}` })).toBe(expected);
  });
});

describe('many times', () => {
  it('is a histogram, with what came back', async () => {
    const { code, output } = await xhttp(['-n', '200', '-c', '8', site.url('/bytes/100')]);
    expect(code).toBe(0);
    expect(output).toMatch(/^ {2}requests +200 {2}in /mu);
    expect(output).toMatch(/^ {2}connections +8$/mu);
    expect(output).toMatch(/^ {2}received +19\.5 KiB$/mu);
    expect(output).toMatch(/^ {2}200 {2}200$/mu);
    expect(output).toMatch(/^ {2} +50 % +[\d.]+ m?s$/mu);
    expect(output).toMatch(/^ {2}≤ +[\d.]+ ms +\d+ +#/mu);
  });

  it('is bounded, and counts failures', async () => {
    expect(await xhttp(['-n', '10001', site.url('/')])).toMatchObject({ code: 2, errors: expect.stringContaining('--yes') as unknown });
    expect((await xhttp(['-n', '2', '-c', '10001', site.url('/')])).code).toBe(2);
    const failed = await xhttp(['-n', '3', 'http://127.0.0.1:1/']);
    expect(failed.code).toBe(7);
    expect(failed.output).toMatch(/^ {2}ConnectError ECONNREFUSED {2}3$/mu);
    expect((await xhttp(['-n', '3', '--check-status', site.url('/status/503')])).code).toBe(5);
  });

  it('has buckets for what is usual, and one for the rest', () => {
    const values = [...Array.from({ length: 999 }, (_, index) => 1 + index / 1000), 500];
    const buckets = bucketsOf(values);
    expect(buckets).toHaveLength(13);
    expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(1000);
    expect(buckets.at(-1)).toMatchObject({ to: 500, count: 10 });
    expect(bucketsOf([])).toEqual([]);
    expect(bucketsOf([3, 3, 3])).toEqual([{ from: 3, to: 3, count: 3 }]);
    expect(drawLatencies([], { width: 80 } as never)).toEqual([]);
  });
});

describe('a connection that is both sides’', () => {
  it('carries what is typed, and shows what comes', async () => {
    await using server = await startServer('upgrade');
    const { output, code } = await xhttp(['-b', server.url('/'), 'Connection:Upgrade', 'Upgrade:echo'], { input: 'ping\n' });
    expect({ output, code }).toEqual({ output: 'ping\n', code: 0 });
  });
});
