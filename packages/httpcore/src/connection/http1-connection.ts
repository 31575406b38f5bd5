/**
 * One HTTP/1.1 connection, as the pool sees it: how much it takes, how long it may be idle, and how it ends. Its exchanges are the
 * carrier's (`http1-carrier.ts`).
 *
 * Reading is always on, also while idle: a byte or an end that comes then discards the connection before it can be mistaken for an
 * answer. It ends once, in `#end`, and is then forgotten by its owner.
 */
import type { HeaderPair } from '../contract/values.ts';
import type { HttpCoreError } from '../contract/errors.ts';
import type { ConnectionInfo } from '../contract/trace.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Processing } from '../exchange/replay.ts';
import type { ByteTransport } from '../net/byte-transport.ts';
import type { ResponseHead } from '../protocol/http1/response-head.ts';
import type { Clock, Scheduled } from '../time/clock.ts';
import type { Connection, ConnectionOwner } from './connection.ts';
import { Http1Carrier, type Http1CarrierOptions, type Http1CarrierOwner } from './http1-carrier.ts';
import { closedWhileIdle, endTransport, idleTimeoutOf, lostConnection } from './http1-rules.ts';
import { isWorthALook } from './liveness.ts';
import type { Turn } from './turn.ts';
import { PoolNotes } from './pool-notes.ts';

export interface Http1ConnectionOptions extends Http1CarrierOptions {
  /** No word of the server keeps it idle for longer. Default `Infinity`. */
  readonly longestKeepAlive?: number;
}

export class Http1Connection extends PoolNotes implements Connection, Http1CarrierOwner {
  readonly info: ConnectionInfo;
  readonly coalescing = undefined;
  readonly expectsCapacity = false;
  served = 0;
  idleSince: number;
  idleTimeout: number | undefined = undefined;
  lostAfter: number | undefined = undefined;

  readonly #transport: ByteTransport;
  readonly #owner: ConnectionOwner;
  readonly #clock: Clock;
  readonly #turn: Turn;
  readonly #longestKeepAlive: number | undefined;
  readonly #carrier: Http1Carrier;

  // One-way latches.
  #noNewExchanges = false;
  #shutDown = false;
  /** The end of a tunnel, while it leaves. */
  #closing: Scheduled | null = null;

  constructor(
    transport: ByteTransport,
    info: ConnectionInfo,
    owner: ConnectionOwner,
    clock: Clock,
    turn: Turn,
    options: Http1ConnectionOptions,
  ) {
    super();
    this.#transport = transport;
    this.info = info;
    this.#owner = owner;
    this.#clock = clock;
    this.#turn = turn;
    this.#longestKeepAlive = options.longestKeepAlive;
    this.#carrier = new Http1Carrier(this, info, transport, clock, turn, options);
    this.idleSince = clock.now();
    transport.start({
      onBytes: (chunk) => void this.#carrier.receive(chunk),
      onEnd: () => this.#onTransportEnd(),
      onDrain: () => this.#carrier.onDrained(),
      onClosed: (error) => this.#onTransportClosed(error),
    });
  }

  get capacity(): number {
    return this.#carrier.exchange === null && !this.#noNewExchanges ? 1 : 0;
  }

  get active(): number {
    return this.#carrier.exchange === null ? 0 : 1;
  }

  get noNewExchanges(): boolean {
    return this.#noNewExchanges;
  }

  exchanges(): readonly Exchange[] {
    const { exchange } = this.#carrier;
    return exchange === null ? [] : [exchange];
  }

  // From the pool

  start(exchange: Exchange, now: number): void {
    const reused = this.served > 0;
    const carrier = this.#carrier;
    carrier.take(exchange, isWorthALook(this, exchange));
    this.served += 1;
    exchange.onAssigned(carrier, this.info, reused, undefined, now);
    exchange.waitFor('read', now);
    this.#owner.onDeadline(exchange.expiresAt);
    this.#turn.add(carrier);
  }

  checkDeadlines(now: number): number {
    const { exchange } = this.#carrier;
    return exchange === null ? Infinity : exchange.checkLimits(now);
  }

