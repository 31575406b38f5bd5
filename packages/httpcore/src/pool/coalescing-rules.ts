/** Which origins an HTTP/2 connection may serve beside the one it was made for (RFC 9113 §9.1.1): pure decisions. */
import type { Shareable } from '../connection/connection.ts';
import { OriginTable } from '../model/origin-pattern.ts';
import type { Origin } from '../model/origin.ts';
import { findPinsBy, type FindPins } from '../model/tls-pins.ts';
import type { TlsIdentity, TlsOptions } from '../contract/tls-options.ts';
import { parseUrl } from '../model/url.ts';

/**
 * May its requests take the connection of another origin? Only over TLS, and only where the name to verify is the host: a
 * server name of the caller's own says that a certain server is meant.
 */
export function isCoalescable(origin: Origin): boolean {
  return origin.scheme === 'https' && origin.servername === undefined;
}

/** What TLS options that differ by origin have to say to that. */
export class SharedTrust {
  readonly #identities: OriginTable<TlsIdentity | null> | undefined;
  readonly #findPins: FindPins | undefined;
  /** Are the names in certificates what the caller goes by? */
  readonly goesByNames: boolean;

  constructor({ identities, pins, rejectUnauthorized, checkServerIdentity, servername }: TlsOptions) {
    this.goesByNames = rejectUnauthorized !== false && checkServerIdentity === undefined && servername === undefined;
    this.#identities = identities === undefined ? undefined : new OriginTable(identities);
    this.#findPins = findPinsBy(pins);
  }

  /** Are we the same to both? A server is shown one certificate for all requests of a connection. */
  isSameFor(guest: Origin, host: Origin): boolean {
    return this.#identities === undefined || this.#identities.find(guest) === this.#identities.find(host);
  }

  /** Does the peer have a key that is pinned for `guest`? */
  isPinned(guest: Origin, { certificatePins }: Pick<Shareable, 'certificatePins'>): boolean {
    const pins = this.#findPins?.(guest);
    return pins === undefined || certificatePins?.().some((pin) => pins.includes(pin)) === true;
  }
}

/** One text for one address and port, however the address is spelled. */
export function endpointKey(address: string, port: number): string {
  return `${canonicalAddress(address)} ${port}`;
}

/**
 * Is `host` among the names of a certificate (RFC 9525 §6.3)? Exactly, or by a wildcard that is all of the left-most label
 * and stands for one label; never a wildcard for an IP address, or right below a top-level domain. `host` is in lower case.
 */
export function coversHost(certificateNames: readonly string[], host: string): boolean {
  // Neither the root's dot nor an IPv6 zone is part of the name that a certificate has.
  const wanted = canonicalAddress(host.replace(/\.$/, '').replace(/%.*$/, ''));
  const wildcard = isNumeric(wanted) ? undefined : wildcardFor(wanted);
  for (const name of certificateNames) {
    const offered = canonicalAddress(name.toLowerCase().replace(/\.$/, ''));
    if (offered === wanted || offered === wildcard) return true;
  }
  return false;
}

/** `*.b.example` for `a.b.example`. */
function wildcardFor(host: string): string | undefined {
  const dot = host.indexOf('.');
  const parent = host.slice(dot + 1);
  return dot > 0 && parent.includes('.') ? `*.${parent}` : undefined;
}

/** An address, or one of the other spellings that resolvers take for an IPv4 address: `127.1`, `0x7f.1`. */
function isNumeric(host: string): boolean {
  return host.includes(':') || /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(host);
}

/** RFC 5952: certificates spell IPv6 addresses in full, sockets as shortly as can be. */
function canonicalAddress(text: string): string {
  if (!text.includes(':')) return text;
  const [address = '', zone] = text.split('%');
  const url = parseUrl(`http://[${address}]/`);
  if (url === undefined) return text;
  const canonical = url.hostname.slice(1, -1);
  return zone === undefined ? canonical : `${canonical}%${zone}`;
}
