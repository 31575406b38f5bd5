/** What words name with an @: files, and standard input. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Io } from '../io.ts';
import { UsageError } from '../usage-error.ts';

const LARGEST_INPUT = 64 * 1024 * 1024;

/** A path as the shell would have it, which does not see the `~` behind an `@`. */
export function pathOf(path: string, { cwd, home }: Pick<Io, 'cwd' | 'home'>): string {
  return resolve(cwd, /^~(?=$|[/\\])/u.test(path) ? home + path.slice(1) : path);
}

/** The content of a file, or of standard input for `-`. @throws {UsageError} it can not be read. */
export async function contentOf(path: string, io: Io): Promise<Uint8Array> {
  if (path === '-') return readInput(io);
  try {
    return await readFile(pathOf(path, io));
  } catch (error) {
    throw unreadable(path, error);
  }
}

export function unreadable(path: string, error: unknown): UsageError {
  return new UsageError(`${path} can not be read: ${(error as Error).message}`, { cause: error });
}

/** Whole. What is larger is sent as it comes, with `@-` as the body. @throws {UsageError} */
async function readInput({ stdin }: Io): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    size += bytes.length;
    if (size > LARGEST_INPUT)
      throw new UsageError(`Standard input has more than ${LARGEST_INPUT} bytes: give it as the whole body, with  @-`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
