// Runs the suites of the core and the client on other runtimes: tsx tools/src/runtimes/suite.ts bun deno deno:sockets 22 24 26
// Behind a colon stands the part of the suite that a run of its own is for.
//
// What does not hold there is left out by its name, with a reason: suite/exceptions.ts. Prints one line for each runtime; exits with 1 when
// a test fails that is no exception. With another argument behind `--`, only tests under that path.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPinnedNode, installNode } from './node-runtime.ts';

const root = join(import.meta.dirname, '../../..');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const config = join(import.meta.dirname, 'suite/vitest.config.ts');
/** Nothing here takes that long but what hangs. */
const longest = 300_000;

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

function commandOf(name: string | undefined): readonly string[] {
  const installed = (path: string): string => join(root, 'apps/consumers/node_modules', path);
  if (name === 'bun') return [installed('@oven/bun-linux-x64/bin/bun'), '--bun'];
  if (name === 'deno') return [installed('@deno/linux-x64-glibc/deno'), 'run', '--allow-all'];
  return [installNode(findPinnedNode(name ?? ''))];
}

/** Returns whether all that was to hold did. */
function runOn(name: string, paths: readonly string[]): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'suite-'));
  const file = join(directory, 'report.json');
  const [executable = '', ...flags] = commandOf(name.split(':')[0]);
  if (!existsSync(executable)) {
    console.log(`${name}: SKIPPED, since it is not to be had for ${process.platform}-${process.arch}`);
    return true;
  }
  const args = [...flags, vitest, 'run', '--config', config, '--reporter=json', '--outputFile', file, ...paths];
  const started = performance.now();
  try {
    const { status, stdout, stderr } = spawnSync(executable, args, {
      cwd: root,
      encoding: 'utf8',
      timeout: longest,
      killSignal: 'SIGKILL',
      maxBuffer: 2 ** 28,
      env: { ...process.env, DENO_NO_UPDATE_CHECK: '1', SUITE_PART: name.split(':')[1] ?? '' },
    });
    const seconds = Math.round((performance.now() - started) / 1_000);
    const report = readReport(file);
    if (report === undefined) {
      console.log(`${name}: no report after ${seconds} s (exit code ${status})\n${stdout.slice(-2_000)}\n${stderr.slice(-2_000)}`);
      return false;
    }
    const failed = report.testResults.flatMap((each) => failuresOf(each));
    for (const line of failed) console.log(`${name}: FAILED ${line}`);
    const skipped = report.numPendingTests + report.numTodoTests;
    console.log(`${name}: ${report.numPassedTests} passed, ${failed.length} failed, ${skipped} left out, ${seconds} s`);
    return failed.length === 0 && report.numPassedTests > 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function failuresOf({ name, status, assertionResults }: Report['testResults'][number]): string[] {
  const failures = assertionResults
    .filter((each) => each.status === 'failed')
    .map(({ fullName }) => `${name.slice(root.length + 1)}: ${fullName}`);
  return failures.length === 0 && status === 'failed' ? [`${name.slice(root.length + 1)}, which does not load`] : failures;
}

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}

const given = process.argv.slice(2);
const split = given.indexOf('--');
const names = split === -1 ? given : given.slice(0, split);
const paths = split === -1 ? [] : given.slice(split + 1);
const held = names.map((name) => runOn(name, paths));
process.exitCode = held.every(Boolean) ? 0 : 1;
