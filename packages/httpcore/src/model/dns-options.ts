/** What a pool may be told of names: where they are looked up, and how long an answer holds. */
import { LocalProtocolError } from '../contract/errors.ts';

/** Times are in milliseconds. */
export interface DnsOptions {
  /**
   * Asks name servers, whose answers say how long they hold (TTL), and not the system's own look-up, whose answers don't. `'system'`: those that the system is
   * configured with; what they do not know is looked up by the system then (its hosts file, its search domains). A list: these servers alone, such as
   * `['10.0.0.53', '127.0.0.1:5353']`. Default `null`: the system's own look-up (`getaddrinfo`), or the option `lookup`.
   */
  readonly servers?: 'system' | readonly string[] | null | undefined;
  /** How long an answer is used that does not say how long it holds. Default 10,000; 0 with a `lookup` of the caller's, which may keep its own. */
  readonly ttl?: number | undefined;
  /** No answer is used for longer, whatever it says. Default 300,000. */
  readonly maxTtl?: number | undefined;
  /** How long it is believed that there is no such name. Default 1,000; 0 with a `lookup`. */
  readonly negativeTtl?: number | undefined;
  /**
   * For so long after its time an answer is used where nobody can say anything: the servers fail (`EAI_AGAIN`, `ESERVFAIL`, `ETIMEOUT`), or are silent for 1.8
   * seconds (RFC 8767). Default 60,000; 0 with a `lookup`.
   */
  readonly staleIfError?: number | undefined;
  /** Names whose answers are kept; the one that was asked for longest ago makes room. Default 1,000. */
  readonly maxNames?: number | undefined;
  /** Connections to a name begin at its addresses in turn, and not all at the first. Default `false`: in the order of the system (RFC 6724). */
  readonly spread?: boolean | undefined;
  /**
   * For so long an address is tried after the others of its name that could not be connected to, or was overtaken by another that had begun later. Then one
   * connection tries it in its place again. Default 30,000; 0: never.
   */
  readonly avoidFailing?: number | undefined;
}

/** The options with every default filled in. */
export interface DnsSettings {
  readonly servers: 'system' | readonly string[] | null;
  readonly ttl: number;
  readonly maxTtl: number;
  readonly negativeTtl: number;
  readonly staleIfError: number;
  readonly maxNames: number;
  readonly spread: boolean;
  readonly avoidFailing: number;
}

export const dnsDefaults: DnsSettings = Object.freeze({
  servers: null,
  ttl: 10_000,
  maxTtl: 300_000,
  negativeTtl: 1_000,
  staleIfError: 60_000,
  maxNames: 1_000,
  spread: false,
  avoidFailing: 30_000,
});

/** Nothing is remembered. */
const forgetful: DnsSettings = Object.freeze({ ...dnsDefaults, ttl: 0, maxTtl: 0, negativeTtl: 0, staleIfError: 0, avoidFailing: 0 });

const milliseconds = ['ttl', 'maxTtl', 'negativeTtl', 'staleIfError', 'avoidFailing'] as const;

/**
 * `null`: nothing is remembered of names.
 * @throws {LocalProtocolError} `INVALID_OPTION`, naming the option.
 */
export function resolveDnsOptions(options: DnsOptions | null | undefined, hasLookup: boolean): DnsSettings {
  if (options === null) return forgetful;
  if (options !== undefined && typeof options !== 'object') throw invalidOption('dns', 'must be an object, or null');
  const resolved: Record<string, unknown> = { ...dnsDefaults, ...(hasLookup && { ttl: 0, negativeTtl: 0, staleIfError: 0 }) };
  for (const [key, value] of Object.entries(options ?? {})) {
    if (!Object.hasOwn(dnsDefaults, key)) throw invalidOption(`dns.${key}`, 'is not an option');
    if (value !== undefined) resolved[key] = value;
  }
  for (const key of milliseconds) {
    if (typeof resolved[key] !== 'number' || !(resolved[key] >= 0))
      throw invalidOption(`dns.${key}`, 'must be a number of milliseconds, 0 or more');
  }
  const { maxNames, spread, servers } = resolved;
  if (!Number.isInteger(maxNames) || (maxNames as number) < 1) throw invalidOption('dns.maxNames', 'must be an integer of at least 1');
  if (typeof spread !== 'boolean') throw invalidOption('dns.spread', 'must be a boolean');
  resolved['servers'] = checkedServers(servers);
  if (hasLookup && servers !== null) throw invalidOption('dns.servers', 'and lookup must not both be given');
  return Object.freeze(resolved) as unknown as DnsSettings;
}

function checkedServers(servers: unknown): DnsSettings['servers'] {
  if (servers === null || servers === 'system') return servers;
  if (Array.isArray(servers) && servers.length > 0 && servers.every((server) => typeof server === 'string')) {
    return Object.freeze(Array.from(servers as readonly string[]));
  }
  throw invalidOption('dns.servers', "must be 'system', a list of addresses such as ['10.0.0.53', '127.0.0.1:5353'], or null");
}

function invalidOption(name: string, problem: string): LocalProtocolError {
  return new LocalProtocolError(`The option ${JSON.stringify(name)} ${problem}`, { code: 'INVALID_OPTION', phase: 'request' });
}
