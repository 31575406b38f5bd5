/** Where the tunnel is to lead, in octets. */
import { Buffer } from 'node:buffer';

import { LocalProtocolError } from '../../contract/errors.ts';
import { ipv4Octets, ipv6Octets } from './ip-address.ts';

export interface SocksTarget {
  /** A name in ASCII, an IPv4 address, or an IPv6 address without brackets. A zone means nothing to the proxy and is left out. */
  readonly host: string;
  readonly port: number;
}

export interface SocksDestination {
  readonly kind: 'ipv4' | 'ipv6' | 'name';
  /** 4 octets, 16 octets, or the name: 1 to 255 octets, none of them NUL. */
  readonly host: Uint8Array;
  /** Two octets, the higher one first. */
  readonly port: Uint8Array;
}

/** In SOCKS5 the length of a name has one octet. A longer name is refused: sent all the same, its end would be read as something else. */
const maxNameOctets = 255;

// Anything visible but a colon, which only addresses have. What a name may be is decided where the request's target is parsed.
const visible = /^[!-9;-~]+$/;

/** @throws {LocalProtocolError} `INVALID_HOST` or `INVALID_PORT`. */
export function parseTarget({ host, port }: SocksTarget): SocksDestination {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new LocalProtocolError(`The port must be an integer from 1 to 65535; it is ${String(port)}`, {
      code: 'INVALID_PORT',
      phase: 'request',
    });
  }
  return { ...parseHost(host), port: Uint8Array.of(port >>> 8, port & 0xff) };
}

function parseHost(text: string): Pick<SocksDestination, 'kind' | 'host'> {
  const ipv4 = ipv4Octets(text);
  if (ipv4 !== null) return { kind: 'ipv4', host: ipv4 };
  const zone = text.indexOf('%');
  const ipv6 = ipv6Octets(zone === -1 ? text : text.slice(0, zone));
  if (ipv6 !== null) return { kind: 'ipv6', host: ipv6 };
  if (text.length > maxNameOctets) throw invalidHost(`The host's name has more than the ${maxNameOctets} octets that SOCKS can carry`);
  if (!visible.test(text)) throw invalidHost('The host is neither a name in ASCII nor an IP address');
  return { kind: 'name', host: Buffer.from(text, 'latin1') };
}

export function invalidHost(message: string): LocalProtocolError {
  return new LocalProtocolError(message, { code: 'INVALID_HOST', phase: 'request' });
}
