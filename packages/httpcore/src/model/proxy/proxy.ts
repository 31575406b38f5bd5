import type { HeaderPair } from '../../contract/values.ts';
import { LocalProtocolError } from '../../contract/errors.ts';
import { parseOrigin, type Origin } from '../origin.ts';
import { basicAuthenticator, type ProxyAuthenticator } from './proxy-authenticator.ts';
import { proxyKey } from './proxy-key.ts';
import { checkCredentials, invalidProxyOption, isPair, namesCredentials, readProxyOptions } from './proxy-options.ts';
import { parseProxyUrl, type ProxyScheme } from './proxy-url.ts';
import { ownTlsOptions } from '../own-tls-options.ts';
import type { TlsOptions, TlsSource } from '../../contract/tls-options.ts';

/** What a URL can't say of a proxy. */
export interface ProxyOptions {
  /**
   * Who we are to it: user and password, or a scheme of one's own. Default: the credentials in its URL. An HTTP proxy is told by
   * Basic, up front; SOCKS5 by RFC 1929; SOCKS4 takes a user alone. `null`: nobody, whatever the URL says.
   */
  readonly auth?: readonly [user: string, password: string] | ProxyAuthenticator | null | undefined;
  /** Makes the scheme in which an HTTP proxy is told user and password. Default Basic. */
  readonly authenticate?: ((user: string, password: string) => ProxyAuthenticator) | undefined;
  /** Fields for an HTTP proxy and nobody else: sent with CONNECT, and beside those of each request that it forwards. */
  readonly headers?: readonly HeaderPair[] | undefined;
  /**
   * TLS to an `https` proxy; a function where it may change while a pool runs, such as `tlsFiles()`. Those of the pool are for origins alone, so that no
   * client certificate goes to the wrong side. Proxies with the same function share connections.
   */
  readonly tls?: TlsOptions | TlsSource | undefined;
  /** Ask an HTTP proxy for a tunnel (CONNECT) to `http` origins too, instead of having it forward each request. Default `false`. */
  readonly tunnel?: boolean | undefined;
  /** Speak HTTP/2 to an `https` proxy where it agrees: one connection then carries all tunnels. Default `true`. */
  readonly http2?: boolean | undefined;
  /** The proxy listens on this unix socket (or Windows named pipe), whatever host and port its URL has. */
  readonly socketPath?: string | undefined;
  /** The proxy through which this one is reached. */
  readonly via?: string | URL | Proxy | undefined;
}

/** What the core goes by and nobody is shown. */
export interface ProxyFacts {
  /** The same for proxies that mean the same; holds no credential in readable form. */
  readonly key: string;
  /** The proxy as an origin: whom to connect to, and by which name to verify it. */
  readonly peer: Origin;
  /** As they were when the proxy was made, where a source says what holds now. */
  readonly tls: TlsOptions;
  readonly tlsSource: TlsSource | null;
  /** Has it a source, or one of the proxies before it? */
  readonly isRenewed: boolean;
  readonly headers: readonly HeaderPair[];
  /** For SOCKS; an HTTP proxy has an authenticator. */
  readonly credentials: readonly [user: string, password: string] | null;
  readonly authenticator: ProxyAuthenticator | null;
}

const facts = new WeakMap<Proxy, ProxyFacts>();

/** The longest chain: each link is a connection inside of another. */
const longestChain = 8;

/**
 * A proxy, and how to speak to it. Immutable; two that say the same share connections. Printed in any way, it shows no credential.
 *
 * Schemes: `http` and `https` (they forward requests to `http` origins, and make tunnels to all others), `socks4` and `socks5`
 * (names are resolved here), `socks4a` and `socks5h` (names are resolved by the proxy).
 *
 * @example
 * const pool = new ConnectionPool({ proxy: new Proxy('https://proxy.example:8443', { auth: ['ada', secret], tls: { ca } }) });
 */
