/**
 * Makes the program of its sources: one file that starts, and pieces that are loaded when they are needed. The packages that it stands on stay what they
 * are, dependencies with versions of their own; what is private comes along inside. The manual page is written beside it.
 */
import { chmod, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

await build({
  absWorkingDir: root,
  entryPoints: { xhttp: 'src/bin.ts', 'man-page': 'src/manual/man-page.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  chunkNames: '[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: ['@x/client', '@x/httpcore', '@x/cache', 'commander'],
  minifySyntax: true,
  legalComments: 'inline',
  logLevel: 'warning',
});
await chmod(`${root}/dist/xhttp.js`, 0o755);
const { manPage } = await import('../dist/man-page.js');
await writeFile(`${root}/dist/xhttp.1`, manPage());
