/** Where a request goes: scheme, host and port, with the texts that are derived from them once and used many times. */
import { LocalProtocolError, UnsupportedProtocol } from '../contract/errors.ts';
import { parseUrl } from './url.ts';

export interface Origin {
  readonly scheme: 'http' | 'https';
  /** Without brackets, in lower case. With the zone of an IPv6 address, if it has one: to connect with, and never sent. */
  readonly host: string;
  readonly port: number;
  /** TLS server name that the request names; `undefined`: what the TLS options say, or else the host. */
  readonly servername: string | undefined;
  /** `host[:port]` as in the `Host` field and `:authority` (RFC 9110 §7.2): IPv6 in brackets and without a zone, the default port left out. */
  readonly authority: string;
  /** `scheme://host:port`, for people: errors, traces, statistics. */
  readonly text: string;
}

const defaultPorts = { http: 80, https: 443 } as const;

// reg-name without percent-encoding, userinfo or anything that could end the authority (RFC 3986 §3.2.2), or an IPv6
// literal, perhaps with a zone. One character class each: no backtracking.
const registeredName = /^[A-Za-z0-9\-._~!$&'()*+,;=]+$/;
const ipv6Literal = /^[0-9A-Fa-f:.]+(?:%[A-Za-z0-9\-._~]+)?$/;
// The one after a last dot is that of the root (RFC 1034 §3.1).
const emptyLabel = /^\.|\.\./;

/**
 * @throws {UnsupportedProtocol} the scheme is neither `http` nor `https`.
 * @throws {LocalProtocolError} `INVALID_HOST` or `INVALID_PORT`.
 */
export function parseOrigin(scheme: string, host: string, port: number | null, servername?: string): Origin {
  if (scheme !== 'http' && scheme !== 'https') {
    throw new UnsupportedProtocol(`The scheme ${JSON.stringify(String(scheme))} is not supported; use "http" or "https"`, {
      phase: 'request',
    });
  }
  if (typeof host !== 'string' || host === '') throw invalidHost(host);
  const bracketed = host.startsWith('[') && host.endsWith(']');
  const bare = bracketed ? host.slice(1, -1) : host;
  const isIpv6 = bare.includes(':');
  if (bracketed && !isIpv6) throw invalidHost(host);
  if (!(isIpv6 ? isIpv6Literal(bare) : registeredName.test(bare)) || bare.length > 255) throw invalidHost(host);
  if (port !== null && (!Number.isInteger(port) || port < 1 || port > 65_535)) {
    throw new LocalProtocolError(`The port must be an integer from 1 to 65535, or null; it is ${String(port)}`, {
      code: 'INVALID_PORT',
      phase: 'request',
    });
  }
  if (servername !== undefined && !isServername(servername)) throw invalidHost(servername);
  const at = isIpv6 ? bare.indexOf('%') : -1;
  // The names of interfaces differ by case.
  const zone = at === -1 ? '' : bare.slice(at);
  const name = (at === -1 ? bare : bare.slice(0, at)).toLowerCase();
  const number = port ?? defaultPorts[scheme];
  const inUrl = isIpv6 ? `[${name}]` : name;
  return Object.freeze({
    scheme,
    host: name + zone,
    port: number,
    servername,
    authority: number === defaultPorts[scheme] ? inUrl : `${inUrl}:${number}`,
    text: `${scheme}://${isIpv6 ? `[${name}${zone}]` : name}:${number}`,
  });
}

/** Whom TLS may be asked to verify: a DNS name or an IP address. */
export function isServername(name: unknown): boolean {
  if (typeof name !== 'string' || name.length > 255) return false;
  return (registeredName.test(name) && !emptyLabel.test(name)) || isIpv6Literal(name);
}

// The URL parser knows what the characters alone don't say: that `a:80` is no address.
function isIpv6Literal(text: string): boolean {
  return ipv6Literal.test(text) && parseUrl(`http://[${text.replace(/%.*$/, '')}]/`) !== undefined;
}

function invalidHost(host: unknown): LocalProtocolError {
  // What stands before an `@` may be a password.
  const shown = typeof host === 'string' ? JSON.stringify(host.slice(host.lastIndexOf('@') + 1).slice(0, 100)) : typeof host;
  return new LocalProtocolError(`The host ${shown} is not a DNS name or an IP address`, { code: 'INVALID_HOST', phase: 'request' });
}
