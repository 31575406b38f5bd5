/** The pool's options and, in one frozen table, their defaults. */
import type { LookupFunction } from 'node:net';

import type { Timeouts } from '../contract/values.ts';
import { LocalProtocolError } from '../contract/errors.ts';
import type { Connect } from './connect.ts';
import type { Guard } from '../contract/guard.ts';
import { dnsDefaults, resolveDnsOptions, type DnsOptions, type DnsSettings } from './dns-options.ts';
import { resolveHttp2Options, type Http2Options, type Http2Settings } from './http2-options.ts';
import { toProxy, type Proxy } from './proxy/proxy.ts';
import { ownTlsOptions } from './own-tls-options.ts';
import type { TlsOptions, TlsSource } from '../contract/tls-options.ts';

/** Options of `ConnectionPool`. Times are in milliseconds, sizes in bytes. */
export interface PoolOptions {
  /** Connections in all, idle and connecting ones included. Default 256. */
  readonly maxConnections?: number | undefined;
  /** Connections to one origin. Default 64. */
  readonly maxConnectionsPerOrigin?: number | undefined;
  /**
   * How long an HTTP/1.1 connection stays idle before it is closed, or a second less than the server's `Keep-Alive: timeout`, where that is shorter.
   * Default 5,000, or the server's word, up to ten minutes; up to 30,000 where a server was seen to keep what we would have closed. Whatever is said here: where a
   * server was seen to close idle connections sooner, they are closed before it does so.
   */
  readonly keepAliveTimeout?: number | undefined;
  /**
   * How old a connection becomes, in milliseconds: after 90 to 100 % of it (by chance, so that those that were made together are not replaced
   * together) it takes no new request, and closes when what runs on it has ended. The next is made anew, to what the name stands for then. One that is
   * busy goes on while there is no room for another. Default 300,000; `Infinity`: any age.
   */
  readonly maxConnectionAge?: number | undefined;
  /** The most requests that a connection is given. Default `Infinity`. */
  readonly maxRequestsPerConnection?: number | undefined;
  /** Connections that are kept though they have nothing to do, to all origins; of more the ones close that have been idle for longest. Default `Infinity`. */
  readonly maxIdleConnections?: number | undefined;
  /**
   * How long `close()` waits for what runs before it ends that, with `PoolClosed`. Default 30,000; `Infinity`: as long as it takes.
   */
  readonly closeGrace?: number | undefined;
  /**
   * What all responses that are under way may hold in memory, unread, in bytes. What the windows of HTTP/2 allow servers to send counts as held, so that it is a bound and no
   * aim. Default 67,108,864 (64 MiB).
   *
   * Each response may hold a share: a 64th of it, up to 1 MiB over HTTP/2 and up to 64 KiB over HTTP/1.1. Where room for fewer than 16 more shares is left, the share becomes a quarter (and so on,
   * below 1,024 nothing), and whoever holds more is paused until it is read or there is room again. Shares grow back once a second.
   *
   * On top of it come 16 KiB for each response over HTTP/2 that is read where nothing is left, what one read from its socket brings (64 KiB) for each connection of
   * HTTP/1.1, and what a server has sent before it hears that its windows are smaller.
   */
  readonly maxBufferedBytes?: number | undefined;
  /** The limits of requests that bring none. Default `[10_000, 120_000, 60_000, 30_000]`. */
  readonly timeouts?: Timeouts | undefined;
  /** TLS with origins; a function where it may change while the pool runs, such as `tlsFiles()`. */
  readonly tls?: TlsOptions | TlsSource | undefined;
  /**
   * Everything goes through this proxy, unless a request names another (`DispatchContext.proxy`): a URL, with credentials or without, or a
   * {@link Proxy} for what a URL can't say. All other options hold on the way through it as they do without. Default `null`: none.
   */
  readonly proxy?: string | URL | Proxy | null | undefined;
  /** Connect to this unix socket (or Windows named pipe) instead of the host; `Host` and SNI stay those of the URL. */
  readonly socketPath?: string | undefined;
  /** The local IP address to connect from. */
  readonly localAddress?: string | undefined;
  /** Replaces `dns.lookup`; called with `{ all: true }`, and once for all who ask for a name while it is being looked up. Its answers are kept where `dns.ttl` says so. */
  readonly lookup?: LookupFunction | undefined;
  /** Where names are looked up, and how long what is known of them and their addresses is used. `null`: each connection asks anew, and nothing is remembered. */
  readonly dns?: DnsOptions | null | undefined;
  /**
   * Where names lead, instead of what is looked up, as by curl's `--resolve` and `--connect-to`: by `host:port`, `host`, `*.example.com`, `*:port` or `*`, the most
   * precise entry first, and for hosts that are addresses, too. To addresses, with a port of their own or without, in the order in which to try them; to one
   * other name, which is looked up; or to another port of the same host, as `:8443`. `Host`, the TLS server name and cookies stay those of the URL. It says nothing of names that a proxy resolves, or `connect`.
   * @example
   * new ConnectionPool({ resolve: { 'example.com:443': ['10.0.0.1', '[2001:db8::1]:8443'], '*.example.org': 'staging.example.org' } });
   */
  readonly resolve?: Readonly<Record<string, string | readonly string[]>> | null | undefined;
  /**
   * Asked about each address before it is dialled, such as `publicOnly()` of `@x/httpcore/guard`; what it forbids fails with `AddressRefused`. Of the addresses
   * of a name those that it allows are tried. Default `null`: none.
   */
  readonly guard?: Guard | null | undefined;
  /**
   * Opens connections in the place of sockets: through an SSH tunnel, a VPN's SDK, vsock, a test. It gives a stream of bytes for a host and a port, those
   * of the proxy where there is one; TLS, HTTP/2, limits in time and numbers hold on it as they do on a socket. A stream that comes too late is destroyed;
   * what it throws fails the request with `ConnectError`. Not together with `socketPath` and `localAddress`. Default `null`: sockets.
   * @example
   * const pool = new ConnectionPool({ connect: ({ host, port, signal }) => vpn.dial(host, port, { signal }) });
   */
  readonly connect?: Connect | null | undefined;
  /** The largest response head. Default 65,536. */
  readonly maxHeaderBytes?: number | undefined;
  /** The most fields in a response head, and in a trailer section. Default 256. */
  readonly maxHeaderFields?: number | undefined;
  /**
   * Take from HTTP/1.1 servers what old devices send and curl takes: bare LF as a line's end in heads, control characters in values (but NUL
   * and CR), a Content-Length that is repeated and says the same, spaces behind the size of a chunk. Default `false`: most of it has been
   * used for smuggling. Folded lines (obs-fold) are unfolded without it, too (RFC 9112 §5.2).
   */
  readonly lenientHttp1?: boolean | undefined;
  /**
   * The most requests that are under way at once on one HTTP/1.1 connection (RFC 9112 §9.3.2): from 1 to 100. GET and HEAD without a body are written
   * before those in front of them are answered, to servers that have answered on that connection before and kept it; where it ends, those that were not answered are sent
   * again. Not through proxies that forward. Whose answer is whose is told by counting alone: only for servers whose responses are known to be framed right.
   * Default 1: none is.
   * @example
   * const pool = new ConnectionPool({ pipelining: 8, maxConnectionsPerOrigin: 4 });
   */
  readonly pipelining?: number | undefined;
  /** Speak HTTP/1.1. Default `true`. */
  readonly http1?: boolean | undefined;
  /**
   * Speak HTTP/2. Default `true`: over TLS where the server agrees (ALPN); on `http://` only when `http1` is `false`. An object is `true`, with streams, windows and
   * PINGs as it says.
   */
  readonly http2?: boolean | Http2Options | undefined;
  /**
   * Send requests of other origins, too, over an HTTP/2 connection that is there already: where its certificate names them and
   * their name leads to its address and port (RFC 9113 §9.1.1). Fewer connections to a server with many names. An origin that
   * the server answers with 421 there gets connections of its own, and the request is sent again if its body can be.
   * Default `false`. It has no effect on requests with a server name of their own, nor with `tls.servername`,
   * `tls.checkServerIdentity`, `tls.rejectUnauthorized: false` or `socketPath`.
   */
  readonly coalesce?: boolean | undefined;
  /** How long `Expect: 100-continue` holds the body back before it is sent without the server's word. Default 1,000. */
  readonly expectContinueTimeout?: number | undefined;
  /** RFC 8305 §5: the head start of each address before the next one is tried too. Default 250. */
  readonly connectionAttemptDelay?: number | undefined;
  /**
   * `undici`: what listens to the `node:diagnostics_channel`s of undici (`undici:request:create` and so on), as instrumentations do, hears of the
   * requests of this pool as of undici's own, and can add fields to them. Default `null`: it does not.
   */
  readonly diagnostics?: 'undici' | null | undefined;
}

