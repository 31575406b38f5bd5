import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { CipherNameAndProtocol, PeerCertificate } from 'node:tls';

import type { CloseOptions, Dispatcher, DispatchContext, DispatchResponse, InterimResponse, ProxyIdentity } from './contract/dispatcher.ts';
import type { ByteIterable, HeaderPair, Timeouts, UrlParts } from './contract/values.ts';
import type { Guard } from './contract/guard.ts';
import { admitThroughProxy } from './dial/admission.ts';
import { connectStream } from './dial/connect.ts';
import type { TransportDialer } from './dial/dial.ts';
import { HttpDialer } from './dial/dialer.ts';
import { createTransportDialer } from './dial/transport-dialer.ts';
import {
  Aborted,
  LocalProtocolError,
  PoolClosed,
  rejectWithCallerStack,
  toCoreError,
  withCallerStack,
  type HttpCoreError,
} from './contract/errors.ts';
import { checkGrace, resolvePoolOptions, type PoolOptions } from './model/pool-options.ts';
import type { NetworkOptions } from './contract/network-options.ts';
import { onlyHttp1 } from './model/destination.ts';
import { parseOrigin } from './model/origin.ts';
import type { ConnectionObserver } from './contract/trace.ts';
import type { Proxy } from './model/proxy/proxy.ts';
import { parseUrl } from './model/url.ts';
import { Resolver } from './net/dns/resolver.ts';
import { Pool } from './pool/pool.ts';
import type { PoolStats } from './pool/pool-stats.ts';
import { systemClock } from './time/clock.ts';
import { ConnectTunnels } from './proxies/connect-tunnels.ts';
import { waysThroughProxies } from './proxies/way-through.ts';

/** What `connect()` may be told. */
export interface ConnectOptions {
  /** Aborts the making of the connection. */
  readonly signal?: AbortSignal | undefined;
  /** TLS server name when it is not the host. */
  readonly servername?: string | undefined;
  /** A `Proxy`, instead of the pool's; `null`: none. */
  readonly proxy?: ProxyIdentity | null | undefined;
  /** As a request's: TLS, local address, socket. Its `protocol` has no meaning here. */
  readonly network?: NetworkOptions | undefined;
}

/** A connection as a stream, with what is asked of a socket. */
export interface ConnectedStream extends Duplex {
  readonly encrypted: boolean;
  /** TLS has verified the peer. One that is not trusted comes with `tls.rejectUnauthorized: false` only. */
  readonly authorized: boolean;
  /** Why it is not trusted; `null`: there is nothing against it. */
  readonly authorizationError: Error | string | null;
  /** `false` without TLS, or where the peer named none. */
  readonly alpnProtocol: string | false;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  /** `IPv4` or `IPv6`; `undefined` where there is no address. */
  readonly remoteFamily: string | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly readyState: 'open' | 'readOnly' | 'writeOnly' | 'closed';
  /** Of this end; empty where there is no address. */
  address(): AddressInfo | {};
  /** As that of `tls.TLSSocket`; empty without TLS. */
  getPeerCertificate(detailed?: boolean): PeerCertificate | {};
  /** The version of TLS, such as `TLSv1.3`; `null` without it. */
  getProtocol(): string | null;
  getCipher(): CipherNameAndProtocol | undefined;
  /** Was an earlier TLS session resumed? */
  isSessionReused(): boolean;
  /** Emits `timeout` after so many milliseconds of silence; 0: never. */
  setTimeout(milliseconds: number, listener?: () => void): this;
  setNoDelay(): this;
  setKeepAlive(): this;
  ref(): this;
  unref(): this;
}

/** @internal A request that was given to a pool, and the way to end it. */
export interface OpenRequest {
  /** Of the first head that comes: an interim one has the promise of the next. */
  readonly response: Promise<DispatchResponse | InterimResponse>;
  /** At any stage, with `Aborted` whose cause is `reason`. */
  abort(reason: unknown): void;
}

