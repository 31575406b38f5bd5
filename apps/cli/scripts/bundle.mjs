/**
 * Makes the program of its sources and of all that it stands on: one file that starts, and pieces that are loaded when they are needed. To find and read
 * the packages one by one would take longer than the rest of a start. The licences of what is inside go along, and the manual page stands beside it.
 *
 *   node scripts/bundle.mjs           for what is published, of the packages as they are built, in dist
 *   node scripts/bundle.mjs FOLDER    the program alone, of all sources as they are, for tests that start it
 */
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const man = 'man-page';
const [folder = dist] = process.argv.slice(2);

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { xhttp: 'src/bin.ts', [man]: 'src/manual/man-page.ts' },
  outdir: folder,
  bundle: true,
  splitting: true,
  chunkNames: '[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // The packages as they are published.
  conditions: folder === dist ? ['built'] : [],
  // What is read at every start is short; names stay, since they are in what is reported of a failure.
  minifyWhitespace: true,
  minifySyntax: true,
  // Libraries of CommonJS ask for modules of Node by `require`.
  banner: { js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);" },
  legalComments: 'inline',
  logLevel: 'warning',
  metafile: true,
});

if (folder !== dist) process.exit();

/** The folder of the package that a file of the bundle comes from. @param {string} file */
const packageOf = (file) =>
  /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+|^.*\/packages\/[^/]+/u.exec(resolve(root, file).replaceAll('\\', '/'))?.[0];

const licences = join(dist, 'licenses');
await mkdir(licences, { recursive: true });
for (const folder of new Set(Object.keys(metafile.inputs).map(packageOf))) {
  if (folder === undefined) continue;
  // Of ours, those that are inside of them; they are under this package's own.
  const inside = join(folder, 'dist/licenses');
  if (existsSync(inside)) for (const file of await readdir(inside)) await copyFile(join(inside, file), join(licences, file));
  if (!folder.includes('/node_modules/')) continue;
  const file = (await readdir(folder)).find((name) => /^licen[cs]e/iu.test(name));
  if (file === undefined) throw new Error(`${folder} has no licence to copy.`);
  await copyFile(join(folder, file), join(licences, `${basename(folder)}.txt`));
}

await chmod(join(dist, 'xhttp.js'), 0o755);
const { manPage } = await import(pathToFileURL(join(dist, `${man}.js`)).href);
await writeFile(join(dist, 'xhttp.1'), manPage());
