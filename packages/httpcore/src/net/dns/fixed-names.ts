/** Names whose addresses are given, as by curl's `--resolve` and `--connect-to`. */
import { isIP } from 'node:net';

import { LocalProtocolError } from '../../contract/errors.ts';
import { parseUrl } from '../../model/url.ts';

/** `undefined`: the port stays what it was. */
export interface FixedPlace {
  /** Empty: the host stays what it was. */
  readonly host: string;
  readonly port: number | undefined;
}

/** Addresses; or one name that is looked up in the place of the other. */
export type FixedName = { readonly addresses: readonly FixedPlace[]; readonly name: undefined } | { readonly name: FixedPlace };

const keyForm = /^(\[[^\]]*\]|[^[\]:]+|[0-9a-fA-F:.]+)$/;

export class FixedNames {
  /** By `host:port`, `host`, and the same with a wildcard. */
  readonly #places = new Map<string, FixedName>();

  /** @throws {LocalProtocolError} `INVALID_OPTION`: of the option `resolve`, naming the key. */
  constructor(option: unknown) {
    if (typeof option !== 'object' || option === null || Array.isArray(option)) {
      throw invalid('', "must be an object such as { 'example.com:443': ['10.0.0.1'] }");
    }
    for (const [key, value] of Object.entries(option as Record<string, unknown>)) this.#places.set(toKey(key), toFixedName(key, value));
  }

  /** The most precise entry: by host and port, by host, by the longest wildcard, by port, `*`. */
  find(host: string, port: number): FixedName | undefined {
    const places = this.#places;
    const of = (pattern: string): FixedName | undefined => places.get(`${pattern}:${port}`) ?? places.get(pattern);
    const exact = of(host);
    if (exact !== undefined) return exact;
    for (let dot = isIP(host) === 0 ? host.indexOf('.') : -1; dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const suffix = of(`*${host.slice(dot)}`);
      if (suffix !== undefined) return suffix;
    }
    return of('*');
  }
}

function toKey(key: string): string {
  const { host, port } = split(key) ?? {};
  const isWildcard = host === '*' || host?.startsWith('*.') === true;
  const normal = host === undefined ? undefined : isWildcard ? wildcard(host) : hostname(host);
  if (normal === undefined) throw invalid(key, "is neither a host, as 'example.com', 'example.com:443', '*.example.com', '*:443' or '*'");
  return port === undefined ? normal : `${normal}:${port}`;
}

function wildcard(host: string): string | undefined {
  if (host === '*') return host;
  const suffix = hostname(host.slice(2));
  return suffix === undefined ? undefined : `*.${suffix}`;
}

function toFixedName(key: string, value: unknown): FixedName {
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  const places = given.map((each) => toPlace(key, each));
  const names = places.filter(({ host }) => isIP(host) === 0);
  if (names.length === 0 && places.length > 0) return { addresses: Object.freeze(places), name: undefined };
  if (places.length !== 1) throw invalid(key, 'must be given addresses, or one other name');
  return { name: names[0]! };
}

function toPlace(key: string, value: unknown): FixedPlace {
  const { host, port } = (typeof value === 'string' ? split(value) : undefined) ?? {};
  const normal = host === undefined ? undefined : host === '' ? '' : hostname(host);
  if (normal === undefined)
    throw invalid(
      key,
      "must be given addresses, as ['10.0.0.1', '[2001:db8::1]:8443'], or a name, as 'other.example:8443', or another port, as ':8443'",
    );
  return { host: normal, port };
}

/** `host`, `host:port`, `:port`, with IPv6 addresses in brackets, or without where there is no port. */
function split(text: string): { readonly host: string; readonly port: number | undefined } | undefined {
  if (isIP(text) !== 0) return { host: text, port: undefined };
  if (/^:[1-9]\d{0,4}$/.test(text)) return Number(text.slice(1)) > 65_535 ? undefined : { host: '', port: Number(text.slice(1)) };
  const colon = text.lastIndexOf(':');
  const isPortless = colon === -1 || text.endsWith(']');
  const host = isPortless ? text : text.slice(0, colon);
  const digits = isPortless ? undefined : text.slice(colon + 1);
  if (!keyForm.test(host) || (digits !== undefined && !/^\d{1,5}$/.test(digits) && digits !== '*')) return undefined;
  const port = digits === undefined || digits === '*' ? undefined : Number(digits);
  return port !== undefined && (port < 1 || port > 65_535) ? undefined : { host, port };
}

/** As URLs spell it; without brackets. */
function hostname(host: string): string | undefined {
  if (host.includes('*')) return undefined;
  if (isIP(host) !== 0 && host.includes('%')) return host.toLowerCase();
  const url = parseUrl(`http://${isIP(host) === 6 ? `[${host}]` : host}/`);
  return url === undefined || url.hostname === '' ? undefined : url.hostname.replace(/^\[|\]$/g, '');
}

function invalid(key: string, problem: string): LocalProtocolError {
  const which = key === '' ? '"resolve"' : `"resolve": ${JSON.stringify(key)}`;
  return new LocalProtocolError(`The option ${which} ${problem}`, { code: 'INVALID_OPTION', phase: 'request' });
}
