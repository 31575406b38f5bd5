/**
 * `NO_PROXY`: where no proxy is asked. Entries with commas or space between them:
 *
 *   *                                        everything
 *   example.com .example.com *.example.com   the name and all below it
 *   10.0.0.1 ::1 [::1]                       an address, however it is spelt
 *   10.0.0.0/8 fd00::/8                      a network
 *   example.com:8080 10.0.0.1:80 [::1]:80    the same on that port only; a URL without a port has that of its scheme
 *
 * There is no standard. A dot in front changes nothing, as in curl; to Go, `.example.com` leaves `example.com` out. An address is compared
 * with the one in the URL: names are not resolved for it. `localhost` and loopback addresses are like any others, and go directly only if
 * they are listed.
 */
import { isIPv4 } from 'node:net';

import type { UrlParts } from '@x/httpcore';

import { Networks, parseAddress, parseNetwork, type Network } from './address.ts';
import { longestName, longestPort, parseAuthority } from './url-host.ts';

interface Addresses {
  readonly network: Network;
  /** `undefined`: every port. */
  readonly port: number | undefined;
}

interface Names {
  readonly name: string;
  readonly port: number | undefined;
}

const defaultPorts: Readonly<Record<string, number>> = { http: 80, https: 443 };

export class NoProxy {
  readonly #everything: boolean;
  /** The ports of a name; `undefined` among them is every port. */
  readonly #names = new Map<string, Set<number | undefined>>();
  /** By their ports, as the names. */
  readonly #networks = new Map<number | undefined, Networks>();

  constructor(everything: boolean, places: readonly (Addresses | Names)[]) {
    this.#everything = everything;
    for (const place of places) {
      if ('network' in place) {
        const networks = this.#networks.get(place.port) ?? new Networks();
        networks.add(place.network);
        this.#networks.set(place.port, networks);
      } else {
        const ports = this.#names.get(place.name) ?? new Set();
        this.#names.set(place.name, ports.add(place.port));
      }
    }
  }

  /** Whether this URL is to be reached directly. */
  covers([scheme, host, explicitPort]: UrlParts): boolean {
    if (this.#everything) return true;
    const port = explicitPort ?? defaultPorts[scheme];
    const name = withoutDot(host.toLowerCase());
    const address = parseAddress(withoutBrackets(name));
    if (address === undefined) return this.#coversName(name, port);
    return this.#networks.get(undefined)?.has(address) === true || this.#networks.get(port)?.has(address) === true;
  }

  /** The name, then what is behind its first dot, and so on. No entry is longer than a name may be. */
  #coversName(name: string, port: number | undefined): boolean {
    if (this.#names.size === 0) return false;
    let at = name.length > longestName ? name.indexOf('.', name.length - longestName - 1) + 1 : 0;
    do {
      const ports = this.#names.get(name.slice(at));
      if (ports !== undefined && (ports.has(undefined) || ports.has(port))) return true;
      at = name.indexOf('.', at) + 1;
    } while (at > 0);
    return false;
  }
}

/** Entries that mean nothing are handed to `ignored`, and left out. */
export function parseNoProxy(text: string, ignored: (entry: string) => void): NoProxy {
  const places: (Addresses | Names)[] = [];
  let everything = false;
  for (const entry of text.split(/[\s,]+/)) {
    if (entry === '') continue;
    if (entry === '*') {
      everything = true;
      continue;
    }
    const place = entry.length > longestName + longestPort ? undefined : parsePlace(entry);
    if (place === undefined) ignored(entry);
    else places.push(place);
  }
  return new NoProxy(everything, places);
}

function parsePlace(entry: string): Addresses | Names | undefined {
  if (entry.includes('/')) return addresses(parseNetwork(entry), undefined);
  // An IPv6 address without brackets is all address: its last colon begins no port.
  const whole = parseNetwork(entry);
  if (whole !== undefined) return { network: whole, port: undefined };
  const match = /^(?:\[([^[\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(entry);
  if (match === null) return undefined;
  const [, bracketed, plain = '', digits] = match;
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  if (bracketed !== undefined) return bracketed.includes(':') ? addresses(parseNetwork(bracketed), port) : undefined;
  const network = parseNetwork(withoutDot(plain));
  if (network !== undefined) return { network, port };
  const name = parseName(plain.replace(/^\*?\./, ''));
  return name === undefined ? undefined : { name, port };
}

function addresses(network: Network | undefined, port: number | undefined): Addresses | undefined {
  return network === undefined ? undefined : { network, port };
}

/** Without the dot at its end. */
function parseName(text: string): string | undefined {
  // User information, and escapes.
  const host = /[@%]/.test(text) ? undefined : parseAuthority(text)?.hostname;
  // A URL parser reads `10.` and `192.168` as addresses, `0.0.0.10` and `192.0.0.168`: not what anybody means by them here.
  return host === undefined || isIPv4(host) ? undefined : withoutDot(host);
}

function withoutDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
