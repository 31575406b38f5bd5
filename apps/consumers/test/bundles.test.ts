import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build, transform, type Format } from 'esbuild';
import { rollup } from 'rollup';
import { build as viteBuild } from 'vite';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { isInstalled, newConsumer, type Consumer } from '../src/packed.ts';
import { node, run } from '../src/processes.ts';

const program = join(import.meta.dirname, '../programs/everything.ts');
const bin = (path: string): string => join(import.meta.dirname, '../node_modules', path);
const works = 'all work';

let consumer: Consumer;
/** The program in JavaScript, beside the packages. */
let script: string;
/** Where nothing is installed. */
let bare: string;

beforeAll(async () => {
  bare = await mkdtemp(join(tmpdir(), 'bare-'));
  consumer = await newConsumer();
  const { code } = await transform(await readFile(program, 'utf8'), { loader: 'ts', format: 'esm' });
  script = await consumer.write('everything.mjs', code);
  await consumer.write('everything.ts', await readFile(program, 'utf8'));
}, 120_000);

afterAll(async () => {
  await consumer?.remove();
  await rm(bare, { recursive: true, force: true });
});

async function outFolder(name: string): Promise<string> {
  const folder = join(bare, name);
  await mkdir(folder, { recursive: true });
  return folder;
}

async function esbuildTo(format: Format, outfile: string): Promise<string> {
  await build({ entryPoints: [script], bundle: true, platform: 'node', target: 'node20', format, outfile, logLevel: 'error' });
  return outfile;
}

// Bundlers are slow where others work beside them.
vi.setConfig({ testTimeout: 120_000 });

test('as installed: ES modules, and CommonJS by require', async () => {
  expect(await node([script], consumer.folder)).toBe(works);
  const { code } = await transform(await readFile(program, 'utf8'), { loader: 'ts', format: 'cjs' });
  expect(await node([await consumer.write('everything.cjs', code)], consumer.folder)).toBe(works);
});

test('import and require give the same classes', async () => {
  const both = `import { createRequire } from 'node:module'; import { Client } from '@x/client';
    const required = createRequire(import.meta.url)('@x/client'); console.log(required.Client === Client);`;
  expect(await node([await consumer.write('both.mjs', both)], consumer.folder)).toBe('true');
});

describe('bundled into a place without node_modules', () => {
  test.for(['esm', 'cjs'] as const)('by esbuild, %s', async (format) => {
    const folder = await outFolder(`esbuild-${format}`);
    expect(await node([await esbuildTo(format, join(folder, format === 'esm' ? 'app.mjs' : 'app.cjs'))], folder)).toBe(works);
  });

  test('by esbuild, minified', async () => {
    const folder = await outFolder('esbuild-minified');
    const outfile = join(folder, 'app.mjs');
    await build({
      entryPoints: [script],
      bundle: true,
      minify: true,
      keepNames: true,
      platform: 'node',
      format: 'esm',
      outfile,
      logLevel: 'error',
    });
    expect(await node([outfile], folder)).toBe(works);
  });

  test('by rollup', async () => {
    const folder = await outFolder('rollup');
    const bundle = await rollup({ input: script, external: /^node:/u, plugins: [nodeResolve({ preferBuiltins: true })] });
    await bundle.write({ dir: folder, entryFileNames: 'app.mjs', format: 'es' });
    await bundle.close();
    expect(await node([join(folder, 'app.mjs')], folder)).toBe(works);
  });

  test('by vite, for the server', async () => {
    const folder = await outFolder('vite');
    await viteBuild({
      root: consumer.folder,
      configFile: false,
      logLevel: 'error',
      ssr: { noExternal: true },
      build: { ssr: script, outDir: folder, rolldownOptions: { output: { entryFileNames: 'app.mjs' } } },
    });
    expect(await node([join(folder, 'app.mjs')], folder)).toBe(works);
  });

  test('by ncc', async () => {
    const folder = await outFolder('ncc');
    await node([bin('@vercel/ncc/dist/ncc/cli.js'), 'build', script, '--out', folder, '--quiet', '--no-cache'], consumer.folder);
    expect(await node([join(folder, 'index.mjs')], folder)).toBe(works);
  });

  test('by tsup', async () => {
    const folder = await outFolder('tsup');
    const settings = {
      entry: ['everything.ts'],
      format: ['esm', 'cjs'],
      outDir: folder,
      noExternal: ['@x/client', '@x/httpcore'],
      silent: true,
    };
    const config = await consumer.write('tsup.config.mjs', `export default ${JSON.stringify(settings)};`);
    await node([bin('tsup/dist/cli-default.js'), '--config', config], consumer.folder);
    expect(await node([join(folder, 'everything.mjs')], folder)).toBe(works);
    expect(await node([join(folder, 'everything.js')], folder)).toBe(works);
  });

  test('by bun', async ({ skip }) => {
    if (!isInstalled('@oven/bun-linux-x64')) skip('bun is not to be had on this platform');
    const folder = await outFolder('bun');
    const outfile = join(folder, 'app.mjs');
    await run(bin('@oven/bun-linux-x64/bin/bun'), ['build', script, '--target', 'node', '--outfile', outfile], consumer.folder);
    expect(await node([outfile], folder)).toBe(works);
  });

  test('as a single executable', async ({ skip }) => {
    if (process.platform !== 'linux') skip('the steps differ by platform');
    const folder = await outFolder('executable');
    await esbuildTo('cjs', join(folder, 'app.cjs'));
    const [blob, executable] = [join(folder, 'app.blob'), join(folder, 'app')];
    await writeFile(
      join(folder, 'sea.json'),
      JSON.stringify({ main: join(folder, 'app.cjs'), output: blob, disableExperimentalSEAWarning: true }),
    );
    await node(['--experimental-sea-config', join(folder, 'sea.json')], folder);
    await cp(process.execPath, executable);
    await node(
      [bin('postject/dist/cli.js'), executable, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'],
      folder,
    );
    expect(await run(executable, [], folder)).toBe(works);
  });
});
