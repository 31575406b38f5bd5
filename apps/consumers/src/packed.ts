import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { node, run } from './processes.ts';

const root = join(import.meta.dirname, '../../..');
/** In the order in which one is compiled against the other. */
const packages = ['httpcore', 'client'] as const;

type Manifest = Record<string, unknown> & { name: string; version: string; dependencies?: Record<string, string>; publishConfig: object };

/** A program of somebody else: a folder where nothing is ours but what the tarballs bring. */
export interface Consumer {
  readonly folder: string;
  /** Installs what else the program needs, from what this package and the workspace depend on. */
  install(...names: readonly string[]): Promise<void>;
  write(file: string, text: string): Promise<string>;
  remove(): Promise<void>;
}

/** A folder with the packages as their users get them: built by the release build, packed, and unpacked into `node_modules`. */
export async function newConsumer(): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), 'consumer-'));
  const consumer: Consumer = {
    folder,
    async install(...names) {
      for (const name of names) {
        const link = join(folder, 'node_modules', name);
        await mkdir(dirname(link), { recursive: true });
        const own = join(import.meta.dirname, '../node_modules', name);
        await symlink(existsSync(own) ? own : join(root, 'node_modules', name), link, 'junction');
      }
    },
    async write(file, text) {
      const path = join(folder, file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
      return path;
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
  try {
    for (const name of packages) await installPacked(name, folder);
    await consumer.write('package.json', '{ "private": true }');
    return consumer;
  } catch (error) {
    await consumer.remove();
    throw error;
  }
}

async function installPacked(name: string, folder: string): Promise<void> {
  const source = join(root, 'packages', name);
  const stage = join(folder, 'stage', name);
  await mkdir(stage, { recursive: true });
  // Whether the types fit is asked elsewhere; the other package need not be built for this.
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  await node([compiler, '-p', join(source, 'tsconfig.build.json'), '--noCheck', '--outDir', join(stage, 'dist')], source);
  await node([join(root, 'tools/bundle.mjs'), join(stage, 'dist'), source], source);
  for (const file of ['LICENSE', 'README.md', 'licenses', 'testing']) {
    await cp(join(source, file), join(stage, file), { recursive: true }).catch(() => undefined);
  }
  await writeFile(join(stage, 'package.json'), JSON.stringify(await publishedManifest(source)));
  const packed = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], stage);
  const installed = join(folder, 'node_modules/@x', name);
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', join(folder, packed), '-C', installed, '--strip-components=1'], folder);
  await rm(join(folder, 'stage'), { recursive: true });
  await rm(join(folder, packed));
}

/** What `pnpm publish` makes of a manifest, as far as a consumer sees it. */
async function publishedManifest(source: string): Promise<object> {
  const {
    publishConfig,
    dependencies,
    devDependencies: _tools,
    scripts: _steps,
    ...manifest
  } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as Manifest;
  const published = Object.fromEntries(
    Object.entries(dependencies ?? {}).map(([name, range]) => [
      name,
      range.replace('workspace:', '').replace(/^\^$/u, `^${manifest.version}`),
    ]),
  );
  return { ...manifest, ...publishConfig, dependencies: published };
}

/** Whether an optional dependency is there: some are not to be had on every platform. */
export function isInstalled(name: string): boolean {
  return existsSync(join(import.meta.dirname, '../node_modules', name));
}