class OpenExchange implements OpenRequest {
  readonly response: OpenRequest['response'];
  readonly #exchange: ReturnType<Pool['open']>;

  constructor(exchange: ReturnType<Pool['open']>) {
    this.#exchange = exchange;
    this.response = exchange.headsInTurn();
  }

  abort(reason: unknown): void {
    this.#exchange.abort(new Aborted('The request was aborted', { cause: reason }));
  }
}

/**
 * The network: keeps connections and sends each request over one of them.
 *
 * Idle connections and timers do not keep the process alive.
 *
 * @example
 * await using pool = new ConnectionPool({ maxConnectionsPerOrigin: 8 });
 * const [, status, , headers, body] = await pool.dispatch('GET', ['https', 'example.com', null, '/'], [], null);
 * console.log(status, headers, new TextDecoder().decode(await body.bytes()));
 */
export class ConnectionPool implements Dispatcher {
  readonly #pool: Pool;
  readonly #tunnels: ConnectTunnels;
  readonly #timeouts: Timeouts;
  readonly #dialer: TransportDialer;
  readonly #proxy: Proxy | null;
  readonly #guard: Guard | null;

  /** @throws {LocalProtocolError} `INVALID_OPTION`, naming the option. */
  constructor(options: PoolOptions = {}) {
    const resolved = resolvePoolOptions(options);
    this.#timeouts = resolved.timeouts;
    this.#tunnels = new ConnectTunnels(resolved, () => dialer, systemClock);
    const resolver = new Resolver(resolved, systemClock);
    const proxies = waysThroughProxies(resolved, resolver, systemClock, this.#tunnels);
    this.#proxy = resolved.proxy;
    this.#guard = resolved.guard;
    this.#dialer = createTransportDialer(resolved, resolver, systemClock, proxies);
    const dialer = new HttpDialer(this.#dialer, resolved, systemClock);
    this.#pool = new Pool(resolved, dialer, systemClock);
  }

  dispatch(
    method: string,
    url: UrlParts,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    timeouts: Timeouts = this.#timeouts,
    context?: DispatchContext,
  ): Promise<DispatchResponse> {
    // Not async: a promise less for each request, and only one that fails has its caller looked for.
    try {
      return this.#pool.open(method, url, headers, body, timeouts, context).response;
    } catch (error) {
      return rejectWithCallerStack(error);
    }
  }

  /**
   * @internal As {@link dispatch}, for who ends a request by a call, and takes interim responses from the promise, in his own async context: a signal
   * and a context kept for an observer cost as much as all else of a small request.
   */
  openRequest(
    method: string,
    url: UrlParts,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    timeouts: Timeouts = this.#timeouts,
    context?: DispatchContext,
  ): OpenRequest {
    // Somebody's own `dispatch`, of a class that extends this one or of a test, is asked.
    if (this.dispatch !== ConnectionPool.prototype.dispatch) {
      const controller = new AbortController();
      const within = { ...context, signal: controller.signal };
      return {
        response: this.dispatch(method, url, headers, body, timeouts, within),
        abort: (reason) => controller.abort(reason),
      };
    }
    try {
      return new OpenExchange(this.#pool.open(method, url, headers, body, timeouts, context));
    } catch (error) {
      return { response: rejectWithCallerStack(error), abort() {} };
    }
  }

  /**
   * Makes a connection before it is needed, unless one is ready.
   *
   * @param origin such as `https://example.com` or `http://127.0.0.1:8080`.
   * @throws {ConnectError | ConnectTimeout | ProxyError} it could not be made.
   */
  async preconnect(origin: string): Promise<void> {
    try {
      const url = parseUrl(origin);
      if (url === undefined) throw new LocalProtocolError('The origin is not a URL', { code: 'INVALID_TARGET', phase: 'request' });
      const { protocol, hostname, port } = url;
      await this.#pool.preconnect([protocol.slice(0, -1), hostname, port === '' ? null : Number(port), '/']);
    } catch (error) {
      throw withCallerStack(error);
    }
  }

  /**
   * Opens a connection for a protocol of your own, on the ways of this pool: through its proxy (by a tunnel, for `http` as well), racing addresses,
   * with its TLS options, and HTTP/1.1 as the one protocol that TLS offers. It is the caller's from then on: no limit of the pool counts it, and
   * `close()` and `destroy()` leave it alone.
   *
   * @param origin such as `https://example.com`, for a connection with TLS, or `http://127.0.0.1:8080`.
   * @throws {ConnectError | ConnectTimeout | ProxyError | Aborted | PoolClosed} it could not be made.
   * @example
   * const socket = await pool.connect('https://example.com');
   * socket.write('GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n');
   * for await (const chunk of socket) process.stdout.write(chunk);
   */
  async connect(origin: string, options: ConnectOptions = {}): Promise<ConnectedStream> {
    try {
      const url = parseUrl(origin);
      if (url === undefined) throw new LocalProtocolError('The origin is not a URL', { code: 'INVALID_TARGET', phase: 'request' });
      if (this.#pool.closing) throw new PoolClosed('The pool is closed', { phase: 'request' });
      const { protocol, hostname, port } = url;
      const own: ConnectOptions = Object.assign(Object.create(null) as ConnectOptions, options);
      const { signal, servername } = own;
      const network = this.#pool.networkOf(own);
      this.#pool.renewals.review();
      const stated = own.proxy === undefined ? this.#proxy : own.proxy;
      const proxy = network?.socketPath === undefined ? stated : null;
      const parsed = parseOrigin(protocol.slice(0, -1), hostname, port === '' ? null : Number(port), servername);
      const via = proxy as Proxy | null;
      if (this.#guard !== null && via !== null) admitThroughProxy(this.#guard, parsed, via);
      const inContext = <Result>(task: () => Result): Result => task();
      const request = { origin: parsed, proxy: null, via, protocols: onlyHttp1, network, trace: null, inContext };
      return await connectStream(this.#dialer, request, { signal, timeout: this.#timeouts[0], clock: systemClock });
    } catch (error) {
      throw withCallerStack(error);
    }
  }

  /** A look at the pool at this moment. */
  stats(): PoolStats {
    return this.#pool.stats();
  }

  /**
   * Tells `observer` of connections that are made and closed from now on; the steps of a request are told by its `trace`. Gives what takes that
   * back.
   *
   * @example
   * const off = pool.observe((name, at, { origin }) => console.log(at.toFixed(1), name, origin));
   */
  observe(observer: ConnectionObserver): () => void {
    if (typeof observer !== 'function')
      throw new LocalProtocolError('An observer must be a function', { code: 'INVALID_OPTION', phase: 'request' });
    return this.#pool.watch.add(observer);
  }

  /**
   * Takes no new request; resolves when those that run and wait have ended and every connection is closed. What has not ended within `grace`
   * (default: the option `closeGrace`, 30 seconds) fails with `PoolClosed`. Idempotent.
   *
   * @throws {LocalProtocolError} `INVALID_OPTION`: `grace` is no number of milliseconds.
   */
  async close(options?: CloseOptions): Promise<void> {
    const grace = checkGrace(options?.grace);
    await this.#pool.close(grace);
    await this.#tunnels.close();
  }

  /** Ends everything now: running requests fail with `error` (default: `PoolClosed`), which is the cause where it is none of the core's. */
  async destroy(error: HttpCoreError = new PoolClosed('The pool was destroyed')): Promise<void> {
    const reason = toCoreError(error, (said) => new PoolClosed(`The pool was destroyed: ${said}`, { cause: error }));
    await this.#pool.destroy(reason);
    await this.#tunnels.destroy(reason);
  }

  /** Closes as {@link close} does, and ends at once what nobody reads. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.dispose();
    await this.#tunnels.close();
  }
}
