/**
 * Joins what the compiler wrote for a package into one file per entry, and one for what its entries share.
 *
 * A module costs a look-up, a read and a link when it is imported; a hundred small ones cost more than all that is in them. The
 * declarations stay as the compiler wrote them.
 *
 * Usage: node bundle.mjs <dist>
 */
import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { argv } from 'node:process';
import { build } from 'esbuild';

const dist = resolve(argv[2] ?? 'dist');
const bundled = `${dist}-bundled`;
const entries = ['index', 'testing/index'].filter((entry) => existsSync(join(dist, `${entry}.js`)));
if (entries.length === 0) throw new Error(`There is no index.js in ${dist}: compile first.`);

await build({
  absWorkingDir: dist,
  entryPoints: entries.map((entry) => ({ in: `./${entry}.js`, out: entry })),
  outdir: bundled,
  bundle: true,
  splitting: true,
  chunkNames: 'shared-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  // Notices of what is inside, such as llhttp's, must stay.
  legalComments: 'inline',
  logLevel: 'warning',
});

for (const file of await readdir(dist, { recursive: true })) {
  if (file.endsWith('.js')) await rm(join(dist, file));
}
for (const file of await readdir(bundled, { recursive: true })) {
  if (file.endsWith('.js')) await rename(join(bundled, file), join(dist, file));
}
await rm(bundled, { recursive: true });
