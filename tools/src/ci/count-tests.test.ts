import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../../.ci/count-tests.mjs', import.meta.url));

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'count-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

function count(exitCode: number): string {
  return execFileSync(process.execPath, [script, join(directory, 'report.json'), String(exitCode)], { encoding: 'utf8' });
}

interface Numbers {
  readonly passed: number;
  readonly failed?: number;
  readonly skipped?: number;
  /** Files that did not load. */
  readonly broken?: number;
}

async function report({ passed, failed = 0, skipped = 0, broken = 0 }: Numbers): Promise<void> {
  const testResults = [
    { status: failed > 0 ? 'failed' : 'passed', assertionResults: [{ status: failed > 0 ? 'failed' : 'passed' }] },
    ...Array.from({ length: broken }, () => ({ status: 'failed', assertionResults: [] })),
  ];
  const text = JSON.stringify({ numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped, numTodoTests: 0, testResults });
  await writeFile(join(directory, 'report.json'), text);
}

describe('the last line of .ci/run', () => {
  it.each<[Numbers, number, string]>([
    [{ passed: 12 }, 0, '12 passed, 0 failed\n'],
    [{ passed: 12, skipped: 3 }, 0, '12 passed, 0 failed, 3 skipped\n'],
    [{ passed: 12, failed: 2 }, 1, '12 passed, 2 failed\n'],
    [{ passed: 12, failed: 2, broken: 1 }, 1, '12 passed, 3 failed\n'],
    [{ passed: 12, broken: 1 }, 1, '12 passed, 1 failed\n'],
  ])('counts %j', async (numbers, exitCode, line) => {
    await report(numbers);
    expect(count(exitCode)).toBe(line);
  });

  it('counts a run that failed outside of every test as a failure', async () => {
    await report({ passed: 12 });
    expect(count(1)).toBe('12 passed, 1 failed\n');
  });

  it('counts a run without a report as a failure', () => {
    expect(count(124)).toBe('0 passed, 1 failed\n');
  });
});
