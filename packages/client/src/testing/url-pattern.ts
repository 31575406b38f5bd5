/** Which URLs a route of a mock is for. */
import { InvalidOption } from '../errors.ts';
import { parseUrl } from '../request/url/url.ts';

/** `/items/:id` (of any origin), `https://*.example.com/items/*?page=2`, a regular expression for the whole URL, or a function. */
export type UrlPattern = string | RegExp | ((url: URL) => boolean);

/** What the names of a pattern stand for in a URL; `undefined` when it is not for that URL. */
export type UrlMatcher = (url: URL) => Readonly<Record<string, string>> | undefined;

/** @throws {InvalidOption} it is no pattern. */
export function urlMatcher(pattern: UrlPattern): UrlMatcher {
  if (typeof pattern === 'function') return (url) => (pattern(url) ? {} : undefined);
  if (pattern instanceof RegExp) return (url) => namedGroups(new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).exec(url.href));
  if (typeof pattern !== 'string') throw new InvalidOption('pattern', 'must be a string, a regular expression or a function');
  return textMatcher(pattern);
}

function textMatcher(pattern: string): UrlMatcher {
  const [place = '', query = ''] = splitOnce(pattern.split('#', 1)[0]!, '?');
  if (place !== '*' && !/^(?:\*|https?):\/\/[^/]|^\//i.test(place)) {
    throw new InvalidOption('pattern', `must begin with a slash, with http:// or with https://: ${JSON.stringify(pattern)}`);
  }
  const expression = place === '*' ? /^/ : compile(normalPlace(place));
  const wanted = [...new URLSearchParams(query)];
  return (url) => {
    if (wanted.some(([name, value]) => !url.searchParams.getAll(name).includes(value))) return undefined;
    const path = normalEscapes(url.pathname);
    return namedGroups(expression.exec(place.startsWith('/') ? path : url.origin + path));
  };
}

/** As a URL parser writes it, which leaves `*` and `:name` alone. */
function normalPlace(place: string): string {
  const [, origin = '', path = ''] = /^((?:[^/]*:\/\/[^/]*)?)(.*)$/s.exec(place)!;
  // Begun by its own slash, so that no part of it is taken for a host.
  const normal = new URL(`http://x${path === '' ? '/' : path}`).pathname;
  return normalOrigin(origin) + normalEscapes(normal);
}

function normalOrigin(origin: string): string {
  const [scheme = '', authority = ''] = splitOnce(origin, '://');
  const parsed = scheme === '*' ? `https://${authority}` : origin;
  const url = origin === '' ? undefined : parseUrl(parsed);
  if (url === undefined) return origin;
  // Whose scheme may be any, its port is meant as it stands.
  const port = scheme === '*' ? (/:\d+$/.exec(authority)?.[0] ?? '') : '';
  return scheme === '*' ? `*://${url.hostname}${port}` : url.origin;
}

/** RFC 3986 §6.2.2: hexadecimal digits in upper case, and nothing escaped that need not be. */
function normalEscapes(path: string): string {
  return path.replace(/%[0-9a-f]{2}/gi, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : escape.toUpperCase();
  });
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** `:name` is one segment of a path, or a part of it; `*` is anything. */
function compile(place: string): RegExp {
  const source = place.replace(/(?<=[/.-]):([A-Za-z_]\w*)|\*|[^A-Za-z0-9/]/g, (piece, name: string | undefined) => {
    if (name !== undefined) return `(?<${name}>[^/]+)`;
    return piece === '*' ? '.*' : `\\u{${piece.codePointAt(0)!.toString(16)}}`;
  });
  return new RegExp(`^${source}$`, 'u');
}

function namedGroups(match: RegExpExecArray | null): Readonly<Record<string, string>> | undefined {
  if (match === null) return undefined;
  return Object.fromEntries(Object.entries(match.groups ?? {}).map(([name, value]) => [name, decode(value ?? '')]));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
