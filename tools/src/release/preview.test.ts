// The whole life of fragments, for real: a clone of this repository, fragments of different weight, the preview, and the command that
// releases them.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { publishedPackages } from '../packages/published.ts';
import { pendingFragments, previewRelease, renderPreview } from './preview.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const changesetCommand = createRequire(import.meta.url).resolve('@changesets/cli/bin.js');
/** By their folders. All of them have one version. */
const published = publishedPackages().map(({ folder }) => basename(folder));

let directory: string;
let clone: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'release-'));
  clone = join(directory, 'clone');
  execFileSync('git', ['clone', '--quiet', repository, clone]);
  for (const [key, value] of [
    ['user.name', 'Test'],
    ['user.email', 'test@localhost'],
    ['commit.gpgSign', 'false'],
  ] as const) {
    git('config', key, value);
  }
  // The configuration as it is now, also before it is committed, and a known state to start from.
  await cp(join(repository, '.changeset/config.json'), join(clone, '.changeset/config.json'));
  await cp(join(repository, '.changeset/changelog.cjs'), join(clone, '.changeset/changelog.cjs'));
  for (const name of pendingFragments(clone)) await rm(join(clone, '.changeset', `${name}.md`));
  for (const name of published) {
    await rm(join(clone, 'packages', name, 'CHANGELOG.md'), { force: true });
    const file = join(clone, 'packages', name, 'package.json');
    await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), version: '0.0.0' }, undefined, 2));
  }
  await symlink(join(repository, 'node_modules'), join(clone, 'node_modules'), 'junction');
  commitAll('a known state');
});

afterEach(() => rm(directory, { recursive: true, force: true }));

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: clone, encoding: 'utf8' });
}

function commitAll(message: string): void {
  git('add', '--all', '--', '.', ':!node_modules');
  git('commit', '--quiet', '--allow-empty', '--message', message);
}

async function addFragment(name: string, weights: Readonly<Record<string, string>>, text: string): Promise<void> {
  const lines = Object.entries(weights).map(([packageName, weight]) => `'${packageName}': ${weight}`);
  await writeFile(join(clone, '.changeset', `${name}.md`), ['---', ...lines, '---', '', text, ''].join('\n'));
}

function release(): void {
  execFileSync(process.execPath, [changesetCommand, 'version'], { cwd: clone, stdio: ['ignore', 'ignore', 'inherit'] });
  commitAll('version packages');
}

async function versionOf(name: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(clone, 'packages', name, 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

async function changelogOf(name: string): Promise<string> {
  return readFile(join(clone, 'packages', name, 'CHANGELOG.md'), 'utf8');
}

function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}

/** Every file of the clone's work tree with its content, except git's own. */
async function snapshot(): Promise<Map<string, string>> {
  const files = git('ls-files', '--cached', '--others', '--exclude-standard').split('\n');
  const present = files.filter((file) => file !== '' && file !== 'node_modules' && existsSync(join(clone, file)));
  return new Map(await Promise.all(present.map(async (file) => [file, await readFile(join(clone, file), 'latin1')] as const)));
}

describe('releases from fragments', () => {
  it('previews what the release then does, uses every fragment once, and leaves the tree alone', { timeout: 60_000 }, async () => {
    await addFragment('trailers', { '@x/httpcore': 'minor' }, 'Trailers of a response are readable.\n\nAlso over a slow connection.');
    await addFragment('less-waiting', { '@x/client': 'patch' }, 'A refused connection fails at once.');
    await addFragment('chore', {}, '');

    // Not committed yet: a preview is most useful before the commit.
    const before = await snapshot();
    const preview = previewRelease(clone);
    expect(await snapshot()).toEqual(before);

    expect(preview.fragments).toEqual(['chore', 'less-waiting', 'trailers']);
    expect(preview.releases.map(({ name, from, to }) => [name, from, to])).toEqual(
      published.map((name) => [`@x/${name}`, '0.0.0', '0.1.0']),
    );
    const rendered = renderPreview(preview);
    expect(rendered).toContain('3 pending fragments: chore, less-waiting, trailers');
    expect(rendered).toContain('@x/httpcore  0.0.0 → 0.1.0');
    expect(rendered).toContain('- Trailers of a response are readable.\n\n  Also over a slow connection.');

    commitAll('two changes');
    release();
    expect(await versionOf('httpcore')).toBe('0.1.0');
    expect(await versionOf('client')).toBe('0.1.0');
    expect(pendingFragments(clone)).toEqual([]);
    const [core, client] = [await changelogOf('httpcore'), await changelogOf('client')];
    expect(occurrences(core, 'Trailers of a response are readable.')).toBe(1);
    expect(core).not.toContain('refused connection');
    expect(occurrences(client, 'A refused connection fails at once.')).toBe(1);
    expect(client).not.toContain('Trailers');
    for (const { name, changelog } of preview.releases) expect(await changelogOf(name.slice('@x/'.length))).toContain(changelog);

    expect(previewRelease(clone)).toEqual({ fragments: [], releases: [] });
    release();
    expect(await versionOf('httpcore')).toBe('0.1.0');
    expect(await changelogOf('httpcore')).toBe(core);
  });

  it('puts a later fragment into the next release alone', { timeout: 60_000 }, async () => {
    await addFragment('first', { '@x/httpcore': 'minor' }, 'The first thing.');
    commitAll('first');
    release();
    await addFragment('second', { '@x/client': 'patch' }, 'The second thing.');
    commitAll('second');

    const preview = previewRelease(clone);
    expect(preview.releases.map(({ name, to }) => [name, to])).toEqual(published.map((name) => [`@x/${name}`, '0.1.1']));
    expect(renderPreview(preview)).not.toContain('The first thing.');

    release();
    const client = await changelogOf('client');
    expect(client.indexOf('## 0.1.1')).toBeLessThan(client.indexOf('## 0.1.0'));
    expect(occurrences(client, 'The second thing.')).toBe(1);
    expect(occurrences(await changelogOf('httpcore'), 'The first thing.')).toBe(1);
  });

  it('leaves private packages out and says what is wrong with a fragment that names an unknown one', { timeout: 60_000 }, async () => {
    const manifests = async (): Promise<string[]> =>
      Promise.all(['packages/testbed', 'apps/bench', 'tools'].map(async (path) => readFile(join(clone, path, 'package.json'), 'utf8')));
    const before = await manifests();
    await addFragment('known', { '@x/client': 'minor' }, 'A change.');
    commitAll('known');
    release();
    expect(await manifests()).toEqual(before);

    await addFragment('unknown', { '@x/clinet': 'minor' }, 'A change.');
    expect(() => previewRelease(clone)).toThrow('@x/clinet');
    expect(await readdir(join(clone, '.changeset'))).toContain('unknown.md');
  });
});
