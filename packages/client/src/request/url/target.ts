/** A URL as a request needs it: parsed once, without its user information, and with nothing left to parse on the way to the wire. */
import { UnsupportedProtocol, type UrlParts } from '@x/httpcore';

import { InvalidOption } from '../../errors.ts';
import { shownUrl } from '../../redact.ts';
import { parseUrl } from './url.ts';

export interface Target {
  /** The URL without user information. The fragment is kept: it never travels, but a redirect inherits it (RFC 9110 §10.2.2). */
  readonly href: string;
  /** `scheme://host[:port]`. */
  readonly origin: string;
  readonly parts: UrlParts;
  /** `Basic …` from the URL's user information, meant for this origin alone. */
  readonly authorization: string | undefined;
}

// RFC 3986 §3.1.
const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:/;
// What stands for itself under a baseUrl. Not whatever has a colon in its first segment: `items:batchGet` is a path there.
const absolute = /^(?:[A-Za-z][A-Za-z0-9+.-]*:\/\/|https?:|data:|blob:)/i;
// RFC 6874 §2: an IPv6 address with a zone, which URL parsers do not know. The core connects with it and never sends it.
const withZone = /^(https?:\/\/(?:[^/?#@]*@)?\[[\dA-F:.]+)%25([A-Za-z\d\-._~]+)(\].*)$/is;
// RFC 3986 §4.2, network-path reference; URL parsers take a backslash for a slash.
const networkPath = /^[\\/]{2}/;

/**
 * @throws {InvalidOption} `INVALID_URL`: it is no absolute URL.
 * @throws {UnsupportedProtocol} its scheme is neither `http` nor `https`.
 */
export function parseTarget(text: string, option = 'url'): Target {
  const zoned = withZone.exec(text);
  const url = parseUrl(zoned === null ? text : zoned[1]! + zoned[3]!);
  if (url === undefined) {
    const problem = scheme.test(text)
      ? 'is not a valid URL'
      : `is not absolute${option === 'baseUrl' ? '' : ', and the client has no baseUrl'}`;
    throw new InvalidOption(option, `${problem}: ${JSON.stringify(shownUrl(text))}`, { code: 'INVALID_URL' });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    const shown = JSON.stringify(shownUrl(text));
    throw new UnsupportedProtocol(`The scheme of ${shown} is ${JSON.stringify(url.protocol)}; use "http:" or "https:"`, {
      phase: 'request',
    });
  }
  const path = url.pathname + url.search;
  const origin = zoned === null ? url.origin : url.origin.replace(']', `%25${zoned[2]}]`);
  const host = zoned === null ? url.hostname : url.hostname.replace(']', `%${zoned[2]}]`);
  return Object.freeze({
    href: origin + path + url.hash,
    origin,
    parts: Object.freeze([url.protocol.slice(0, -1), host, url.port === '' ? null : Number(url.port), path] as const),
    authorization: basicAuthorization(url),
  });
}

/**
 * The URL that `text` means for a client with this base. A relative one is appended to the base's path, with or without a
 * slash in front: under `https://host/v1`, both `items` and `/items` are `https://host/v1/items`, and `items:batchGet` is
 * `https://host/v1/items:batchGet`. An absolute URL and a `//host` URL stand for themselves.
 */
export function joinUrl(base: Target | undefined, text: string): string {
  if (base === undefined || absolute.test(text)) return text;
  if (networkPath.test(text)) return `${base.parts[0]}:${text}`;
  const path = base.parts[3];
  if (text === '') return base.origin + path;
  if (text.startsWith('?') || text.startsWith('#')) return base.origin + path + text;
  return `${base.origin}${path.endsWith('/') ? path.slice(0, -1) : path}/${text.replace(/^[\\/]/, '')}`;
}

/** The same target with more query parameters after those that it has. */
export function appendQuery(target: Target, query: string): Target {
  if (query === '') return target;
  const [schemeName, host, port, path] = target.parts;
  const separator = !path.includes('?') ? '?' : path.endsWith('?') || path.endsWith('&') ? '' : '&';
  const longer = path + separator + query;
  return Object.freeze({
    ...target,
    href: target.origin + longer + target.href.slice(target.origin.length + path.length),
    parts: Object.freeze([schemeName, host, port, longer] as const),
  });
}

/** RFC 7617 §2.1: the user information as UTF-8. */
function basicAuthorization(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  const credentials = `${percentDecode(url.username)}:${percentDecode(url.password)}`;
  return `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`;
}

// A URL parser lets a stray "%" through; then the text is meant as it stands.
function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
