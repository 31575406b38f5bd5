/**
 * One `Set-Cookie` field, read as RFC 6265bis §5.6 says.
 *
 * The text is as on the wire: each character is one octet. Nothing in it is decoded, since what a server sends percent-encoded
 * is a name or a value of its own, and decoding it is how a cookie turns into a second header.
 */

import * as ToughCookie from 'tough-cookie';

/** `undefined` in a cookie means that the server said nothing, or nothing known. */
export type SameSite = 'strict' | 'lax' | 'none';

export interface SetCookie {
  /** Empty when the server gave a value alone. */
  readonly name: string;
  readonly value: string;
  /** By `Max-Age`, else by `Expires`, in milliseconds of `Date.now()`; `undefined` lasts as long as the jar. */
  readonly expiresAt: number | undefined;
  /** In lower case, without a leading dot; `undefined` means the host alone. */
  readonly domain: string | undefined;
  /** `undefined` means the directory of the request. */
  readonly path: string | undefined;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: SameSite | undefined;
}

/** Why a cookie is not taken. */
export type CookieRefusal =
  | 'it is empty'
  | 'it holds a control character, or one that is no octet'
  | 'its name and value are longer than 4096 octets'
  | 'its domain is not ASCII'
  | 'its domain is a public suffix'
  | 'its domain is not that of the host'
  | 'it is Secure and the connection is not'
  | 'it would lie over a Secure cookie, and the connection is not secure'
  | 'it is SameSite=None and not Secure'
  | 'its name has a prefix whose conditions it does not meet';

/** RFC 6265bis §5.6, in octets. */
export const longestCookie = 4_096;
const longestAttribute = 1_024;
/** RFC 6265bis §5.5: nothing is kept for longer, whatever the server says. */
const longestLife = 400 * 24 * 60 * 60 * 1_000;

// Control characters but HTAB end it (RFC 6265bis §5.6 step 1); so does what no octet can be.
const octets = /^[\t\x20-\x7e\x80-\xff]*$/;
const wholeSeconds = /^-?\d+$/;

/** Is the text one that a cookie may consist of? */
export function isCookieText(text: string): boolean {
  return octets.test(text);
}

export function parseSetCookie(text: string, now: number): SetCookie | CookieRefusal {
  if (!isCookieText(text)) return 'it holds a control character, or one that is no octet';
  const [pair, ...attributes] = text.split(';') as [string, ...string[]];
  const [name, value] = pair.includes('=') ? halves(pair) : (['', trim(pair)] as const);
  if (name === '' && value === '') return 'it is empty';
  if (name.length + value.length > longestCookie) return 'its name and value are longer than 4096 octets';

  let expires: number | undefined;
  let maxAge: number | undefined;
  let domain: string | undefined;
  let path: string | undefined;
  let secure = false;
  let httpOnly = false;
  let sameSite: SameSite | undefined;
  for (const attribute of attributes) {
    const [attributeName, attributeValue] = halves(attribute);
    if (attributeValue.length > longestAttribute) continue;
    switch (attributeName.toLowerCase()) {
      case 'expires':
        expires = ToughCookie.parseDate(attributeValue)?.getTime() ?? expires;
        break;
      case 'max-age':
        if (wholeSeconds.test(attributeValue)) maxAge = Number(attributeValue);
        break;
      case 'domain':
        domain = attributeValue.replace(/^\./, '').toLowerCase();
        break;
      case 'path':
        path = attributeValue.startsWith('/') ? attributeValue : undefined;
        break;
      case 'secure':
        secure = true;
        break;
      case 'httponly':
        httpOnly = true;
        break;
      case 'samesite':
        sameSite = readSameSite(attributeValue);
        break;
      default:
    }
  }
  const said = maxAge === undefined ? expires : maxAge <= 0 ? 0 : now + maxAge * 1_000;
  const expiresAt = said === undefined ? undefined : Math.min(said, now + longestLife);
  return { name, value, expiresAt, domain: domain === '' ? undefined : domain, path, secure, httpOnly, sameSite };
}

export function readSameSite(text: string): SameSite | undefined {
  const lower = text.toLowerCase();
  return lower === 'strict' || lower === 'lax' || lower === 'none' ? lower : undefined;
}

function halves(text: string): readonly [before: string, after: string] {
  const at = text.indexOf('=');
  return at === -1 ? [trim(text), ''] : [trim(text.slice(0, at)), trim(text.slice(at + 1))];
}

// WSP is SP and HTAB; `String.trim` would take NBSP, an octet of its own, as well. A loop, since a regular expression
// backtracks on long runs.
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhitespace(text.charCodeAt(start))) start++;
  while (end > start && isWhitespace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
