/** The guard against requests that a stranger's URL sends into one's own network (server-side request forgery). */
import { LocalProtocolError } from '../contract/errors.ts';
import type { Guard, GuardTarget } from '../contract/guard.ts';
import { contains, embeddedIPv4, networkOf, octetsOf, type Network } from './ip-address.ts';
import { readRule, type Rule } from './rules.ts';
import { specialNetworks, type NetworkRow } from './special-networks.ts';

/** What `publicOnly()` lets through, or forbids, besides. */
export interface PublicOnlyOptions {
  /**
   * What may be connected to all the same: networks, addresses, hosts, each with a port or without, and ports. A host that is allowed may have any
   * address.
   * @example
   * publicOnly({ allow: ['10.20.0.0/16:443', 'status.internal', '*.svc.cluster.local:8080'] });
   */
  readonly allow?: readonly string[] | undefined;
  /** What may not, written as in `allow`; it counts before all else. */
  readonly deny?: readonly string[] | undefined;
  /**
   * May proxies be given names, which they resolve themselves? Default `false`: nobody here would see to which address that leads. Names in `allow` may in any
   * case; addresses are judged as always.
   */
  readonly allowRemoteNames?: boolean | undefined;
  /** May unix sockets (the option `socketPath`) be used? Default `false`. */
  readonly allowSockets?: boolean | undefined;
}

interface Special extends NetworkRow {
  readonly parsed: Network;
}

const specials: readonly Special[] = specialNetworks.map((row) => ({ ...row, parsed: networkOf(row.network)! }));
/** RFC 3513 §2.4: all that is given out for global unicast. */
const globalUnicast = networkOf('2000::/3')!;
const names = ['allow', 'deny', 'allowRemoteNames', 'allowSockets'] as const;

/**
 * A guard that lets nothing through but the public internet: what is dialled must be no address of the IANA special-purpose registries (private, loopback,
 * link-local with the metadata services of clouds, documentation, …), nor one of IPv6 that leads to such (IPv4-mapped, NAT64, 6to4).
 *
 * @throws {LocalProtocolError} `INVALID_OPTION`: an option is unknown, or an entry of a list is not understood.
 * @example
 * const client = new Client({ guard: publicOnly() });
 * await client.get(urlOfSomebody); // AddressRefused for http://169.254.169.254/, and for a name or a redirect that leads there
 */
export function publicOnly(options: PublicOnlyOptions = {}): Guard {
  const { allow = [], deny = [], allowRemoteNames = false, allowSockets = false } = ownOptions(options);
  const allowed = rulesOf('allow', allow);
  const denied = rulesOf('deny', deny);
  return {
    check(target) {
      const { address, socketPath, proxy, byConnect = false } = target;
      const octets = octetsOf(address ?? target.host);
      const denial = denied.find((rule) => matches(rule, target, octets));
      if (denial !== undefined) return `deny: ${denial.text}`;
      if (allowed.some((rule) => matches(rule, target, octets))) return undefined;
      if (socketPath !== undefined) return allowSockets ? undefined : 'a unix socket (allowSockets)';
      if (octets !== undefined) return specialRule(octets);
      if (proxy === undefined && !byConnect) return 'not resolved';
      const who = byConnect ? 'the option "connect"' : 'a proxy';
      if (isNumeric(target.host)) return `a number that ${who} reads in a way of its own`;
      if (isLoopbackName(target.host)) return 'localhost (RFC 6761)';
      return allowRemoteNames ? undefined : `a name that ${who} resolves (allowRemoteNames)`;
    },
  };
}

/** `127.1`, `0x7f.1`, `2130706433`: resolvers read them as IPv4 addresses (WHATWG URL, ends in a number). */
function isNumeric(host: string): boolean {
  return /(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/iu.test(host);
}

function isLoopbackName(host: string): boolean {
  return /(?:^|\.)localhost\.?$/iu.test(host);
}

/** By what it is, and by what it leads to. */
function matches(rule: Rule, target: GuardTarget, octets: Uint8Array | undefined): boolean {
  if (rule.matches(target, octets)) return true;
  const embedded = octets === undefined ? undefined : embeddedIPv4(octets);
  return embedded !== undefined && rule.matches(target, embedded.octets);
}

function specialRule(octets: Uint8Array): string | undefined {
  const embedded = embeddedIPv4(octets);
  if (embedded !== undefined) {
    const rule = specialRule(embedded.octets);
    return rule === undefined ? undefined : `${rule}, ${embedded.name}`;
  }
  const special = specials.find(({ parsed }) => contains(parsed, octets));
  if (special !== undefined) return special.isPublic ? undefined : `${special.network} (${special.name}, ${special.reference})`;
  return octets.length === 4 || contains(globalUnicast, octets) ? undefined : 'not in 2000::/3 (Global Unicast, RFC 3513)';
}

function ownOptions(options: PublicOnlyOptions): PublicOnlyOptions {
  const own: Record<string, unknown> = {};
  for (const name of Object.keys(options)) {
    if (!(names as readonly string[]).includes(name)) throw invalid(name, `is not an option of the guard; there are ${names.join(', ')}`);
    own[name] = options[name as keyof PublicOnlyOptions];
  }
  for (const name of ['allowRemoteNames', 'allowSockets'] as const) {
    if (own[name] !== undefined && typeof own[name] !== 'boolean') throw invalid(name, 'must be a boolean');
  }
  return own;
}

function rulesOf(option: 'allow' | 'deny', entries: readonly string[]): readonly Rule[] {
  if (!Array.isArray(entries)) throw invalid(option, 'must be a list');
  return entries.map((entry) => readRule(option, entry));
}

function invalid(option: string, problem: string): LocalProtocolError {
  return new LocalProtocolError(`The option ${JSON.stringify(option)} ${problem}`, { code: 'INVALID_OPTION', phase: 'request' });
}
