/**
 * Joins one HTTP/2 engine to one transport, for as many exchanges as the peer allows.
 *
 * What one turn of the event loop asks for leaves in one write at its end: a hundred requests that were made in answer to
 * one chunk go out together. Reading is always on. Each exchange holds on to its stream by a {@link Http2Carrier}, which is
 * also the token that the engine gives back: nothing is looked up.
 *
 * While streams are open, a peer that is silent for long is asked with a PING (`liveness.ts`); no answer ends the connection, so that a dead
 * peer is found long before the read limits of the exchanges.
 */
import type { HttpCoreError, LocalProtocolError } from '../contract/errors.ts';
import { ReadError, ReadTimeout, WriteError } from '../contract/errors.ts';
import { http2Defaults, type Http2Settings } from '../model/http2-options.ts';
import type { HeaderPair } from '../contract/values.ts';
import { isLater } from '../model/proxy/proxy-authenticator.ts';
import type { ByteTransport } from '../net/byte-transport.ts';
import type { ConnectionInfo } from '../contract/trace.ts';
import { ErrorCode } from '../protocol/http2/constants.ts';
import { Http2Engine } from '../protocol/http2/engine.ts';
import { closedBy, isRetirement } from '../protocol/http2/faults.ts';
import type { Http2EngineHandler } from '../protocol/http2/handler.ts';
import type { Http2Stream } from '../protocol/http2/stream.ts';
import type { Clock, Scheduled } from '../time/clock.ts';
import { ChunkPieces } from './chunk-memory.ts';
import type { Connection, ConnectionOwner } from './connection.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Processing } from '../exchange/replay.ts';
import { coalescingOf, engineOptions, type Http2ConnectionOptions } from './http2-options.ts';
import { isWorthALook, Liveness } from './liveness.ts';
import { Http2Carrier, type Http2CarrierOwner } from './http2-carrier.ts';
import { Unstarted } from './http2-unstarted.ts';
import { PoolNotes } from './pool-notes.ts';
import { Http2Windows } from './http2-windows.ts';

/** How long the last frames of ours may take to leave before the connection is dropped. */
const closingTimeout = 1_000;
/** The code of the errors of streams that the server wants to see over HTTP/1.1. */
const http1Required = 'H2_HTTP_1_1_REQUIRED';

export class Http2Connection extends PoolNotes implements Connection, Http2CarrierOwner {
  readonly info: ConnectionInfo;
  readonly idleTimeout: number;
  lostAfter: number | undefined = undefined;
  readonly coalescing: Connection['coalescing'];
  served = 0;
  idleSince: number;

  readonly engine: Http2Engine<Http2Carrier>;
  readonly clock: Clock;
  readonly expectContinueTimeout: number;
  readonly #transport: ByteTransport;
  readonly #owner: ConnectionOwner;
  readonly #onStreamLimit: Http2ConnectionOptions['onStreamLimit'];

