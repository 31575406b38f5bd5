/** What is shown of a message in `inspect`, `toJSON` and error texts: never a credential, whoever sent it. */

import { isSecretField, isSecretParameter } from '@x/httpcore';

export { isSecretField, isSecretParameter };

/** What stands in the place of a secret. */
export const mask = '[redacted]';
const urlFields = new Set([
  'location',
  'content-location',
  'referer',
  'link',
  'refresh',
  // What proxies write the first target into.
  'x-forwarded-uri',
  'x-original-uri',
  'x-original-url',
  'x-rewrite-url',
]);

/** The value of a header field as it may be shown. */
export function shownHeaderValue(name: string, value: string): string {
  if (isSecretField(name)) return mask;
  if (!urlFields.has(name.toLowerCase())) return value;
  return value.replace(/^(.*?\burl\s*=\s*)?(.*)$/is, (_, before: string | undefined, url: string) => (before ?? '') + shownUrl(url));
}

// A URL in a URL in a URL: of one that goes deeper nothing is shown.
const deepest = 3;

/**
 * A URL, or the links of a `Link` field, as they may be shown: without user information and fragment, and with the values of
 * secret-looking query parameters masked, also of a URL that is itself the value of one. Works on text that is no valid URL too, since that is what errors are about.
 */
export function shownUrl(text: string, depth = 0): string {
  if (/^\s*<.*>/s.test(text)) return text.replace(/<([^>]*)>/g, (_, url: string) => `<${shownUrl(url, depth)}>`);
  const [beforeFragment = ''] = withoutUser(text).split('#', 1);
  return beforeFragment.replace(/([?&;])([^=&;\s]*)=([^&;]*)/g, (_, separator: string, name: string, value: string) => {
    const shown = isSecretParameter(decoded(name)) ? mask : shownParameter(value, depth, shownUrl);
    return `${separator}${name}=${shown}`;
  });
}

/** The value of a parameter that is no secret by its name. A URL, or a target with a query, is there as `show` has it. */
export function shownParameter(value: string, depth: number, show: (url: string, depth: number) => string): string {
  if (!/[?@#]|%(?:3f|40|23)/i.test(value)) return value;
  const url = decoded(value);
  if (!/^(?:[a-z][a-z0-9+.-]*:)?\/\/|^[^?]*\?[^=]*=/i.test(url)) return value;
  const shown = depth === deepest ? mask : show(url, depth + 1);
  if (shown === url) return value;
  return url === value ? shown : encodeURIComponent(shown);
}

/** `%61ccess_token` is the same parameter. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// What a well-formed URL has between its slashes and its host (RFC 3986 §3.2); WHATWG counts "\" as "/".
const userInformation = /^([a-z][a-z0-9+.-]*:)?([\\/]{2})[^\\/?#\s]*@/i;

function withoutUser(text: string): string {
  if (!text.includes('@')) return text;
  const url = parsed(text);
  if (url === undefined || url.host === '') return mayHoldUser(text) ? withoutAnyUser(text) : text;
  if (url.username === '' && url.password === '') return text;
  // As it was written, if that can be had, and else as the parser understands it.
  const plain = text.replace(userInformation, '$1$2');
  const rest = parsed(plain);
  if (rest?.host === url.host && rest.username === '' && rest.password === '') return plain;
  url.username = '';
  url.password = '';
  return url.href;
}

/** What is written like a path, or has no colon before its "@", names nobody. */
function mayHoldUser(text: string): boolean {
  return !/^\s*(?:[\\/](?![\\/])|[?#.])/.test(text) && /:|[\\/]{2}/.test(text.slice(0, text.lastIndexOf('@')));
}

/** Of what is no URL nobody can say where the user information ends: at the last "@" at the latest. */
function withoutAnyUser(text: string): string {
  return text.replace(/^(\s*(?:https?|wss?|ftp|socks\w*):)?([\\/\s]*)[^]*@/i, '$1$2');
}

function parsed(text: string): URL | undefined {
  try {
    return /^[\\/]{2}/.test(text) ? new URL(text, 'http://a') : new URL(text);
  } catch {
    return undefined;
  }
}

const shownLength = 80;

/** The first characters of a text, such as of an error page, on one line: without what looks like a secret. */
export function shownBeginning(text: string): string {
  const line = text
    .slice(0, 1_000)
    .replace(/[\s\p{C}]+/gu, ' ')
    .trim();
  const masked = shownUrl(line).replace(/[\w+/=-]{20,}/g, mask);
  return masked.length > shownLength ? `${masked.slice(0, shownLength)}…` : masked;
}
