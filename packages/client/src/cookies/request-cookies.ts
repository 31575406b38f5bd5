/** The cookies that a caller gives beside those of a jar, what a client and a call say of cookies, and the one field made of it all. */
import type { HeaderPair } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { CookieJar, cookiePair } from './cookie-jar.ts';
import type { Cookie } from './cookie.ts';
import { isCookieText } from './set-cookie.ts';

/** `null` keeps a cookie of that name out, `undefined` leaves it as it is. */
export type CookieValue = string | number | null | undefined;

/**
 * A jar; or cookies by name, which are sent beside those of the jar, win over theirs, and are never stored; or `null` or
 * `false`: no cookies are sent and none are kept.
 */
export type CookiesInput = CookieJar | Readonly<Record<string, CookieValue>> | null | false;

/** What `CookiesInput` comes to. */
export interface CookieSettings {
  /** `undefined` keeps nothing. */
  readonly jar: CookieJar | undefined;
  /** Sent without being stored; `null` keeps a jar's cookie out. */
  readonly own: ReadonlyMap<string, string | null>;
}

const none: ReadonlyMap<string, string | null> = new Map();

export const noCookies: CookieSettings = Object.freeze({ jar: undefined, own: none });

/**
 * Lays what a client or a call says over what is inherited.
 * @throws {InvalidOption} it is none of the forms, or a cookie holds what no cookie may hold; values are never quoted.
 */
export function mergeCookies(inherited: CookieSettings, input: CookiesInput | undefined): CookieSettings {
  if (input === undefined) return inherited;
  if (input === null || input === false) return noCookies;
  if (input instanceof CookieJar) return { jar: input, own: inherited.own };
  return { jar: inherited.jar, own: new Map([...inherited.own, ...readCookies(input)]) };
}

/**
 * The one `Cookie` field of a request (RFC 6265bis §5.8.1): the jar's cookies, then those of `Cookie` fields that the caller
 * wrote, then those of `own`. Of one name, the later ones count.
 */
export function joinCookies(
  stored: readonly Cookie[],
  written: readonly HeaderPair[],
  own: ReadonlyMap<string, string | null>,
): string | undefined {
  const fields = written.filter(isCookieField).flatMap(([, value]) => value.split(';').map((pair) => pair.trim()));
  const given = fields.filter((pair) => pair !== '' && !own.has(nameOf(pair)));
  const givenNames = new Set(given.map(nameOf));
  const kept = stored.filter(({ name }) => !own.has(name) && !givenNames.has(name)).map(cookiePair);
  const added = [...own].filter(([, value]) => value !== null).map(([name, value]) => `${name}=${value}`);
  const all = [...kept, ...given, ...added];
  return all.length === 0 ? undefined : all.join('; ');
}

export function isCookieField([name]: HeaderPair): boolean {
  return name.length === 6 && name.toLowerCase() === 'cookie';
}

function nameOf(pair: string): string {
  const at = pair.indexOf('=');
  return at === -1 ? '' : pair.slice(0, at).trim();
}

function* readCookies(input: object): IterableIterator<readonly [name: string, value: string | null]> {
  if (typeof input !== 'object' || Array.isArray(input) || Symbol.iterator in input) {
    throw new InvalidOption('cookies', 'must be a CookieJar, an object of names and values, null or false');
  }
  for (const [name, value] of Object.entries(input) as [string, unknown][]) {
    if (name === '' || !isPart(name) || name.includes('=')) {
      throw new InvalidOption('cookies', `has a name that no cookie may have: ${JSON.stringify(name.slice(0, 100))}`);
    }
    if (value === undefined) continue;
    if (value !== null && typeof value !== 'string' && typeof value !== 'number') {
      throw new InvalidOption('cookies', `has a ${typeof value} as the value of ${JSON.stringify(name)}; use a string or a number`);
    }
    const text = value === null ? null : String(value);
    if (text !== null && !isPart(text)) {
      throw new InvalidOption('cookies', `has a character that no cookie may hold in the value of ${JSON.stringify(name)}; encode it`);
    }
    yield [name, text];
  }
}

/** Without what would end the cookie or begin another, and without space at its ends, which a server would take off. */
function isPart(text: string): boolean {
  return isCookieText(text) && !/[;\t]/.test(text) && text.trim() === text;
}
