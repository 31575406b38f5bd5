/**
 * The Netscape `cookies.txt`: one cookie a line, seven fields with tabs between them.
 *
 *   domain, TRUE when hosts below it are meant as well, path, TRUE when Secure, expiry in seconds (0: session), name, value
 *
 * A line that begins with `#HttpOnly_` is a cookie, any other `#` begins a comment. The form has no escapes and no SameSite.
 */
import { possibleTime, type Cookie, type CookieFields } from './cookie.ts';
import { isAddress } from './cookie-site.ts';
import { isCookieText, longestCookie } from './set-cookie.ts';

const head = '# Netscape HTTP Cookie File\n# Whoever can read this file can act as you.\n\n';
const httpOnlyMark = '#HttpOnly_';

/** Reads what others write: CRLF, a byte order mark, blank lines, comments, any letter case of TRUE. Other lines are passed over. */
export function* readCookiesTxt(text: string, now: number): IterableIterator<CookieFields> {
  for (const line of text.replace(/^(?:\ufeff|\xef\xbb\xbf)/, '').split(/\r?\n/)) {
    const httpOnly = line.startsWith(httpOnlyMark);
    if (!httpOnly && line.startsWith('#')) continue;
    const cookie = readLine(httpOnly ? line.slice(httpOnlyMark.length) : line, httpOnly, now);
    if (cookie !== undefined) yield cookie;
  }
}

/** Cookies with a tab in them are left out: the form has no way to hold one. */
export function writeCookiesTxt(cookies: Iterable<Cookie>): string {
  let text = head;
  for (const cookie of cookies) {
    const { name, value, domain, path, hostOnly, secure, httpOnly, expiresAt } = cookie;
    // A fraction of a second less is no loss; 0 would make it a session cookie.
    const expires = expiresAt === undefined ? 0 : Math.max(1, Math.floor(expiresAt / 1_000));
    const shownDomain = hostOnly || isAddress(domain) ? domain : `.${domain}`;
    const fields = [shownDomain, hostOnly ? 'FALSE' : 'TRUE', path, secure ? 'TRUE' : 'FALSE', String(expires), name, value];
    if (fields.some((field) => field.includes('\t'))) continue;
    text += `${httpOnly ? httpOnlyMark : ''}${fields.join('\t')}\n`;
  }
  return text;
}

function readLine(line: string, httpOnly: boolean, now: number): CookieFields | undefined {
  // Editors take a tab off the end of a line, and an empty value with it.
  const [domainField = '', below = '', path = '', secure = '', expires = '', name, value = '', ...rest] = line.split('\t');
  const domain = domainField.trim().toLowerCase().replace(/^\./, '');
  const seconds = Number(expires);
  if (name === undefined || rest.length > 0 || domain === '' || !path.startsWith('/') || Number.isNaN(seconds) || expires.trim() === '')
    return undefined;
  if ((name === '' && value === '') || name.includes('=') || name.length + value.length > longestCookie) return undefined;
  if (![domain, path, name, value].every((field) => isCookieText(field) && !field.includes(';'))) return undefined;
  return {
    name,
    value,
    domain,
    path,
    hostOnly: !isTrue(below),
    secure: isTrue(secure),
    httpOnly,
    sameSite: undefined,
    expiresAt: seconds === 0 ? undefined : possibleTime(seconds * 1_000),
    createdAt: now,
  };
}

function isTrue(field: string): boolean {
  return field.trim().toUpperCase() === 'TRUE';
}
