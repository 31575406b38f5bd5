/**
 * A jar as JSON, in the form that tough-cookie writes and reads: an object with `cookies`, in which `key` is the name, `expires`
 * is missing in session cookies, and dates are ISO 8601.
 */
import { InvalidOption } from '../errors.ts';
import { possibleTime, type Cookie, type CookieFields } from './cookie.ts';
import { isCookieText, longestCookie, readSameSite } from './set-cookie.ts';

/** A cookie as JSON has it. The form is kept across versions. */
export interface SerializedCookie {
  readonly key: string;
  readonly value: string;
  readonly domain: string;
  readonly path: string;
  readonly hostOnly: boolean;
  readonly secure?: boolean | undefined;
  readonly httpOnly?: boolean | undefined;
  readonly sameSite?: string | undefined;
  readonly expires?: string | undefined;
  readonly creation: string;
  readonly lastAccessed: string;
}

/** A jar as JSON has it, to be kept in a file. */
export interface SerializedCookies {
  readonly version: string;
  readonly cookies: readonly SerializedCookie[];
}

export interface LoadedCookie {
  readonly fields: CookieFields;
  readonly usedAt: number;
}

const version = 'cookies@1';

export function writeCookiesJson(cookies: Iterable<Cookie>): SerializedCookies {
  return { version, cookies: Array.from(cookies, writeCookie) };
}

/** @throws {InvalidOption} the text is no JSON, or a cookie is not one that a jar could hold. */
export function readCookiesJson(serialized: unknown): LoadedCookie[] {
  const jar = own(typeof serialized === 'string' ? parse(serialized) : serialized);
  const cookies = jar?.['cookies'];
  if (!Array.isArray(cookies)) throw new InvalidOption('cookies', 'is no serialized jar: it has no array "cookies"');
  const loaded = cookies.map((cookie: unknown, index) => readCookie(own(cookie), index));
  // tough-cookie orders by creation, whatever the order of the array; equal times keep it.
  return loaded.sort((one, other) => one.fields.createdAt - other.fields.createdAt);
}

function writeCookie(cookie: Cookie): SerializedCookie {
  const { name, value, domain, path, hostOnly, secure, httpOnly, sameSite, expiresAt, createdAt, usedAt } = cookie;
  return {
    key: name,
    value,
    ...(expiresAt === undefined ? {} : { expires: iso(expiresAt) }),
    domain,
    path,
    ...(secure ? { secure } : {}),
    ...(httpOnly ? { httpOnly } : {}),
    hostOnly,
    creation: iso(createdAt),
    lastAccessed: iso(usedAt),
    ...(sameSite === undefined ? {} : { sameSite }),
  };
}

function readCookie(cookie: Record<string, unknown> | undefined, index: number): LoadedCookie {
  const refuse = (field: string, problem: string): never => {
    throw new InvalidOption(`cookies[${index}]${field}`, problem);
  };
  if (cookie === undefined) return refuse('', 'is no object');
  const text = (field: string, fallback?: string): string => {
    const value = cookie[field] ?? fallback;
    if (typeof value !== 'string') return refuse(`.${field}`, 'must be a string');
    return isCookieText(value) && !value.includes(';') ? value : refuse(`.${field}`, 'holds a character that no cookie may hold');
  };
  const flag = (field: string): boolean => {
    const value = cookie[field] ?? false;
    return typeof value === 'boolean' ? value : refuse(`.${field}`, 'must be a boolean');
  };
  const time = (field: string): number | undefined => {
    const value = cookie[field];
    if (value === undefined || value === null || value === 'Infinity') return undefined;
    const milliseconds = typeof value === 'string' || typeof value === 'number' ? new Date(value).getTime() : NaN;
    return Number.isNaN(milliseconds) ? refuse(`.${field}`, 'must be a date') : milliseconds;
  };

  const name = text('key', '');
  const value = text('value', '');
  const domain = text('domain').toLowerCase();
  const path = text('path');
  if (name.includes('=')) return refuse('.key', 'must not hold "="');
  if (name === '' && value === '') return refuse('', 'has neither a name nor a value');
  if (name.length + value.length > longestCookie) return refuse('', 'is longer than 4096 octets');
  if (domain === '') return refuse('.domain', 'must not be empty');
  if (!path.startsWith('/')) return refuse('.path', 'must begin with "/"');
  const createdAt = time('creation') ?? 0;
  const usedAt = time('lastAccessed') ?? createdAt;
  // tough-cookie keeps Max-Age beside Expires and counts it from the last use.
  const maxAge = cookie['maxAge'];
  const expiresAt = typeof maxAge === 'number' ? possibleTime(usedAt + maxAge * 1_000) : maxAge === '-Infinity' ? 0 : time('expires');
  const sameSite = typeof cookie['sameSite'] === 'string' ? readSameSite(cookie['sameSite']) : undefined;
  const fields: CookieFields = {
    name,
    value,
    domain,
    path,
    hostOnly: flag('hostOnly'),
    secure: flag('secure'),
    httpOnly: flag('httpOnly'),
    sameSite,
    expiresAt,
    createdAt,
  };
  return { fields, usedAt };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    throw new InvalidOption('cookies', 'is no serialized jar: it is not JSON');
  }
}

/** Own properties alone, so that nothing planted on a prototype becomes a cookie. */
function own(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.assign(Object.create(null) as Record<string, unknown>, value);
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
