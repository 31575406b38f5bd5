// `pnpm fragments`: a change in the sources of a published package needs a fragment that tells its users about it.
//
// The change is what HEAD has and its base has not. The base is the merge base with FRAGMENT_BASE (CI gives the pull request's target), else
// with origin/main. Where there is nothing to compare with (no such branch, or HEAD is the base itself, as on a fresh clone of main),
// the check says so and passes: it judges changes, not states.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface FragmentVerdict {
  readonly ok: boolean;
  readonly message: string;
}

/**
 * @param root the repository
 * @param givenBase a commit or branch that must exist; default: origin/main, if there is one
 */
export function checkFragments(root: string, givenBase?: string): FragmentVerdict {
  if (git(root, 'rev-parse', '--verify', '--quiet', 'HEAD') === undefined) return pass('no commit yet, so no change to judge');
  const target = givenBase ?? 'origin/main';
  const base = git(root, 'merge-base', 'HEAD', target);
  if (base === undefined) {
    if (givenBase === undefined) return pass('there is no origin/main to compare with');
    return fail(`${givenBase} has no common ancestor with HEAD here; fetch it with its history`);
  }
  if (base === git(root, 'rev-parse', 'HEAD')) return pass(`HEAD is contained in ${target}, so there is no change to judge`);

  const sources = changedFiles(root, base, 'ACDMRT', ':(glob)packages/*/src/**', ':(exclude)packages/testbed').filter(
    (file) => !file.endsWith('.test.ts'),
  );
  if (sources.length === 0) return pass(`no source of a published package changed since ${target}`);

  // A fragment that this change only removes tells nobody anything.
  const fragments = changedFiles(root, base, 'AMR', ':(glob).changeset/*.md').filter((file) => file !== '.changeset/README.md');
  if (fragments.length > 0) return pass(`${count(sources, 'changed source')}, told by ${fragments.join(', ')}`);

  const shown = sources.slice(0, 10).map((file) => `  ${file}`);
  if (sources.length > shown.length) shown.push(`  … and ${sources.length - shown.length} more`);
  return fail(
    [
      `${count(sources, 'source')} of a published package changed since ${target}, without a fragment:`,
      ...shown,
      'Run `pnpm changeset` and tell the users what changes for them, or `pnpm changeset --empty` when nothing does.',
    ].join('\n'),
  );
}

function pass(message: string): FragmentVerdict {
  return { ok: true, message: `fragments: ${message}` };
}

function fail(message: string): FragmentVerdict {
  return { ok: false, message: `fragments: ${message}` };
}

function count(items: readonly unknown[], noun: string): string {
  return `${items.length} ${noun}${items.length === 1 ? '' : 's'}`;
}

function changedFiles(root: string, base: string, kinds: string, ...pathspecs: string[]): string[] {
  const listed = git(root, 'diff', '--name-only', '-z', `--diff-filter=${kinds}`, base, 'HEAD', '--', ...pathspecs);
  if (listed === undefined) throw new Error(`git cannot compare HEAD with ${base}`);
  return listed.split('\0').filter((file) => file !== '');
}

/** Output of a git command, or undefined when it fails. */
function git(cwd: string, ...args: string[]): string | undefined {
  const { status, stdout, error } = spawnSync('git', args, { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (error !== undefined) throw error;
  return status === 0 ? stdout.trim() : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { ok, message } = checkFragments(process.cwd(), process.env['FRAGMENT_BASE'] || undefined);
  console[ok ? 'log' : 'error'](message);
  if (!ok) process.exitCode = 1;
}
