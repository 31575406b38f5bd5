/** From a host to the addresses to try, in the order in which to try them. */
import { isIP, type LookupFunction } from 'node:net';

import { ConnectError } from '../../contract/errors.ts';
import type { NameStats } from '../../contract/name-stats.ts';
import { codeOf, isOf, textOf } from '../../contract/thrown.ts';
import type { AddressSource } from '../../contract/trace.ts';
import { dnsDefaults, type DnsSettings } from '../../model/dns-options.ts';
import type { Clock } from '../../time/clock.ts';
import { fromHere } from '../../time/outside.ts';
import { ordered, turned } from './address-order.ts';
import { Answers, type Answer } from './answers.ts';
import { FailingAddresses } from './failing-addresses.ts';
import { FixedNames, type FixedName } from './fixed-names.ts';
import { isLoopbackName, loopbackAddresses } from './loopback.ts';
import { LookUp, type Resolving } from './look-up.ts';
import { isAbsent, nameSource, type Family, type NameOutcome, type NameSource } from './name-source.ts';

/** An address to connect to. */
export interface FoundEndpoint {
  readonly address: string;
  readonly port: number;
}

export interface Found {
  /** At least one, in the order in which to try them. */
  readonly endpoints: readonly FoundEndpoint[];
  readonly source: AddressSource;
  /** When it was answered, in clock milliseconds. */
  readonly at: number;
}

/** One of the two. */
export type ResolveCallback = (error: ConnectError | undefined, found: Found | undefined) => void;

export interface Question {
  readonly host: string;
  readonly port: number;
  /** Only addresses that can be reached from this one are wanted: those of its family. */
  readonly localAddress: string | undefined;
  /** For errors: whose name it is, where it is not the origin's. */
  readonly owner?: string | undefined;
  /** An answer of this moment, in clock milliseconds, or from before it has proved wrong. */
  readonly newerThan?: number | undefined;
}

export interface ResolverOptions {
  /** Replaces `dns.lookup`. */
  readonly lookup?: LookupFunction | undefined;
  readonly dns?: DnsSettings | undefined;
  /** Checked here. */
  readonly resolve?: Readonly<Record<string, string | readonly string[]>> | null | undefined;
}

/** Is it an address already, so that there is nothing to resolve? An IPv6 address may have a zone. */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0;
}

/**
 * The names of one pool. Who asks for a name while it is being looked up waits for that answer: many dials that begin at once ask once. Answers are kept for as
 * long as they hold.
 */
export class Resolver {
  readonly #source: NameSource;
  readonly #hasOwnLookup: boolean;
  readonly #spread: boolean;
  readonly #fixed: FixedNames | undefined;
  readonly #clock: Clock;
  readonly #answers: Answers;
  readonly #failing: FailingAddresses;
  readonly #underWay = new Map<string, LookUp>();
  readonly #counts = { lookups: 0, failed: 0, hits: 0, stale: 0, negative: 0 };

  /** @throws {LocalProtocolError} `INVALID_OPTION`. */
  constructor({ lookup, dns = dnsDefaults, resolve }: ResolverOptions, clock: Clock) {
    this.#source = nameSource(lookup, dns.servers, clock);
    this.#hasOwnLookup = lookup !== undefined;
    this.#spread = dns.spread;
    this.#fixed = resolve === undefined || resolve === null ? undefined : new FixedNames(resolve);
    this.#clock = clock;
    this.#answers = new Answers(dns);
    this.#failing = new FailingAddresses(dns.avoidFailing);
  }

  /** Is it said beforehand where this leads? That may be so of an address, too. */
  isFixed(host: string, port: number): boolean {
    return this.#fixed?.find(host, port) !== undefined;
  }

  /**
   * Calls back once, with the error or with what was found; perhaps from inside, when the answer is known or the caller's look-up does.
   * Errors: `ConnectError` `DNS_FAILED`.
   */
  resolve(question: Question, callback: ResolveCallback): Resolving {
    const fixed = this.#fixed?.find(question.host, question.port);
    if (fixed !== undefined) return this.#resolveFixed(fixed, question, callback);
    return this.#resolve(question, callback);
  }

