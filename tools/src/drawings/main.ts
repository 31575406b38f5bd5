// `pnpm drawings`: draws the packages from their sources into apps/docs. With `--check` it writes nothing and fails where a drawing is out of date.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { houseOf } from './house.ts';
import { purposes } from './purposes.ts';
import { svgOf } from './svg.ts';

const root = join(import.meta.dirname, '../../..');
const isCheck = process.argv.includes('--check');
const drawings = [
  { folder: 'packages/httpcore/src/', title: '@x/httpcore: folders as rooms, imports as arrows', file: 'apps/docs/pictures/httpcore.svg' },
  { folder: 'packages/client/src/', title: '@x/client: folders as rooms, imports as arrows', file: 'apps/docs/pictures/client.svg' },
];

for (const { folder, title, file } of drawings) {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', `:(glob)${folder}**/*.ts`], {
    cwd: root,
    encoding: 'utf8',
  });
  const names = listed.split('\0').filter((name) => name !== '' && !/\.(?:test|test-support)\.ts$/.test(name));
  const sources = new Map(names.toSorted().map((name) => [name, readFileSync(join(root, name), 'utf8')] as const));
  const drawn = svgOf(houseOf(sources, folder, purposes[folder]!), title);
  const path = join(root, file);
  if (!isCheck) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, drawn);
  } else if (readIfThere(path) !== drawn) {
    console.error(`${file} is not what the sources say: run \`pnpm drawings\` and look at it`);
    process.exitCode = 1;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
