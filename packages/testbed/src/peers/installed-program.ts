/** Servers by other hands, from Debian's packages (`.ci/peers` lists them). */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Servers are often in sbin, which a user's PATH leaves out. */
const FURTHER_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

const missing = new Set<string>();

/**
 * The path of a program that tests talk to; `undefined` where it is not installed, which is told once, on stderr.
 *
 * @throws {Error} where it is not installed and REQUIRE_PEERS is 1.
 * @example
 * const nginx = installedProgram('nginx');
 * describe.skipIf(nginx === undefined)('nginx', () => …);
 */
export function installedProgram(command: string): string | undefined {
  const path = findProgram(command);
  if (path !== undefined) return path;
  if (process.env['REQUIRE_PEERS'] === '1') throw new Error(`${command} is not installed, and REQUIRE_PEERS=1 says that it must be`);
  if (!missing.has(command)) process.stderr.write(`!! ${command} is not installed: the tests that talk to it are SKIPPED.\n`);
  missing.add(command);
  return undefined;
}

/** The path of a program, on PATH or where servers usually are. */
export function findProgram(command: string): string | undefined {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), ...FURTHER_FOLDERS]) {
    const path = join(folder, command);
    if (folder !== '' && isExecutable(path)) return path;
  }
  return undefined;
}

/** The path of a program that a server brings along for itself. @throws {Error} where none of the folders has it. */
export function findHelper(name: string, folders: readonly string[]): string {
  const path = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (path === undefined) throw new Error(`there is no ${name} in ${folders.join(', ')}`);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
