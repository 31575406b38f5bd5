/** The cookies of a jar by their domain, and no more of them than fit. */
import { matchesDomain, matchesPath } from './admission.ts';
import { Cookie, type CookieFields } from './cookie.ts';
import type { CookieSite } from './cookie-site.ts';

export interface StoreLimits {
  readonly maxCookies: number;
  readonly maxCookiesPerDomain: number;
}

type DomainCookies = Map<string, Cookie>;

export class CookieStore implements Iterable<Cookie> {
  readonly #shelves = new Map<string, DomainCookies>();
  readonly #limits: StoreLimits;
  #size = 0;
  #latest = 0;

  constructor(limits: StoreLimits) {
    this.#limits = limits;
  }

  /** Those that have expired are counted until somebody comes across them. */
  get size(): number {
    return this.#size;
  }

  /** In the order in which they were first set. */
  *[Symbol.iterator](): IterableIterator<Cookie> {
    const all = [...this.#shelves.values()].flatMap((shelf) => [...shelf.values()]);
    yield* all.sort((one, other) => one.order - other.order);
  }

  /** Takes the place of the cookie of the same name, domain, path and scope, whose age it inherits (RFC 6265bis §5.7 step 23). */
  put(fields: CookieFields, usedAt: number, now: number): Cookie {
    const key = keyOf(fields);
    const old = this.#shelves.get(fields.domain)?.get(key);
    const cookie =
      old === undefined
        ? new Cookie(fields, usedAt, ++this.#latest)
        : new Cookie({ ...fields, createdAt: old.createdAt }, usedAt, old.order);
    // An expired cookie is how a server removes one.
    if (isExpired(cookie, now)) {
      if (old !== undefined) this.remove(old);
      return cookie;
    }
    const shelf = this.#shelves.get(fields.domain) ?? new Map<string, Cookie>();
    shelf.set(key, cookie);
    this.#shelves.set(fields.domain, shelf);
    if (old === undefined) {
      this.#size++;
      this.#makeRoom(shelf, cookie, now);
    }
    return cookie;
  }

  remove(cookie: CookieFields): void {
    const shelf = this.#shelves.get(cookie.domain);
    if (shelf?.delete(keyOf(cookie)) !== true) return;
    this.#size--;
    if (shelf.size === 0) this.#shelves.delete(cookie.domain);
  }

  /** What a request to this place takes along, in the order of RFC 6265bis §5.8.3 step 2. */
  matching(place: CookieSite, now: number): Cookie[] {
    const found: Cookie[] = [];
    for (const domain of domainsOf(place.host)) {
      const shelf = this.#shelves.get(domain);
      if (shelf === undefined) continue;
      for (const cookie of shelf.values()) {
        if (isExpired(cookie, now)) this.remove(cookie);
        else if (goesTo(cookie, place)) found.push(cookie);
      }
    }
    return found.sort((one, other) => other.path.length - one.path.length || one.order - other.order);
  }

  /** Those that are Secure and of this name, wherever they belong. */
  *secureOf(name: string, now: number): IterableIterator<Cookie> {
    for (const shelf of this.#shelves.values()) {
      for (const cookie of shelf.values()) {
        if (cookie.secure && cookie.name === name && !isExpired(cookie, now)) yield cookie;
      }
    }
  }

  /** RFC 6265bis §5.7, the last part: the expired ones go first, then those of a crowded domain, then whichever was used longest ago. */
  #makeRoom(shelf: DomainCookies, newest: Cookie, now: number): void {
    const { maxCookies, maxCookiesPerDomain } = this.#limits;
    const isOther = (cookie: Cookie): boolean => cookie !== newest;
    if (shelf.size > maxCookiesPerDomain) {
      this.#removeExpired(shelf, now);
      if (shelf.size > maxCookiesPerDomain) {
        const oldest = longestUnused([shelf], (cookie) => isOther(cookie) && !cookie.secure) ?? longestUnused([shelf], isOther);
        if (oldest !== undefined) this.remove(oldest);
      }
    }
    if (this.#size > maxCookies) {
      for (const each of this.#shelves.values()) this.#removeExpired(each, now);
      if (this.#size > maxCookies) {
        const oldest = longestUnused(this.#shelves.values(), isOther);
        if (oldest !== undefined) this.remove(oldest);
      }
    }
  }

  #removeExpired(shelf: DomainCookies, now: number): void {
    for (const cookie of shelf.values()) {
      if (isExpired(cookie, now)) this.remove(cookie);
    }
  }
}

function longestUnused(shelves: Iterable<DomainCookies>, isCandidate: (cookie: Cookie) => boolean): Cookie | undefined {
  let oldest: Cookie | undefined;
  for (const shelf of shelves) {
    for (const cookie of shelf.values()) {
      if (isCandidate(cookie) && (oldest === undefined || cookie.usedAt < oldest.usedAt)) oldest = cookie;
    }
  }
  return oldest;
}

export function isExpired(cookie: CookieFields, now: number): boolean {
  return cookie.expiresAt !== undefined && cookie.expiresAt <= now;
}

function goesTo(cookie: CookieFields, place: CookieSite): boolean {
  if (cookie.secure && !place.isSecure) return false;
  if (cookie.hostOnly ? cookie.domain !== place.host : !matchesDomain(place.host, cookie.domain)) return false;
  return matchesPath(place.path, cookie.path);
}

/** The host itself and everything above it. */
function* domainsOf(host: string): IterableIterator<string> {
  yield host;
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) yield host.slice(dot + 1);
}

// No part can hold a semicolon, which ends it on the wire.
function keyOf({ name, path, hostOnly }: CookieFields): string {
  return `${hostOnly ? 'host' : 'domain'};${name};${path}`;
}
