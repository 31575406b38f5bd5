/**
 * Requests that a proxy forwards (RFC 9110 §7.6, RFC 9112 §3.2.2): what it is told beside each of them, and what it answers for itself.
 * Everything else about them is as if the origin were at the other end.
 */
import type { HeaderPair } from '../../contract/values.ts';
import { proxyFacts, type Proxy } from './proxy.ts';
import { authorizationFor, isWorthAnother, tellAccepted, type ProxiedRequest, type ProxyAuthenticator } from './proxy-authenticator.ts';
import type { Origin } from '../origin.ts';

/** A request on its way through the proxy, and what the two have said to each other about it. */
export interface ForwardedRequest {
  readonly method: string;
  readonly origin: Origin;
  readonly target: string;
  readonly headers: readonly HeaderPair[];
  /** As what the proxy sees it; made once. */
  proxiedAs: ProxiedRequest | undefined;
  /** What the proxy was told last. */
  proxyAuthorization: string | undefined;
  /** How often it wanted to be told something else. */
  challenges: number;
}

export class Forwarding {
  readonly #proxy: string;
  readonly #headers: readonly HeaderPair[];
  readonly #authenticator: ProxyAuthenticator | null;

  constructor(proxy: Proxy) {
    const { headers, authenticator } = proxyFacts(proxy);
    this.#proxy = proxy.origin;
    this.#headers = headers;
    this.#authenticator = authenticator;
  }

  /** The target in absolute-form. */
  target({ origin, target }: ForwardedRequest): string {
    if (target.startsWith('/')) return `http://${origin.authority}${target}`;
    // RFC 9112 §3.2.4: the last proxy makes `*` of it again.
    return target === '*' ? `http://${origin.authority}` : target;
  }

  /** The caller's fields, and behind them those for the proxy. Credentials that the caller gives by himself stand. */
  headers(request: ForwardedRequest): readonly HeaderPair[] {
    const own = this.#headers;
    const value = this.#speaksFor(request) ? authorizationFor(this.#authenticator!, this.#asked(request)) : undefined;
    request.proxyAuthorization = value;
    if (value === undefined) return own.length === 0 ? request.headers : [...request.headers, ...own];
    return [...request.headers, ...own, ['proxy-authorization', value]];
  }

  /** Does the answer ask for other credentials, and are there any? */
  isChallenged(request: ForwardedRequest, status: number, headers: readonly HeaderPair[]): boolean {
    if (!this.#speaksFor(request)) return false;
    if (status !== 407) {
      tellAccepted(this.#authenticator, this.#asked(request), headers);
      return false;
    }
    const attempt = request.challenges;
    request.challenges += 1;
    return isWorthAnother(this.#authenticator!, this.#asked(request), { headers, refused: request.proxyAuthorization, attempt });
  }

  #speaksFor({ headers }: ForwardedRequest): boolean {
    return this.#authenticator !== null && !headers.some(isAuthorization);
  }

  #asked(request: ForwardedRequest): ProxiedRequest {
    return (request.proxiedAs ??= { proxy: this.#proxy, method: request.method, target: this.target(request) });
  }
}

/** `Proxy-Authorization`, which is for a proxy and nobody behind it. */
export function isAuthorization([name]: HeaderPair): boolean {
  return name.length === 19 && name.toLowerCase() === 'proxy-authorization';
}
