import type { HeaderPair, UrlParts } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { showAsJson } from '../shown-as-json.ts';
import { parseTarget } from '../request/url/target.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import { admit } from './admission.ts';
import { readCookiesJson, writeCookiesJson, type SerializedCookies } from './cookie-json.ts';
import { CookieStore, isExpired } from './cookie-store.ts';
import type { Cookie, CookieFields } from './cookie.ts';
import { readCookiesTxt, writeCookiesTxt } from './cookies-txt.ts';
import { placeOf } from './cookie-site.ts';
import { parseSetCookie, type CookieRefusal } from './set-cookie.ts';

/** What a jar may be told; all of it has a default. */
export interface CookieJarOptions {
  /** Cookies in all. Default 3,000. */
  readonly maxCookies?: number | undefined;
  /** Cookies of one domain. Default 180. */
  readonly maxCookiesPerDomain?: number | undefined;
  /** What time it is, in milliseconds. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

/** Which cookies are meant; what is left out fits all. */
export interface CookieFilter {
  readonly name?: string | undefined;
  /** Of the cookie itself, not of hosts below it. */
  readonly domain?: string | undefined;
  readonly path?: string | undefined;
}

const optionNames: OptionNames<CookieJarOptions> = Object.freeze({
  maxCookies: undefined,
  maxCookiesPerDomain: undefined,
  now: undefined,
});
const filterNames: OptionNames<CookieFilter> = Object.freeze({ name: undefined, domain: undefined, path: undefined });

/**
 * Keeps cookies and knows which of them a request takes along (RFC 6265bis): by host, path and scheme, none for a public
 * suffix, with the conditions of `__Secure-` and `__Host-`, and no more of them than fit. Every client has one.
 *
 * The storage model is ours; the list of public suffixes, the matching of domains and paths, and the reading of dates are
 * tough-cookie's, and so is the JSON form, so that jars can be exchanged. Its own jar has no bounds, decodes paths, and lets
 * an insecure response lie a cookie over a Secure one.
 *
 * @example
 * const jar = CookieJar.fromJSON(await readFile('cookies.json', 'utf8'));
 * await using client = new Client({ cookies: jar });
 * await client.post('https://example.com/login', { form: { user, password } });
 * await writeFile('cookies.json', JSON.stringify(jar.serialize()), { mode: 0o600 });
 */
export class CookieJar implements Iterable<Cookie> {
  static {
    showAsJson(this.prototype, 'CookieJar');
  }

  readonly #store: CookieStore;
  readonly #now: () => number;

