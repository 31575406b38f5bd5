/** A request as the cache sees it. */
import { createHash } from 'node:crypto';

import type { ByteIterable, HeaderPair, Timeouts, UrlParts } from '@x/httpcore';

import type { CacheContext, CacheMode } from './outcome.ts';
import { noDirectives, parseCacheControl, type Directives } from './rules/cache-control.ts';
import { cacheKey } from './rules/cache-key.ts';
import { fieldValue, hasField } from './rules/fields.ts';
import { parseRange, type AskedRange } from './rules/ranges.ts';
import { decidedByOrigin } from './rules/validation.ts';

/** The arguments of a dispatch. */
export interface Dispatched {
  readonly method: string;
  readonly url: UrlParts;
  readonly headers: readonly HeaderPair[];
  readonly body: ByteIterable | null;
  readonly timeouts: Timeouts | undefined;
  readonly context: CacheContext | undefined;
}

export interface CacheRequest extends Dispatched {
  readonly key: string;
  readonly mode: CacheMode;
  readonly directives: Directives;
  /** Of the credentials in it; `''` without any. */
  readonly partition: string;
  readonly isAuthorized: boolean;
  readonly range: AskedRange | undefined;
  readonly ifRange: string | undefined;
  /** Has it preconditions of its own that a cache may decide? */
  readonly isConditional: boolean;
}

/** Why the cache keeps out of it; an unsafe one has a key, of what it may change. */
export interface Bypassed {
  readonly bypass: string;
  readonly changes: string | undefined;
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY']);

/** `credentialFields` in lower case. */
export function readCacheRequest(dispatched: Dispatched, credentialFields: readonly string[]): CacheRequest | Bypassed {
  const { method, url, headers, body, context } = dispatched;
  const key = cacheKey(url, fieldValue(headers, 'host'));
  if (key === undefined) return { bypass: 'the target is no path', changes: undefined };
  if (method !== 'GET' && method !== 'HEAD') {
    return { bypass: `${method} is not cached`, changes: safeMethods.has(method) ? undefined : key };
  }
  const mode = context?.cacheMode ?? 'default';
  const bypass = whyBypassed(headers, body, context, mode);
  if (bypass !== undefined) return { bypass, changes: undefined };
  const range = fieldValue(headers, 'range');
  const asked = range === undefined || method === 'HEAD' ? undefined : parseRange(range);
  if (range !== undefined && asked === undefined && method === 'GET') {
    return { bypass: 'the request asks for several ranges, or for something else than bytes', changes: undefined };
  }
  const fields = fieldsOfMode(mode, headers);
  const control = fieldValue(fields, 'cache-control');
  return {
    ...dispatched,
    headers: fields,
    key,
    mode,
    directives: control === undefined && hasField(fields, 'pragma') ? pragma(fields) : parseCacheControl(control),
    partition: partitionOf(headers, credentialFields, context?.credentialFields),
    isAuthorized: hasField(headers, 'authorization'),
    range: asked,
    ifRange: fieldValue(headers, 'if-range'),
    isConditional: hasField(headers, 'if-none-match') || hasField(headers, 'if-modified-since'),
  };
}

function whyBypassed(
  headers: readonly HeaderPair[],
  body: ByteIterable | null,
  context: CacheContext | undefined,
  mode: CacheMode,
): string | undefined {
  if (mode === 'no-store') return 'the mode no-store of the request';
  if (body !== null) return 'the request has a body';
  if (context?.protocol !== undefined || hasField(headers, 'upgrade')) return 'the request asks for another protocol';
  const precondition = decidedByOrigin.find((name) => hasField(headers, name));
  if (precondition !== undefined) return `${precondition} is for the origin to decide`;
  if (parseCacheControl(fieldValue(headers, 'cache-control')).has('no-store')) return 'no-store in the request';
  return undefined;
}

/** RFC 9111 §5.4: what `no-cache` was called in HTTP/1.0. */
function pragma(headers: readonly HeaderPair[]): Directives {
  return parseCacheControl(fieldValue(headers, 'pragma')).has('no-cache') ? new Map([['no-cache', '']]) : noDirectives;
}

/** Fetch Standard §4.6, HTTP-network-or-cache fetch, steps 16 and 17: a server on the way is to see the mode too. */
function fieldsOfMode(mode: CacheMode, headers: readonly HeaderPair[]): readonly HeaderPair[] {
  if (mode === 'no-cache' && !hasField(headers, 'cache-control')) return [...headers, ['cache-control', 'max-age=0']];
  if (mode !== 'reload') return headers;
  const added: HeaderPair[] = [];
  if (!hasField(headers, 'pragma')) added.push(['pragma', 'no-cache']);
  if (!hasField(headers, 'cache-control')) added.push(['cache-control', 'no-cache']);
  return [...headers, ...added];
}

function partitionOf(headers: readonly HeaderPair[], credentialFields: readonly string[], further: readonly string[] = []): string {
  let credentials = '';
  const names = further.length === 0 ? credentialFields : new Set([...credentialFields, ...further]);
  for (const name of names) {
    const value = fieldValue(headers, name);
    // What a value may hold ends in no line feed.
    if (value !== undefined) credentials += `${name}:${value}\n`;
  }
  return credentials === '' ? '' : concealed(credentials);
}

/** A secret that can be compared, and not read. */
export function concealed(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url').slice(0, 22);
}
