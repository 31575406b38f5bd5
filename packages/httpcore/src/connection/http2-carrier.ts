import type { HeaderPair } from '../contract/values.ts';
import type { HttpCoreError } from '../contract/errors.ts';
import type { ByteTransport } from '../net/byte-transport.ts';
import { ErrorCode } from '../protocol/http2/constants.ts';
import type { Http2Engine } from '../protocol/http2/engine.ts';
import type { Http2Stream } from '../protocol/http2/stream.ts';
import type { Clock } from '../time/clock.ts';
import type { Carrier } from '../exchange/parties.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { PieceReceiver } from './chunk-memory.ts';
import { expectsContinue, WithheldBody } from './expect-continue.ts';
import type { Liveness } from './liveness.ts';
import type { Processing } from '../exchange/replay.ts';
import { RequestBody } from '../exchange/request-body.ts';

/** What a carrier needs of its connection. */
export interface Http2CarrierOwner {
  readonly engine: Http2Engine<Http2Carrier>;
  readonly clock: Clock;
  readonly expectContinueTimeout: number;
  readonly liveness: Pick<Liveness, 'lastHeard'>;
  onDeadline(at: number): void;
  /** The exchange of a stream that is open was ended from our side. */
  onGivenUp(carrier: Http2Carrier, error: HttpCoreError): void;
  /** A tunnel keeps the process alive, or no longer does. */
  onReferenced(isHeld: boolean): void;
}

/** What carries one exchange on its stream. */
export class Http2Carrier implements Carrier<Exchange>, PieceReceiver {
  readonly exchange: Exchange;
  readonly startedAt: number;
  stream: Http2Stream<Http2Carrier> | null = null;
  withheldBody: WithheldBody | null = null;
  /** 2xx to CONNECT: raw bytes both ways, with no limit on silence. */
  isTunnel = false;
  readonly #connection: Http2CarrierOwner;
  #sawFirstByte = false;
  /** Ended from our side: nothing more is told to its exchange, which may be on another connection by now. */
  isGivenUp = false;
  /** Of a tunnel: does it keep the process alive while it is idle? */
  isReferenced = true;

  constructor(connection: Http2CarrierOwner, exchange: Exchange, now: number) {
    this.#connection = connection;
    this.exchange = exchange;
    this.startedAt = now;
  }

  startBody(): void {
    const { exchange } = this;
    const { clock, expectContinueTimeout } = this.#connection;
    const send = (): void => {
      const requestBody = new RequestBody(exchange, this, clock);
      exchange.requestBody = requestBody;
      requestBody.start();
    };
    if (expectsContinue(exchange.headers)) this.withheldBody = new WithheldBody(clock, expectContinueTimeout, send);
    else send();
  }

  // From the engine

  onInformational(status: number, headers: readonly HeaderPair[]): void {
    this.#onFirstByte();
    if (status === 100 && expectsContinue(this.exchange.headers)) this.withheldBody?.release();
    else this.exchange.onInformational(status, '', headers);
  }

  onHead(status: number, headers: readonly HeaderPair[]): void {
    const { exchange } = this;
    const { lastHeard } = this.#connection.liveness;
    this.#onFirstByte();
    if (this.withheldBody?.giveUp() === true) exchange.requestEnded = true;
    this.isTunnel = exchange.method === 'CONNECT' && status >= 200 && status < 300;
    if (this.isTunnel) exchange.waitFor('nothing', lastHeard);
    exchange.heardAt = lastHeard;
    exchange.onHead('2', status, '', headers, this.isTunnel);
    exchange.heardAt = -1;
    this.watchReading(lastHeard);
  }

