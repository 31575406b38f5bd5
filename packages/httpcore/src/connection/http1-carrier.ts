/**
 * Carries the exchanges of one HTTP/1.1 connection, one after another: writes the request, and hands over what the engine finds in the
 * bytes that come. What that means for the connection (reuse, ending, replays) is for its owner.
 *
 * `exchange` is the one that runs, and whoever ends it sets it to null first, so that each ends once.
 */
import type { HeaderPair } from '../contract/values.ts';
import type { HttpCoreError } from '../contract/errors.ts';
import type { ConnectionInfo } from '../contract/trace.ts';
import type { BodyMemory, BodyMemoryWatcher } from '../exchange/body-memory.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Carrier } from '../exchange/parties.ts';
import { RequestBody } from '../exchange/request-body.ts';
import { drainLimit } from '../exchange/unwanted-answer.ts';
import { isLater } from '../model/proxy/proxy-authenticator.ts';
import { hostOf } from '../model/request-target.ts';
import type { ByteTransport } from '../net/byte-transport.ts';
import { Http1Engine } from '../protocol/http1/engine.ts';
import type { ResponseHead } from '../protocol/http1/response-head.ts';
import type { ResponseLimits } from '../protocol/http1/response-parser.ts';
import type { Clock } from '../time/clock.ts';
import { deliverTo } from './chunk-memory.ts';
import { expectsContinue, WithheldBody } from './expect-continue.ts';
import { whyNotHttp1 } from './http1-rules.ts';
import type { Turn, TurnTask } from './turn.ts';

/** A rest that is small and known is nearly here, in milliseconds. */
const patienceForRest = 1_000;
/** A body without a length may have ended already, or may be a stream of events that never does. */
const patienceForEnd = 25;

export interface Http1CarrierOptions extends ResponseLimits {
  readonly expectContinueTimeout: number;
  readonly memory: BodyMemory;
}

/** What a carrier needs of its connection. */
export interface Http1CarrierOwner {
  /** The exchange has a limit in time that passes at `at`. */
  onDeadline(at: number): void;
  /** The final head is here. `head` is only valid during the call. */
  onHead(head: ResponseHead): void;
  /** The response is whole; another exchange can follow, or not. */
  onComplete(exchange: Exchange, isReusable: boolean, trailers: readonly HeaderPair[]): void;
  /** The response to an exchange that was cancelled is whole; another exchange can follow, or not. */
  onDiscarded(isReusable: boolean): void;
  /** The peer broke the protocol, or left in mid-message. */
  onFault(error: HttpCoreError): void;
  /** Our side wants no more of the exchange, of which something was written or nothing. */
  onCancelled(isWritten: boolean, error: HttpCoreError): void;
  /** The transport is somebody else's now. */
  onDetached(): void;
}

export class Http1Carrier implements Carrier<Exchange>, TurnTask, BodyMemoryWatcher {
  exchange: Exchange | null = null;
  /** Is the request written, as far as that can be said of one whose body follows? */
  isWritten = false;
  /** 101, or 2xx to CONNECT: from here on it carries raw bytes, with no limit on silence. */
  isTunnel = false;
  readonly engine: Http1Engine;

  readonly #owner: Http1CarrierOwner;
  readonly #info: ConnectionInfo;
  readonly #transport: ByteTransport;
  readonly #clock: Clock;
  readonly #turn: Turn;
  readonly #expectContinueTimeout: number;
  readonly #memory: BodyMemory;
  /** How many exchanges it was given. */
  #taken = 0;
  /** For which of them the proxy's authenticator is asked, or was. */
  #asking = 0;
  #isPaused = false;
  /** Is the request one to write only when the socket has been looked at once more? */
  #looksAgain = false;
  #sawFirstByte = false;
  #withheldBody: WithheldBody | null = null;

  constructor(
    owner: Http1CarrierOwner,
    info: ConnectionInfo,
    transport: ByteTransport,
    clock: Clock,
    turn: Turn,
    options: Http1CarrierOptions,
  ) {
    this.#owner = owner;
    this.#info = info;
    this.#transport = transport;
    this.#clock = clock;
    this.#turn = turn;
    this.#expectContinueTimeout = options.expectContinueTimeout;
    this.#memory = options.memory;
    const handler = {
      onInformational: (status: number, reason: string, headers: readonly HeaderPair[]) => this.#onInformational(status, reason, headers),
      onHead: (head: ResponseHead) => this.#onHead(head),
      onData: (chunk: Uint8Array, start: number, end: number) => this.#onData(chunk, start, end),
      onComplete: (trailers: readonly HeaderPair[]) => this.#onComplete(trailers),
      onFault: (error: HttpCoreError) => owner.onFault(error),
    };
    this.engine = new Http1Engine(transport, handler, options);
    this.#memory.watch(this);
  }

  /** Is no more read, since its caller does not? */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Takes an exchange. Its request is written at the end of the turn, or of the next one if it `looksAgain`. */
  take(exchange: Exchange, looksAgain: boolean): void {
    this.exchange = exchange;
    this.#taken += 1;
    this.isWritten = false;
    this.#looksAgain = looksAgain;
    this.#sawFirstByte = false;
    this.#withheldBody = null;
  }

