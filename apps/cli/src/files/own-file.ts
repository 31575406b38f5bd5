/** Files with secrets: only their owner may read them, and they are whole or as they were. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Io } from '../io.ts';
import { UsageError } from '../usage-error.ts';

const LARGEST = 16 * 1024 * 1024;

/**
 * `undefined`: there is none.
 * @param isSecret Has the text anything that nobody else may read?
 * @throws {UsageError} others can read its secrets, or it is no JSON.
 */
export async function readOwnJson(path: string, { platform }: Pick<Io, 'platform'>, isSecret: (text: string) => boolean): Promise<unknown> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`${path} can not be read: ${(error as Error).message}`, { cause: error });
  }
  try {
    const { mode, size } = await file.stat();
    if (size > LARGEST) throw new UsageError(`${path} is larger than ${LARGEST} bytes`);
    const text = await file.readFile('utf8');
    if (platform !== 'win32' && (mode & 0o077) !== 0 && isSecret(text)) {
      throw new UsageError(`${path} has secrets, and others can read it: say  chmod 600 ${path}`);
    }
    return parse(text, path);
  } finally {
    await file.close();
  }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's message repeats the text, which may be a secret.
    throw new UsageError(`${path} is no JSON`);
  }
}

/** Mode 0600, in a folder of mode 0700. */
export async function writeOwnJson(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(value, undefined, 2)}\n`);
    } finally {
      await file.close();
    }
    await chmod(temporary, 0o600);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
