/**
 * Compiles what measured processes load. The packages become what a user would install: their `dist` as the release build makes
 * it, under a `node_modules` of this run, with the exports of the published manifest. Nothing is measured through a loader.
 */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { capture, plainEnvironment } from './processes.ts';

export interface Compiled {
  /** Directory of this run; everything temporary goes there. */
  readonly directory: string;
  /** Path of what became of a source file of the bench. */
  path(source: URL): string;
  remove(): void;
}

/** The bench's own folder. */
export const BENCH: string = fileURLToPath(new URL('../../', import.meta.url));

const PACKAGES = ['httpcore', 'client', 'interop', 'cache', 'otel'] as const;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly sideEffects?: boolean;
  readonly publishConfig: { readonly exports: unknown };
}

/** @throws {Error} with the compiler's words. */
export async function compile(): Promise<Compiled> {
  const builds = join(BENCH, '.build');
  await mkdir(builds, { recursive: true });
  // Inside the bench's folder, so that peers resolve from its node_modules, and one per run, so that two runs do not meet.
  const directory = await mkdtemp(join(builds, 'run-'));
  // Also when a signal ends the run: whoever stops a long bench wants nothing of it to stay.
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    await writeFile(join(directory, 'package.json'), '{ "type": "module" }\n');
    const compilations = await Promise.allSettled([
      runCompiler(BENCH, join(directory, 'bench')),
      ...PACKAGES.map((name) => compilePackage(join(BENCH, '../../packages', name), join(directory, 'node_modules/@x', name))),
    ]);
    // Only now that all have ended, so that none still writes into what is removed.
    for (const compilation of compilations) if (compilation.status === 'rejected') throw compilation.reason as Error;
  } catch (error) {
    remove();
    throw error;
  }
  return {
    directory,
    path: (source) => join(directory, 'bench', relative(join(BENCH, 'src'), fileURLToPath(source)).replace(/\.ts$/u, '.js')),
    remove,
  };
}

async function compilePackage(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  const manifest = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as Manifest;
  const { name, version, sideEffects, publishConfig } = manifest;
  const installed = { name, version, type: 'module', sideEffects, exports: publishConfig.exports };
  await writeFile(join(target, 'package.json'), `${JSON.stringify(installed, null, 2)}\n`);
  await runCompiler(source, join(target, 'dist'));
  const bundler = join(BENCH, '../../tools/bundle.mjs');
  await capture({
    core: null,
    program: process.execPath,
    args: [bundler, join(target, 'dist'), source],
    env: plainEnvironment(),
    timeout: 60_000,
  });
}

const WITHOUT_TYPES = ['--declaration', 'false', '--isolatedDeclarations', 'false'];

/** The release build, but for the types: another's half-done change must not keep anybody from measuring. */
async function runCompiler(project: string, outDir: string): Promise<void> {
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  const args = [compiler, '-p', join(project, 'tsconfig.build.json'), '--noCheck', ...WITHOUT_TYPES, '--outDir', outDir];
  try {
    await capture({ core: null, program: process.execPath, args, env: plainEnvironment(), timeout: 120_000 });
  } catch (error) {
    throw new Error(`${project} does not compile: ${(error as Error).message}`, { cause: error });
  }
  if ((await readdir(outDir)).length === 0) throw new Error(`The compiler wrote nothing for ${project}.`);
}
