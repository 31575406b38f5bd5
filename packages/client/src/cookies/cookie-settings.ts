/** The cookies that a caller gives beside those of a jar, what a client and a call say of cookies, and the one field made of it all. */
import type { HeaderPair, UrlParts } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { sameOrigin } from '../request/url/same-origin.ts';
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

/** Cookies by name; `null` keeps a jar's cookie of that name out. */
export type GivenCookies = ReadonlyMap<string, string | null>;

/** What a client and a call say, put together. */
export interface CookieSettings {
  /** `undefined` keeps nothing. */
  readonly jar: CookieJar | undefined;
  /** Sent without being stored, to `origin`. */
  readonly ofClient: GivenCookies;
  /** Whom those of the client are meant for; `undefined` means the server that a call begins with. */
  readonly origin: UrlParts | undefined;
  /** Sent without being stored, to the server that the call begins with. */
  readonly ofCall: GivenCookies;
}

const none: GivenCookies = new Map();

export const noCookies: CookieSettings = Object.freeze({ jar: undefined, ofClient: none, origin: undefined, ofCall: none });

/**
 * Lays what a client says over what is inherited.
 * @throws {InvalidOption} it is none of the forms, or a cookie holds what no cookie may hold; values are never quoted.
 */
export function clientCookies(inherited: CookieSettings, input: CookiesInput | undefined, origin: UrlParts | undefined): CookieSettings {
  if (input === undefined) return { ...inherited, origin };
  if (input === null || input === false) return noCookies;
  if (input instanceof CookieJar) return { ...inherited, jar: input, origin };
  return { ...inherited, ofClient: new Map([...inherited.ofClient, ...readCookies(input)]), origin };
}

/** @throws {InvalidOption} as {@link clientCookies}. */
export function callCookies(client: CookieSettings, input: CookiesInput | undefined): CookieSettings {
  if (input === undefined) return client;
  if (input === null || input === false) return noCookies;
  if (input instanceof CookieJar) return { ...client, jar: input };
  return { ...client, ofCall: new Map(readCookies(input)) };
}

/** Is there a jar, or anything to send? */
export function hasCookies({ jar, ofClient, ofCall }: CookieSettings): boolean {
  return jar !== undefined || ofClient.size > 0 || ofCall.size > 0;
}

/** What was given for a request of a call that began with `first`: nothing, once it has been led elsewhere. */
export function givenFor(settings: CookieSettings, request: UrlParts, first: UrlParts): GivenCookies {
  const { ofClient, ofCall, origin } = settings;
  if ((ofClient.size === 0 && ofCall.size === 0) || !sameOrigin(request, first)) return none;
  if (ofClient.size === 0 || (origin !== undefined && !sameOrigin(request, origin))) return ofCall;
  return ofCall.size === 0 ? ofClient : new Map([...ofClient, ...ofCall]);
}

/**
 * The one `Cookie` field of a request (RFC 6265bis §5.8.1): the jar's cookies, then those of `Cookie` fields that the caller
 * wrote, then those of `given`. Of one name, the later ones count.
 */
export function joinCookies(stored: readonly Cookie[], written: readonly HeaderPair[], given: GivenCookies): string | undefined {
  const fields = written.filter(isCookieField);
  // The usual case, on the way of every request of a session.
  if (fields.length === 0 && given.size === 0) return stored.length === 0 ? undefined : stored.map(cookiePair).join('; ');
  const pairs = fields.flatMap(([, value]) => value.split(';').map((pair) => pair.trim()));
  const kept = pairs.filter((pair) => pair !== '' && !given.has(nameOf(pair)));
  const taken = new Set(kept.map(nameOf));
  const fromJar = stored.filter(({ name }) => !given.has(name) && !taken.has(name)).map(cookiePair);
  const added = [...given].filter(([, value]) => value !== null).map(([name, value]) => `${name}=${value}`);
  const all = [...fromJar, ...kept, ...added];
  return all.length === 0 ? undefined : all.join('; ');
}

function isCookieField([name]: HeaderPair): boolean {
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
      // Who takes a name for a pair has the value in it, too.
      throw new InvalidOption('cookies', `has a name that no cookie may have: ${JSON.stringify(/^[^=;]{0,100}/.exec(name)![0])}`);
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