  // One-way latches.
  #noNewExchanges = false;
  #settingsSeen = false;
  #shutDown = false;
  /** We end it: what has not been processed must not be sent again. */
  #givenUp = false;
  /** The server has asked for HTTP/1.1, and it can have that. */
  #fallsBack = false;
  /** Has it served anything? */
  #hasAnswered = false;
  /** Has any tunnel ever said that it does not keep the process alive? */
  #hasUnheld = false;
  #flush: Scheduled | null = null;
  #closing: Scheduled | null = null;
  readonly liveness: Liveness;
  readonly #settings: Http2Settings;
  #pings = 0;
  readonly #pieces: ChunkPieces;
  readonly #windows: Http2Windows;
  readonly #unstarted = new Unstarted(() => this.#onCapacityChange());
  constructor(transport: ByteTransport, info: ConnectionInfo, owner: ConnectionOwner, clock: Clock, options: Http2ConnectionOptions) {
    super();
    this.#transport = transport;
    this.#pieces = new ChunkPieces(transport);
    this.info = info;
    this.#owner = owner;
    this.clock = clock;
    this.expectContinueTimeout = options.expectContinueTimeout;
    this.idleSince = clock.now();
    this.#settings = options.settings ?? http2Defaults;
    this.idleTimeout = this.#settings.idleTimeout;
    this.liveness = new Liveness(this.idleSince, this.#settings);
    this.coalescing = coalescingOf(transport.facts, info);
    this.engine = new Http2Engine<Http2Carrier>(
      transport,
      this.#engineHandler(),
      engineOptions(options, () => clock.now()),
    );
    this.#windows = new Http2Windows(this.engine, options.memory);
    this.#onStreamLimit = options.onStreamLimit;
    transport.start({
      onBytes: (chunk) => this.#receive(chunk),
      onEnd: () => this.#lost(closedBy(this.engine.peerGoAway, 'The server closed the connection')),
      onDrain: () => this.engine.onDrained(),
      onClosed: (error) => this.#onTransportClosed(error),
    });
    this.engine.start();
    if (this.#settings.pingWhileIdle) this.#owner.onDeadline(this.liveness.lookAt(this.idleSince));
  }

  get capacity(): number {
    return this.#noNewExchanges || this.liveness.isDoubted ? 0 : this.engine.capacity - this.#unstarted.size;
  }

  get expectsCapacity(): boolean {
    if (this.#noNewExchanges || this.liveness.isDoubted) return false;
    return !this.#settingsSeen || this.engine.peerSettings.maxConcurrentStreams === 0;
  }

  get active(): number {
    return this.engine.openStreams + this.#unstarted.size;
  }

  get noNewExchanges(): boolean {
    return this.#noNewExchanges;
  }

  exchanges(): readonly Exchange[] {
    return this.engine.tokens().map((carrier) => carrier.exchange);
  }

  // Starting

  start(exchange: Exchange, now: number): void {
    const looksAgain = this.engine.openStreams === 0 && isWorthALook(this, exchange);
    if (!looksAgain && !this.#needsSettings(exchange)) return this.#begin(exchange, now);
    exchange.waitFor('read', now);
    this.#unstarted.add(exchange);
    this.#owner.onDeadline(Math.min(exchange.expiresAt, this.liveness.lookAt(now)));
    // As long as a request over HTTP/1.1 waits there.
    if (looksAgain) this.clock.nextTurn(() => this.clock.nextTurn(() => this.#startWaiting()));
  }

  /** Extended CONNECT needs to know that the peer speaks it. */
  #needsSettings(exchange: Exchange): boolean {
    return !this.#settingsSeen && (exchange.context?.protocol ?? null) !== null;
  }

  #begin(exchange: Exchange, now: number): void {
    const { forwarding } = exchange;
    if (forwarding === null) {
      this.#open(exchange, exchange.headers, now);
      return;
    }
    const fields = exchange.inContext(() => forwarding.headers(exchange, this.info));
    if (isLater(fields)) {
      exchange.waitFor('authenticator', now);
      this.#owner.onDeadline(Math.min(exchange.expiresAt, this.liveness.lookAt(now)));
      this.#unstarted.authorize(exchange);
      void Promise.resolve(fields).then((headers) => this.#authorized(exchange, headers));
    } else if (exchange.ended) {
      // Aborted by the authenticator.
      this.#owner.onCapacity(this);
    } else {
      this.#open(exchange, fields, now);
    }
  }

  #authorized(exchange: Exchange, headers: readonly HeaderPair[]): void {
    // Lost, with what it waited for, or given up.
    if (this.#unstarted.authorized(exchange)) {
      if (this.capacity > 0) this.#open(exchange, headers, this.clock.now());
      else exchange.requeue();
    }
    if (this.active === 0 && !this.#shutDown) this.#onCapacityChange();
  }

  #open(exchange: Exchange, headers: readonly HeaderPair[], now: number): void {
    const protocol = exchange.context?.protocol ?? null;
    const { body, framing, method, origin } = exchange;
    const isTunnel = method === 'CONNECT';
    const endsWithHead = !isTunnel && framing.length === 0 && !framing.chunked && (body === null || Array.isArray(body));
    const carrier = new Http2Carrier(this, exchange, now);
    this.#windows.onOpening();
    let stream: Http2Stream<Http2Carrier>;
    try {
      stream = this.engine.openStream(
        method,
        origin.scheme,
        origin.authority,
        exchange.target,
        protocol,
        headers,
        framing.addedLength,
        endsWithHead,
        carrier,
      );
    } catch (error) {
      // The request is not valid HTTP/2; nothing was sent, and the connection is as it was.
      exchange.refuse(error as LocalProtocolError);
      this.#owner.onCapacity(this);
      return;
    }
    carrier.stream = stream;
    if (this.#hasUnheld) this.#transport.ref();
    this.served += 1;
    exchange.onAssigned(carrier, this.info, this.served > 1, stream.id, now);
    exchange.requestSent = true;
    if (exchange.traced) exchange.tell('head-sent', now, undefined);
    if (endsWithHead || isTunnel) {
      exchange.requestEnded = true;
      exchange.waitFor('read', now);
    } else {
      exchange.waitFor('nothing', now);
      carrier.startBody();
    }
    this.#owner.onDeadline(Math.min(exchange.expiresAt, this.liveness.lookAt(now)));
    // RFC 9113 §5.1.1: identifiers are not used again. It was the last one.
    if (this.engine.isExhausted) this.drain();
  }

  // Sending

  #onOutput(): void {
    this.#flush ??= this.clock.nextTurn(() => {
      this.#flush = null;
      this.#flushNow();
    });
  }

  #flushNow(): void {
    this.#transport.cork();
    try {
      this.engine.flush();
    } catch (error) {
      // There is no caller above this turn: what went wrong here must not take the process with it.
      this.#lost(new WriteError('The connection failed while it was written to', { cause: error }));
    }
    this.#transport.uncork();
  }

  // Receiving

  #receive(chunk: Uint8Array): void {
    const wasDoubted = this.liveness.heard(this.clock.now());
    try {
      this.engine.receive(chunk);
      this.#pieces.deliver();
    } catch (error) {
      // Nor is there one above the transport.
      this.#lost(new ReadError('The connection failed while it was read from', { cause: error }));
    }
    if (wasDoubted && !this.#noNewExchanges) this.#owner.onCapacity(this);
  }

  #onTransportClosed(error: Error | undefined): void {
    this.#closing?.cancel();
    const what = error === undefined ? 'The connection was closed' : `The connection failed: ${error.message}`;
    this.#lost(closedBy(this.engine.peerGoAway, what, error));
  }

