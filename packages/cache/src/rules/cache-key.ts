/** What a stored response is found by: the target URI (RFC 9111 §2), in parts that can't be mistaken for each other. */
import type { UrlParts } from '@x/httpcore';

/** `undefined` for what is not a path at an origin: such a target is never cached. `host` is the `Host` field, where the request has one. */
export function cacheKey(url: UrlParts, hostField: string | undefined): string | undefined {
  const scheme = url[0];
  const host = url[1];
  const port = url[2];
  const target = url[3];
  const first = target.charCodeAt(0);
  if (first !== slash && first !== questionMark) return undefined;
  const key = originOf(scheme, host, port) + target;
  if (hostField === undefined) return key;
  // Who asks a server under another name means another resource (RFC 9110 §7.2). A space is in no part of a URL.
  const named = hostField.toLowerCase();
  return named === authorityOf(scheme, host, port) ? key : `${key} host=${named}`;
}

const slash = 0x2f;
const questionMark = 0x3f;

// One request after another goes to the same.
const latest = { scheme: '', host: '', port: null as number | null, origin: '' };

export function originOf(scheme: string, host: string, port: number | null): string {
  if (host !== latest.host || port !== latest.port || scheme !== latest.scheme) {
    latest.origin = `${scheme.toLowerCase()}://${authorityOf(scheme, host, port)}`;
    latest.scheme = scheme;
    latest.host = host;
    latest.port = port;
  }
  return latest.origin;
}

function authorityOf(scheme: string, host: string, port: number | null): string {
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const usual = scheme === 'https' ? 443 : 80;
  return port === null || port === usual ? name.toLowerCase() : `${name.toLowerCase()}:${port}`;
}

/** The key that a `GET` of this URL has. */
export function keyOfUrl(url: string | URL): string {
  const { protocol, hostname, port, pathname, search } = new URL(url);
  return cacheKey([protocol.slice(0, -1), hostname, port === '' ? null : Number(port), `${pathname}${search}`], undefined)!;
}

/** RFC 9111 §4.4: what else an unsafe request may have changed, of the same origin only. */
export function relatedKeys(key: string, references: readonly (string | undefined)[]): string[] {
  const [base, ...alias] = key.split(' ');
  const { origin } = new URL(base!);
  const keys: string[] = [];
  for (const reference of references) {
    const url = reference === undefined ? undefined : resolved(reference, base!);
    if (url === undefined || url.origin !== origin || url.username !== '' || url.password !== '') continue;
    keys.push([keyOfUrl(url), ...alias].join(' '));
  }
  return keys;
}

function resolved(reference: string, base: string): URL | undefined {
  try {
    return new URL(reference, base);
  } catch {
    return undefined;
  }
}
