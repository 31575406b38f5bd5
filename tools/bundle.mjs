/**
 * Joins what the compiler wrote for a package into one file per entry, and one for what its entries share, once as ES modules and once
 * more as CommonJS, for those whose loader knows nothing else (`dist/cjs`).
 *
 * A module costs a look-up, a read and a link when it is imported; a hundred small ones cost more than all that is in them. The
 * declarations stay as the compiler wrote them. What is no dependency of the published package comes along inside, with its licence.
 *
 * Usage: node bundle.mjs <dist> [<folder of the package>]
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { argv } from 'node:process';
import { build, transform } from 'esbuild';

const dist = resolve(argv[2] ?? 'dist');
const source = resolve(argv[3] ?? '.');
const bundled = `${dist}-bundled`;
const commonJs = join(dist, 'cjs');
const target = 'node20.19';
const { dependencies = {}, peerDependencies = {}, publishConfig } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
const external = Object.keys({ ...dependencies, ...peerDependencies });
/** @type {{ import: { default: string } }[]} */
const published = Object.values(publishConfig.exports);
const entries = published
  .map((entry) => entry.import.default.replace(/^\.\/dist\/(.*)\.js$/, '$1'))
  .filter((entry) => existsSync(join(dist, `${entry}.js`)));
if (entries.length === 0) throw new Error(`There is none of the package's entries in ${dist}: compile first.`);

/**
 * A library that comes along runs at its first use, not at every start: `import * as Name from 'library'` in the sources becomes a
 * `require` by the first `Name.`, which the bundler turns into a call of what is in the same file.
 * @type {import('esbuild').Plugin}
 */
const lazyLibraries = {
  name: 'lazy-libraries',
  setup({ onLoad }) {
    onLoad({ filter: /\.c?js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      // Read at every start and run at few.
      if (packageOf(path) !== undefined) return { contents: (await transform(text, { minifyWhitespace: true, minifySyntax: true })).code };
      let contents = text;
      for (const [line, name = '', library = ''] of text.matchAll(/^import (.+) from '((?!node:)[^.'][^']*)';$/gmu)) {
        if (external.includes(library)) continue;
        const whole = /^\* as (\w+)$/u.exec(name)?.[1];
        if (whole === undefined) throw new Error(`${path}: ${library} comes along, so it has to be imported whole (import * as Name).`);
        contents = contents
          .replace(line, () => `let ${whole}$;\nconst ${whole} = () => (${whole}$ ??= require('${library}'));`)
          .replaceAll(new RegExp(`\\b${whole}\\.`, 'gu'), `${whole}().`);
      }
      return { contents };
    });
  },
};

/** The folder of the package in node_modules that a file belongs to; `undefined` for a file of ours. @param {string} file */
function packageOf(file) {
  if (file.startsWith(dist)) return undefined;
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/u.exec(file.replaceAll('\\', '/'))?.[0];
}

/** Those who wrote what is inside of ours have to be named wherever it goes. @param {readonly string[]} files */
async function copyLicences(files) {
  const folder = join(dist, 'licenses');
  for (const library of new Set(files.map(packageOf).filter((found) => found !== undefined))) {
    const { name, version } = JSON.parse(await readFile(join(library, 'package.json'), 'utf8'));
    const licence = (await readdir(library)).find((file) => /^licen[cs]e/iu.test(file));
    if (licence === undefined) throw new Error(`${name} has no licence to copy.`);
    await mkdir(folder, { recursive: true });
    const text = await readFile(join(library, licence), 'utf8');
    await writeFile(join(folder, `${name.replace('/', '-')}.txt`), `${name} ${version}\n\n${text}`);
  }
}

const { metafile } = await build({
  absWorkingDir: dist,
  entryPoints: entries.map((entry) => ({ in: `./${entry}.js`, out: entry })),
  outdir: bundled,
  bundle: true,
  splitting: true,
  chunkNames: 'shared-[hash]',
  format: 'esm',
  platform: 'node',
  target,
  external,
  nodePaths: [join(source, 'node_modules')],
  plugins: [lazyLibraries],
  // Notices of what is inside, such as llhttp's, must stay.
  legalComments: 'inline',
  logLevel: 'warning',
  metafile: true,
});
await copyLicences(Object.keys(metafile.inputs).map((file) => resolve(dist, file)));

for (const file of await readdir(dist, { recursive: true })) {
  if (file.endsWith('.js')) await rm(join(dist, file));
}
const modules = (await readdir(bundled, { recursive: true })).filter((file) => file.endsWith('.js'));

/** One file for each file, so that both entries share their classes here too. */
await build({
  absWorkingDir: bundled,
  entryPoints: modules.map((file) => `./${file}`),
  outbase: bundled,
  outdir: commonJs,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target,
  packages: 'external',
  plugins: [
    {
      name: 'file-by-file',
      setup: ({ onResolve }) =>
        onResolve({ filter: /^\./ }, ({ path, kind }) => (kind === 'entry-point' ? undefined : { path, external: true })),
    },
  ],
  legalComments: 'inline',
  logLevel: 'warning',
});
for (const file of modules) {
  await mkdir(dirname(join(dist, file)), { recursive: true });
  await rename(join(bundled, file), join(dist, file));
}
await rm(bundled, { recursive: true });
await writeFile(join(commonJs, 'package.json'), '{ "type": "commonjs" }\n');

/** What the entries declare, and what those declarations name: the rest speaks of libraries that a user does not have. */
const declarations = new Set(entries.map((entry) => `${entry}.d.ts`).filter((file) => existsSync(join(dist, file))));
for (const file of declarations) {
  const text = await readFile(join(dist, file), 'utf8');
  for (const [, specifier] of text.matchAll(/(?:\bfrom |\bimport\(|^import )'(\.{1,2}\/[^']+)\.[jt]s'/gmu)) {
    declarations.add(join(dirname(file), `${specifier}.d.ts`));
  }
}
for (const file of await readdir(dist, { recursive: true })) {
  if (!file.endsWith('.d.ts')) continue;
  if (!declarations.has(file)) await rm(join(dist, file));
  else {
    // TypeScript before 5.7 knows no parameter here; spelt so, it is the same type for all.
    const text = (await readFile(join(dist, file), 'utf8')).replaceAll(
      'Uint8Array<ArrayBuffer>',
      "ReturnType<Uint8ArrayConstructor['of']>",
    );
    await writeFile(join(dist, file), text);
    // A declaration in a CommonJS folder is one of CommonJS.
    await mkdir(dirname(join(commonJs, file)), { recursive: true });
    await writeFile(join(commonJs, file), text);
  }
}
