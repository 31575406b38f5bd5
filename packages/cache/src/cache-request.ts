/** A request as the cache sees it. */
import { createHash } from 'node:crypto';

import type { ByteIterable, HeaderPair, Timeouts, UrlParts } from '@x/httpcore';

import type { CacheContext, CacheMode } from './outcome.ts';
import { noDirectives, parseCacheControl, type Directives } from './rules/cache-control.ts';
import { cacheKey } from './rules/cache-key.ts';
import { fieldValue, hasField } from './rules/fields.ts';
import { parseRange, type AskedRange } from './rules/ranges.ts';
import { hashOfKey } from './store/key-hash.ts';

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
  /** Of the key. */
  readonly hash: number;
  readonly mode: CacheMode;
  readonly directives: Directives;
  /** Of the credentials in it; `''` without any. */
  readonly partition: string;
  /** Are cookies the only credentials in it? */
  readonly hasCookiesOnly: boolean;
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
  /** Is the origin not to be asked: can it not be answered at all then? */
  readonly isCachedOnly: boolean;
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY']);

/** What counts of a request's fields, found in one pass: every request pays for it. */
interface CountingFields {
  readonly host: string | undefined;
  readonly control: string | undefined;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  /** One for the origin to decide. */
  readonly precondition: string | undefined;
  readonly hasPragma: boolean;
  readonly isConditional: boolean;
  readonly isAuthorized: boolean;
  readonly isUpgrade: boolean;
  readonly hasCredentials: boolean;
  readonly hasCookiesOnly: boolean;
}

const noneCounts: CountingFields = Object.freeze({
  host: undefined,
  control: undefined,
  range: undefined,
  ifRange: undefined,
  precondition: undefined,
  hasPragma: false,
  isConditional: false,
  isAuthorized: false,
  isUpgrade: false,
  hasCredentials: false,
  hasCookiesOnly: true,
});

/** The names of the request that came last without a field that counts: a client says the same with every request. */
const unimportant: { names: readonly string[]; credentialFields: readonly string[] | undefined; further: readonly string[] | undefined } = {
  names: [],
  credentialFields: undefined,
  further: undefined,
};

function areUnimportant(headers: readonly HeaderPair[], credentialFields: readonly string[], further: readonly string[]): boolean {
  const { names } = unimportant;
  if (names.length !== headers.length || unimportant.credentialFields !== credentialFields || unimportant.further !== further) return false;
  for (let at = 0; at < names.length; at += 1) if (headers[at]![0] !== names[at]) return false;
  return true;
}

function countingFields(headers: readonly HeaderPair[], credentialFields: readonly string[], further: readonly string[]): CountingFields {
  if (areUnimportant(headers, credentialFields, further)) return noneCounts;
  const found: { -readonly [Name in keyof CountingFields]: CountingFields[Name] } = { ...noneCounts };
  let counting = 0;
  for (let at = 0; at < headers.length; at += 1) {
    const name = headers[at]![0].toLowerCase();
    const value = headers[at]![1];
    if (credentialFields.includes(name) || further.includes(name)) {
      counting += 1;
      found.hasCredentials = true;
      if (name !== 'cookie') found.hasCookiesOnly = false;
    }
    counting += 1;
    switch (name) {
      case 'host':
        found.host = value;
        break;
      case 'cache-control':
        found.control = found.control === undefined ? value : `${found.control}, ${value}`;
        break;
      case 'range':
        found.range = found.range === undefined ? value : `${found.range}, ${value}`;
        break;
      case 'if-range':
        found.ifRange = value;
        break;
      case 'if-match':
      case 'if-unmodified-since':
        found.precondition = name;
        break;
      case 'if-none-match':
      case 'if-modified-since':
        found.isConditional = true;
        break;
      case 'pragma':
        found.hasPragma = true;
        break;
      case 'authorization':
        found.isAuthorized = true;
        break;
      case 'upgrade':
        found.isUpgrade = true;
        break;
      default:
        counting -= 1;
    }
  }
  if (counting === 0) {
    unimportant.names = headers.map(([name]) => name);
    unimportant.credentialFields = credentialFields;
    unimportant.further = further;
  }
  return found;
}

const noNames: readonly string[] = Object.freeze([]);

/** `credentialFields` in lower case. */
export function readCacheRequest(dispatched: Dispatched, credentialFields: readonly string[]): CacheRequest | Bypassed {
  const { method, url, headers, body, timeouts, context } = dispatched;
  const further = context?.credentialFields ?? noNames;
  const found = countingFields(headers, credentialFields, further);
  const key = cacheKey(url, found.host);
  const given = context?.cacheMode ?? 'default';
  const mode = context?.asksOrigin === true && (given === 'default' || given === 'force-cache') ? 'reload' : given;
  const own = parseCacheControl(found.control);
  const bypassed = (bypass: string, changes?: string): Bypassed => ({ bypass, changes, isCachedOnly: isCachedOnly(mode, own) });
  if (key === undefined) return bypassed('the target is no path');
  if (method !== 'GET' && method !== 'HEAD') return bypassed(`${method} is not cached`, safeMethods.has(method) ? undefined : key);
  const bypass = whyBypassed(found, own, dispatched, mode);
  if (bypass !== undefined) return bypassed(bypass);
  const range = found.range === undefined || method === 'HEAD' ? undefined : parseRange(found.range);
  if (found.range !== undefined && range === undefined && method === 'GET') {
    return bypassed('the request asks for several ranges, or for something else than bytes');
  }
  const fields = given === 'default' ? headers : fieldsOfMode(given, headers);
  return {
    method,
    url,
    headers: fields,
    body,
    timeouts,
    context,
    key,
    hash: hashOfKey(key),
    mode,
    directives: directivesOf(fields, headers, found, own),
    partition: found.hasCredentials ? partitionOf(headers, credentialFields, further) : '',
    hasCookiesOnly: found.hasCredentials && found.hasCookiesOnly,
    isAuthorized: found.isAuthorized,
    range,
    ifRange: found.ifRange,
    isConditional: found.isConditional,
  };
}

/** RFC 9111 §5.2.1.7: from the store, or not at all. */
export function isCachedOnly(mode: CacheMode, directives: Directives): boolean {
  return mode === 'only-if-cached' || (directives !== noDirectives && directives.has('only-if-cached'));
}

function directivesOf(fields: readonly HeaderPair[], given: readonly HeaderPair[], found: CountingFields, own: Directives): Directives {
  // Those that a mode has added.
  if (fields !== given) return parseCacheControl(fieldValue(fields, 'cache-control'));
  return found.hasPragma && found.control === undefined ? pragma(fields) : own;
}

function whyBypassed(found: CountingFields, directives: Directives, { body, context }: Dispatched, mode: CacheMode): string | undefined {
  if (mode === 'no-store') return 'the mode no-store of the request';
  if (body !== null) return 'the request has a body';
  if (context?.trailers !== undefined) return 'the request has trailers';
  if (context?.protocol !== undefined || found.isUpgrade) return 'the request asks for another protocol';
  if (found.precondition !== undefined) return `${found.precondition} is for the origin to decide`;
  if (directives.has('no-store')) return 'no-store in the request';
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

function partitionOf(headers: readonly HeaderPair[], credentialFields: readonly string[], further: readonly string[]): string {
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
