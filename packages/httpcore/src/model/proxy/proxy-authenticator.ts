/** Who we are to a proxy: what goes into `Proxy-Authorization`, and what a 407 changes about it (RFC 9110 §11.7). */
import { Buffer } from 'node:buffer';

import type { ConnectionInfo } from '../../contract/trace.ts';
import { dropLater } from '../../contract/thrown.ts';
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
  /** How often this request was challenged before. It is sent again as often as {@link ProxyAuthenticator.rounds} says. */
  readonly attempt: number;
}

/**
 * A scheme of authentication with a proxy. One object serves every request through its proxy, and remembers what the next
 * ones need. What its methods throw, or reject with, counts as `undefined` and `false`; where a tunnel is refused then, it is the `cause`.
 *
 * `connection` is the same object for everything on one connection. A request that is challenged is sent again on the connection that the challenge came on,
 * which nobody else gets meanwhile over HTTP/1.1, unless the proxy closes it: so schemes that authenticate a connection in several rounds (Negotiate with Kerberos or NTLM)
 * keep their state by it, in a `WeakMap`, and begin anew where they find none.
 *
 * @example
 * const contexts = new WeakMap<ConnectionInfo, Context>();
 * const negotiate: ProxyAuthenticator = {
 *   rounds: 4,
 *   async authorize(request, connection) {
 *     const token = await contexts.get(connection)?.next();
 *     return token === undefined ? undefined : `Negotiate ${token}`;
 *   },
 *   challenged: (request, { headers }, connection) => takesChallenge(contexts, connection, headers),
 * };
 */
export interface ProxyAuthenticator {
  /** How often one request is sent again, at most, because it was challenged: 1 to 16. Default 2. */
  readonly rounds?: number | undefined;
  /**
   * The value of `Proxy-Authorization`, asked for each time that a request is sent; `undefined` to go without. A promise is waited for, with the connection
   * taken, for no longer than the limit on connecting (`timeouts`) and until the request is aborted.
   */
  authorize(request: ProxiedRequest, connection: ConnectionInfo): string | undefined | Promise<string | undefined>;
  /** Is it worth asking again, with what `authorize` gives then? A promise is waited for within the same limits. */
  challenged(request: ProxiedRequest, challenge: ProxyChallenge, connection: ConnectionInfo): boolean | Promise<boolean>;
  /** The proxy took a request; `headers` are those of its answer. */
  accepted?(request: ProxiedRequest, headers: readonly HeaderPair[], connection: ConnectionInfo): void;
}

/** Now, or later. */
export type Later<Value> = Value | PromiseLike<Value>;

export function isLater<Value>(value: Later<Value>): value is PromiseLike<Value> {
  return typeof (value as Partial<PromiseLike<Value>> | null | undefined)?.then === 'function';
}

const defaultRounds = 2;
const mostRounds = 16;

/** Basic (RFC 7617): sent up front, since it would say the same after a challenge. */
export function basicAuthenticator(user: string, password: string): ProxyAuthenticator {
  const value = `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
  return {
    authorize: () => value,
    challenged: () => false,
  };
}

export function isRounds(rounds: unknown): boolean {
  return rounds === undefined || (Number.isInteger(rounds) && (rounds as number) >= 1 && (rounds as number) <= mostRounds);
}

/** What an authenticator threw last on behalf of a request, for who tells of the refusal. */
const failures = new WeakMap<ProxiedRequest, unknown>();

export function authenticatorFailure(request: ProxiedRequest): unknown {
  return failures.get(request);
}

/** What the authenticator says, if it can be put on the wire. A promise never rejects. */
export function authorizationFor(
  authenticator: ProxyAuthenticator,
  request: ProxiedRequest,
  connection: ConnectionInfo,
): Later<string | undefined> {
  return asked(request, () => authenticator.authorize(request, connection), fieldValueOf, undefined);
}

export function isWorthAnother(
  authenticator: ProxyAuthenticator,
  request: ProxiedRequest,
  challenge: ProxyChallenge,
  connection: ConnectionInfo,
): Later<boolean> {
  if (challenge.attempt >= roundsOf(authenticator)) return false;
  return asked(request, () => authenticator.challenged(request, challenge, connection), isTrue, false);
}

export function tellAccepted(
  authenticator: ProxyAuthenticator | null,
  request: ProxiedRequest,
  headers: readonly HeaderPair[],
  connection: ConnectionInfo,
): void {
  try {
    dropLater(authenticator?.accepted?.(request, headers, connection));
  } catch {
    // The answer is there, whatever could not be learnt from it.
  }
}

function roundsOf({ rounds }: ProxyAuthenticator): number {
  return isRounds(rounds) ? (rounds ?? defaultRounds) : defaultRounds;
}

function fieldValueOf(value: unknown): string | undefined {
  return typeof value === 'string' && isFieldValue(value) ? value : undefined;
}

function isTrue(value: unknown): boolean {
  return value === true;
}

/** Asks somebody else's code, now or later. */
function asked<Answer>(request: ProxiedRequest, ask: () => unknown, read: (value: unknown) => Answer, otherwise: Answer): Later<Answer> {
  const failed = (error: unknown): Answer => {
    failures.set(request, error);
    return otherwise;
  };
  try {
    const value = ask();
    return isLater(value) ? value.then(read, failed) : read(value);
  } catch (error) {
    return failed(error);
  }
}
