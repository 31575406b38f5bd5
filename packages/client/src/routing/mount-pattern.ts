/** Which requests a mount is for: `https://api.example.com`, `http://*.local:8080`, `all://`. */
import { shownUrl } from '../redact.ts';
import type { UrlParts } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { parseUrl } from '../request/url/url.ts';

export interface MountPattern {
  /** The same for patterns that mean the same. */
  readonly key: string;
  /** `undefined`: both. */
  readonly scheme: 'http' | 'https' | undefined;
  /** In lower case, perhaps with `*` in it; `undefined`: every host. */
  readonly host: string | undefined;
  /** `undefined`: every port. */
  readonly port: number | undefined;
}

const form = /^(http|https|all):\/\/(\[[^\]]*\]|[^:/?#@[\]\\]*)(?::(\d{1,5}|\*))?\/?$/i;
const defaultPorts: Readonly<Record<string, number>> = { http: 80, https: 443 };

/**
 * A scheme (`all` for both), a host, and a port. `*` in a host stands for any characters; a host or a port that is not there, for all of them.
 * @throws {InvalidOption} it is no such pattern.
 */
export function parseMountPattern(text: string): MountPattern {
  const match = form.exec(text);
  if (match === null) throw invalidPattern(text);
  const [, schemeName = '', hostName = '', portNumber] = match;
  const scheme = schemeName.toLowerCase() === 'all' ? undefined : (schemeName.toLowerCase() as 'http' | 'https');
  const host = /^\**$/.test(hostName) ? undefined : normalHost(hostName, text);
  const port = portNumber === undefined || portNumber === '*' ? undefined : Number(portNumber);
  if (port !== undefined && (port < 1 || port > 65_535)) throw invalidPattern(text);
  return { key: `${scheme ?? 'all'}://${host ?? '*'}:${port ?? '*'}`, scheme, host, port };
}

function normalHost(host: string, pattern: string): string {
  const labels = host.includes('*')
    ? host.split('.').map((label) => (isPlain(label) ? label : hostOf(label, pattern)))
    : [hostOf(host, pattern)];
  return withoutDot(labels.join('.').toLowerCase());
}

function isPlain(label: string): boolean {
  return /^[\x21-\x7e]*$/.test(label);
}

/** As a URL has it: in ASCII, addresses in their shortest form. */
function hostOf(text: string, pattern: string): string {
  const url = text.includes('*') ? undefined : parseUrl(`http://${text}`);
  if (url === undefined) throw invalidPattern(pattern);
  return url.hostname;
}

function invalidPattern(text: string): InvalidOption {
  return new InvalidOption(
    'mounts',
    `has a pattern that is none: ${JSON.stringify(shownUrl(text).slice(0, 100))}; use "https://host", "http://*.host:8080" or "all://", without a path`,
  );
}

export function matchesMount({ scheme, host, port }: MountPattern, [urlScheme, urlHost, urlPort]: UrlParts): boolean {
  if (scheme !== undefined && scheme !== urlScheme) return false;
  if (port !== undefined && port !== (urlPort ?? defaultPorts[urlScheme])) return false;
  return host === undefined || matchesHost(host, withoutDot(urlHost));
}

/** A name may end in a dot, and means the same. */
function withoutDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

/** Each piece is looked for behind the one before: linear, whatever the pattern and the host. */
function matchesHost(pattern: string, host: string): boolean {
  if (!pattern.includes('*')) return pattern === host;
  const pieces = pattern.split('*');
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  if (!host.startsWith(first) || !host.endsWith(last) || host.length < first.length + last.length) return false;
  const end = host.length - last.length;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = host.indexOf(piece, at);
    if (found === -1 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

/** Negative when `a` is the more specific one: by its host, then its port, then its scheme. */
export function compareMounts(a: MountPattern, b: MountPattern): number {
  return (
    hostWeight(b) - hostWeight(a) ||
    Number(b.port !== undefined) - Number(a.port !== undefined) ||
    Number(b.scheme !== undefined) - Number(a.scheme !== undefined)
  );
}

/** A whole name outweighs any pattern; of patterns, the one that says more. Names have at most 255 characters. */
function hostWeight({ host }: MountPattern): number {
  if (host === undefined) return 0;
  return host.includes('*') ? host.replaceAll('*', '').length : 1_000;
}
