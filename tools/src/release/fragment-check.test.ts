import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkFragments } from './fragment-check.ts';

let directory: string;
let origin: string;
let clone: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fragments-'));
  origin = join(directory, 'origin');
  clone = join(directory, 'clone');
  await mkdir(origin);
  git(origin, 'init', '--quiet', '--initial-branch', 'main');
  await commit(origin, { 'packages/client/src/index.ts': 'one', '.changeset/older.md': "---\n'@x/client': minor\n---\n\nOlder.\n" });
  git(directory, 'clone', '--quiet', origin, clone);
  git(clone, 'checkout', '--quiet', '-b', 'topic');
});

afterEach(() => rm(directory, { recursive: true, force: true }));

function git(cwd: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgSign=false'];
  return execFileSync('git', [...identity, ...args], { cwd, encoding: 'utf8' });
}

async function commit(cwd: string, files: Readonly<Record<string, string | null>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = join(cwd, name);
    await mkdir(dirname(file), { recursive: true });
    if (content === null) await rm(file);
    else await writeFile(file, content);
  }
  git(cwd, 'add', '--all');
  git(cwd, 'commit', '--quiet', '--message', 'a change');
}

describe('the fragment check', () => {
  it('passes on a fresh clone of main, and says why', () => {
    expect(checkFragments(clone)).toEqual({
      ok: true,
      message: 'fragments: HEAD is contained in origin/main, so there is no change to judge',
    });
  });

  it('passes where there is no origin to compare with, and says so', () => {
    expect(checkFragments(origin)).toEqual({ ok: true, message: 'fragments: there is no origin/main to compare with' });
  });

  it('passes before the first commit', async () => {
    const empty = join(directory, 'empty');
    await mkdir(empty);
    git(empty, 'init', '--quiet');
    expect(checkFragments(empty).ok).toBe(true);
  });

  it.each(['packages/httpcore/src/pool/pool.ts', 'packages/client/src/testing/index.ts'])('refuses a change in %s alone', async (file) => {
    await commit(clone, { [file]: 'two' });
    const { ok, message } = checkFragments(clone);
    expect(ok).toBe(false);
    expect(message).toContain(file);
  });

  it('refuses the removal of a source, too', async () => {
    await commit(clone, { 'packages/client/src/index.ts': null });
    expect(checkFragments(clone).ok).toBe(false);
  });

  it('passes with a fragment, also with one in an earlier commit of the same change', async () => {
    await commit(clone, { '.changeset/new-thing.md': "---\n'@x/client': minor\n---\n\nA new thing.\n" });
    await commit(clone, { 'packages/client/src/index.ts': 'two' });
    expect(checkFragments(clone)).toEqual({ ok: true, message: 'fragments: 1 changed source, told by .changeset/new-thing.md' });
  });

  it('takes an empty fragment as the explicit "nothing to tell"', async () => {
    await commit(clone, { 'packages/client/src/index.ts': 'two', '.changeset/quiet.md': '---\n---\n' });
    expect(checkFragments(clone).ok).toBe(true);
  });

  it('counts neither the README of the folder nor the removal of an older fragment', async () => {
    await commit(clone, { 'packages/client/src/index.ts': 'two', '.changeset/README.md': 'How to.', '.changeset/older.md': null });
    expect(checkFragments(clone).ok).toBe(false);
  });

  it('asks nothing for tests and private packages', async () => {
    await commit(clone, { 'packages/client/src/client.test.ts': 'x', 'packages/testbed/src/index.ts': 'x', 'apps/bench/src/main.ts': 'x' });
    expect(checkFragments(clone)).toEqual({ ok: true, message: 'fragments: no source of a published package changed since origin/main' });
  });

  it('judges only what the branch adds, not what main did meanwhile', async () => {
    await commit(origin, { 'packages/client/src/index.ts': 'three' });
    git(clone, 'fetch', '--quiet');
    await commit(clone, { 'README.md': 'Hello.' });
    expect(checkFragments(clone).ok).toBe(true);
  });

  it('compares with the base it is given, and fails when that is not there', async () => {
    await commit(clone, { 'packages/client/src/index.ts': 'two' });
    expect(checkFragments(clone, 'HEAD').ok).toBe(true);
    expect(checkFragments(clone, 'HEAD~1').ok).toBe(false);
    expect(checkFragments(clone, 'origin/release')).toEqual({
      ok: false,
      message: 'fragments: origin/release has no common ancestor with HEAD here; fetch it with its history',
    });
  });
});
