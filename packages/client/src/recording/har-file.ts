/** The file: read whole, written whole. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pid } from 'node:process';
import { fileURLToPath } from 'node:url';

import { InvalidOption } from '../errors.ts';
import { harOf } from '../har/har-message.ts';
import type { HarEntry, HarPair } from '../har/har.ts';

export function pathOf(file: string | URL): string {
  return typeof file === 'string' ? file : fileURLToPath(file);
}

/**
 * `undefined`: there is none.
 * @throws {InvalidOption} it can not be read, or is no HAR.
 */
export function readHarFile(path: string): readonly HarEntry[] | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new InvalidOption('file', `can not be read: ${path} (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
  let har: unknown;
  try {
    // Some write a byte order mark.
    har = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new InvalidOption('file', `is no HAR, which is JSON: ${path}`, { cause });
  }
  const entries = (har as { log?: { entries?: unknown } } | null)?.log?.entries;
  if (!Array.isArray(entries)) throw new InvalidOption('file', `is no HAR, which has log.entries: ${path}`);
  return entries.map((entry, index) => readEntry(entry, `entries[${index}] of ${path}`));
}

/** What is needed of it; the rest is as it is. */
function readEntry(value: unknown, where: string): HarEntry {
  const { request, response } = Object(value) as Partial<HarEntry>;
  if (typeof request?.method !== 'string' || typeof request.url !== 'string') throw noHar(`${where} has no request with method and url`);
  if (typeof response?.status !== 'number') throw noHar(`${where} has no response with a status`);
  return {
    ...(value as HarEntry),
    request: { ...request, headers: pairs(request.headers) },
    response: { ...response, headers: pairs(response.headers), content: response.content ?? { size: 0, mimeType: '' } },
  };
}

function pairs(value: readonly HarPair[] | undefined): readonly HarPair[] {
  return Array.isArray(value) ? value.filter(({ name, value }: HarPair) => typeof name === 'string' && typeof value === 'string') : [];
}

function noHar(problem: string): InvalidOption {
  return new InvalidOption('file', `is no HAR: ${problem}`);
}

/** In one go: a reader, and a crash, finds the old file or the new one, never a part. */
export function writeHarFile(path: string, entries: readonly HarEntry[], onlyNew: boolean): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${pid}.${Math.random().toString(36).slice(2)}.tmp`;
  try {
    writeFileSync(draft, serialized(entries), { flag: 'wx' });
    if (onlyNew && existsSync(path)) {
      throw new Error(`Somebody else has written ${path} while it was recorded here too: give each recorder a file of its own`);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** Indented for a look at what has changed; pairs of numbers stay on a line. */
function serialized(entries: readonly HarEntry[]): string {
  const text = JSON.stringify(harOf(entries), undefined, 2);
  // A line break within a text is written as an escape.
  return `${text.replace(/\[\n\s+(-?[\d.]+),\n\s+(-?[\d.]+)\n\s+\]/g, '[$1, $2]')}\n`;
}
