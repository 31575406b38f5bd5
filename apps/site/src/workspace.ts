/** Where things stand in the repository. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root: string = join(import.meta.dirname, '../../..');

interface Manifest {
  readonly name: string;
  readonly description: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, { readonly default: string }>>;
}

export interface PublishedPackage {
  /** As it is imported: `@x/client`. */
  readonly name: string;
  readonly description: string;
  /** Below `packages`. */
  readonly folder: string;
  /** What is imported, and the source file that it is. */
  readonly entries: readonly { readonly specifier: string; readonly source: string }[];
}

/** The packages that npm shows, those that most programs want first. */
export function publishedPackages(): PublishedPackage[] {
  const order = ['client', 'httpcore', 'cache', 'otel', 'interop', 'pac'];
  const rank = (folder: string): number => (order.includes(folder) ? order.indexOf(folder) : order.length);
  const folders = readdirSync(join(root, 'packages')).toSorted((a, b) => rank(a) - rank(b));
  return folders.flatMap((folder) => {
    const manifest = join(root, 'packages', folder, 'package.json');
    if (!existsSync(manifest)) return [];
    const { name, description, private: isPrivate, exports = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as Manifest;
    if (isPrivate === true) return [];
    const entries = Object.entries(exports).map(([entry, { default: source }]) => ({
      specifier: name + entry.slice(1),
      source: join(root, 'packages', folder, source),
    }));
    return [{ name, description, folder, entries }];
  });
}
