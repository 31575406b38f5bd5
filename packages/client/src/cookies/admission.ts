/** What a received cookie becomes, or why it is not taken (RFC 6265bis §5.7 steps 7 to 22). */
// In the built package it is run by the first cookie: it brings the list of public suffixes, which takes longer than the whole client.
import * as ToughCookie from 'tough-cookie';

import type { CookieFields } from './cookie.ts';
import { isAddress, type CookieSite } from './cookie-site.ts';
import type { CookieRefusal, SetCookie } from './set-cookie.ts';

// RFC 6265bis §4.1.3, and its successor's two for HttpOnly; compared without regard to case, since some servers read them so.
const securePrefix = '__secure-';
const hostPrefix = '__host-';
const httpPrefix = '__http-';
const hostHttpPrefix = '__host-http-';
const prefixes = [securePrefix, hostPrefix, httpPrefix, hostHttpPrefix];

const ascii = /^[\x20-\x7e]*$/;

/** `secureCookies` are those of the jar that are Secure and of this name. */
export function admit(
  received: SetCookie,
  place: CookieSite,
  now: number,
  secureCookies: Iterable<CookieFields>,
): CookieFields | CookieRefusal {
  const { name, value, expiresAt, secure, httpOnly, sameSite } = received;
  const domain = resolveDomain(received.domain, place.host);
  if (typeof domain === 'string') return domain;
  const path = received.path ?? ToughCookie.defaultPath(place.path);
  const fields: CookieFields = { name, value, ...domain, path, secure, httpOnly, sameSite, expiresAt, createdAt: now };
  if (secure && !place.isSecure) return 'it is Secure and the connection is not';
  if (!secure && !place.isSecure && liesOver(fields, secureCookies)) {
    return 'it would lie over a Secure cookie, and the connection is not secure';
  }
  if (sameSite === 'none' && !secure) return 'it is SameSite=None and not Secure';
  if (!meetsPrefix(fields, received.path)) return 'its name has a prefix whose conditions it does not meet';
  return fields;
}

/** RFC 6265bis §5.1.3. */
export function matchesDomain(host: string, domain: string): boolean {
  return host === domain || ToughCookie.domainMatch(host, domain, false) === true;
}

/** RFC 6265bis §5.1.4. */
export function matchesPath(requestPath: string, cookiePath: string): boolean {
  return ToughCookie.pathMatch(requestPath, cookiePath);
}

function resolveDomain(domain: string | undefined, host: string): CookieRefusal | Pick<CookieFields, 'domain' | 'hostOnly'> {
  if (domain === undefined) return { domain: host, hostOnly: true };
  if (!ascii.test(domain)) return 'its domain is not ASCII';
  // The host of a public suffix may have cookies, but none for those below it.
  if (isPublicSuffix(domain)) return domain === host ? { domain: host, hostOnly: true } : 'its domain is a public suffix';
  return matchesDomain(host, domain) ? { domain, hostOnly: false } : 'its domain is not that of the host';
}

/** The list's private part counts as well: neighbours under `github.io` are strangers. */
function isPublicSuffix(domain: string): boolean {
  return !isAddress(domain) && ToughCookie.getPublicSuffix(domain, { allowSpecialUseDomain: true, ignoreError: true }) === undefined;
}

function liesOver(fields: CookieFields, secureCookies: Iterable<CookieFields>): boolean {
  for (const existing of secureCookies) {
    const related = matchesDomain(existing.domain, fields.domain) || matchesDomain(fields.domain, existing.domain);
    if (related && matchesPath(fields.path, existing.path)) return true;
  }
  return false;
}

function meetsPrefix(fields: CookieFields, path: string | undefined): boolean {
  const name = fields.name.toLowerCase();
  // On the wire a value alone looks like a name (RFC 6265bis §5.7 step 22).
  if (name === '') return !prefixes.some((prefix) => fields.value.toLowerCase().startsWith(prefix));
  const isHost = name.startsWith(hostPrefix);
  if (!isHost && !name.startsWith(securePrefix) && !name.startsWith(httpPrefix)) return true;
  if (!fields.secure) return false;
  if ((name.startsWith(httpPrefix) || name.startsWith(hostHttpPrefix)) && !fields.httpOnly) return false;
  return !isHost || (fields.hostOnly && path === '/');
}