  /** Gives the exchange away, to whom it ends by. */
  release(): Exchange | null {
    const { exchange } = this;
    this.exchange = null;
    return exchange;
  }

  /** Nothing follows in either direction. */
  stop(): void {
    this.#withheldBody?.giveUp();
    this.engine.stop();
    this.#memory.unwatch(this);
  }

  // Writing the request

  /** Writes the request, if it is still wanted and the connection is still there. */
  onTurnEnd(): void {
    const { exchange } = this;
    if (exchange === null || this.isWritten) return;
    if (this.#looksAgain) {
      this.#looksAgain = false;
      this.#turn.add(this);
      return;
    }
    const impossible = whyNotHttp1(exchange);
    if (impossible !== null) {
      exchange.abort(impossible);
      return;
    }
    const { forwarding } = exchange;
    if (forwarding === null) {
      this.#write(exchange, exchange.target, exchange.headers);
      return;
    }
    // It may be in this turn twice, where another was given up before it.
    const taken = this.#taken;
    if (this.#asking === taken) return;
    this.#asking = taken;
    const target = forwarding.target(exchange);
    const fields = exchange.inContext(() => forwarding.headers(exchange, this.#info));
    if (isLater(fields)) {
      exchange.waitFor('authenticator', this.#clock.now());
      this.#owner.onDeadline(exchange.expiresAt);
      void Promise.resolve(fields).then((headers) => this.#authorized(exchange, target, headers, taken));
      // An authenticator may have aborted it.
    } else if (exchange === this.exchange) this.#write(exchange, target, fields);
  }

  /** Meanwhile it may have been given up, and begun again here. */
  #authorized(exchange: Exchange, target: string, headers: readonly HeaderPair[], taken: number): void {
    if (exchange !== this.exchange || taken !== this.#taken) return;
    exchange.waitFor('read', this.#clock.now());
    this.#owner.onDeadline(exchange.expiresAt);
    this.#write(exchange, target, headers);
  }

  #write(exchange: Exchange, target: string, headers: readonly HeaderPair[]): void {
    this.isWritten = true;
    const { body, framing } = exchange;
    if (framing.length === 0 && !framing.chunked && (body === null || Array.isArray(body))) {
      if (!this.#begin(exchange, target, headers)) return;
      exchange.requestEnded = true;
      this.engine.sendEnd(null);
      return;
    }
    // Gathers the head and what the body has ready into one write.
    this.#transport.cork();
    if (!this.#begin(exchange, target, headers)) {
      this.#transport.uncork();
      return;
    }
    exchange.waitFor('nothing', this.#clock.now());
    this.#owner.onDeadline(exchange.expiresAt);
    if (expectsContinue(exchange.headers)) {
      this.#withheldBody = new WithheldBody(this.#clock, this.#expectContinueTimeout, () => {
        this.#transport.cork();
        this.#sendBody(exchange);
      });
      this.#transport.uncork();
    } else {
      this.#sendBody(exchange);
    }
  }

  /** Writes the head. Returns false when it has ended meanwhile: an observer may have aborted it. */
  #begin(exchange: Exchange, target: string, headers: readonly HeaderPair[]): boolean {
    exchange.requestSent = true;
    const host = hostOf(exchange.method, exchange.target, exchange.origin.authority);
    this.engine.begin(exchange.method, target, host, headers, exchange.framing);
    if (exchange.traced) exchange.trace('head-sent', undefined);
    return exchange === this.exchange;
  }

  #sendBody(exchange: Exchange): void {
    const requestBody = new RequestBody(exchange, this, this.#clock);
    exchange.requestBody = requestBody;
    requestBody.start();
    // A generator answers a few microtasks from now; what it yields by then still goes with the head.
    if (exchange.requestEnded || exchange.ended) this.#transport.uncork();
    else this.#clock.nextTurn(() => this.#transport.uncork());
  }

  // From the transport

  /** `chunk` from `start` on; returns where the bytes begin that are not for this exchange, as {@link Http1Engine.receive} does. */
  receive(chunk: Uint8Array, start = 0): number {
    const { exchange } = this;
    // One look at the clock for all that a chunk brings.
    if (exchange !== null && exchange.traced) exchange.heardAt = this.#clock.now();
    if (exchange !== null && !this.#sawFirstByte) {
      this.#sawFirstByte = true;
      if (exchange.traced) exchange.trace('first-byte', undefined);
    }
    const end = this.engine.receive(chunk, start);
    if (exchange !== null) exchange.heardAt = -1;
    // The most common case, a whole response in one chunk, has nothing left to watch over.
    if (exchange !== null && exchange === this.exchange && exchange.requestEnded && !this.isTunnel) this.#watchReading(exchange);
    return end;
  }

  onDrained(): void {
    const { exchange } = this;
    if (exchange === null) return;
    if (exchange.waitingFor === 'write') exchange.waitFor('nothing', this.#clock.now());
    exchange.onWritable();
  }

  // From the engine

  #onInformational(status: number, reason: string, headers: readonly HeaderPair[]): void {
    const { exchange } = this;
    if (exchange === null) return;
    // The answer to our question, in time or late.
    if (status === 100 && expectsContinue(exchange.headers)) this.#withheldBody?.release();
    else exchange.onInformational(status, reason, headers);
  }

  #onHead(head: ResponseHead): void {
    const { exchange } = this;
    if (exchange === null) return;
    this.#owner.onHead(head);
    // A final answer to `Expect`: the body is not wanted, and the server must not take what comes next for it.
    if (head.bodyKind !== 'tunnel' && this.#withheldBody?.giveUp() === true) exchange.requestEnded = true;
    if (head.bodyKind === 'tunnel') {
      this.isTunnel = true;
      exchange.waitFor('nothing', this.#clock.now());
    }
    exchange.onHead(head.version, head.status, head.reason, head.headers, this.isTunnel);
    // RFC 9110 §7.8: another protocol begins behind the whole request.
    if (this.isTunnel) this.#withheldBody?.release();
  }

  #onData(chunk: Uint8Array, start: number, end: number): void {
    const { exchange } = this;
    if (exchange === null) return;
    deliverTo(exchange, chunk, start, end, this.#transport);
    if (!this.#isPaused && exchange.buffered > this.#memory.bodyLimit) this.#pause();
  }

  onShare(): void {
    const { exchange } = this;
    if (exchange === null) return;
    const isOver = exchange.buffered > this.#memory.bodyLimit;
    if (this.#isPaused && !isOver) this.#resume();
    else if (!this.#isPaused && isOver) this.#pause();
  }

  #onComplete(trailers: readonly HeaderPair[]): void {
    const { exchange } = this;
    if (exchange === null) {
      this.#owner.onDiscarded(this.engine.reusable);
      return;
    }
    if (exchange.challenge !== null && exchange.endsLater(trailers, () => this.#onComplete(trailers))) return;
    this.exchange = null;
    this.#withheldBody = null;
    if (this.#isPaused) this.#resume();
    this.#owner.onComplete(exchange, this.engine.reusable, trailers);
  }

  // From the exchange

  onConsumed(exchange: Exchange): void {
    if (exchange !== this.exchange) return;
    if (this.#isPaused && exchange.buffered === 0) this.#resume();
    if (exchange.buffered === 0 && exchange.requestEnded && !this.isTunnel) this.#watchReading(exchange);
  }

  onAwaited(): void {}

  patience(): number {
    const { remaining } = this.engine;
    if (remaining > drainLimit) return 0;
    return remaining >= 0 ? patienceForRest : patienceForEnd;
  }

  cancel(exchange: Exchange, error: HttpCoreError): void {
    if (exchange !== this.exchange) return;
    this.exchange = null;
    this.isTunnel = false;
    // In the middle of several rounds its connection is in nobody's state.
    this.#owner.onCancelled(this.isWritten || (exchange.conversation?.challenges ?? 0) > 0, error);
  }

  detach(exchange: Exchange): ByteTransport | null {
    if (exchange !== this.exchange || !this.isTunnel) return null;
    this.exchange = null;
    this.engine.stop();
    this.#memory.unwatch(this);
    this.#owner.onDetached();
    return this.#transport;
  }

  setRef(exchange: Exchange, isHeld: boolean): void {
    if (exchange !== this.exchange) return;
    if (isHeld) this.#transport.ref();
    else this.#transport.unref();
  }

  onWaiting(exchange: Exchange): void {
    this.#owner.onDeadline(exchange.expiresAt);
  }

  sendData(exchange: Exchange, chunk: Uint8Array): boolean {
    if (exchange !== this.exchange) return true;
    if (!exchange.framing.chunked || exchange.requestEnded) return this.engine.sendData(chunk);
    // A chunk, its size and its end leave in one write.
    this.#transport.cork();
    const isTaken = this.engine.sendData(chunk);
    this.#transport.uncork();
    return isTaken;
  }

  sendEnd(exchange: Exchange, trailers: readonly HeaderPair[] | null): void {
    if (exchange !== this.exchange) return;
    if (this.isTunnel && exchange.requestEnded) {
      this.#transport.end();
      return;
    }
    this.engine.sendEnd(trailers);
    if (!this.isTunnel) this.#watchReading(exchange);
  }

  /** Silence counts against the peer only while our caller has taken all that came. */
  #watchReading(exchange: Exchange): void {
    if (exchange.waitingFor === 'authenticator') return;
    exchange.waitFor(exchange.buffered === 0 ? 'read' : 'nothing', this.#clock.now());
    this.#owner.onDeadline(exchange.expiresAt);
  }

  #pause(): void {
    this.#isPaused = true;
    this.#transport.pause();
  }

  #resume(): void {
    this.#isPaused = false;
    this.#transport.resume();
  }
}
