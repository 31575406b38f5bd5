/**
 * All connections of one dispatcher: finds the origin of a request, keeps the limit over all origins, and owns the two
 * timers that everything here shares.
 */
import type { ByteIterable, DispatchContext, DispatchResponse, HeaderPair, Timeouts, UrlParts } from '../contract.ts';
import type { Connection } from '../connection/connection.ts';
import { Exchange } from '../connection/exchange.ts';
import type { Dial, Dialer } from '../dial/dial.ts';
import { Aborted, DeadlineExceeded, PoolClosed, type HttpCoreError } from '../errors.ts';
import { checkFields, checkMethod, checkTarget } from '../model/field-syntax.ts';
import { checkTimeouts, type ResolvedPoolOptions } from '../model/options.ts';
import { parseOrigin, type Origin } from '../model/origin.ts';
import { requestFraming } from '../model/request-framing.ts';
import type { Clock } from '../time/clock.ts';
import { CoarseTimer } from '../time/coarse-timer.ts';
import { Coalescing } from './coalescing.ts';
import type { Sharing } from './decide.ts';
import { evict } from './eviction.ts';
import { OriginPool } from './origin-pool.ts';
import type { PoolOfOrigins } from './pool-of-origins.ts';

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
  readonly origin: string;
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

/** What was learnt of origins outlives their connections, up to this many. */
const rememberedOrigins = 1_000;

export class Pool implements PoolOfOrigins {
  readonly clock: Clock;
  readonly maxConnections: number;
  readonly maxConnectionsPerOrigin: number;
  readonly keepAliveTimeout: number;
  readonly coalescing: Coalescing | null;
  closing = false;

  readonly #options: ResolvedPoolOptions;
  readonly #dialer: Dialer;
  readonly #origins = new Map<string, OriginPool>();
  readonly #sharing = new Map<string, Sharing>();
  readonly #wantRoom = new Set<OriginPool>();
  readonly #deadlines: CoarseTimer;
  readonly #expiry: CoarseTimer;
  #slotsTaken = 0;
  #opened = 0;
  #requests = 0;
  #onClosed: (() => void) | null = null;
  #closed: Promise<void> | null = null;

  // The origin that was asked for last, by what was said and not by a key: most programs talk to one for a while.
  #lastScheme = '';
  #lastHost = '';
  #lastPort: number | null = null;
  #lastServername: string | undefined = undefined;
  #last: OriginPool | null = null;

  constructor(options: ResolvedPoolOptions, dialer: Dialer, clock: Clock) {
    this.#options = options;
    this.#dialer = dialer;
    this.clock = clock;
    this.maxConnections = options.maxConnections;
    this.maxConnectionsPerOrigin = options.maxConnectionsPerOrigin;
    this.keepAliveTimeout = options.keepAliveTimeout;
    this.coalescing = Coalescing.create(options);
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
    const originPool = this.#originPool(url[0], url[1], url[2], context?.servername);
    if (context !== undefined) this.#checkContext(context);
    const now = this.clock.now();
    const exchange = new Exchange(originPool, originPool.origin, method, url[3], headers, body, framing, timeouts, context, now);
    this.#requests += 1;
    originPool.submit(exchange, now);
    return exchange.response;
  }

