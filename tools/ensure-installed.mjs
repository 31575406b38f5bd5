// Runs before `npm start` and `npm test`, so that a fresh clone needs Node and npm and nothing else: installs the locked dependencies
// when they are missing or older than the lockfile, else costs a few milliseconds. Plain JavaScript without dependencies, since nothing is there yet.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { env, execPath, exit, platform, versions } from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** @param {string} file @returns {string | undefined} */
const read = (file) => {
  try {
    return readFileSync(join(root, file), 'utf8');
  } catch {
    return undefined;
  }
};

/** pnpm leaves a copy of the lockfile it installed from. */
const isInstalled = () => read('node_modules/.pnpm/lock.yaml') === read('pnpm-lock.yaml');

/** @param {string} packageManager as package.json has it: `pnpm@10.0.0+sha512.…` @returns {[command: string, ...arguments: string[]]} */
function pnpmCommand(packageManager) {
  const pinned = packageManager.split('+', 1)[0] ?? packageManager;
  const runner = env['npm_execpath'];
  if (runner?.endsWith('js')) {
    return /pnpm\.c?js$/.test(runner) ? [execPath, runner] : [execPath, runner, 'exec', '--yes', '--', pinned];
  }
  return ['npx', '--yes', pinned];
}

const [major = 0, minor = 0] = versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Node ${manifest.engines.node} is needed, this is ${versions.node}.`);
  exit(1);
}

if (!isInstalled()) {
  console.error('Installing the locked dependencies. This happens once, and again when they change.');
  const [command, ...prefix] = pnpmCommand(manifest.packageManager);
  const install = spawnSync(command, [...prefix, 'install', '--frozen-lockfile'], {
    cwd: root,
    // What is asked for on stdout is the output of the demo or of the tests.
    stdio: ['ignore', 2, 2],
    shell: platform === 'win32' && command === 'npx',
  });
  if (install.status !== 0) {
    console.error(install.error ?? 'The dependencies could not be installed.');
    exit(1);
  }
} else {
  // Sources may have moved on under the same lockfile, by a pull or another branch: what is generated from them is written anew.
  const generate = spawnSync(execPath, ['packages/httpcore/scripts/generate-llhttp.mjs'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (generate.status !== 0) exit(1);
}
