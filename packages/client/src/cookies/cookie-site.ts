/** Where a cookie comes from or goes to, as far as cookies care: ports are of no matter to them (RFC 6265bis §8.5). */
import type { UrlParts } from '@x/httpcore';

export interface CookieSite {
  /** In lower case; IPv6 in brackets. */
  readonly host: string;
  /** Without the query. */
  readonly path: string;
  readonly isSecure: boolean;
}

// The URL parser has made every form of an IPv4 address into this one.
const loopback = /^127\.\d+\.\d+\.\d+$/;
const address = /^(?:\d+\.\d+\.\d+\.\d+|\[.*\])$/;

export function placeOf([scheme, host, , target]: UrlParts): CookieSite {
  const query = target.indexOf('?');
  const path = query === -1 ? target : target.slice(0, query);
  return { host, path: path.startsWith('/') ? path : '/', isSecure: scheme === 'https' || isLoopback(host) };
}

export function isAddress(host: string): boolean {
  return address.test(host);
}

/** Nobody listens on the way to oneself. Browsers and curl count it as secure too, so that a login can be tried without TLS. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || loopback.test(host);
}
