/** What a client may be told. `undefined` means the default, or what the extended client has; `null` switches off. */
import type { Connect, Dispatcher, DnsOptions, Guard, PoolOptions, TlsOptions, TlsSource } from '@x/httpcore';

import type { ClientHttp2Options } from './http2-options.ts';
import type { CallDataOptions } from '../call/call-data.ts';
import type { JsonHooks } from '../request/json-settings.ts';
import type { MisdirectedOptions } from '../call/misdirected.ts';
import type { StatusOptions } from '../response/status-settings.ts';
import type { RetryHookOptions } from '../retries/retry-hook.ts';
import type { AuthInput } from '../auth/auth.ts';
import type { ClientCache } from '../caching/cache-settings.ts';
import type { CookiesInput } from '../cookies/cookie-settings.ts';
import type { HeadersInput } from '../request/fields/header-input.ts';
import type { ProxyOption } from '../proxies/proxy-choice.ts';
import type { TrustEnvInput } from '../proxies/proxy-settings.ts';
import type { MountsInput } from '../routing/mounts.ts';
import type { Interceptor } from '../call/interceptor.ts';
import type { RetryOptions } from '../retries/retry-settings.ts';
import type { OptionNames } from '../options/own-options.ts';
import type { ParamsInput } from '../request/url/params.ts';
import type { ReadOptions } from '../decoding/decoding-settings.ts';
import type { RedirectOptions } from '../redirects/redirect-settings.ts';
import type { OriginFieldOptions } from '../request/fields/origin-fields.ts';
import type { TelemetryOptions } from '../telemetry/telemetry-settings.ts';
import type { TimeoutInput } from '../time/timeout.ts';

/** Limits of the connection pool. `null` means no limit. */
export interface LimitOptions {
  /** Connections in all. Default 256. */
  readonly maxConnections?: number | null | undefined;
  /** Connections to one origin. Default 64. */
  readonly maxConnectionsPerOrigin?: number | null | undefined;
  /**
   * Requests that run at once, over whatever connections: one of HTTP/2 carries a hundred and more. A request runs until its response has been read or
   * closed. Who waits for another to end does so within the `pool` limit of `timeout`. Default none.
   */
  readonly maxConcurrency?: number | null | undefined;
  /** As `maxConcurrency`, to one origin. */
  readonly maxConcurrencyPerOrigin?: number | null | undefined;
  /**
   * Milliseconds for which an idle HTTP/1.1 connection is kept, or a second less than the server's own word where that is shorter. Default 5,000, or
   * the server's word, up to ten minutes; up to 30,000 where a server was seen to keep what we would have closed. Where a server closes sooner, we do.
   */
  readonly keepAliveTimeout?: number | null | undefined;
  /**
   * Milliseconds after which, or up to 10 % before, a connection takes no new request, so that the next is made to what the name stands for then. What
   * runs on it ends in peace. Default 300,000.
   */
  readonly maxConnectionAge?: number | null | undefined;
  /** The most requests that a connection is given. Default none. */
  readonly maxRequestsPerConnection?: number | null | undefined;
  /** Connections that are kept though they have nothing to do, to all origins; the one that has been idle for longest goes first. Default none. */
  readonly maxIdleConnections?: number | null | undefined;
  /** Bytes that all responses under way may hold in memory, unread. Default 67,108,864 (64 MiB); see the core's `PoolOptions`. */
  readonly maxBufferedBytes?: number | null | undefined;
}

