/**
 * Joins one HTTP/1.1 engine to one transport. Reading is always on, also while idle: a byte or an end that comes then
 * discards the connection before it can be mistaken for an answer.
 *
 * It carries one exchange at a time. `#exchange` is the exchange that runs, and whoever ends it sets it to null first, so
 * that each ends once. The connection itself ends once, in `#shut`, and is then forgotten by its owner.
 */
import type { HeaderPair } from '../contract/dispatcher.ts';
import { ReadError, WriteError, type HttpCoreError } from '../contract/errors.ts';
import type { ByteTransport, TransportHandler } from '../net/byte-transport.ts';
import type { ConnectionInfo } from '../contract/trace.ts';
import type { ByteSink } from '../protocol/byte-sink.ts';
import { Http1Engine, type Http1Handler } from '../protocol/http1/engine.ts';
import type { ResponseHead, ResponseLimits } from '../protocol/http1/response-parser.ts';
import type { Clock, Scheduled } from '../time/clock.ts';
import { ownedBytes } from './chunk-memory.ts';
import type { Carrier } from '../exchange/parties.ts';
import type { Connection, ConnectionOwner } from './connection.ts';
import { drainLimit } from '../exchange/unwanted-answer.ts';
import type { BodyMemory } from '../exchange/body-memory.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { hostOf } from '../model/request-target.ts';
import { expectsContinue, WithheldBody } from './expect-continue.ts';
import { isSurelyReplayable, type Processing } from '../exchange/replay.ts';
import { idleTimeoutOf, whyNotHttp1 } from './http1-rules.ts';
import { RequestBody } from '../exchange/request-body.ts';
import type { Turn, TurnTask } from './turn.ts';

/** Idle for less than this, in milliseconds, a connection has only just been looked at. */
const momentOfIdling = 1;

/** A rest that is small and known is nearly here, in milliseconds. */
const patienceForRest = 1_000;
/** How long what was written to a tunnel may take to leave behind its end, in milliseconds. */
const closingTimeout = 30_000;
/** A body without a length may have ended already, or may be a stream of events that never does. */
const patienceForEnd = 25;

export interface Http1ConnectionOptions extends ResponseLimits {
  readonly expectContinueTimeout: number;
  /** No word of the server keeps it idle for longer. Default `Infinity`. */
  readonly longestKeepAlive?: number;
  readonly memory: BodyMemory;
}

export class Http1Connection implements Connection, Carrier<Exchange>, TransportHandler, Http1Handler, ByteSink, TurnTask {
  readonly info: ConnectionInfo;
  readonly coalescing = undefined;
  readonly expectsCapacity = false;
  served = 0;
  idleSince: number;
  idleTimeout: number | undefined = undefined;
  listed = false;
  isNewlyIdle = false;

  readonly #transport: ByteTransport;
  readonly #owner: ConnectionOwner;
  readonly #clock: Clock;
  readonly #turn: Turn;
  readonly #options: Http1ConnectionOptions;
  readonly #engine: Http1Engine;
  readonly #now: () => number;

