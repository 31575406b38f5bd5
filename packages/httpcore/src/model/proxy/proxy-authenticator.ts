/** Who we are to a proxy: what goes into `Proxy-Authorization`, and what a 407 changes about it (RFC 9110 §11.7). */
import { Buffer } from 'node:buffer';

import type { HeaderPair } from '../../contract/values.ts';
import { isFieldValue } from '../field-syntax.ts';

/**
 * The request line that a proxy sees: `CONNECT` with host and port, or a method with the whole URL. One request has the same object
 * each time that it is sent, so that what it was challenged with can be kept for it (in a `WeakMap`, say) and answered by it.
 */
export interface ProxiedRequest {
  /** The proxy that is asked, as `scheme://host:port`: one object may be given to several. */
  readonly proxy: string;
  readonly method: string;
  readonly target: string;
}

/** A 407. */
export interface ProxyChallenge {
  /** Of the answer; the challenges are in `Proxy-Authenticate`. */
  readonly headers: readonly HeaderPair[];
  /** The value of `Proxy-Authorization` that was not enough; `undefined`: none was sent. */
  readonly refused: string | undefined;
  /** How often this request was challenged before. It is sent again twice at most. */
  readonly attempt: number;
}

/**
 * A scheme of authentication with a proxy. One object serves every request through its proxy, and remembers what the next
 * ones need. Its methods are called where bytes are written, so they can't wait for anything; what they throw counts as
 * `undefined` and `false`.
 */
export interface ProxyAuthenticator {
  /** The value of `Proxy-Authorization`, asked for each time that a request is sent; `undefined` to go without. */
  authorize(request: ProxiedRequest): string | undefined;
  /** Is it worth asking again, with what `authorize` gives then? */
  challenged(request: ProxiedRequest, challenge: ProxyChallenge): boolean;
  /** The proxy took a request; `headers` are those of its answer. */
  accepted?(request: ProxiedRequest, headers: readonly HeaderPair[]): void;
}

/** Basic (RFC 7617): sent up front, since it would say the same after a challenge. */
export function basicAuthenticator(user: string, password: string): ProxyAuthenticator {
  const value = `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
  return {
    authorize: () => value,
    challenged: () => false,
  };
}

/** What the authenticator says, if it can be put on the wire. */
export function authorizationFor(authenticator: ProxyAuthenticator, request: ProxiedRequest): string | undefined {
  try {
    const value: unknown = authenticator.authorize(request);
    return typeof value === 'string' && isFieldValue(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isWorthAnother(authenticator: ProxyAuthenticator, request: ProxiedRequest, challenge: ProxyChallenge): boolean {
  try {
    const again: unknown = challenge.attempt < 2 && authenticator.challenged(request, challenge);
    // A promise is no yes.
    return again === true;
  } catch {
    return false;
  }
}

export function tellAccepted(authenticator: ProxyAuthenticator | null, request: ProxiedRequest, headers: readonly HeaderPair[]): void {
  try {
    authenticator?.accepted?.(request, headers);
  } catch {
    // The answer is there, whatever could not be learnt from it.
  }
}
