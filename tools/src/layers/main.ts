// `pnpm layers`: refuses imports that the table of layers does not allow, circles of files, and what is not pure in files that say so.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkLayers } from './check.ts';
import { circlesIn, importGraph } from './circles.ts';
import { checkPurity } from './purity.ts';
import { modulesOfTests } from './modules-of-tests.ts';
import { layers } from './table.ts';

const root = join(import.meta.dirname, '../../..');
const folders = ['packages/*/src', 'packages/*/test', 'apps/*/src', 'apps/*/test', 'tools/src'];
const listed = execFileSync(
  'git',
  ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...folders.map((folder) => `:(glob)${folder}/**/*.ts`)],
  { cwd: root, encoding: 'utf8' },
);

const sources = new Map<string, string>();
for (const file of listed.split('\0')) {
  try {
    if (file !== '') sources.set(file, readFileSync(join(root, file), 'utf8'));
  } catch (error) {
    // Deleted, but not yet from the index.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

const violations = [...checkLayers(sources, { layers, modulesOfTests }), ...checkPurity(sources)];
for (const circle of circlesIn(importGraph(sources))) {
  violations.push({ file: circle[0]!, line: 1, message: `imports itself in a circle: ${circle.join(' → ')}` });
}
for (const { file, line, message } of violations) console.error(`${file}:${line} ${message}`);
if (sources.size === 0) throw new Error('found no sources to check');
console.log(`${sources.size} files, ${layers.length} layers, ${violations.length} violations`);
process.exitCode = violations.length === 0 ? 0 : 1;
