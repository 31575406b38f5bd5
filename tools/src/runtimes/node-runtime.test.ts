import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Download, findPinnedNode, installNode, pathWith, type PinnedNode, pinnedNodes } from './node-runtime.ts';
import { parseInvocation } from './with-node.ts';

let directory: string;
let cache: string;
let archive: string;
let genuine: PinnedNode;
let downloads: number;

const download: Download = () => {
  downloads += 1;
  return archive;
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'runtime-'));
  cache = join(directory, 'cache');
  archive = join(directory, 'node.tgz');
  downloads = 0;
  await mkdir(join(directory, 'package', 'bin'), { recursive: true });
  await writeFile(join(directory, 'package', 'bin', 'node'), '#!/bin/sh\necho v99.0.0\n', { mode: 0o755 });
  execFileSync('tar', ['-czf', archive, '-C', directory, 'package']);
  const hash = createHash('sha512')
    .update(await readFile(archive))
    .digest('base64');
  genuine = { version: '99.0.0', platform: 'linux-x64', integrity: `sha512-${hash}` };
});

afterEach(() => rm(directory, { recursive: true, force: true }));

describe('installNode', () => {
  it('installs the pinned archive, once', async () => {
    const executable = installNode(genuine, cache, download);
    expect(execFileSync(executable, { encoding: 'utf8' })).toBe('v99.0.0\n');
    expect(installNode(genuine, cache, download)).toBe(executable);
    expect(downloads).toBe(1);
    expect(await readdir(cache)).toEqual(['99.0.0-linux-x64']);
  });

  it('refuses another archive, and leaves nothing of it', async () => {
    await writeFile(archive, 'something else');
    expect(() => installNode(genuine, cache, download)).toThrow('is not the pinned one');
    expect(await readdir(cache)).toEqual([]);
  });
});

describe('findPinnedNode', () => {
  it.each([
    ['24', '24.21.0'],
    ['20.19', '20.19.0'],
    ['26.10.0', '26.10.0'],
  ])('takes %s for %s', (request, version) => {
    expect(findPinnedNode(request, 'linux-x64').version).toBe(version);
  });

  it('names what there is when asked for what there is not', () => {
    expect(() => findPinnedNode('2', 'linux-x64')).toThrow(
      'No Node 2 is pinned for linux-x64; there are 20.19.0, 22.23.3, 24.21.0, 26.10.0',
    );
    expect(() => findPinnedNode('24', 'plan9-mips')).toThrow('No Node 24 is pinned for plan9-mips');
  });

  it('has a full hash for every pin', () => {
    for (const { integrity } of pinnedNodes) expect(Buffer.from(integrity.slice('sha512-'.length), 'base64')).toHaveLength(64);
  });
});

describe('parseInvocation', () => {
  it.each([
    [['vitest', 'run', '--node', '24', 'packages'], { node: '24', command: 'vitest', args: ['run', 'packages'] }],
    [['npm', 'run', 'bench', '--', '--node=20.19', '--json'], { node: '20.19', command: 'npm', args: ['run', 'bench', '--', '--json'] }],
    [['vitest', 'run'], { node: undefined, command: 'vitest', args: ['run'] }],
  ])('%j', (commandLine, expected) => {
    expect(parseInvocation(commandLine)).toEqual(expected);
  });

  it.each([[['vitest', '--node']], [['vitest', '--node', 'packages']], [[]]])('refuses %j', (commandLine) => {
    expect(() => parseInvocation(commandLine)).toThrow();
  });
});

it('puts the runtime before every other on PATH', () => {
  expect(pathWith('/cache/bin/node', '/usr/bin')).toBe('/cache/bin:/usr/bin');
  expect(pathWith('/cache/bin/node', undefined)).toBe('/cache/bin');
});
