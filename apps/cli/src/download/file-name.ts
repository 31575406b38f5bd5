/** Under which name a response is saved: never outside of the folder, and never one that the system or a shell would take for something else. */
import { access } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { AnyResponse } from '@x/client';

const LONGEST = 200;

/** What the response says (RFC 6266), or the URL, or nothing in particular. */
export function fileNameOf({ headers, url }: Pick<AnyResponse, 'headers' | 'url'>): string {
  return safeName(dispositionName(headers.get('content-disposition') ?? '')) ?? safeName(lastSegment(url)) ?? 'download';
}

function dispositionName(field: string): string {
  const [, charset = '', encoded] = /;\s*filename\*\s*=\s*([\w-]+)'[^']*'([^;\s]+)/iu.exec(field) ?? [];
  if (encoded !== undefined && /^(?:utf-8|iso-8859-1)$/iu.test(charset)) {
    const bytes = Buffer.from(
      encoded.replace(/%([\da-f]{2})/giu, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    );
    return bytes.toString(/utf-8/iu.test(charset) ? 'utf8' : 'latin1');
  }
  const [, quoted, token] = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/iu.exec(field) ?? [];
  return quoted === undefined ? (token ?? '') : quoted.replace(/\\(.)/gu, '$1');
}

function lastSegment(url: string): string {
  const segment = new URL(url).pathname.split('/').findLast((each) => each !== '') ?? '';
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** `undefined`: nothing is left of it. */
function safeName(name: string): string | undefined {
  let safe = (name.split(/[/\\]/u).at(-1) ?? '')
    .replace(/[\p{Cc}<>:"|?*\u202A-\u202E\u2066-\u2069]/gu, '_')
    // Hidden, a parent folder, or what looks like an option.
    .replace(/^[.\s-]+/u, '')
    .replace(/[.\s]+$/u, '');
  if (/^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/iu.test(safe)) safe = `_${safe}`;
  while (Buffer.byteLength(safe) > LONGEST) safe = safe.slice(0, -1);
  return safe === '' ? undefined : safe;
}

/** A path that nothing has yet: `a.txt`, `a-1.txt`, `a-2.txt`. `taken` are those that are being written. */
export async function freePath(folder: string, name: string, taken: ReadonlySet<string>): Promise<string> {
  const extension = /\.tar\.\w+$/u.exec(name)?.[0] ?? extname(name);
  const stem = name.slice(0, name.length - extension.length);
  for (let count = 0; ; count += 1) {
    const path = join(folder, count === 0 ? name : `${stem}-${count}${extension}`);
    if (!taken.has(path) && !(await exists(path))) return path;
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
