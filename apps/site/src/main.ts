// `npm run docs` builds the site and serves it; `--build` only builds it, `--dev` serves it as it is written, without building.
import { build, createServer } from 'vitepress';

import { prepare } from './prepare.ts';
import { root } from './workspace.ts';
import { serveFolder } from './serve.ts';

const site = `${root}/apps/site`;
const asked = new Set(process.argv.slice(2));

prepare();
if (asked.has('--dev')) {
  const server = await createServer(site);
  await server.listen();
  server.printUrls();
} else {
  await build(site);
  if (!asked.has('--build')) {
    const { origin } = await serveFolder(`${site}/dist`, 4173);
    console.log(`\nThe documentation is at ${origin} until you press Ctrl+C.`);
  }
}