  // From the engine

  /** What is said of one stream goes to what carries its exchange. */
  #engineHandler(): Http2EngineHandler<Http2Carrier> {
    return {
      onOutput: () => this.#onOutput(),
      onSettings: () => this.#onSettings(),
      onCapacityChange: () => this.#onCapacityChange(),
      onInformational: (carrier, status, headers) => carrier.onInformational(status, headers),
      onHead: (carrier, status, headers) => {
        this.#hasAnswered = true;
        carrier.onHead(status, headers);
      },
      onData: (carrier, chunk, start, end) => this.#pieces.add(carrier, chunk, start, end),
      onResponseEnd: (carrier, trailers) => {
        this.#pieces.deliver();
        carrier.onResponseEnd(trailers);
      },
      onReset: (carrier, error, wasProcessed) => {
        this.#pieces.deliver();
        carrier.onReset(error, this.#processingOf(carrier, error, wasProcessed));
      },
      onUploadStopped: (carrier) => carrier.exchange.requestBody?.stop(),
      onWritable: (carrier) => carrier.onWritable(),
      onRequestSent: (carrier) => carrier.onRequestSent(),
      onHttp1Required: (carrier) => this.#onHttp1Required(carrier),
      onGoAway: () => this.#onGoAway(),
      // Whatever the peer sends says as much.
      onPingAcknowledged: () => {},
      onConnectionError: (error) => this.#shut(error),
    };
  }

  #onSettings(): void {
    this.#settingsSeen = true;
    this.#onStreamLimit?.(this.engine.peerSettings.maxConcurrentStreams);
    this.#startWaiting();
    if (!this.#noNewExchanges) this.#owner.onCapacity(this);
  }