  /** @throws {InvalidOption} an option is unknown, or no positive integer. */
  constructor(options: CookieJarOptions = {}) {
    const own = ownOptions<CookieJarOptions>(options, optionNames, 'cookies');
    this.#now = own.now ?? Date.now;
    this.#store = new CookieStore({
      maxCookies: count('cookies.maxCookies', own.maxCookies ?? 3_000),
      maxCookiesPerDomain: count('cookies.maxCookiesPerDomain', own.maxCookiesPerDomain ?? 180),
    });
  }

  /**
   * A jar with what {@link serialize} gave, as text or as the object; also with what tough-cookie's `serialize()` gives.
   * @throws {InvalidOption} it is no such thing; the message says which cookie is wrong, and never its value.
   */
  static fromJSON(serialized: string | SerializedCookies, options?: CookieJarOptions): CookieJar {
    const jar = new CookieJar(options);
    for (const { fields, usedAt } of readCookiesJson(serialized)) jar.#load(fields, usedAt);
    return jar;
  }

  /**
   * A jar with the cookies of a Netscape `cookies.txt`, as browsers' tools, curl and wget write it. Lines that are none of a
   * cookie are passed over. Read the file as `latin1`, in which each character is one octet.
   *
   * @example
   * const jar = CookieJar.fromCookiesTxt(await readFile('cookies.txt', 'latin1'));
   */
  static fromCookiesTxt(text: string, options?: CookieJarOptions): CookieJar {
    const jar = new CookieJar(options);
    for (const fields of readCookiesTxt(text, jar.#now())) jar.#load(fields, fields.createdAt);
    return jar;
  }

  /** How many cookies there are. */
  get size(): number {
    this.#dropExpired();
    return this.#store.size;
  }

  /** @internal Without a look for expired ones. */
  get isEmpty(): boolean {
    return this.#store.size === 0;
  }

  /** Every cookie, in the order in which they were first set. */
  [Symbol.iterator](): IterableIterator<Cookie> {
    this.#dropExpired();
    return this.#store[Symbol.iterator]();
  }

  /**
   * Sets a cookie as if a response from `url` had set it.
   *
   * @param setCookie What stands in `Set-Cookie`: each character is one octet, so encode what is not ASCII.
   * @throws {InvalidOption} the rules refuse it; the message says which one.
   * @example
   * jar.set('session=31d4; Path=/; Secure; HttpOnly', 'https://example.com/');
   */
  set(setCookie: string, url: string | URL): Cookie {
    const outcome = this.#receive(String(setCookie), parseTarget(String(url)).parts);
    if (typeof outcome === 'string') throw new InvalidOption('cookie', `is refused: ${outcome}`);
    return outcome;
  }

  /** The cookies that a request to `url` takes along, in the order in which they are sent. */
  get(url: string | URL): Cookie[] {
    return this.matching(parseTarget(String(url)).parts);
  }

  /** The `Cookie` field of a request to `url`; `undefined` when there is none. */
  header(url: string | URL): string | undefined {
    const cookies = this.get(url);
    return cookies.length === 0 ? undefined : cookies.map(cookiePair).join('; ');
  }

  /** Forgets the cookies that fit, and says how many they were. */
  delete(filter: CookieFilter): number {
    const { name, domain, path } = ownOptions<CookieFilter>(filter, filterNames, 'filter');
    const fits = (cookie: Cookie): boolean =>
      (name === undefined || cookie.name === name) &&
      (domain === undefined || cookie.domain === domain.toLowerCase().replace(/^\./, '')) &&
      (path === undefined || cookie.path === path);
    return this.#remove(fits);
  }

  /** Forgets all of them. */
  clear(): void {
    this.#remove(() => true);
  }

  /** Forgets those without an expiry, as a browser does when it is closed. */
  clearSession(): void {
    this.#remove((cookie) => cookie.expiresAt === undefined);
  }

  /** Everything, values included, for a file that nobody else may read. `JSON.stringify(jar)` masks the values; this does not. */
  serialize(): SerializedCookies {
    return writeCookiesJson(this);
  }

  /**
   * Everything that a Netscape `cookies.txt` can hold, values included; that is all but SameSite, and but for cookies with a
   * tab in them. Write it as `latin1`.
   *
   * @example
   * await writeFile('cookies.txt', jar.toCookiesTxt(), { encoding: 'latin1', mode: 0o600 });
   */
  toCookiesTxt(): string {
    return writeCookiesTxt(this);
  }

  /** For logs: without values. */
  toJSON(): Record<string, unknown> {
    return { cookies: [...this].map((cookie) => cookie.toJSON()) };
  }

  /** @internal Takes every `Set-Cookie` of a response; those that the rules refuse are dropped. */
  receive(headers: readonly HeaderPair[], url: UrlParts): void {
    for (const [name, value] of headers) {
      if (name.length === 10 && name.toLowerCase() === 'set-cookie') this.#receive(value, url);
    }
  }

  /** @internal */
  matching(url: UrlParts): Cookie[] {
    if (this.#store.size === 0) return [];
    const now = this.#now();
    const cookies = this.#store.matching(placeOf(url), now);
    for (const cookie of cookies) cookie.usedAt = now;
    return cookies;
  }

  #receive(text: string, url: UrlParts): Cookie | CookieRefusal {
    const now = this.#now();
    const received = parseSetCookie(text, now);
    if (typeof received === 'string') return received;
    const fields = admit(received, placeOf(url), now, this.#store.secureOf(received.name, now));
    return typeof fields === 'string' ? fields : this.#store.put(fields, now, now);
  }

  #load(fields: CookieFields, usedAt: number): void {
    this.#store.put(fields, usedAt, this.#now());
  }

  #dropExpired(): void {
    const now = this.#now();
    this.#remove((cookie) => isExpired(cookie, now));
  }

  #remove(fits: (cookie: Cookie) => boolean): number {
    const leaving = [...this.#store].filter(fits);
    for (const cookie of leaving) this.#store.remove(cookie);
    return leaving.length;
  }
}

/** As it stands in `Cookie`. */
export function cookiePair({ name, value }: Pick<Cookie, 'name' | 'value'>): string {
  return name === '' ? value : `${name}=${value}`;
}

function count(option: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) throw new InvalidOption(option, 'must be an integer of at least 1');
  return value;
}