/** The options with every default filled in. */
export interface PoolSettings {
  readonly maxConnections: number;
  readonly maxConnectionsPerOrigin: number;
  readonly keepAliveTimeout: number;
  readonly maxConnectionAge: number;
  readonly maxRequestsPerConnection: number;
  readonly maxIdleConnections: number;
  /** No word of a server keeps an HTTP/1.1 connection idle for longer. */
  readonly longestKeepAlive: number;
  readonly closeGrace: number;
  readonly maxBufferedBytes: number;
  readonly timeouts: Timeouts;
  /** As they are at first, where there is a source. */
  readonly tls: TlsOptions;
  readonly tlsSource: TlsSource | null;
  readonly proxy: Proxy | null;
  readonly socketPath: string | undefined;
  readonly localAddress: string | undefined;
  readonly lookup: LookupFunction | undefined;
  readonly dns: DnsSettings;
  readonly resolve: PoolOptions['resolve'];
  readonly guard: Guard | null;
  readonly connect: Connect | null;
  readonly maxHeaderBytes: number;
  readonly maxHeaderFields: number;
  readonly lenientHttp1: boolean;
  readonly pipelining: number;
  readonly http1: boolean;
  readonly http2: boolean;
  readonly http2Settings: Http2Settings;
  readonly coalesce: boolean;
  readonly expectContinueTimeout: number;
  readonly connectionAttemptDelay: number;
  readonly diagnostics: 'undici' | null;
}