/** What every client may be told, whatever carries its requests. */
export interface CommonClientOptions
  extends
    ReadOptions,
    RedirectOptions,
    RetryOptions,
    OriginFieldOptions,
    StatusOptions,
    MisdirectedOptions,
    JsonHooks,
    CallDataOptions,
    RetryHookOptions,
    TelemetryOptions {
  /**
   * What relative URLs are appended to. It may hold credentials. With it, `headers`, `params` and those credentials belong to
   * its origin: a request to another origin (by an absolute or a `//` URL) goes without them, but for `Accept` and `User-Agent`.
   */
  readonly baseUrl?: string | URL | null | undefined;
  /** Sent with every request. Default `accept: any`, `Accept-Encoding` and `User-Agent`; `null` for a name removes it. */
  readonly headers?: HeadersInput | null | undefined;
  /** Appended to every URL. */
  readonly params?: ParamsInput | null | undefined;
  /** Milliseconds over everything, or limits by phase. Default connect 10 s, read 120 s, write 60 s, pool 30 s, total none. `null` lifts every limit. */
  readonly timeout?: TimeoutInput | undefined;
  /**
   * Who we are: `[user, password]`, a `BasicAuth`, `BearerAuth`, `DigestAuth` or `NetrcAuth`, or a flow of one's own. It belongs to
   * the origin of `baseUrl`, or without one to the server that each call begins with; redirects to another origin go without. A
   * request that has an `Authorization` field, or a URL with credentials, keeps them.
   */
  readonly auth?: AuthInput | null | undefined;
  /**
   * Takes what the environment says. Where nobody gives `proxy`, that is `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, in upper
   * case too, as they are when the client is made; a request whose variable can not be understood fails, unless `onInvalid` is `direct`. Where nobody
   * gives `auth`, it is the user's netrc (`NETRC`, else `~/.netrc` or `~/_netrc`), by the host of each request. Default `false`.
   */
  readonly trustEnv?: TrustEnvInput | null | undefined;
  /**
   * The jar, instead of one that is the client's own; or cookies by name, which are sent beside those of the jar to where the
   * client's headers go, and never stored; or `null` or `false`: none are sent and none are kept.
   */
  readonly cookies?: CookiesInput | undefined;
  /**
   * An HTTP cache (RFC 9111), such as `new HttpCache()` of `@x/cache`; several clients may share one, and none closes it. It stands below redirects,
   * credentials, cookies and retries, so that it knows each request as it is sent. `null`: none, which is the default.
   */
  readonly cache?: ClientCache | null | undefined;
  /** Aborts every request of the client. */
  readonly signal?: AbortSignal | null | undefined;
  /**
   * Dispatchers, or proxies, for the URLs that match a pattern, the most specific pattern first: `https://api.example.com`,
   * `http://*.local:8080`, `all://`. A part that is missing, and `*`, stand for everything. `null` is this client's own way. Extending lays
   * pattern over pattern. They are never closed by the client.
   * @example
   * const client = new Client({ mounts: { 'http://app.test': nodeHandlerDispatcher(app), 'all://*.example.com': mockDispatcher(answer) } });
   */
  readonly mounts?: MountsInput | null | undefined;
  /** Around everything else that the client does with a request; the first is the outermost. Extending appends. */
  readonly interceptors?: readonly Interceptor[] | null | undefined;
  /** Next to the network, and to the cache: called for each request that goes there. Extending appends. */
  readonly networkInterceptors?: readonly Interceptor[] | null | undefined;
}