export class Proxy {
  readonly scheme: ProxyScheme;
  /** Without brackets, in lower case. */
  readonly host: string;
  readonly port: number;
  /** `scheme://host:port`, without credentials. */
  readonly origin: string;
  readonly tunnel: boolean;
  readonly http2: boolean;
  readonly socketPath: string | undefined;
  readonly via: Proxy | null;

  /**
   * @param url such as `http://user:password@proxy.example:3128`, credentials percent-encoded; without a scheme it is `http`.
   *   Where the port is left out it is 80, 443 or, for SOCKS, 1080.
   * @throws {LocalProtocolError} `INVALID_OPTION`: the URL is none, an option is unknown or not usable. Its message shows no credential.
   */
  constructor(url: string | URL, options: ProxyOptions = {}) {
    const { scheme, host, port, credentials: inUrl } = parseProxyUrl(url);
    const own = readProxyOptions(options, scheme);
    const peer = peerOf(scheme, host, port);
    this.scheme = scheme;
    this.host = peer.host;
    this.port = port;
    this.origin = peer.text.replace(/^https?/, scheme);
    this.tunnel = own.tunnel ?? false;
    this.http2 = scheme === 'https' && own.http2 !== false;
    this.socketPath = own.socketPath;
    this.via = own.via === undefined ? null : toProxy(own.via);
    if (lengthOf(this.via) >= longestChain) throw invalidProxyOption('via', `must not make a chain of more than ${longestChain} proxies`);

    const tlsSource = typeof own.tls === 'function' ? own.tls : null;
    const tls = ownTlsOptions(typeof own.tls === 'function' ? own.tls() : own.tls);
    const headers = Object.freeze((own.headers ?? []).map(([name, value]) => Object.freeze([name, value] as const)));
    const auth = own.auth !== undefined ? own.auth : namesCredentials(headers) ? null : inUrl;
    const credentials = isPair(auth) ? checkCredentials(auth, scheme) : null;
    const authenticator = isPair(auth) ? (own.authenticate ?? basicAuthenticator)(...auth) : auth;
    const open = [this.origin, this.tunnel, this.http2, this.socketPath ?? null];
    const link = proxyKey(open, [credentials ?? authenticator, headers], tlsSource ?? tls);
    const key = this.via === null ? link : `${link} via ${proxyFacts(this.via).key}`;
    const isRenewed = tlsSource !== null || (this.via !== null && proxyFacts(this.via).isRenewed);
    facts.set(this, { key, peer, tls, tlsSource, isRenewed, headers, credentials, authenticator });
    Object.freeze(this);
  }

  /** As it may be shown: with three stars in the place of credentials. */
  toString(): string {
    const shown = proxyFacts(this).authenticator === null ? this.origin : this.origin.replace('://', '://***@');
    return this.via === null ? shown : `${shown} via ${this.via.toString()}`;
  }

  toJSON(): string {
    return this.toString();
  }

  static {
    // A computed name would be a part of the public type.
    Object.defineProperty(this.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: Proxy): string {
        return `Proxy ${this.toString()}`;
      },
    });
  }
}

/** A proxy from what stands for one. @throws {LocalProtocolError} `INVALID_OPTION`. */
export function toProxy(input: string | URL | Proxy): Proxy {
  return input instanceof Proxy ? input : new Proxy(input);
}

export function proxyFacts(proxy: Proxy): ProxyFacts {
  const found = facts.get(proxy);
  if (found === undefined)
    throw new LocalProtocolError('The proxy must be made by `new Proxy()`', { code: 'INVALID_OPTION', phase: 'request' });
  return found;
}

export function isSocks(proxy: Proxy): boolean {
  return proxy.scheme.startsWith('socks');
}

function peerOf(scheme: ProxyScheme, host: string, port: number): Origin {
  try {
    return parseOrigin(scheme === 'https' ? 'https' : 'http', host, port);
  } catch {
    throw new LocalProtocolError('The URL of the proxy has a host that is neither a DNS name nor an IP address', {
      code: 'INVALID_OPTION',
      phase: 'request',
    });
  }
}

function lengthOf(proxy: Proxy | null): number {
  return proxy === null ? 0 : 1 + lengthOf(proxy.via);
}
