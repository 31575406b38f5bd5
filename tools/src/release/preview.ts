// `pnpm release:preview`: what the pending fragments would release, without a change to the tree.
//
// The answer has to be the one that `changeset version` gives on release day, so that command itself is run, on a copy of the few files
// it reads and writes.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PackageRelease {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** The section that CHANGELOG.md would gain, from its `##` heading on. */
  readonly changelog: string;
}

export interface ReleasePreview {
  /** Names of the pending fragments, without `.md`. */
  readonly fragments: readonly string[];
  readonly releases: readonly PackageRelease[];
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
}

const toolRoot = fileURLToPath(new URL('../../../', import.meta.url));
const changesetCommand = createRequire(import.meta.url).resolve('@changesets/cli/bin.js');

/** What `changeset version` reads or writes. */
const releaseFiles = ['package.json', 'pnpm-workspace.yaml', '*/*/package.json', 'tools/package.json', '*/*/CHANGELOG.md', '.changeset/*'];

/**
 * @param root the workspace; its tree is only read
 * @throws Error with the words of changesets when a fragment is malformed or names an unknown package
 */
export function previewRelease(root: string): ReleasePreview {
  const copy = mkdtempSync(join(tmpdir(), 'release-preview-'));
  try {
    copyReleaseFiles(root, copy);
    const before = publicManifests(copy);
    runChangesetVersion(copy);
    return { fragments: pendingFragments(root), releases: before.flatMap(([directory, old]) => releaseOf(join(copy, directory), old)) };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function copyReleaseFiles(root: string, copy: string): void {
  const listed = git(root, [
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
    '--',
    ...releaseFiles.map((glob) => `:(glob)${glob}`),
  ]);
  for (const file of listed.split('\0')) {
    // A file that is deleted but not yet committed is still listed.
    if (file === '' || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  symlinkSync(join(toolRoot, 'node_modules'), join(copy, 'node_modules'), 'junction');
  // changesets asks git which commit brought each fragment.
  git(copy, ['init', '--quiet']);
  git(copy, ['add', '--', '.changeset']);
  git(copy, [
    '-c',
    'user.name=preview',
    '-c',
    'user.email=preview@localhost',
    '-c',
    'commit.gpgSign=false',
    'commit',
    '--quiet',
    '--message',
    'preview',
  ]);
}

function runChangesetVersion(copy: string): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [changesetCommand, 'version'], {
    cwd: copy,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status !== 0) throw new Error(`The pending fragments cannot be released:\n${stdout}${stderr}`.trim());
}

function publicManifests(root: string): [directory: string, manifest: Manifest][] {
  return readdirSync(join(root, 'packages'))
    .map((name): [string, Manifest] => [join('packages', name), readManifest(join(root, 'packages', name))])
    .filter(([, manifest]) => manifest.private !== true);
}

function releaseOf(directory: string, old: Manifest): PackageRelease[] {
  const { version } = readManifest(directory);
  if (version === old.version) return [];
  return [{ name: old.name, from: old.version, to: version, changelog: changelogSection(join(directory, 'CHANGELOG.md'), version) }];
}

function changelogSection(file: string, version: string): string {
  const text = readFileSync(file, 'utf8');
  const start = text.indexOf(`## ${version}\n`);
  const next = text.indexOf('\n## ', start + 1);
  return text.slice(start, next === -1 ? undefined : next).trim();
}

/** Names of the fragments that wait for a release in the tree at `root`. */
export function pendingFragments(root: string): string[] {
  return readdirSync(join(root, '.changeset'))
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .map((file) => file.slice(0, -'.md'.length))
    .toSorted();
}

function readManifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
}

function git(cwd: string, args: readonly string[]): string {
  return execFileSync('git', args, { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

/** The preview as `pnpm release:preview` prints it. */
export function renderPreview({ fragments, releases }: ReleasePreview): string {
  const pending = `${fragments.length} pending ${fragments.length === 1 ? 'fragment' : 'fragments'}${fragments.length === 0 ? '' : `: ${fragments.join(', ')}`}`;
  if (releases.length === 0) return `${pending}\nNothing would be released.\n`;
  const sections = releases.map(({ name, from, to, changelog }) => `${name}  ${from} → ${to}\n\n${changelog}\n`);
  return `${pending}\n\n${sections.join('\n')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(renderPreview(previewRelease(process.cwd())));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