  #exchange: Exchange | null = null;
  #noNewExchanges = false;
  #shutDown = false;
  #paused = false;
  #isWritten = false;
  /** Is the request one to write only when the socket has been looked at once more? */
  #looksAgain = false;
  #sawFirstByte = false;
  #withheldBody: WithheldBody | null = null;
  /** 101, or 2xx to CONNECT: from here on it carries raw bytes, with no limit on silence. */
  #isTunnel = false;
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
    this.#transport = transport;
    this.info = info;
    this.#owner = owner;
    this.#clock = clock;
    this.#turn = turn;
    this.#options = options;
    this.#engine = new Http1Engine(this, this, options);
    this.#now = () => clock.now();
    this.idleSince = clock.now();
    transport.start(this);
  }

  get capacity(): number {
    return this.#exchange === null && !this.#noNewExchanges ? 1 : 0;
  }

  get active(): number {
    return this.#exchange === null ? 0 : 1;
  }

  get noNewExchanges(): boolean {
    return this.#noNewExchanges;
  }

  exchanges(): readonly Exchange[] {
    return this.#exchange === null ? [] : [this.#exchange];
  }

  // Starting

  start(exchange: Exchange, now: number): void {
    this.#exchange = exchange;
    this.#isWritten = false;
    this.#sawFirstByte = false;
    this.#withheldBody = null;
    const reused = this.served > 0;
    this.#looksAgain = reused && now - this.idleSince >= momentOfIdling && !isSurelyReplayable(exchange);
    this.served += 1;
    exchange.onAssigned(this, this.info, reused, undefined);
    exchange.waitFor('read', now);
    this.#owner.onDeadline(exchange.expiresAt);
    this.#turn.add(this);
  }

  /** Writes the request, if it is still wanted and the connection is still there. */
  onTurnEnd(): void {
    const exchange = this.#exchange;
    if (exchange === null || this.#isWritten) return;
    if (this.#looksAgain) {
      this.#looksAgain = false;
      this.#turn.add(this);
      return;
    }
    const impossible = whyNotHttp1(exchange);
    if (impossible !== null) {
      this.#exchange = null;
      exchange.abort(impossible);
      this.#owner.onCapacity(this);
      return;
    }
    this.#isWritten = true;
    const { body, framing } = exchange;
    if (framing.length === 0 && !framing.chunked && (body === null || Array.isArray(body))) {
      if (!this.#begin(exchange)) return;
      exchange.requestEnded = true;
      this.#engine.sendEnd(null);
      return;
    }
    // Gathers the head and what the body has ready into one write.
    this.#transport.cork();
    if (!this.#begin(exchange)) {
      this.#transport.uncork();
      return;
    }
    exchange.waitFor('nothing', this.#clock.now());
    this.#owner.onDeadline(exchange.expiresAt);
    if (expectsContinue(exchange.headers)) {
      this.#withheldBody = new WithheldBody(this.#clock, this.#options.expectContinueTimeout, () => {
        this.#transport.cork();
        this.#sendBody(exchange);
      });
      this.#transport.uncork();
    } else {
      this.#sendBody(exchange);
    }
  }

  /** Writes the head. Returns false when it has ended meanwhile: an authenticator or an observer may have aborted it. */
  #begin(exchange: Exchange): boolean {
    const { forwarding } = exchange;
    const target = forwarding === null ? exchange.target : forwarding.target(exchange);
    const headers = forwarding === null ? exchange.headers : exchange.inContext(() => forwarding.headers(exchange));
    if (exchange !== this.#exchange) return false;
    exchange.requestSent = true;
    const host = hostOf(exchange.method, exchange.target, exchange.origin.authority);
    this.#engine.begin(exchange.method, target, host, headers, exchange.framing);
    if (exchange.traced) exchange.trace('head-sent', undefined);
    return exchange === this.#exchange;
  }

  #sendBody(exchange: Exchange): void {
    const requestBody = new RequestBody(exchange, this, this.#now);
    exchange.requestBody = requestBody;
    requestBody.start();
    // A generator answers a few microtasks from now; what it yields by then still goes with the head.
    if (exchange.requestEnded || exchange.ended) this.#transport.uncork();
    else this.#clock.nextTurn(() => this.#transport.uncork());
  }

  // From the engine

  write(data: string | Uint8Array): boolean {
    return this.#transport.write(data);
  }

  onInformational(status: number, reason: string, headers: readonly HeaderPair[]): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    // The answer to our question, in time or late.
    if (status === 100 && expectsContinue(exchange.headers)) this.#withheldBody?.release();
    else exchange.onInformational(status, reason, headers);
  }

  onHead(head: ResponseHead): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    this.idleTimeout = idleTimeoutOf(head.keepAliveTimeout, this.#options.longestKeepAlive);
    // A final answer to `Expect`: the body is not wanted, and the server must not take what comes next for it.
    if (head.bodyKind !== 'tunnel' && this.#withheldBody?.giveUp() === true) exchange.requestEnded = true;
    if (head.bodyKind === 'tunnel') {
      this.#isTunnel = true;
      exchange.waitFor('nothing', this.#clock.now());
    }
    exchange.onHead(head.version, head.status, head.reason, head.headers, this.#isTunnel);
    // RFC 9110 §7.8: another protocol begins behind the whole request.
    if (this.#isTunnel) this.#withheldBody?.release();
  }

  onData(chunk: Uint8Array, start: number, end: number): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    if (exchange.incoming?.gather(chunk, start, end) !== true) exchange.onData(ownedBytes(chunk, start, end, this.#transport));
    if (!this.#paused && exchange.buffered > this.#options.memory.bodyLimit) {
      this.#paused = true;
      this.#transport.pause();
    }
  }

  onComplete(trailers: readonly HeaderPair[]): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    this.#exchange = null;
    this.#withheldBody = null;
    if (this.#paused) this.#resume();
    const isReusable = this.#engine.reusable && !this.#noNewExchanges;
    if (isReusable && exchange.isChallenged) {
      if (exchange.restart()) {
        this.start(exchange, this.#clock.now());
        return;
      }
    } else {
      exchange.complete(trailers);
    }
    if (isReusable && !this.#noNewExchanges) {
      this.idleSince = this.#clock.now();
      this.#owner.onCapacity(this);
    } else {
      this.#shut(undefined);
    }
  }

  onFault(error: HttpCoreError): void {
    this.#fail(error, error.code === 'CONNECTION_CLOSED' || !this.#isWritten ? this.#stale() : 'unknown');
  }

  // From the transport

  onBytes(chunk: Uint8Array): void {
    const exchange = this.#exchange;
    if (exchange !== null && !this.#sawFirstByte) {
      this.#sawFirstByte = true;
      if (exchange.traced) exchange.trace('first-byte', undefined);
    }
    this.#engine.receive(chunk);
    // The most common case, a whole response in one chunk, has nothing left to watch over.
    if (exchange !== null && exchange === this.#exchange && exchange.requestEnded && !this.#isTunnel) this.#watchReading(exchange);
  }

  onDrain(): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    if (exchange.waitingFor === 'write') exchange.waitFor('nothing', this.#clock.now());
    exchange.onWritable();
  }

  onClosed(error: Error | undefined): void {
    this.#closing?.cancel();
    if (this.#shutDown) return;
    // Without an error it is an end of both directions, in which a body may end as well.
    if (error === undefined) this.#engine.receiveEnd();
    if (this.#shutDown) return;
    const failure = this.#exchange?.phase === 'send' ? WriteError : ReadError;
    const why = error === undefined ? 'was closed' : `failed: ${error.message}`;
    this.#fail(
      new failure(`The connection ${why}`, { code: error === undefined ? 'CONNECTION_CLOSED' : undefined, cause: error }),
      this.#stale(),
    );
  }

  onEnd(): void {
    this.#engine.receiveEnd();
    if (this.#exchange === null) this.#shut(undefined);
    else if (!this.#isWritten)
      this.#fail(new ReadError('The server closed the connection while it was idle', { code: 'CONNECTION_CLOSED' }), this.#stale());
  }

  // From the exchange

  onConsumed(exchange: Exchange): void {
    if (exchange !== this.#exchange) return;
    if (this.#paused && exchange.buffered === 0) this.#resume();
    if (exchange.buffered === 0 && exchange.requestEnded && !this.#isTunnel) this.#watchReading(exchange);
  }

  onAwaited(): void {}

  patience(): number {
    const { remaining } = this.#engine;
    if (remaining > drainLimit) return 0;
    return remaining >= 0 ? patienceForRest : patienceForEnd;
  }

  cancel(exchange: Exchange, error: HttpCoreError): void {
    if (exchange !== this.#exchange) return;
    this.#exchange = null;
    this.#isTunnel = false;
    if (this.#isWritten || this.#noNewExchanges) {
      this.#shut(error);
      return;
    }
    // Nothing was written: the connection is what it was.
    this.served -= 1;
    this.#owner.onCapacity(this);
  }

  detach(exchange: Exchange): ByteTransport | null {
    if (exchange !== this.#exchange || !this.#isTunnel) return null;
    this.#exchange = null;
    this.#shutDown = true;
    this.#noNewExchanges = true;
    this.#engine.stop();
    this.#owner.onClosed(this, undefined);
    return this.#transport;
  }

  setRef(exchange: Exchange, isHeld: boolean): void {
    if (exchange !== this.#exchange) return;
    if (isHeld) this.#transport.ref();
    else this.#transport.unref();
  }

  onWaiting(exchange: Exchange): void {
    this.#owner.onDeadline(exchange.expiresAt);
  }

  sendData(exchange: Exchange, chunk: Uint8Array): boolean {
    if (exchange !== this.#exchange) return true;
    if (!exchange.framing.chunked || exchange.requestEnded) return this.#engine.sendData(chunk);
    // A chunk, its size and its end leave in one write.
    this.#transport.cork();
    const isTaken = this.#engine.sendData(chunk);
    this.#transport.uncork();
    return isTaken;
  }

  sendEnd(exchange: Exchange, trailers: readonly HeaderPair[] | null): void {
    if (exchange !== this.#exchange) return;
    if (this.#isTunnel && exchange.requestEnded) {
      this.#transport.end();
      return;
    }
    this.#engine.sendEnd(trailers);
    if (!this.#isTunnel) this.#watchReading(exchange);
  }

  // From the pool

  checkDeadlines(now: number): number {
    return this.#exchange === null ? Infinity : this.#exchange.checkLimits(now);
  }

  drain(): void {
    this.#noNewExchanges = true;
    if (this.#exchange === null) this.#shut(undefined);
  }

  destroy(error: HttpCoreError): void {
    this.#isTunnel = false;
    this.#fail(error, 'unknown');
  }

  ref(): void {
    this.#transport.ref();
  }

  unref(): void {
    this.#transport.unref();
  }

  // Ending

  /** Silence counts against the peer only while our caller has taken all that came. */
  #watchReading(exchange: Exchange): void {
    exchange.waitFor(exchange.buffered === 0 ? 'read' : 'nothing', this.#clock.now());
    this.#owner.onDeadline(exchange.expiresAt);
  }

  #resume(): void {
    this.#paused = false;
    this.#transport.resume();
  }

  #stale(): Processing {
    if (!this.#isWritten) return this.served > 1 ? 'retired' : 'unprocessed';
    return this.served > 1 && !this.#engine.responseStarted ? 'stale' : 'unknown';
  }

  #fail(error: HttpCoreError, processing: Processing): void {
    const exchange = this.#exchange;
    this.#exchange = null;
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
    this.#withheldBody?.giveUp();
    this.#engine.stop();
    if (!this.#isTunnel) {
      this.#transport.destroy();
      return true;
    }
    // The peer of a tunnel has ended its direction; what we have written to it must still leave. It may not be taken by anybody.
    const transport = this.#transport;
    transport.end();
    transport.unref();
    this.#closing = this.#clock.schedule(closingTimeout, () => transport.destroy(), true);
    return true;
  }
}
