/**
 * Requests that a proxy forwards (RFC 9110 §7.6, RFC 9112 §3.2.2): what it is told beside each of them, and what it answers for itself.
 * Everything else about them is as if the origin were at the other end.
 */
import type { HeaderPair } from '../../contract/dispatcher.ts';
import { proxyFacts, type Proxy } from './proxy.ts';
import { authorizationFor, isWorthAnother, tellAccepted, type ProxiedRequest, type ProxyAuthenticator } from './proxy-authenticator.ts';
import type { Exchange } from '../../exchange/exchange.ts';

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
  target({ origin, target }: Exchange): string {
    if (target.startsWith('/')) return `http://${origin.authority}${target}`;
    // RFC 9112 §3.2.4: the last proxy makes `*` of it again.
    return target === '*' ? `http://${origin.authority}` : target;
  }

  /** The caller's fields, and behind them those for the proxy. Credentials that the caller gives by himself stand. */
  headers(exchange: Exchange): readonly HeaderPair[] {
    const own = this.#headers;
    const value = this.#speaksFor(exchange) ? authorizationFor(this.#authenticator!, this.#asked(exchange)) : undefined;
    exchange.proxyAuthorization = value;
    if (value === undefined) return own.length === 0 ? exchange.headers : [...exchange.headers, ...own];
    return [...exchange.headers, ...own, ['proxy-authorization', value]];
  }

  /** Does the answer ask for other credentials, and are there any? */
  isChallenged(exchange: Exchange, status: number, headers: readonly HeaderPair[]): boolean {
    if (!this.#speaksFor(exchange)) return false;
    if (status !== 407) {
      tellAccepted(this.#authenticator, this.#asked(exchange), headers);
      return false;
    }
    const attempt = exchange.challenges;
    exchange.challenges += 1;
    return isWorthAnother(this.#authenticator!, this.#asked(exchange), { headers, refused: exchange.proxyAuthorization, attempt });
  }

  #speaksFor({ headers }: Exchange): boolean {
    return this.#authenticator !== null && !headers.some(isAuthorization);
  }

  #asked(exchange: Exchange): ProxiedRequest {
    return { proxy: this.#proxy, method: exchange.method, target: this.target(exchange) };
  }
}

/** `Proxy-Authorization`, which is for a proxy and nobody behind it. */
export function isAuthorization([name]: HeaderPair): boolean {
  return name.length === 19 && name.toLowerCase() === 'proxy-authorization';
}
