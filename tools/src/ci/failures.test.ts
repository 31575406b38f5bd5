import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

interface FakeModule {
  readonly relativeModuleId: string;
  errors(): readonly object[];
}

interface Reporter {
  onTestModuleStart(module: FakeModule): void;
  onTestModuleEnd(module: FakeModule): void;
  onTestCaseResult(test: { readonly module: FakeModule; readonly fullName: string; result(): object }): void;
  onTestRunEnd(modules: readonly FakeModule[], errors: readonly object[]): void;
}

const script = new URL('../../../.ci/failures.mjs', import.meta.url).href;
const { default: FailureReporter, shownFailures } = (await import(script)) as {
  default: new () => Reporter;
  shownFailures(noted: string): readonly string[];
};

const moduleOf = (relativeModuleId: string, ...errors: object[]): FakeModule => ({ relativeModuleId, errors: () => errors });

describe('what .ci/run tells at its end', () => {
  let folder: string;
  let reporter: Reporter;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'failures-'));
    vi.stubEnv('FAILURES', join(folder, 'failures'));
    reporter = new FailureReporter();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const told = async (): Promise<readonly string[]> => shownFailures(await readFile(join(folder, 'failures'), 'utf8'));

  it('is each failed test with what it says and where, and nothing of those that passed', async () => {
    const module = moduleOf('packages/a/a.test.ts');
    const diff = '\u001B[32m- Expected\u001B[39m\n\n- 1\n+ 2';
    const stacks = [
      { file: '/x/node_modules/vitest/index.js', line: 1 },
      { file: join(process.cwd(), 'packages/a/a.test.ts'), line: 7 },
    ];
    reporter.onTestModuleStart(module);
    reporter.onTestCaseResult({ module, fullName: 'a > fine', result: () => ({ state: 'passed', errors: [] }) });
    const errors = [{ name: 'AssertionError', message: 'expected 2 to be 1', stacks, diff }];
    reporter.onTestCaseResult({ module, fullName: 'a > b', result: () => ({ state: 'failed', errors }) });
    reporter.onTestModuleEnd(module);
    expect(await told()).toEqual([
      'FAILED packages/a/a.test.ts > a > b',
      '    AssertionError: expected 2 to be 1',
      '    - Expected',
      '    - 1',
      '    + 2',
      '    at packages/a/a.test.ts:7',
    ]);
  });

  it('is a file that does not load, an error outside of every test, and what had not ended', async () => {
    const broken = moduleOf('b.test.ts', { name: 'SyntaxError', message: 'no' });
    reporter.onTestModuleStart(broken);
    reporter.onTestModuleEnd(broken);
    reporter.onTestModuleStart(moduleOf('hangs.test.ts'));
    reporter.onTestRunEnd([], [{ message: 'unhandled' }]);
    expect(await told()).toEqual([
      'FAILED b.test.ts',
      '    SyntaxError: no',
      'FAILED outside of every test',
      '    Error: unhandled',
      'NOT ENDED hangs.test.ts',
    ]);
  });

  it('is bounded where everything fails: the names of the last ones', () => {
    const noted = Array.from({ length: 500 }, (_, index) => `FAILED ${index}\n    Error: no\n`).join('');
    const lines = shownFailures(noted);
    expect(lines).toHaveLength(151);
    expect([lines[0], lines.at(-1)]).toEqual(['FAILED 0', 'FAILED 499']);
  });
});
