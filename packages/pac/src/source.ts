/** Where a PAC script comes from, and for how long it is good. */
import { readFile, stat } from 'node:fs/promises';

import { PacError } from './pac-errors.ts';

export interface Loaded {
  readonly text: string;
  /** By the clock that the source was given, in milliseconds. */
  readonly freshUntil: number;
  /** What it is asked by whether it has changed. */
  readonly validators: Readonly<Record<string, string>>;
}

export interface Source {
  /** For errors. */
  readonly name: string;
  /** `known` is what was loaded before. @throws {PacError} `PAC_UNAVAILABLE`. */
  load(known: Loaded | undefined): Promise<Loaded>;
}

export interface SourceSettings {
  readonly fetch: typeof globalThis.fetch;
  readonly loadTimeout: number;
  readonly reloadAfter: number;
  readonly clock: () => number;
}

const mostBytes = 1_048_576;
const shortestFreshness = 10_000;
const longestFreshness = 86_400_000;
/** A file is looked at so often. */
const fileFreshness = 5_000;

export function textSource(text: string): Source {
  return { name: 'the text', load: async () => ({ text: checkedSize(text, 'the text'), freshUntil: Infinity, validators: {} }) };
}

export function fileSource(url: URL, { clock }: SourceSettings): Source {
  const name = url.pathname;
  return {
    name,
    async load(known) {
      try {
        const { mtimeMs, size } = await stat(url);
        const version = `${mtimeMs} ${size}`;
        const freshUntil = clock() + fileFreshness;
        if (known?.validators['version'] === version) return { ...known, freshUntil };
        return { text: checkedSize(await readFile(url, 'utf8'), name), freshUntil, validators: { version } };
      } catch (error) {
        throw unavailable(name, error);
      }
    },
  };
}

export function urlSource(url: URL, { fetch, loadTimeout, reloadAfter, clock }: SourceSettings): Source {
  const name = `${url.origin}${url.pathname}`;
  return {
    name,
    async load(known) {
      try {
        const response = await fetch(url, { headers: { ...known?.validators }, signal: AbortSignal.timeout(loadTimeout) });
        const freshUntil = clock() + freshness(response.headers, reloadAfter);
        if (response.status === 304 && known !== undefined) {
          await response.body?.cancel();
          return { ...known, freshUntil };
        }
        if (response.status !== 200) {
          await response.body?.cancel();
          throw new Error(`the answer has the status ${response.status}`);
        }
        return { text: await textOf(response, name), freshUntil, validators: validatorsOf(response.headers) };
      } catch (error) {
        throw unavailable(name, error);
      }
    },
  };
}

/** RFC 9111 §4.2.1, within bounds: a script that may not be kept at all is kept for ten seconds. */
export function freshness(headers: Headers, otherwise: number): number {
  const control = headers.get('cache-control') ?? '';
  const maxAge = /(?:^|,)\s*max-age\s*=\s*"?(\d+)/i.exec(control)?.[1];
  let lifetime = otherwise;
  if (/(?:^|,)\s*no-(?:store|cache)\b/i.test(control)) lifetime = 0;
  else if (maxAge !== undefined) lifetime = Number(maxAge) * 1_000 - Number(headers.get('age') ?? 0) * 1_000;
  else if (headers.has('expires'))
    lifetime = Date.parse(headers.get('expires')!) - Date.parse(headers.get('date') ?? new Date().toUTCString());
  return Math.min(Math.max(Number.isNaN(lifetime) ? 0 : lifetime, shortestFreshness), longestFreshness);
}

function validatorsOf(headers: Headers): Record<string, string> {
  const [etag, modified] = [headers.get('etag'), headers.get('last-modified')];
  return { ...(etag === null ? {} : { 'if-none-match': etag }), ...(modified === null ? {} : { 'if-modified-since': modified }) };
}

async function textOf(response: Response, name: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > mostBytes) throw tooLarge(name);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function checkedSize(text: string, name: string): string {
  if (text.length > mostBytes) throw tooLarge(name);
  return text;
}

function tooLarge(name: string): PacError {
  return new PacError(`The PAC script at ${name} has more than ${mostBytes} bytes`, { code: 'PAC_UNAVAILABLE' });
}

function unavailable(name: string, error: unknown): PacError {
  if (error instanceof PacError) return error;
  return new PacError(`The PAC script at ${name} could not be read: ${(error as Error).message}`, {
    code: 'PAC_UNAVAILABLE',
    cause: error,
  });
}
