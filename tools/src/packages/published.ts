import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root: string = join(import.meta.dirname, '../../..');

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly publishConfig: { readonly exports: Readonly<Record<string, { readonly import: { readonly types: string } }>> };
}

export interface PublishedPackage {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** A program that goes to the registry: nobody imports it, so it has no types and no report. */
export interface PublishedProgram {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** The commands, each with its file. */
  readonly bin: Readonly<Record<string, string>>;
}

export function publishedPrograms(): PublishedProgram[] {
  const folder = join(root, 'apps/cli');
  const { name, bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Omit<PublishedProgram, 'folder'>;
  return [{ name, folder, bin }];
}

/** The packages of the workspace that go to the registry to be imported. */
export function publishedPackages(): PublishedPackage[] {
  const packages: PublishedPackage[] = [];
  for (const name of readdirSync(join(root, 'packages'))) {
    const folder = join(root, 'packages', name);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    if (manifest.private !== true) packages.push({ name: manifest.name, folder, manifest });
  }
  return packages;
}