  #checkContext(context: DispatchContext): void {
    const { signal, deadline } = context;
    if (signal !== undefined && signal.aborted) {
      throw new Aborted('The request was aborted before it began', { cause: signal.reason, phase: 'request' });
    }
    if (deadline !== undefined && deadline <= this.clock.now()) {
      throw new DeadlineExceeded('The deadline had passed before the request began', { phase: 'request' });
    }
  }

  #originPool(scheme: string, host: string, port: number | null, servername: string | undefined): OriginPool {
    if (
      this.#last !== null &&
      host === this.#lastHost &&
      scheme === this.#lastScheme &&
      port === this.#lastPort &&
      servername === this.#lastServername
    ) {
      return this.#last;
    }
    const given = JSON.stringify([scheme, host, port, servername]);
    let originPool = this.#origins.get(given);
    if (originPool === undefined) {
      const origin = parseOrigin(scheme, host, port, servername ?? this.#options.tls.servername);
      const key = keyOf(origin);
      originPool = this.#origins.get(key) ?? new OriginPool(this, origin);
      this.#name(originPool, key);
      // Unbounded spellings of one host (letter case) must not fill the map.
      if (originPool.keys.length < 8) this.#name(originPool, given);
    }
    this.#lastScheme = scheme;
    this.#lastHost = host;
    this.#lastPort = port;
    this.#lastServername = servername;
    this.#last = originPool;
    return originPool;
  }

  #name(originPool: OriginPool, key: string): void {
    if (this.#origins.has(key)) return;
    this.#origins.set(key, originPool);
    originPool.keys.push(key);
  }

  // For the origins

  get room(): number {
    return this.maxConnections - this.#slotsTaken;
  }

  get roomIsWanted(): boolean {
    return this.#wantRoom.size > 0;
  }

  sharingOf(origin: Origin): Sharing {
    const { http1, http2 } = this.#options;
    if (!http2 || (origin.scheme === 'http' && http1)) return 'exclusive';
    if (!http1) return 'shared';
    return this.#sharing.get(keyOf(origin)) ?? 'unknown';
  }

  onMade(originPool: OriginPool, connection: Connection): void {
    this.#opened += 1;
    this.coalescing?.add(connection, originPool);
    const key = keyOf(originPool.origin);
    this.#sharing.delete(key);
    this.#sharing.set(key, connection.info.protocol === 'h2' ? 'shared' : 'exclusive');
    if (this.#sharing.size > rememberedOrigins) this.#sharing.delete(this.#sharing.keys().next().value!);
  }

  dial(originPool: OriginPool, exchange: Exchange | null): Dial<Connection> {
    return this.#dialer.dial(
      {
        origin: originPool.origin,
        connectTimeout: exchange === null ? this.#options.timeouts[0] : exchange.connectTimeout,
        trace: exchange === null ? null : exchange.observer,
        onResolved: this.coalescing?.lookFor(originPool),
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
    for (const other of new Set(this.#origins.values())) {
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
    if (originPool.keys.length === 0) this.#name(originPool, keyOf(originPool.origin));
  }

  onEmpty(originPool: OriginPool): void {
    for (const key of originPool.keys) this.#origins.delete(key);
    originPool.keys.length = 0;
    this.#wantRoom.delete(originPool);
    if (this.#last === originPool) this.#last = null;
    if (this.closing && this.#origins.size === 0) this.#finish();
  }

  holders(originPool: OriginPool): readonly Exchange[] {
    const full = this.room > 0 ? [originPool] : new Set(this.#origins.values());
    return Array.from(full, (each) => Array.from(each.connections, (connection) => connection.exchanges()).flat()).flat();
  }

  // Timers

  #checkDeadlines(now: number): number {
    let next = Infinity;
    for (const originPool of new Set(this.#origins.values())) next = Math.min(next, originPool.checkDeadlines(now));
    return next;
  }

  #checkExpiry(now: number): number {
    let next = Infinity;
    for (const originPool of new Set(this.#origins.values())) {
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
    return this.#originPool(scheme, host, port, undefined).preconnect();
  }

  stats(): PoolStats {
    const lent = this.coalescing?.lent();
    const origins = Array.from(new Set(this.#origins.values()), (each): OriginStats => {
      const connections = Array.from(each.connections);
      return {
        origin: each.origin.text,
        connections: connections.length,
        idle: connections.filter((connection) => connection.active === 0).length,
        connecting: each.dialCount,
        active: connections.reduce((sum, connection) => sum + connection.active, lent?.get(each.origin) ?? 0),
        queued: each.waitingCount,
        coalesced: this.coalescing?.connectionsOf(each) ?? 0,
      };
    });
    const sum = (key: Exclude<keyof OriginStats, 'origin'>): number => origins.reduce((total, each) => total + each[key], 0);
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
    for (const originPool of new Set(this.#origins.values())) originPool.drain();
    if (this.#origins.size === 0) this.#finish();
    return this.#closed;
  }

  destroy(error: HttpCoreError): Promise<void> {
    const closed = this.close();
    for (const originPool of new Set(this.#origins.values())) originPool.destroy(error);
    return closed;
  }

  #finish(): void {
    this.#deadlines.stop();
    this.#expiry.stop();
    this.#onClosed?.();
    this.#onClosed = null;
  }
}

function keyOf(origin: Origin): string {
  return `${origin.text} ${origin.servername}`;
}
