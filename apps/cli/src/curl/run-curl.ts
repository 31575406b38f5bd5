/** `xhttp curl …`: runs what was written for curl, and exits as curl would. */
import { readFile, writeFile } from 'node:fs/promises';
import { failureText } from '../call/failure-text.ts';
import { runCall } from '../call/run-call.ts';
import { exitCodeOf } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { pathOf, unreadable } from '../files/named-files.ts';
import { readCurl, type CurlCommand } from './read-curl.ts';

export async function runCurl(argv: readonly string[], io: Io): Promise<number> {
  const command = await readCurl(argv, io);
  const { plan, options, wishes, isDownload } = command;
  try {
    if (isDownload) return await (await import('../download/run-downloads.ts')).runDownloads(plan, options, io);
    return await runCall(plan, options, io, wishes, await cookieJarOf(command, io));
  } catch (error) {
    if (wishes.isSilent !== true && !io.signal.aborted) io.stderr.write(`${failureText(error)}\n`);
    return exitCodeOf(error, io.signal);
  }
}

/** `-b FILE` and `-c FILE`: cookies.txt, as curl and browsers have it. */
async function cookieJarOf({ cookieFile: { from, to } }: CurlCommand, io: Io): Promise<Parameters<typeof runCall>[4]> {
  if (from === undefined && to === undefined) return undefined;
  const { CookieJar } = await import('@x/client');
  const text = from === undefined ? '' : await read(from, io);
  const jar = CookieJar.fromCookiesTxt(text);
  const save = async (): Promise<void> => {
    if (to === '-') io.stdout.write(jar.toCookiesTxt());
    else if (to !== undefined) await writeFile(pathOf(to, io), jar.toCookiesTxt(), { mode: 0o600 });
  };
  return { jar, save };
}

/** A file that is not there is one without cookies, to curl as well. */
async function read(path: string, io: Io): Promise<string> {
  try {
    return await readFile(pathOf(path, io), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw unreadable(path, error);
  }
}
