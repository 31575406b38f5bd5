/**
 * All connections of one dispatcher: finds the origin of a request, keeps the limit over all origins, and owns the two
 * timers that everything here shares.
 */
import type { ByteIterable, DispatchContext, DispatchResponse, HeaderPair, Timeouts, UrlParts } from '../contract/dispatcher.ts';
import type { Connection } from '../connection/connection.ts';
import { Exchange } from '../exchange/exchange.ts';
import { Forwarding, isAuthorization } from '../model/proxy/forwarding.ts';
import type { Dial, Dialer } from '../dial/dial.ts';
import { Aborted, DeadlineExceeded, LocalProtocolError, PoolClosed, type HttpCoreError } from '../contract/errors.ts';
import { checkFields, checkMethod, checkTarget } from '../model/field-syntax.ts';
import { checkTimeouts, type ResolvedPoolOptions } from '../model/pool-options.ts';
import { forwards, proxyPeer } from '../model/destination.ts';
import { proxyFacts, type Proxy } from '../model/proxy/proxy.ts';
import { requestFraming } from '../model/request-framing.ts';
import type { Clock } from '../time/clock.ts';
import { CoarseTimer } from '../time/coarse-timer.ts';
import { Coalescing } from './coalescing.ts';
import type { Sharing } from './decide.ts';
import { evict } from './eviction.ts';
import { LearntProtocols } from './learnt.ts';
import { OriginPool } from './peer.ts';
import { PeerPools } from './peers.ts';
import type { PoolOfOrigins } from './peer-owner.ts';

/** A look at the pool at one moment. */
export interface PoolStats {
  /** Connections that are open. */
  readonly connections: number;
  /** Those of them that carry nothing. */
  readonly idle: number;
  /** Connections being made. */
  readonly connecting: number;
  /** Exchanges that run. */
  readonly active: number;
  /** Exchanges that wait for a connection. */
  readonly queued: number;
  /** Connections made since the pool was made. */
  readonly opened: number;
  /** Exchanges taken since the pool was made. */
  readonly requests: number;
  readonly origins: readonly OriginStats[];
}

export interface OriginStats {
  /** Or a proxy, for all the origins to which it forwards. */
  readonly origin: string;
  /** The proxy on the way, as `scheme://host:port`. */
  readonly proxy: string | undefined;
  readonly connections: number;
  readonly idle: number;
  readonly connecting: number;
  readonly active: number;
  readonly queued: number;
  /** Connections to other origins that carry its exchanges too (`coalesce`). */
  readonly coalesced: number;
}

/**
 * An idle connection must not keep the process alive, but to say so for each that is idle for a moment between two requests
 * would cost two calls into the system per request. It is said for all at once, this many milliseconds later.
 */
const idleGrace = 10;

export class Pool implements PoolOfOrigins {
  readonly clock: Clock;
  readonly maxConnections: number;
  readonly maxConnectionsPerOrigin: number;
  readonly keepAliveTimeout: number;
  readonly coalescing: Coalescing | null;
  closing = false;

  readonly #options: ResolvedPoolOptions;
  readonly #dialer: Dialer;
  readonly #peers: PeerPools;
  readonly #learnt = new LearntProtocols();
  readonly #wantRoom = new Set<OriginPool>();
  readonly #deadlines: CoarseTimer;
  readonly #expiry: CoarseTimer;
  #slotsTaken = 0;
  #opened = 0;
  #requests = 0;
  #onClosed: (() => void) | null = null;
  #closed: Promise<void> | null = null;

