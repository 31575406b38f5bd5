/**
 * Requests to a proxy (RFC 9110 §7.6, RFC 9112 §3.2.2), those that it forwards and those for tunnels: what it is told beside each of them, and what
 * it answers for itself. Everything else about a forwarded one is as if the origin were at the other end.
 */
import type { ConnectionInfo } from '../../contract/trace.ts';
import type { HeaderPair } from '../../contract/values.ts';
import { proxyFacts, type Proxy } from './proxy.ts';
import {
  authorizationFor,
  isLater,
  isWorthAnother,
  tellAccepted,
  type Later,
  type ProxiedRequest,
  type ProxyAuthenticator,
} from './proxy-authenticator.ts';
import type { Origin } from '../origin.ts';

/** What we and the proxy have said to each other about a request. */
export interface Conversation {
  /** As what the proxy sees it. */
  readonly asked: ProxiedRequest;
  /** What the proxy was told last. */
  authorization: string | undefined;
  /** On which connection that was. */
  connection: ConnectionInfo | undefined;
  /** How often it wanted to be told something else. */
  challenges: number;
}

/** A request on its way through the proxy. */
export interface ForwardedRequest {
  readonly method: string;
  readonly origin: Origin;
  readonly target: string;
  readonly headers: readonly HeaderPair[];
  /** Made once. */
  conversation: Conversation | undefined;
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

  /** The target in absolute-form; that of CONNECT as it is. */
  target({ origin, target }: Pick<ForwardedRequest, 'origin' | 'target'>): string {
    if (target.startsWith('/')) return `http://${origin.authority}${target}`;
    // RFC 9112 §3.2.4: the last proxy makes `*` of it again.
    return target === '*' ? `http://${origin.authority}` : target;
  }

  /** The caller's fields, and behind them those for the proxy. Credentials that the caller gives by himself stand. A promise never rejects. */
  headers(request: ForwardedRequest, connection: ConnectionInfo): Later<readonly HeaderPair[]> {
    if (!this.#speaksFor(request)) return this.#fields(request, undefined);
    const conversation = this.#about(request);
    conversation.connection = connection;
    const value = authorizationFor(this.#authenticator!, conversation.asked, connection);
    const withValue = (authorization: string | undefined): readonly HeaderPair[] => {
      conversation.authorization = authorization;
      return this.#fields(request, authorization);
    };
    return isLater(value) ? value.then(withValue) : withValue(value);
  }

  /** Does the answer ask for other credentials, and are there any? A promise never rejects. */
  isChallenged(request: ForwardedRequest, status: number, headers: readonly HeaderPair[]): Later<boolean> {
    const { conversation } = request;
    if (conversation?.connection === undefined) return false;
    const { asked, authorization, connection } = conversation;
    if (status !== 407) {
      tellAccepted(this.#authenticator, asked, headers, connection);
      return false;
    }
    const attempt = conversation.challenges;
    conversation.challenges += 1;
    return isWorthAnother(this.#authenticator!, asked, { headers, refused: authorization, attempt }, connection);
  }

  #fields(request: ForwardedRequest, authorization: string | undefined): readonly HeaderPair[] {
    const own = this.#headers;
    if (authorization === undefined) return own.length === 0 ? request.headers : [...request.headers, ...own];
    return [...request.headers, ...own, ['proxy-authorization', authorization]];
  }

  #speaksFor({ headers }: ForwardedRequest): boolean {
    return this.#authenticator !== null && !headers.some(isAuthorization);
  }

  #about(request: ForwardedRequest): Conversation {
    return (request.conversation ??= conversationAbout({ proxy: this.#proxy, method: request.method, target: this.target(request) }));
  }
}

export function conversationAbout(asked: ProxiedRequest): Conversation {
  return { asked, authorization: undefined, connection: undefined, challenges: 0 };
}

/** `Proxy-Authorization`, which is for a proxy and nobody behind it. */
export function isAuthorization([name]: HeaderPair): boolean {
  return name.length === 19 && name.toLowerCase() === 'proxy-authorization';
}