export const poolDefaults: Omit<PoolSettings, 'longestKeepAlive' | 'http2Settings' | 'tlsSource'> = Object.freeze({
  maxConnections: 256,
  maxConnectionsPerOrigin: 64,
  keepAliveTimeout: 5_000,
  maxConnectionAge: 300_000,
  maxRequestsPerConnection: Infinity,
  maxIdleConnections: Infinity,
  closeGrace: 30_000,
  maxBufferedBytes: 67_108_864,
  timeouts: Object.freeze([10_000, 120_000, 60_000, 30_000]) as unknown as Timeouts,
  tls: Object.freeze({}),
  proxy: null,
  socketPath: undefined,
  localAddress: undefined,
  lookup: undefined,
  dns: dnsDefaults,
  resolve: null,
  guard: null,
  connect: null,
  maxHeaderBytes: 65_536,
  maxHeaderFields: 256,
  lenientHttp1: false,
  pipelining: 1,
  http1: true,
  http2: true,
  coalesce: false,
  expectContinueTimeout: 1_000,
  connectionAttemptDelay: 250,
  diagnostics: null,
});

const atLeastOne = [
  'maxConnections',
  'maxConnectionsPerOrigin',
  'maxRequestsPerConnection',
  'maxHeaderBytes',
  'maxHeaderFields',
  'maxBufferedBytes',
] as const;
/** Each request under way has a parser of its own. */
const deepestPipelining = 100;
const milliseconds = ['keepAliveTimeout', 'maxConnectionAge', 'closeGrace', 'expectContinueTimeout', 'connectionAttemptDelay'] as const;
const booleans = ['lenientHttp1', 'http1', 'coalesce'] as const;

/**
 * Reads options as own properties, so that nothing on `Object.prototype` can switch one on.
 * @throws {LocalProtocolError} `INVALID_OPTION`, naming the option.
 */