  constructor(options: ResolvedPoolOptions, dialer: Dialer, clock: Clock) {
    this.#options = options;
    this.#dialer = dialer;
    this.clock = clock;
    this.maxConnections = options.maxConnections;
    this.maxConnectionsPerOrigin = options.maxConnectionsPerOrigin;
    this.keepAliveTimeout = options.keepAliveTimeout;
    this.coalescing = Coalescing.create(options);
    this.#peers = new PeerPools(options, (peer, key, isForwarded) => {
      return new OriginPool(this, peer, key, isForwarded ? new Forwarding(peer.proxy!) : null);
    });
    this.#deadlines = new CoarseTimer(clock, (now) => this.#checkDeadlines(now));
    this.#expiry = new CoarseTimer(clock, (now) => this.#checkExpiry(now));
  }

  /** Checks a request and gives it to its origin's pool. @throws {LocalProtocolError | UnsupportedProtocol | PoolClosed | Aborted} */
  submit(
    method: string,
    url: UrlParts,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    timeouts: Timeouts,
    context: DispatchContext | undefined,
  ): Promise<DispatchResponse> {
    if (this.closing) throw new PoolClosed('The pool is closed', { phase: 'request' });
    checkMethod(method);
    checkTarget(url[3]);
    checkFields(headers);
    if (timeouts !== this.#options.timeouts) checkTimeouts(timeouts);
    const framing = requestFraming(method, headers, body, context?.trailers !== undefined);
    if (context !== undefined) this.#checkContext(context);
    const proxy = context?.proxy === undefined ? this.#options.proxy : (context.proxy as Proxy | null);
    const isForwarded = proxy !== null && this.#isForwarded(method, url[0], headers, proxy);
    const { origin, originPool } = this.#peers.find(url[0], url[1], url[2], context?.servername, proxy, isForwarded);
    const now = this.clock.now();
    const exchange = new Exchange(originPool, origin, method, url[3], headers, body, framing, timeouts, context, now);
    return this.#begin(exchange, originPool, now);
  }

  /** Asks a proxy for a tunnel to `authority`: the answer to CONNECT, whose body leads there if its status is 2xx. */
  connect(proxy: Proxy, authority: string, headers: readonly HeaderPair[], context: DispatchContext): Promise<DispatchResponse> {
    if (this.closing) throw new PoolClosed('The pool is closed', { phase: 'request' });
    const originPool = this.#peers.poolOf(proxyPeer(proxy), false);
    const framing = requestFraming('CONNECT', headers, null, false);
    const now = this.clock.now();
    const { origin } = originPool;
    const exchange = new Exchange(originPool, origin, 'CONNECT', authority, headers, null, framing, this.#options.timeouts, context, now);
    return this.#begin(exchange, originPool, now);
  }

  #begin(exchange: Exchange, originPool: OriginPool, now: number): Promise<DispatchResponse> {
    this.#requests += 1;
    // An observer may have aborted it as soon as it was there.
    if (!exchange.ended) originPool.submit(exchange, now);
    return exchange.response;
  }

  /** Is it for the proxy to send on? Else it takes a tunnel, at whose other end is the origin. */
  #isForwarded(method: string, scheme: string, headers: readonly HeaderPair[], proxy: Proxy): boolean {
    if (method !== 'CONNECT' && forwards(proxy, scheme, this.#options) && !headers.some(asksForUpgrade)) return true;
    checkTunnelledFields(headers);
    return false;
  }

  #checkContext(context: DispatchContext): void {
    const { signal, deadline, proxy } = context;
    // Throws unless it is one.
    if (proxy !== undefined && proxy !== null) proxyFacts(proxy as Proxy);
    if (signal !== undefined && signal.aborted) {
      throw new Aborted('The request was aborted before it began', { cause: signal.reason, phase: 'request' });
    }
    if (deadline !== undefined && deadline <= this.clock.now()) {
      throw new DeadlineExceeded('The deadline had passed before the request began', { phase: 'request' });
    }
  }

  // For the origins

  get room(): number {
    return this.maxConnections - this.#slotsTaken;
  }

  get roomIsWanted(): boolean {
    return this.#wantRoom.size > 0;
  }

  sharingOf(originPool: OriginPool): Sharing {
    return this.#learnt.sharingOf(originPool);
  }

  refusesHttp2({ key }: OriginPool): boolean {
    return this.#learnt.refusesHttp2(key);
  }

  onHttp1Required(originPool: OriginPool): boolean {
    return this.#learnt.onHttp1Required(originPool);
  }

  onMade(originPool: OriginPool, connection: Connection): boolean {
    this.#opened += 1;
    if (!this.#learnt.onAgreed(originPool.key, connection.info.protocol)) return false;
    this.coalescing?.add(connection, originPool);
    return true;
  }

  dial(originPool: OriginPool, exchange: Exchange | null): Dial<Connection> {
    const { proxy, via } = originPool.peer;
    return this.#dialer.dial(
      {
        ...originPool.peer,
        protocols: this.#learnt.offerFor(originPool),
        connectTimeout: exchange === null ? this.#options.timeouts[0] : exchange.connectTimeout,
        trace: exchange === null ? null : exchange.observer,
        // Neither to a proxy nor through one: the connections of others lead to origins, by other ways.
        onResolved: proxy === null && via === null ? this.coalescing?.lookFor(originPool) : undefined,
      },
      this.coalescing?.ownerFor(originPool) ?? originPool,
    );
  }

  onSlotTaken(): void {
    this.#slotsTaken += 1;
  }

  onSlotFreed(): void {
    this.#slotsTaken -= 1;
    for (const originPool of Array.from(this.#wantRoom)) {
      if (this.room <= 0) return;
      // It says again if it wants more; then it stands at the end of the line.
      this.#wantRoom.delete(originPool);
      originPool.grow();
    }
  }

  onRoomWanted(originPool: OriginPool): void {
    this.#wantRoom.add(originPool);
    for (const other of this.#peers.all()) {
      if (other === originPool) continue;
      for (const connection of other.idle()) {
        // Its slot comes back through onSlotFreed, which lets the origin grow.
        connection.drain();
        return;
      }
    }
  }

  onIdle(now: number): void {
    this.#expiry.ensure(now + idleGrace);
  }

  onDeadline(at: number): void {
    this.#deadlines.ensure(at);
  }

  onWaiting(originPool: OriginPool): void {
    this.#peers.keep(originPool);
  }

  onEmpty(originPool: OriginPool): void {
    this.#peers.forget(originPool);
    this.#wantRoom.delete(originPool);
    if (this.closing && this.#peers.size === 0) this.#finish();
  }

  holders(originPool: OriginPool): readonly Exchange[] {
    const full = this.room > 0 ? [originPool] : this.#peers.all();
    return Array.from(full, (each) => Array.from(each.connections, (connection) => connection.exchanges()).flat()).flat();
  }

  // Timers

  #checkDeadlines(now: number): number {
    let next = Infinity;
    for (const originPool of this.#peers.all()) next = Math.min(next, originPool.checkDeadlines(now));
    return next;
  }

  #checkExpiry(now: number): number {
    let next = Infinity;
    for (const originPool of this.#peers.all()) {
      const { expired, lookAgainAt } = evict(originPool.idle(), this.keepAliveTimeout, now);
      for (const connection of expired) connection.drain();
      for (const connection of originPool.idle()) connection.unref();
      next = Math.min(next, lookAgainAt);
    }
    return next;
  }

  // For people

  preconnect(scheme: string, host: string, port: number | null): Promise<void> {
    if (this.closing) throw new PoolClosed('The pool is closed', { phase: 'request' });
    const { proxy } = this.#options;
    const isForwarded = proxy !== null && forwards(proxy, scheme, this.#options);
    return this.#peers.find(scheme, host, port, undefined, proxy, isForwarded).originPool.preconnect();
  }

  stats(): PoolStats {
    const lent = this.coalescing?.lent();
    const origins = Array.from(this.#peers.all(), (each): OriginStats => {
      const connections = Array.from(each.connections);
      return {
        origin: each.origin.text,
        proxy: (each.peer.proxy ?? each.peer.via)?.origin,
        connections: connections.length,
        idle: connections.filter((connection) => connection.active === 0).length,
        connecting: each.dialCount,
        active: connections.reduce((sum, connection) => sum + connection.active, lent?.get(each) ?? 0),
        queued: each.waitingCount,
        coalesced: this.coalescing?.connectionsOf(each) ?? 0,
      };
    });
    const sum = (key: Exclude<keyof OriginStats, 'origin' | 'proxy'>): number => origins.reduce((total, each) => total + each[key], 0);
    return {
      connections: sum('connections'),
      idle: sum('idle'),
      connecting: sum('connecting'),
      active: sum('active'),
      queued: sum('queued'),
      opened: this.#opened,
      requests: this.#requests,
      origins,
    };
  }

  // Ending

  close(): Promise<void> {
    if (this.#closed !== null) return this.#closed;
    this.closing = true;
    this.#closed = new Promise((resolve) => {
      this.#onClosed = resolve;
    });
    for (const originPool of this.#peers.all()) originPool.drain();
    if (this.#peers.size === 0) this.#finish();
    return this.#closed;
  }

  destroy(error: HttpCoreError): Promise<void> {
    const closed = this.close();
    for (const originPool of this.#peers.all()) originPool.destroy(error);
    return closed;
  }

  #finish(): void {
    this.#deadlines.stop();
    this.#expiry.stop();
    this.#onClosed?.();
    this.#onClosed = null;
  }
}

/** An upgraded connection leads to the origin itself, which takes a tunnel (RFC 9110 §7.8: the field is for the next hop alone). */
function asksForUpgrade([name]: HeaderPair): boolean {
  return name.length === 7 && name.toLowerCase() === 'upgrade';
}

/** At the other end of a tunnel is the origin. */
function checkTunnelledFields(headers: readonly HeaderPair[]): void {
  if (!headers.some(isAuthorization)) return;
  throw new LocalProtocolError('Proxy-Authorization would reach the origin through the tunnel; give the credentials to the proxy', {
    code: 'PROXY_AUTHORIZATION',
    phase: 'request',
  });
}