/** A client that has connections of its own. */
export interface NetworkClientOptions extends CommonClientOptions {
  readonly dispatcher?: null | undefined;
  /**
   * The same on every route. Certificates are verified by default, with TLS 1.2 at least. A function, such as `tlsFiles()`, where it may change while the
   * client lives.
   */
  readonly tls?: TlsOptions | TlsSource | null | undefined;
  readonly limits?: LimitOptions | null | undefined;
  /**
   * HTTP/2 where the server agrees. Default `true`. `'prior-knowledge'`: nothing else, on `http://` without asking (RFC 9113 §3.3), for a server
   * that is known to speak it. An object is `true`, or with `priorKnowledge` the latter, and says how many streams, how large windows and how many PINGs.
   */
  readonly http2?: boolean | 'prior-knowledge' | ClientHttp2Options | null | undefined;
  /** Connect to this unix socket (or Windows named pipe) instead of the host; `Host` and SNI stay those of the URL. */
  readonly socketPath?: string | null | undefined;
  /** The local IP address to connect from. */
  readonly localAddress?: string | null | undefined;
  /** Finds the addresses of a host in place of `dns.lookup`; called with `{ all: true }`. */
  readonly lookup?: PoolOptions['lookup'] | null | undefined;
  /**
   * Opens connections in the place of sockets, through an SSH tunnel or a VPN's SDK: gives a stream of bytes for a host and a port. TLS, HTTP/2 and limits
   * hold on it as on a socket; the pool's option of this name says more. Not together with `socketPath` and `localAddress`. Default `null`: sockets.
   * @example
   * const client = new Client({ connect: ({ host, port, signal }) => vpn.dial(host, port, { signal }) });
   */
  readonly connect?: Connect | null | undefined;
  /**
   * Where names are looked up, how long answers are used, and what is made of several addresses: see the core's `DnsOptions`. Default: the system's own look-up, whose
   * answers are used for 10 seconds. `null`: each connection asks anew, and nothing is remembered.
   * @example
   * const client = new Client({ dns: { servers: 'system', spread: true } }); // as long as the records say (TTL), each address in its turn
   */
  readonly dns?: DnsOptions | null | undefined;
  /**
   * Where names lead instead of what is looked up, as by curl's `--resolve` and `--connect-to`: by `host:port`, `host`, `*.example.com`, `*:port` or `*`, to
   * addresses, to one other name, or to another port (`:8443`). `Host`, the TLS server name and cookies stay those of the URL.
   * @example
   * const client = new Client({ resolve: { 'example.com:443': ['10.0.0.1', '[2001:db8::1]:8443'], '*.example.org': 'staging.example.org' } });
   */
  readonly resolve?: PoolOptions['resolve'];
  /**
   * Asked about each address before it is dialled, on every hop; what it forbids fails with `AddressRefused` and is not retried. Default `null`: none.
   * @example
   * const client = new Client({ guard: publicOnly() }); // from '@x/httpcore/guard', for URLs that strangers give
   */
  readonly guard?: Guard | null | undefined;
  /**
   * Take from HTTP/1.1 servers what old devices send and curl takes, such as bare LF in heads and spaces behind chunk sizes: the pool's option of
   * this name says what. Default `false`: most of it has been used for smuggling.
   */
  readonly lenientHttp1?: boolean | null | undefined;
  /**
   * Send requests of other origins, too, over an HTTP/2 connection that is there already, where its certificate names them and their name leads to
   * its address (RFC 9113 §9.1.1). Default `false`.
   */
  readonly coalesce?: boolean | null | undefined;
  /**
   * The most requests that are under way at once on one HTTP/1.1 connection, from 1 to 100: GET and HEAD are written before those in front of them are answered,
   * for servers near by that are known to frame their responses right. The pool's option of this name says when. Default 1: none is.
   * @example
   * const client = new Client({ pipelining: 8, limits: { maxConnectionsPerOrigin: 4 } });
   */
  readonly pipelining?: number | null | undefined;
  /**
   * `undici`: what listens to undici's `node:diagnostics_channel`s, as the instrumentations of OpenTelemetry and of vendors do, hears of the requests of
   * this client as of undici's own. `null`: it does not, which is the default. Where a `telemetry` watches, each request would be seen twice.
   */
  readonly diagnostics?: 'undici' | null | undefined;
  /**
   * Everything goes through this proxy: its URL, `http`, `https`, `socks4`, `socks4a`, `socks5` or `socks5h`, with credentials or without, or
   * a `Proxy` for what a URL can't say. All options hold on the way through it as they do without. `null`: none, whatever the environment says.
   * A list of these is tried in order, the next one where a proxy can not be reached; a function says, for each request, which it is to be.
   */
  readonly proxy?: ProxyOption | undefined;
}

