import type { TlsOptions } from './tls-options.ts';

/**
 * How the connection for one request is made, where that is another than the pool's way. Requests with equal options share connections, and only those: none
 * goes over a connection that was made with others. An object is read once; for other options give another object.
 *
 * @example
 * const network = { tls: { cert, key } };
 * await pool.dispatch('GET', url, [], null, undefined, { network });
 */
export interface NetworkOptions {
  /**
   * TLS with the origin, laid over the pool's `tls`: what is not named stays. Whoever names `cert`, `key` or `pfx` replaces who we are, `identities`
   * included. TLS with a proxy is the proxy's own.
   */
  readonly tls?: TlsOptions | undefined;
  /** The local IP address to connect from, to the proxy where there is one. */
  readonly localAddress?: string | undefined;
  /** Connect to this unix socket (or Windows named pipe) instead of the host; `Host` and SNI stay those of the URL. The pool's proxy is passed by. */
  readonly socketPath?: string | undefined;
  /**
   * Speak this and nothing else: `'http/1.1'`, or `'h2'`, without TLS by prior knowledge. Over TLS a server that does not speak it fails the request.
   * Default: as the pool's `http1` and `http2` say.
   */
  readonly protocol?: 'http/1.1' | 'h2' | undefined;
}