  drain(): void {
    this.#noNewExchanges = true;
    if (this.active === 0) this.#shut(undefined);
  }

  destroy(error: HttpCoreError): void {
    this.#carrier.isTunnel = false;
    this.#fail(error, 'unknown');
  }

  ref(): void {
    this.#transport.ref();
  }

  unref(): void {
    this.#transport.unref();
  }

  // From the carrier

  onDeadline(at: number): void {
    this.#owner.onDeadline(at);
  }

  onHead({ keepAliveTimeout }: ResponseHead): void {
    this.idleTimeout = idleTimeoutOf(keepAliveTimeout, this.#longestKeepAlive);
  }

  onComplete(exchange: Exchange, isReusable: boolean, trailers: readonly HeaderPair[]): void {
    if (!isReusable || this.#noNewExchanges || exchange.challenge === null) {
      exchange.complete(trailers);
    } else if (exchange.restart()) {
      this.start(exchange, this.#clock.now());
      return;
    }
    // Whoever was told may have ended the connection.
    if (isReusable && !this.#noNewExchanges) {
      this.idleSince = exchange.heardAt === -1 ? this.#clock.now() : exchange.heardAt;
      this.#owner.onCapacity(this);
    } else {
      this.#shut(undefined);
    }
  }

  onDiscarded(): void {
    this.#shut(undefined);
  }

  onFault(error: HttpCoreError): void {
    this.#fail(error, error.code === 'CONNECTION_CLOSED' || !this.#carrier.isWritten ? this.#stale() : 'unknown');
  }

  onCancelled(isWritten: boolean, error: HttpCoreError): void {
    if (isWritten || this.#noNewExchanges) {
      this.#shut(error);
      return;
    }
    // Nothing was written: the connection is what it was.
    this.served -= 1;
    this.#owner.onCapacity(this);
  }

  onDetached(): void {
    this.#shutDown = true;
    this.#noNewExchanges = true;
    this.#owner.onClosed(this, undefined);
  }

  // From the transport

  #onTransportEnd(): void {
    const carrier = this.#carrier;
    carrier.engine.receiveEnd();
    if (carrier.exchange === null) {
      this.#lostWhileIdle();
      this.#shut(undefined);
    } else if (!carrier.isWritten) this.#fail(closedWhileIdle(), this.#stale());
  }

  #onTransportClosed(error: Error | undefined): void {
    this.#closing?.cancel();
    if (this.#shutDown) return;
    const carrier = this.#carrier;
    // Without an error it is an end of both directions, in which a body may end as well.
    if (error === undefined) carrier.engine.receiveEnd();
    if (this.#shutDown) return;
    if (carrier.exchange === null) this.#lostWhileIdle();
    this.#fail(lostConnection(error, carrier.exchange), this.#stale());
  }

  // Ending

  #lostWhileIdle(): void {
    if (!this.#shutDown && !this.#noNewExchanges && this.served > 0) this.lostAfter = this.#clock.now() - this.idleSince;
  }

  /** What is known of the server's side when the connection turns out to be gone. */
  #stale(): Processing {
    const { engine, isWritten } = this.#carrier;
    if (!isWritten) return this.served > 1 ? 'retired' : 'unprocessed';
    return this.served > 1 && !engine.responseStarted ? 'stale' : 'unknown';
  }

  #fail(error: HttpCoreError, processing: Processing): void {
    if (processing === 'stale' || processing === 'retired') this.#lostWhileIdle();
    const exchange = this.#carrier.release();
    if (!this.#end()) return;
    exchange?.fail(error, processing);
    this.#owner.onClosed(this, error);
  }

  #shut(error: HttpCoreError | undefined): void {
    if (this.#end()) this.#owner.onClosed(this, error);
  }

  /** Returns false when it had ended before. */
  #end(): boolean {
    if (this.#shutDown) return false;
    this.#shutDown = true;
    this.#noNewExchanges = true;
    this.#carrier.stop();
    this.#closing = endTransport(this.#transport, this.#carrier.isTunnel, this.#clock);
    return true;
  }
}
