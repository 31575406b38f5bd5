/** From a host to the addresses to try, in the order in which to try them. */
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';

import { ConnectError } from '../contract/errors.ts';
import { fromHere } from '../time/outside.ts';

export interface Resolving {
  /** The answer is not wanted any more. The system's own look-up runs to its end all the same: it can't be called off. */
  cancel(): void;
}

export type ResolveCallback = (error: ConnectError | undefined, addresses: readonly string[]) => void;

export interface Question {
  readonly host: string;
  /** Only addresses that can be reached from this one are wanted: those of its family. */
  readonly localAddress: string | undefined;
  /** For errors: whose name it is, where it is not the origin's. */
  readonly owner?: string | undefined;
}

/** Is it an address already, so that there is nothing to resolve? An IPv6 address may have a zone. */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0;
}

type Family = 0 | 4 | 6;
type Outcome = { readonly addresses: readonly string[] } | { readonly cause: unknown };

/**
 * The look-ups of one pool. Who asks for a name while it is being looked up waits for that answer: many dials that begin at once ask the
 * resolver once. Nothing is kept when the answer has come.
 */
export class Resolver {
  readonly #lookup: LookupFunction;
  readonly #underWay = new Map<string, LookUp>();

  /** `lookup` replaces `dns.lookup`. */
  constructor(lookup: LookupFunction = systemLookup) {
    this.#lookup = lookup;
  }

  /**
   * Calls back once, with the error or with at least one IP address; perhaps from inside, when the caller's look-up does.
   * Errors: `ConnectError` `DNS_FAILED`.
   */
  resolve({ host, localAddress, owner }: Question, callback: ResolveCallback): Resolving {
    const family = localAddress === undefined ? 0 : (isIP(localAddress) as Family);
    const key = `${family} ${host}`;
    const waiter = fromHere((outcome: Outcome): void => {
      if ('addresses' in outcome) callback(undefined, Array.from(outcome.addresses));
      else callback(dnsError(host, outcome.cause, owner), []);
    });
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) {
      underWay.waiters.add(waiter);
      return { cancel: () => void underWay.waiters.delete(waiter) };
    }

    const lookUp = new LookUp(waiter);
    const forget = (): void => {
      if (this.#underWay.get(key) === lookUp) this.#underWay.delete(key);
    };
    this.#underWay.set(key, lookUp);
    lookUp.start(this.#lookup, host, family, forget);
    return {
      cancel() {
        lookUp.waiters.delete(waiter);
        // Whoever began it has waited for as long as it would: one that never answers holds up nobody who comes later.
        forget();
      },
    };
  }

  /** This resolver as the look-up of one socket, for `question` whatever it is asked; `refuse` has the last word. */
  lookupFor(question: Question, refuse: (addresses: readonly string[]) => Error | undefined): LookupFunction {
    return (_host, { all }, callback) => {
      this.resolve(question, (error, addresses) => {
        const refusal = error ?? refuse(addresses);
        const found = addresses.map((address) => ({ address, family: isIP(address) }));
        if (refusal !== undefined) callback(refusal as NodeJS.ErrnoException, []);
        else if (all === true) callback(null, found);
        else callback(null, found[0]!.address, found[0]!.family);
      });
    };
  }
}

class LookUp {
  readonly waiters = new Set<(outcome: Outcome) => void>();
  #isOver = false;

  constructor(first: (outcome: Outcome) => void) {
    this.waiters.add(first);
  }

  /** `onOver` comes before anybody is told. */
  start(lookup: LookupFunction, host: string, family: Family, onOver: () => void): void {
    const settle = (outcome: Outcome): void => {
      if (this.#isOver) return;
      this.#isOver = true;
      onOver();
      // One of them may cancel others.
      for (const waiter of this.waiters) waiter(outcome);
    };
    const fail = (cause: unknown): void => settle({ cause });
    try {
      const returned: unknown = lookup(host, { all: true, family, hints: 0 }, (error, answer, answerFamily) => {
        if (error) {
          fail(error);
          return;
        }
        const addresses = addressesOf(answer, answerFamily).filter((address) => family === 0 || isIP(address) === family);
        if (addresses.length > 0) settle({ addresses: interleaveFamilies(addresses) });
        else fail(new Error(family === 0 ? 'no address' : `no IPv${family} address, as the local address has`));
      });
      // An async function may be given where a callback is asked for; its rejection would be nobody's.
      if (returned instanceof Promise) returned.catch(fail);
    } catch (thrown) {
      fail(thrown);
    }
  }
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
  return [...new Set(addresses)].filter((address): address is string => typeof address === 'string' && isAddress(address));
}

/**
 * RFC 8305 §4: the families in turn, beginning with that of the first address, each in the order in which it was resolved
 * (the system has sorted them by RFC 6724). So one dead family costs one attempt delay and not one for each of its addresses.
 */
export function interleaveFamilies(addresses: readonly string[]): readonly string[] {
  const firstFamily = isIP(addresses[0] ?? '');
  const first = addresses.filter((address) => isIP(address) === firstFamily);
  const second = addresses.filter((address) => isIP(address) !== firstFamily);
  const interleaved: string[] = [];
  for (let index = 0; index < Math.max(first.length, second.length); index++) {
    for (const address of [first[index], second[index]]) if (address !== undefined) interleaved.push(address);
  }
  return interleaved;
}

function dnsError(host: string, cause: unknown, owner: string | undefined): ConnectError {
  const { code, message } = cause instanceof Error ? (cause as NodeJS.ErrnoException) : { code: undefined, message: String(cause) };
  const whose = owner === undefined ? '' : ` of ${owner}`;
  return new ConnectError(`The name ${JSON.stringify(host)}${whose} could not be resolved: ${code ?? message}`, {
    code: 'DNS_FAILED',
    phase: 'dns',
    cause,
  });
}
