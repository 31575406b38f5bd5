// The rules that we could not do without are in the linter's settings: this proves that they are on and see what they should.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from './packages/published.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lint-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function lint(files: Record<string, string>): string[] {
  const options = { strict: true, module: 'nodenext', target: 'es2023', allowImportingTsExtensions: true, noEmit: true, types: [] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options }));
  for (const [name, source] of Object.entries(files)) writeFileSync(join(folder, name), source);
  const names = Object.keys(files);
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
  const { stdout, status } = spawnSync(process.execPath, [oxlint, '-c', join(root, '.oxlintrc.json'), '--format=json', ...names], {
    cwd: folder,
    encoding: 'utf8',
  });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string }[] };
  expect(status).toBe(diagnostics.length === 0 ? 0 : 1);
  return diagnostics.map(({ code }) => code);
}

it.each([
  [
    'import(no-cycle)',
    {
      'a.ts': "import { b } from './b.ts';\nexport const a = () => b;\n",
      'b.ts': "import { a } from './a.ts';\nexport const b = () => a;\n",
    },
  ],
  ['typescript(no-explicit-any)', { 'any.ts': 'export const value = (input: any): unknown => input;\n' }],
  ['typescript(no-floating-promises)', { 'float.ts': 'export function start(work: () => Promise<void>): void {\n  work();\n}\n' }],
  ['typescript(no-misused-promises)', { 'misuse.ts': 'export const any = (work: () => Promise<boolean>): number => (work() ? 1 : 2);\n' }],
  ['eslint(max-lines)', { 'long.ts': 'export const line = 1;\n'.padEnd(500, '\n') }],
])('%s', (rule, files) => {
  const found = lint(files);
  expect(new Set(found)).toEqual(new Set([rule]));
});

it('says nothing about sound code, nor about two files that know only the types of each other', () => {
  const files = {
    'left.ts': "import type { Right } from './right.ts';\nexport interface Left {\n  readonly right?: Right;\n}\n",
    'right.ts': "import type { Left } from './left.ts';\nexport interface Right {\n  readonly left?: Left;\n}\n",
  };
  expect(lint(files)).toEqual([]);
});