  /** What waited, as far as SETTINGS and the open streams allow; the rest goes back. */
  #startWaiting(): void {
    if (this.#shutDown) return;
    const now = this.clock.now();
    const returned: Exchange[] = [];
    for (const exchange of this.#unstarted.take()) {
      if (this.capacity <= 0) returned.push(exchange);
      else if (this.#needsSettings(exchange)) this.#unstarted.add(exchange);
      else this.#begin(exchange, now);
    }
    for (const exchange of returned) if (!exchange.ended) exchange.requeue();
    if (this.active === 0) this.#onCapacityChange();
  }

  #onCapacityChange(): void {
    if (this.active === 0) this.idleSince = this.clock.now();
    if (this.#hasUnheld) this.#reviewRef();
    if (!this.#noNewExchanges) this.#owner.onCapacity(this);
    else if (this.active === 0) this.#shut(undefined);
  }

  /** What is known of the server's side of a stream that was reset. */
  #processingOf(carrier: Http2Carrier, error: HttpCoreError, wasProcessed: boolean): Processing {
    // Where there is no HTTP/1.1, the next connection would refuse it as well.
    if (this.#givenUp || (error.code === http1Required && !this.#fallsBack)) return 'unknown';
    if (!wasProcessed) return this.#hasAnswered && isRetirement(error) ? 'retired' : 'unprocessed';
    return carrier.startedAt > this.liveness.lastHeard && this.served > 1 ? 'stale' : 'unknown';
  }

  #onHttp1Required(carrier: Http2Carrier | null): void {
    this.#fallsBack = this.#owner.onHttp1Required?.(this, carrier === null ? null : carrier.exchange) === true;
    if (this.#fallsBack) this.drain();
  }

  #onGoAway(): void {
    this.#lostWhileIdle();
    this.#noNewExchanges = true;
    if (this.active === 0) this.#shut(undefined);
  }

  // From the pool

  onDeadline(at: number): void {
    this.#owner.onDeadline(at);
  }

  checkDeadlines(now: number): number {
    let next = Infinity;
    for (const carrier of this.engine.tokens()) next = Math.min(next, carrier.exchange.checkLimits(now));
    next = Math.min(next, this.#unstarted.checkLimits(now));
    // All that it waited with was given up meanwhile.
    if (this.active === 0 && this.#noNewExchanges) this.#shut(undefined);
    if (this.#shutDown || (this.active === 0 && !this.liveness.isAsked && !this.#settings.pingWhileIdle)) return next;
    return Math.min(next, this.#checkLiveness(now));
  }

  #checkLiveness(now: number): number {
    if (this.liveness.isLost(now)) {
      this.#lost(new ReadTimeout(`The server did not answer a PING within ${this.#settings.pingTimeout} ms`, { code: 'H2_PING_TIMEOUT' }));
      return Infinity;
    }
    if (this.liveness.isDue(now)) this.#ask(now);
    return this.liveness.lookAt(now);
  }

  #ask(now: number): void {
    this.liveness.onAsked(now);
    this.engine.ping((this.#pings += 1));
  }

  onGivenUp(carrier: Http2Carrier, error: HttpCoreError): void {
    if (this.#shutDown || !this.liveness.onGivenUp(carrier.startedAt, error)) return;
    const now = this.clock.now();
    this.#ask(now);
    this.#owner.onDeadline(this.liveness.lookAt(now));
  }

  drain(): void {
    if (this.#shutDown) return;
    this.#noNewExchanges = true;
    this.engine.goAway(ErrorCode.NO_ERROR);
    if (this.active === 0) this.#shut(undefined);
  }

  destroy(error: HttpCoreError): void {
    this.#givenUp = true;
    this.#lost(error);
  }

  ref(): void {
    this.#transport.ref();
  }

  unref(): void {
    this.#transport.unref();
  }

  onReferenced(isHeld: boolean): void {
    this.#hasUnheld = true;
    if (isHeld) this.#transport.ref();
    else this.#reviewRef();
  }

  /** Where nothing is open but tunnels that are idle, nothing keeps the process alive. */
  #reviewRef(): void {
    const holds = this.engine.tokens();
    if (holds.length > 0 && holds.every(({ isReferenced: isHeld }) => !isHeld)) this.#transport.unref();
  }

  // Ending

  #lostWhileIdle(): void {
    if (this.active === 0 && !this.#noNewExchanges && this.served > 0) this.lostAfter = this.clock.now() - this.idleSince;
  }

  /** The transport is gone or given up: every exchange hears of it. */
  #lost(error: HttpCoreError): void {
    if (this.#shutDown) return;
    if (!this.#givenUp) this.#lostWhileIdle();
    this.#noNewExchanges = true;
    this.engine.terminate(error);
    this.#shut(error, false);
  }

  /** In order, our last frames still leave: GOAWAY, and what a peer that reads slowly has not got yet. */
  #shut(error: HttpCoreError | undefined, inOrder = true): void {
    if (this.#shutDown) return;
    this.#shutDown = true;
    this.#noNewExchanges = true;
    if (error !== undefined) this.#unstarted.end(error, this.#hasAnswered && !this.#givenUp);
    this.#windows.stop();
    this.#flush?.cancel();
    if (inOrder && !this.engine.isFinished) {
      this.engine.goAway(ErrorCode.NO_ERROR);
      this.#flushNow();
      this.engine.terminate(new ReadError('The connection was closed', { code: 'CONNECTION_CLOSED' }));
    }
    const transport = this.#transport;
    if (inOrder) {
      transport.end();
      transport.unref();
      // A peer that does not end its direction is not waited for.
      this.#closing = this.clock.schedule(closingTimeout, () => transport.destroy(), true);
    } else {
      transport.destroy();
    }
    this.#owner.onClosed(this, error);
  }
}
