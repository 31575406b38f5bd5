/** Files of the system that one process alone sees otherwise: a mount namespace of its own (unshare(1)), so that the machine is left as it was. */
import { spawnSync } from 'node:child_process';
import { findProgram } from './installed-program.ts';
import { mortal } from './peer-process.ts';

const MOUNT_THEN_RUN = 'while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 1; shift 2; done; shift; exec "$@"';

let mayReplace: boolean | undefined;

/**
 * May a peer be shown files of its own here? Containers and some systems forbid it, which is told once, on stderr.
 *
 * @example
 * test.skipIf(!canReplaceFiles())('wants a user', () => …);
 */
export function canReplaceFiles(): boolean {
  if (mayReplace !== undefined) return mayReplace;
  const unshare = findProgram('unshare');
  mayReplace =
    unshare !== undefined && spawnSync(unshare, [...namespaces(), '--', 'mount', '--bind', '/etc/hosts', '/etc/hosts']).status === 0;
  if (!mayReplace) process.stderr.write('!! no mount namespace to be had: the tests of peers with files of their own are SKIPPED.\n');
  return mayReplace;
}

/**
 * The command that runs `program` with files in the place of others.
 *
 * @param files By the path that the program sees: where the file is. Without any, the command is the program's own.
 * @throws {Error} where there is no `unshare`. Where it is not allowed to do its work, the command ends and says so.
 */
export function withFiles(
  program: string,
  args: readonly string[],
  files: Readonly<Record<string, string>>,
): { readonly program: string; readonly args: readonly string[] } {
  const mounts = Object.entries(files).flatMap(([place, file]) => [file, place]);
  if (mounts.length === 0) return { program, args };
  const unshare = findProgram('unshare');
  if (unshare === undefined) throw new Error(`${program} needs files of its own, and there is no unshare to give it any`);
  // What the system was told to do on the death of a parent is forgotten on the way in.
  const [mortalProgram, mortalArgs] = mortal(program, args);
  return {
    program: unshare,
    args: [...namespaces(), '--', 'sh', '-c', MOUNT_THEN_RUN, 'sh', ...mounts, '--', mortalProgram, ...mortalArgs],
  };
}

/** In a user namespace of their own everybody may mount. */
function namespaces(): string[] {
  return process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];
}

/** The text of a hosts file in which these names, and `localhost`, are known. */
export function hostsFile(hosts: Readonly<Record<string, string>>): string {
  return [['localhost', '127.0.0.1'], ...Object.entries(hosts)].map(([name, address]) => `${address} ${name}\n`).join('');
}
