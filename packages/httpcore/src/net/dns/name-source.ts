/** Who is asked for the addresses of a name. */
import { getDefaultResultOrder, Resolver as NameServers, lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';

import { LocalProtocolError } from '../../contract/errors.ts';
import { catchLater, codeOf } from '../../contract/thrown.ts';
import type { DnsSettings } from '../../model/dns-options.ts';
import type { Clock, Scheduled } from '../../time/clock.ts';
import { PatientTimer } from '../../time/patient-timer.ts';

export type Family = 0 | 4 | 6;

/** Addresses, at least one; or why there are none. */
export type NameOutcome =
  | {
      readonly addresses: readonly string[];
      /** For how many milliseconds they hold, where that was said. */
      readonly ttl: number | undefined;
    }
  // Its own, not that of a prototype.
  | { readonly addresses: undefined; readonly cause: unknown };

/** Calls back, perhaps from inside, and perhaps more than once: the first time counts. What it throws is an outcome as well. */
export type NameSource = (host: string, family: Family, onOutcome: (outcome: NameOutcome) => void) => void;

/** RFC 8305 §3: how long one family waits for the other. */
const resolutionDelay = 50;
/** An answer that lacks a family, because its server was slow, is completed soon. */
const longestPartialTtl = 1_000;

/** There is no such name, or none of the family; whoever is asked next would say the same. */
export function isAbsent(cause: unknown): boolean {
  const code = codeOf(cause);
  return code === 'ENOTFOUND' || code === 'ENODATA';
}

/** @throws {LocalProtocolError} `INVALID_OPTION`: a server is no address. */
export function nameSource(lookup: LookupFunction | undefined, servers: DnsSettings['servers'], clock: Clock): NameSource {
  return servers === null ? lookupSource(lookup ?? systemLookup) : serverSource(servers, clock);
}

function lookupSource(lookup: LookupFunction): NameSource {
  return (host, family, onOutcome) => {
    const fail = (cause: unknown): void => onOutcome({ addresses: undefined, cause });
    const returned: unknown = lookup(host, { all: true, family, hints: 0 }, (error, answer, answerFamily) => {
      if (error) {
        fail(error);
        return;
      }
      const addresses = addressesOf(answer, answerFamily).filter((address) => family === 0 || isIP(address) === family);
      if (addresses.length > 0) onOutcome({ addresses, ttl: undefined });
      else fail(new Error(family === 0 ? 'no address' : `no IPv${family} address, as the local address has`));
    });
    // An async function may be given where a callback is asked for; its rejection would be nobody's.
    catchLater(returned, fail);
  };
}

/**
 * Both shapes of the answer: all addresses, or one with its family, from a lookup that does not know `all`.
 * What is not an IP address is left out: it would be resolved again, past the caller's lookup.
 */
function addressesOf(answer: unknown, family: number | undefined): readonly string[] {
  const entries: readonly unknown[] = Array.isArray(answer)
    ? answer
    : [{ address: answer, family } satisfies Record<keyof LookupAddress, unknown>];
  const addresses = entries.map((entry) => (typeof entry === 'string' ? entry : (entry as Partial<LookupAddress> | null)?.address));
  return [...new Set(addresses)].filter((address): address is string => typeof address === 'string' && isIP(address) !== 0);
}

function serverSource(servers: 'system' | readonly string[], clock: Clock): NameSource {
  const resolver = new NameServers();
  if (servers !== 'system') {
    try {
      resolver.setServers(servers);
    } catch (cause) {
      throw new LocalProtocolError(`The option "dns.servers" must be addresses, with a port or without: ${(cause as Error).message}`, {
        code: 'INVALID_OPTION',
        phase: 'request',
        cause,
      });
    }
  }
  const ofSystem = lookupSource(systemLookup);
  return (host, family, onOutcome) => {
    const question = new ServerQuestion(family, clock, (outcome) => {
      // Hosts files and search domains are the system's own.
      if (servers === 'system' && outcome.addresses === undefined && isAbsent(outcome.cause)) ofSystem(host, family, onOutcome);
      else onOutcome(outcome);
    });
    // RFC 8305 §3: the query for IPv6 first.
    if (family !== 4) resolver.resolve6(host, { ttl: true }, (error, records) => question.answer(6, error, records));
    if (family !== 6) resolver.resolve4(host, { ttl: true }, (error, records) => question.answer(4, error, records));
  };
}

interface AddressRecord {
  readonly address: string;
  /** In seconds. */
  readonly ttl: number;
}

/** The answers about both families become one. */
export class ServerQuestion {
  readonly #onOutcome: (outcome: NameOutcome) => void;
  readonly #clock: Clock;
  readonly #records = new Map<Family, readonly AddressRecord[]>();
  readonly #causes: unknown[] = [];
  #missing: number;
  #patience: Scheduled | null = null;
  #isOver = false;

  constructor(family: Family, clock: Clock, onOutcome: (outcome: NameOutcome) => void) {
    this.#onOutcome = onOutcome;
    this.#clock = clock;
    this.#missing = family === 0 ? 2 : 1;
  }

  answer(family: Family, error: Error | null, records: readonly AddressRecord[]): void {
    this.#missing -= 1;
    if (error) this.#causes.push(error);
    else this.#records.set(family, records);
    if (this.#missing === 0) this.#end();
    else if (!error && records.length > 0) this.#patience ??= new PatientTimer(this.#clock, resolutionDelay, () => this.#end());
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#patience?.cancel();
    const order: readonly Family[] = getDefaultResultOrder() === 'ipv4first' ? [4, 6] : [6, 4];
    const records = order.flatMap((family) => this.#records.get(family) ?? []);
    if (records.length === 0) {
      const cause = this.#causes.find((each) => !isAbsent(each)) ?? this.#causes.at(-1) ?? new Error('no address');
      this.#onOutcome({ addresses: undefined, cause });
      return;
    }
    const ttl = Math.min(...records.map((record) => record.ttl)) * 1_000;
    // What one family's server could not say is asked again soon, too.
    const isPartial = this.#missing > 0 || this.#causes.some((cause) => !isAbsent(cause));
    const addresses = [...new Set(records.map(({ address }) => address))].filter((address) => isIP(address) !== 0);
    this.#onOutcome({ addresses, ttl: isPartial ? Math.min(ttl, longestPartialTtl) : ttl });
  }
}