export function resolvePoolOptions(options: PoolOptions = {}): PoolSettings {
  const resolved: Record<string, unknown> = { ...poolDefaults };
  for (const key of Object.keys(options)) {
    if (!Object.hasOwn(poolDefaults, key)) throw invalidOption(key, 'is not an option');
    const value = options[key as keyof PoolOptions];
    if (value !== undefined) resolved[key] = value;
  }
  for (const key of atLeastOne) {
    if (!isCount(resolved[key], 1)) throw invalidOption(key, 'must be an integer of at least 1, or Infinity');
  }
  if (!isCount(resolved['maxIdleConnections'], 0))
    throw invalidOption('maxIdleConnections', 'must be an integer of at least 0, or Infinity');
  if (!isCount(resolved['pipelining'], 1) || (resolved['pipelining'] as number) > deepestPipelining)
    throw invalidOption('pipelining', 'must be an integer from 1, which is none, to 100');
  for (const key of milliseconds) {
    if (typeof resolved[key] !== 'number' || !(resolved[key] >= 0)) throw invalidOption(key, 'must be a number of milliseconds, 0 or more');
  }
  for (const key of booleans) {
    if (typeof resolved[key] !== 'boolean') throw invalidOption(key, 'must be a boolean');
  }
  resolved['http2Settings'] = resolveHttp2Options(resolved['http2']);
  resolved['http2'] = resolved['http2'] !== false;
  resolved['dns'] = resolveDnsOptions(Object.hasOwn(options, 'dns') ? options.dns : undefined, resolved['lookup'] !== undefined);
  if (!isGuard(resolved['guard'])) throw invalidOption('guard', 'must be an object with a method check(), such as publicOnly(), or null');
  checkConnect(resolved);
  if (resolved['diagnostics'] !== null && resolved['diagnostics'] !== 'undici')
    throw invalidOption('diagnostics', "must be 'undici', or null");
  if (resolved['http1'] === false && resolved['http2'] === false) throw invalidOption('http2', 'and http1 must not both be false');
  // Who says how long means it; a default gives way to what the server says of itself.
  resolved['longestKeepAlive'] =
    Object.hasOwn(options, 'keepAliveTimeout') && options.keepAliveTimeout !== undefined ? options.keepAliveTimeout : Infinity;
  resolved['proxy'] = resolved['proxy'] === null ? null : toProxy(resolved['proxy'] as string | URL | Proxy);
  if (resolved['proxy'] !== null && resolved['socketPath'] !== undefined)
    throw invalidOption('socketPath', 'and proxy must not both be given');
  const tls = resolved['tls'] as TlsOptions | TlsSource;
  resolved['tlsSource'] = typeof tls === 'function' ? tls : null;
  resolved['tls'] = ownTlsOptions(typeof tls === 'function' ? tls() : tls);
  resolved['timeouts'] = checkedTimeouts(resolved['timeouts'] as Timeouts);
  return resolved as unknown as PoolSettings;
}

/** Lists of limits that nobody can change any more, and that were found good. */
const constants = new WeakSet<Timeouts>();
let latest: Timeouts | null = null;

/** The limits in an array that nobody changes. @throws {LocalProtocolError} `INVALID_OPTION` unless each of the four is `null` or a number of milliseconds. */
export function checkedTimeouts(timeouts: Timeouts): Timeouts {
  if (timeouts === latest || constants.has(timeouts)) return (latest = timeouts);
  if (!Array.isArray(timeouts) || timeouts.length !== 4) throw invalidOption('timeouts', 'must be [connect, read, write, pool]');
  const own: Timeouts = [timeouts[0], timeouts[1], timeouts[2], timeouts[3]];
  for (const limit of own as readonly unknown[]) {
    if (limit !== null && (typeof limit !== 'number' || !(limit >= 0))) {
      throw invalidOption('timeouts', 'must hold numbers of milliseconds, 0 or more, or null');
    }
  }
  if (!isConstant(timeouts)) return own;
  constants.add(timeouts);
  return (latest = timeouts);
}

/** Frozen, and with values in it instead of getters. */
function isConstant(list: object): boolean {
  return Object.isFrozen(list) && Object.values(Object.getOwnPropertyDescriptors(list)).every((property) => 'value' in property);
}

/** @throws {LocalProtocolError} `INVALID_OPTION` unless it is `undefined` or a number of milliseconds. */
export function checkGrace(grace: unknown): number | undefined {
  if (grace === undefined || (typeof grace === 'number' && grace >= 0)) return grace;
  throw invalidOption('grace', 'must be a number of milliseconds, 0 or more');
}

function checkConnect({ connect, socketPath, localAddress }: Record<string, unknown>): void {
  if (connect === null) return;
  if (typeof connect !== 'function')
    throw invalidOption('connect', 'must be a function that gives a stream for a host and a port, or null');
  if (socketPath !== undefined) throw invalidOption('socketPath', 'and connect must not both be given');
  if (localAddress !== undefined) throw invalidOption('localAddress', 'and connect must not both be given: the sockets are not ours');
}

function isGuard(guard: unknown): boolean {
  return guard === null || (typeof guard === 'object' && typeof (guard as Partial<Guard>).check === 'function');
}

function isCount(value: unknown, least: number): boolean {
  return value === Infinity || (Number.isInteger(value) && (value as number) >= least);
}

function invalidOption(name: string, problem: string): LocalProtocolError {
  return new LocalProtocolError(`The option ${JSON.stringify(name)} ${problem}`, { code: 'INVALID_OPTION', phase: 'request' });
}
