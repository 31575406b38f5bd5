// `pnpm check:tarballs`: packs each published package as a release would, and looks at the tarballs the way those who install them will:
// publint, attw, what is in them, and a program in JavaScript and in TypeScript that imports every entry.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { publishedPackages, publishedPrograms, root, type PublishedPackage } from './published.ts';

const bin = (name: string): string => join(root, 'node_modules/.bin', name);
const consumer = mkdtempSync(join(tmpdir(), 'consumer-'));
const problems: string[] = [];

interface Dependent {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

function run(what: string, command: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', shell: process.platform === 'win32' });
  if (status !== 0) problems.push(`${what}:\n${error?.message ?? ''}${stdout}${stderr}`);
}

function link(target: string, path: string): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path, 'junction');
}

/** Unpacks the tarball where a package manager would, and what it depends on beside it. */
function install(tarball: string, { name, folder, manifest }: Pick<PublishedPackage, 'name' | 'folder'> & { manifest: Dependent }): string {
  const installed = join(consumer, 'node_modules', name);
  mkdirSync(installed, { recursive: true });
  run(`${name}: tar`, 'tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'], consumer);
  for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    if (!dependency.startsWith('@x/')) link(join(folder, 'node_modules', dependency), join(consumer, 'node_modules', dependency));
  }
  return installed;
}

/** A program is started where a package manager would put it. */
function checkPrograms(): void {
  for (const { name, folder, bin: commands } of publishedPrograms()) {
    const packed = mkdtempSync(join(consumer, 'packed-'));
    run(`${name}: pnpm pack`, 'pnpm', ['pack', '--pack-destination', packed, '--config.ignore-scripts=true'], folder);
    const [file] = readdirSync(packed);
    if (file === undefined) continue;
    const tarball = join(packed, file);
    run(`${name}: publint`, bin('publint'), ['run', tarball, '--strict'], folder);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Dependent;
    const installed = install(tarball, { name, folder, manifest });
    checkContents(name, installed);
    checkPieces(name, installed);
    for (const [command, path] of Object.entries(commands)) {
      run(`${command} --version`, process.execPath, [join(installed, path), '--version'], consumer);
      run(`${command} --offline`, process.execPath, [join(installed, path), '--offline', 'example.com', 'a=b'], consumer);
    }
  }
}

/** What a program loads only for some of its commands is there, too. */
function checkPieces(name: string, installed: string): void {
  for (const file of readdirSync(installed, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.js')) continue;
    const path = join(installed, file);
    for (const [, piece = ''] of readFileSync(path, 'utf8').matchAll(/(?:\bfrom|\bimport\(?) *"(\.\/[^"]+\.js)"/g)) {
      if (!existsSync(join(dirname(path), piece))) problems.push(`${name}: ${file} loads ${piece}, which is not in the tarball`);
    }
  }
}

function checkContents(name: string, installed: string): void {
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
  for (const needed of ['LICENSE', 'README.md', 'package.json']) {
    if (!files.includes(needed)) problems.push(`${name}: the tarball has no ${needed}`);
  }
  for (const file of files) {
    if (/\.test\.|(?<!\.d)\.ts$|\.tsbuildinfo$/.test(file)) problems.push(`${name}: ${file} does not belong into a tarball`);
  }
  const manifest = readFileSync(join(installed, 'package.json'), 'utf8');
  if (/workspace:|\/src\//.test(manifest)) problems.push(`${name}: package.json of the tarball still speaks of the workspace`);
}

try {
  const specifiers: string[] = [];
  for (const published of publishedPackages()) {
    const { name, folder, manifest } = published;
    const packed = mkdtempSync(join(consumer, 'packed-'));
    run(`${name}: pnpm pack`, 'pnpm', ['pack', '--pack-destination', packed, '--config.ignore-scripts=true'], folder);
    const [file] = readdirSync(packed);
    if (file === undefined) continue;
    const tarball = join(packed, file);
    run(`${name}: publint`, bin('publint'), ['run', tarball, '--strict'], folder);
    run(`${name}: attw`, bin('attw'), [tarball, '--profile', 'strict', '--format', 'ascii'], folder);
    checkContents(name, install(tarball, published));
    specifiers.push(...Object.keys(manifest.publishConfig.exports).map((entry) => join(name, entry).replaceAll('\\', '/')));
  }

  checkPrograms();
  link(join(root, 'node_modules/@types/node'), join(consumer, 'node_modules/@types/node'));
  const program = specifiers.map((specifier, index) => `import * as entry${index} from '${specifier}';\nvoid entry${index};\n`).join('');
  writeFileSync(join(consumer, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(consumer, 'program.mjs'), program);
  writeFileSync(join(consumer, 'program.cts'), program);
  writeFileSync(join(consumer, 'program.ts'), program);
  writeFileSync(join(consumer, 'program.cjs'), specifiers.map((specifier) => `require('${specifier}');\n`).join(''));
  run('a program in JavaScript', process.execPath, ['program.mjs'], consumer);
  run('a program in CommonJS', process.execPath, ['program.cjs'], consumer);
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023', '--types', 'node'];
  run('a program in TypeScript', bin('tsc'), [...options, '--skipLibCheck', 'false', 'program.ts', 'program.cts'], consumer);

  for (const problem of problems) console.error(problem);
  console.log(`${specifiers.join(', ')}: ${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(consumer, { recursive: true });
}