  /**
   * The response is whole, and its exchange with it. What the caller has not read of it is in memory that is the caller's: it counts
   * against no window any more, or those who never read would stop the connection for everybody.
   */
  onResponseEnd(trailers: readonly HeaderPair[]): void {
    const { exchange } = this;
    const { engine, liveness } = this.#connection;
    exchange.heardAt = liveness.lastHeard;
    exchange.complete(trailers);
    exchange.heardAt = -1;
    const stream = this.stream!;
    // A tunnel is closed, not broken, where nothing holds up what was written to it.
    if (this.isTunnel && !stream.isClosed && stream.outbound?.queued === 0) engine.endStream(stream, null);
    // RFC 9113 §8.1: where the answer is whole before the request is, nobody wants the rest.
    engine.resetStream(stream, ErrorCode.CANCEL);
  }

  onReset(error: HttpCoreError, processing: Processing): void {
    this.withheldBody?.giveUp();
    this.exchange.fail(error, processing);
  }

  onWritable(): void {
    const { exchange } = this;
    if (exchange.waitingFor === 'write') exchange.waitFor('nothing', this.#connection.clock.now());
    exchange.onWritable();
  }

  onRequestSent(): void {
    if (!this.exchange.ended && !this.isTunnel) this.watchReading(this.#connection.clock.now());
  }

  #onFirstByte(): void {
    if (this.#sawFirstByte) return;
    this.#sawFirstByte = true;
    if (this.exchange.traced) this.exchange.tell('first-byte', this.#connection.liveness.lastHeard, undefined);
  }

  /** Silence counts against the peer only while our caller has taken all that came, the peer may send more, and all of the request is sent. */
  watchReading(now: number): void {
    const { exchange } = this;
    if (exchange.ended || this.isTunnel || !exchange.requestEnded || exchange.waitingFor === 'authenticator') return;
    const isOpen = exchange.buffered === 0 && this.stream!.receiveWindow.available > 0;
    exchange.waitFor(isOpen ? 'read' : 'nothing', now);
    this.#connection.onDeadline(exchange.expiresAt);
  }

  onDelivered(): void {
    this.watchReading(this.#connection.liveness.lastHeard);
  }

  // From the exchange

  onConsumed(exchange: Exchange, bytes: number): void {
    const { engine, clock } = this.#connection;
    engine.consumed(this.stream!, bytes);
    if (exchange.buffered === 0) this.watchReading(clock.now());
  }

  onAwaited(): void {
    const stream = this.stream!;
    if (stream.receiveWindow.available > 0) return;
    const { engine, clock } = this.#connection;
    engine.open(stream);
    this.watchReading(clock.now());
  }

  /** The windows of all streams are others now. */
  onResized(): void {
    const { exchange } = this;
    // It may be what its own beginning leads to.
    if (this.stream === null) return;
    if (exchange.incoming?.isAwaited === true && exchange.buffered === 0) this.onAwaited();
    this.watchReading(this.#connection.clock.now());
  }

  patience(): number {
    // Resetting a stream costs its connection nothing.
    return 0;
  }

  cancel(_exchange: Exchange, error: HttpCoreError): void {
    this.isGivenUp = true;
    this.withheldBody?.giveUp();
    this.#connection.onGivenUp(this, error);
    this.#connection.engine.resetStream(this.stream!, ErrorCode.CANCEL);
  }

  detach(): ByteTransport | null {
    return null;
  }

  setRef(_exchange: Exchange, isHeld: boolean): void {
    if (this.isReferenced === isHeld) return;
    this.isReferenced = isHeld;
    this.#connection.onReferenced(isHeld);
  }

  onWaiting(exchange: Exchange): void {
    this.#connection.onDeadline(exchange.expiresAt);
  }

  sendData(_exchange: Exchange, chunk: Uint8Array): boolean {
    return this.#connection.engine.sendData(this.stream!, chunk);
  }

  sendEnd(exchange: Exchange, trailers: readonly HeaderPair[] | null): void {
    const { engine, clock } = this.#connection;
    if (!this.isTunnel) {
      // What is queued still has to leave; `onRequestSent` says when it has.
      exchange.waitFor('write', clock.now());
      this.onWaiting(exchange);
    }
    engine.endStream(this.stream!, trailers);
  }
}