/** A client over somebody else's dispatcher, which it uses and never closes. What concerns connections is the dispatcher's. */
export interface DispatcherClientOptions extends CommonClientOptions {
  readonly dispatcher: Dispatcher;
  readonly tls?: undefined;
  readonly limits?: undefined;
  readonly http2?: undefined;
  readonly socketPath?: undefined;
  readonly localAddress?: undefined;
  readonly lookup?: undefined;
  readonly connect?: undefined;
  readonly dns?: undefined;
  readonly resolve?: undefined;
  readonly guard?: undefined;
  readonly lenientHttp1?: undefined;
  readonly coalesce?: undefined;
  readonly pipelining?: undefined;
  readonly diagnostics?: undefined;
  readonly proxy?: undefined;
}

/** What a client may be told: what all its calls have in common, and either its own network or a dispatcher in its place. */
export type ClientOptions = NetworkClientOptions | DispatcherClientOptions;

/** All of them, as own properties. */
export interface OwnClientOptions extends CommonClientOptions {
  readonly dispatcher?: Dispatcher | null | undefined;
  readonly tls?: TlsOptions | TlsSource | null | undefined;
  readonly limits?: LimitOptions | null | undefined;
  readonly http2?: boolean | 'prior-knowledge' | ClientHttp2Options | null | undefined;
  readonly socketPath?: string | null | undefined;
  readonly localAddress?: string | null | undefined;
  readonly lookup?: PoolOptions['lookup'] | null | undefined;
  readonly connect?: Connect | null | undefined;
  readonly dns?: DnsOptions | null | undefined;
  readonly resolve?: PoolOptions['resolve'];
  readonly guard?: Guard | null | undefined;
  readonly lenientHttp1?: boolean | null | undefined;
  readonly coalesce?: boolean | null | undefined;
  readonly pipelining?: number | null | undefined;
  readonly diagnostics?: 'undici' | null | undefined;
  readonly proxy?: ProxyOption | undefined;
}

export const clientOptionNames: OptionNames<OwnClientOptions> = Object.freeze({
  baseUrl: undefined,
  headers: undefined,
  params: undefined,
  timeout: undefined,
  auth: undefined,
  trustEnv: undefined,
  cookies: undefined,
  cache: undefined,
  signal: undefined,
  mounts: undefined,
  interceptors: undefined,
  networkInterceptors: undefined,
  decompress: undefined,
  maxResponseBytes: undefined,
  maxExpansion: undefined,
  followRedirects: undefined,
  maxRedirects: undefined,
  allowDowngrade: undefined,
  sensitiveHeaders: undefined,
  throwOnStatus: undefined,
  retryMisdirected: undefined,
  parseJson: undefined,
  stringifyJson: undefined,
  context: undefined,
  onRetry: undefined,
  onRedirect: undefined,
  telemetry: undefined,
  resourceTimings: undefined,
  retries: undefined,
  dispatcher: undefined,
  tls: undefined,
  limits: undefined,
  http2: undefined,
  socketPath: undefined,
  localAddress: undefined,
  lookup: undefined,
  connect: undefined,
  dns: undefined,
  resolve: undefined,
  guard: undefined,
  lenientHttp1: undefined,
  coalesce: undefined,
  pipelining: undefined,
  diagnostics: undefined,
  proxy: undefined,
});

export const limitNames: OptionNames<LimitOptions> = Object.freeze({
  maxConnections: undefined,
  maxConnectionsPerOrigin: undefined,
  maxConcurrency: undefined,
  maxConcurrencyPerOrigin: undefined,
  keepAliveTimeout: undefined,
  maxConnectionAge: undefined,
  maxRequestsPerConnection: undefined,
  maxIdleConnections: undefined,
  maxBufferedBytes: undefined,
});

export const tlsNames: OptionNames<TlsOptions> = Object.freeze({
  ca: undefined,
  cert: undefined,
  key: undefined,
  pfx: undefined,
  passphrase: undefined,
  identities: undefined,
  pins: undefined,
  crl: undefined,
  servername: undefined,
  rejectUnauthorized: undefined,
  minVersion: undefined,
  maxVersion: undefined,
  ciphers: undefined,
  sigalgs: undefined,
  curves: undefined,
  checkServerIdentity: undefined,
  keylog: undefined,
});