  #resolveFixed(fixed: FixedName, question: Question, callback: ResolveCallback): Resolving {
    const { port, localAddress, host, owner } = question;
    if (fixed.name !== undefined)
      return this.#resolve({ ...question, host: fixed.name.host || host, port: fixed.name.port ?? port }, callback);
    const family = familyOf(localAddress);
    const usable = fixed.addresses.filter((place) => family === 0 || isIP(place.host) === family);
    if (usable.length === 0) {
      callback(dnsError(host, new Error(`"resolve" gives no IPv${family} address, as the local address has`), owner), undefined);
      return answered;
    }
    const now = this.#clock.now();
    const isAvoided = (place: FoundEndpoint): boolean => this.#failing.isAvoided(place.address, place.port, now);
    const endpoints = usable.map((place) => ({ address: place.host, port: place.port ?? port }));
    // In the order in which they were given, but for those that fail.
    const avoided = new Set(endpoints.filter(isAvoided));
    const inOrder = [...endpoints.filter((endpoint) => !avoided.has(endpoint)), ...avoided];
    callback(undefined, { endpoints: inOrder, source: 'fixed', at: now });
    return answered;
  }

  #resolve({ host, port, localAddress, owner, newerThan = -Infinity }: Question, callback: ResolveCallback): Resolving {
    const family = familyOf(localAddress);
    const now = this.#clock.now();
    if (isAddress(host)) {
      callback(undefined, { endpoints: [{ address: host, port }], source: 'fixed', at: now });
      return answered;
    }
    if (isLoopbackName(host) && !this.#hasOwnLookup) {
      const addresses = loopbackAddresses.filter((address) => family === 0 || isIP(address) === family);
      callback(undefined, { endpoints: this.#inOrder(addresses, port, now), source: 'localhost', at: now });
      return answered;
    }
    const key = `${family} ${host}`;
    const tell = (answer: Answer, source: AddressSource): void => {
      this.#count(answer, source);
      if (answer.addresses.length === 0) callback(dnsError(host, answer.cause, owner), undefined);
      else callback(undefined, { endpoints: this.#endpoints(answer, port), source, at: answer.at });
    };
    const known = this.#answers.find(key, now, newerThan);
    if (known !== undefined) {
      tell(known, known.isStale ? 'stale' : 'cache');
      return answered;
    }
    const waiter = fromHere((answer: Answer | undefined, source: AddressSource, cause: unknown): void => {
      if (answer === undefined) callback(dnsError(host, cause, owner), undefined);
      else tell(answer, source);
    });
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined && !underWay.isHopeless) return underWay.wait(waiter);
    return this.#lookUp(key, host, family).begin(waiter);
  }

  /** By what a dial was answered that waited for no look-up. */
  #count({ addresses }: Answer, source: AddressSource): void {
    if (source === 'stale') this.#counts.stale += 1;
    else if (source === 'cache') this.#counts[addresses.length === 0 ? 'negative' : 'hits'] += 1;
  }

  stats(): NameStats {
    return { ...this.#counts, known: this.#answers.size };
  }

  /** Whoever begins it has waited for as long as it would: one that never answers holds up nobody who comes later. */
  #lookUp(key: string, host: string, family: Family): LookUp {
    const lookUp: LookUp = new LookUp(
      {
        ask: (onOutcome) => {
          this.#counts.lookups += 1;
          this.#source(host, family, onOutcome);
        },
        learn: (outcome) => this.#learn(key, outcome),
        stale: () => this.#answers.stale(key, this.#clock.now()),
        onLeft: () => {
          if (this.#underWay.get(key) === lookUp) this.#underWay.delete(key);
        },
      },
      this.#clock,
    );
    this.#underWay.set(key, lookUp);
    return lookUp;
  }

  /** What is known now; nothing, where nobody could say anything. */
  #learn(key: string, outcome: NameOutcome): Answer | undefined {
    const now = this.#clock.now();
    if (outcome.addresses !== undefined) return this.#answers.keep(key, outcome.addresses, outcome.ttl, now);
    this.#counts.failed += 1;
    if (!isAbsent(outcome.cause)) return this.#answers.keepStale(key, now);
    this.#answers.keepNone(key, outcome.cause, now);
    return undefined;
  }

  #endpoints(answer: Answer, port: number): readonly FoundEndpoint[] {
    const addresses = this.#spread ? turned(answer.addresses, answer.turn) : answer.addresses;
    answer.turn += 1;
    return this.#inOrder(addresses, port, this.#clock.now());
  }

  #inOrder(addresses: readonly string[], port: number, now: number): readonly FoundEndpoint[] {
    const inOrder = ordered(addresses, (address) => this.#failing.isAvoided(address, port, now));
    return inOrder.map((address) => ({ address, port }));
  }

  /** An endpoint, one of several, did not lead anywhere; or it did. */
  onFailed({ address, port }: FoundEndpoint): void {
    this.#failing.onFailed(address, port, this.#clock.now());
  }

  onConnected({ address, port }: FoundEndpoint): void {
    this.#failing.onConnected(address, port);
  }

  /** This resolver as the look-up of one socket, for `question` whatever it is asked; `admit` has the last word: those that may be used, or why none may. */
  lookupFor(question: Question, admit: (endpoints: readonly FoundEndpoint[]) => readonly FoundEndpoint[] | Error): LookupFunction {
    return (_host, { all }, callback) => {
      this.resolve(question, (error, found) => {
        const admitted = error ?? admit(found!.endpoints);
        if (admitted instanceof Error) {
          callback(admitted as NodeJS.ErrnoException, []);
          return;
        }
        const all4or6 = admitted.map(({ address }) => ({ address, family: isIP(address) }));
        if (all === true) callback(null, all4or6);
        else callback(null, all4or6[0]!.address, all4or6[0]!.family);
      });
    };
  }
}

const answered: Resolving = Object.freeze({ cancel() {} });

function familyOf(localAddress: string | undefined): Family {
  return localAddress === undefined ? 0 : (isIP(localAddress) as Family);
}

function dnsError(host: string, cause: unknown, owner: string | undefined): ConnectError {
  const whose = owner === undefined ? '' : ` of ${owner}`;
  return new ConnectError(
    `The name ${JSON.stringify(host)}${whose} could not be resolved: ${(isOf(Error, cause) ? codeOf(cause) : undefined) ?? textOf(cause)}`,
    {
      code: 'DNS_FAILED',
      phase: 'dns',
      cause,
    },
  );
}
