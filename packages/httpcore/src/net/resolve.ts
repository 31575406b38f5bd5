/** From a host to the addresses to try, in the order in which to try them. */
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';

import { ConnectError } from '../contract/errors.ts';

export interface ResolveOptions {
  /** Replaces `dns.lookup`. */
  readonly lookup: LookupFunction | undefined;
  /** Only addresses that can be reached from this one: those of its family. */
  readonly localAddress: string | undefined;
}

export interface Resolving {
  /** The answer is not wanted any more. The system's own lookup runs to its end all the same: it can't be called off. */
  cancel(): void;
}

export type ResolveCallback = (error: ConnectError | undefined, addresses: readonly string[]) => void;

/** Is it an address already, so that there is nothing to resolve? An IPv6 address may have a zone. */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0;
}

/**
 * Calls back once, with the error or with at least one IP address; perhaps from inside, when the caller's lookup does.
 * Errors: `ConnectError` `DNS_FAILED`.
 */
export function resolve(host: string, options: ResolveOptions, callback: ResolveCallback, owner?: string): Resolving {
  let waiting = true;
  const family = options.localAddress === undefined ? 0 : isIP(options.localAddress);
  const fail = (cause: unknown): void => settle(dnsError(host, cause, owner), []);
  const settle: ResolveCallback = (error, addresses) => {
    if (!waiting) return;
    waiting = false;
    callback(error, addresses);
  };

  try {
    const lookup = options.lookup ?? systemLookup;
    const returned: unknown = lookup(host, { all: true, family, hints: 0 }, (error, answer, answerFamily) => {
      if (error) {
        fail(error);
        return;
      }
      const addresses = addressesOf(answer, answerFamily).filter((address) => family === 0 || isIP(address) === family);
      if (addresses.length > 0) settle(undefined, interleaveFamilies(addresses));
      else fail(new Error(family === 0 ? 'no address' : `no IPv${family} address, as the local address has`));
    });
    // An async function may be given where a callback is asked for; its rejection would be nobody's.
    if (returned instanceof Promise) returned.catch(fail);
  } catch (thrown) {
    fail(thrown);
  }
  return {
    cancel() {
      waiting = false;
    },
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
