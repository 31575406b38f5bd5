/**
 * An HTTP/1.1 connection that writes requests before those in front of them are answered (RFC 9112 §9.3.2). Only with the option `pipelining`, and only
 * requests that may be sent twice (`isPipelinable`): everything else has the connection for itself.
 *
 * Answers come in the order of the requests and carry no name, so whose answer a byte belongs to is told by counting alone:
 *
 *   slots   [ front ][ behind ][ behind ]      written from left to right, answered from left to right
 *             ▲ all that comes is read by the front; what comes behind its answer is read by the next, if that was written
 *
 * Each slot has an engine of its own. Whatever ends the front other than by a whole answer behind which another can follow ends the connection, and
 * those behind, of whom nothing has been answered, go back to the pool as after a connection that was found dead. The same becomes of them, while the
 * front goes on alone, when it keeps them waiting: for `patience`, or by not being read.
 *
 *   proved    another request may be written behind the first only once the server has answered one, in HTTP/1.1, and kept the connection
 *   exclusive what runs is not pipelinable: nothing comes behind it
 *   abandoned the exchange of a slot in the middle has ended: its answer is read for nobody, and nothing new comes behind it
 */
import type { HeaderPair } from '../contract/values.ts';
import { ReadError, TimeoutError, type HttpCoreError } from '../contract/errors.ts';
import type { ConnectionInfo } from '../contract/trace.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { isPipelinable } from '../exchange/pipelinable.ts';
import type { Processing } from '../exchange/replay.ts';
import type { ByteTransport } from '../net/byte-transport.ts';
import { unsolicitedBytes } from '../protocol/http1/engine.ts';
import type { ResponseHead } from '../protocol/http1/response-head.ts';
import type { Clock, Scheduled } from '../time/clock.ts';
import type { Connection, ConnectionOwner } from './connection.ts';
import type { Http1ConnectionOptions } from './http1-connection.ts';
import { closedWhileIdle, endTransport, idleTimeoutOf, lostConnection } from './http1-rules.ts';
import { Http1Slot, type Http1SlotOwner } from './http1-slot.ts';
import { isWorthALook } from './liveness.ts';
import { fewAnswers, patience, pauseOfBroken, pauseOfSlow, type Pipelining } from './pipelining.ts';
import { PoolNotes } from './pool-notes.ts';
import type { Turn, TurnTask } from './turn.ts';

export class Http1PipelinedConnection extends PoolNotes implements Connection, Http1SlotOwner, TurnTask {
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
  readonly #options: Http1ConnectionOptions;
  readonly #pipelining: Pipelining;

  /** Those under way, the one first whose answer comes next. */
  #slots: Http1Slot[] = [];
  readonly #spare: Http1Slot[] = [];
  #abandoned = 0;
  #answered = 0;
  #isProved = false;
  #speaksHttp11 = false;
  /** The one that has the connection for itself. */
  #exclusive: Http1Slot | null = null;
  #awaitsTurn = false;
  /** Are requests to be written only when the socket has been looked at once more? */
  #looksAgain = false;

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
    pipelining: Pipelining,
    options: Http1ConnectionOptions,
  ) {
    super();
    this.#transport = transport;
    this.info = info;
    this.#owner = owner;
    this.#clock = clock;
    this.#turn = turn;
    this.#pipelining = pipelining;
    this.#options = options;
    this.#spare.push(this.#newSlot());
    this.idleSince = clock.now();
    transport.start({
      onBytes: (chunk) => this.#receive(chunk),
      onEnd: () => this.#onTransportEnd(),
      onDrain: () => this.#slots[0]?.carrier.onDrained(),
      onClosed: (error) => this.#onTransportClosed(error),
    });
  }

  get capacity(): number {
    if (this.#noNewExchanges) return 0;
    const front = this.#slots[0];
    if (front === undefined) return this.#isProved ? this.#pipelining.depth : 1;
    // An answer that has begun may go on for long, and its reader may stop.
    if (!this.#isProved || this.#exclusive !== null || this.#abandoned > 0 || front.isAnswering) return 0;
    return Math.max(0, this.#pipelining.depth - this.#slots.length);
  }

  takesBehind(now: number): boolean {
    const front = this.#slots[0];
    return front === undefined || (now - front.since < patience && this.#pipelining.isFit(now));
  }

  get active(): number {
    return this.#slots.length - this.#abandoned;
  }

  get noNewExchanges(): boolean {
    return this.#noNewExchanges;
  }

  exchanges(): readonly Exchange[] {
    return this.#slots.flatMap(({ carrier: { exchange } }) => (exchange === null ? [] : [exchange]));
  }

  // From the pool

  start(exchange: Exchange, now: number): void {
    const front = this.#slots[0];
    const slot = this.#spare.pop() ?? this.#newSlot();
    if (front === undefined) {
      this.#exclusive = isPipelinable(exchange) ? null : slot;
      this.#looksAgain = isWorthALook(this, exchange);
    }
    const reused = this.served > 0;
    slot.take(exchange, now);
    this.#slots.push(slot);
    this.served += 1;
    exchange.onAssigned(slot.carrier, this.info, reused, undefined, now);
    // An observer may have ended it, or everything.
    if (slot.carrier.exchange !== exchange) return;
    const first = this.#slots[0]!;
    exchange.waitFor(first === slot ? 'read' : 'nothing', now);
    this.#owner.onDeadline(first === slot ? exchange.expiresAt : Math.min(exchange.expiresAt, first.since + patience));
    if (this.#awaitsTurn) return;
    this.#awaitsTurn = true;
    this.#turn.add(this);
  }

  checkDeadlines(now: number): number {
    let next = Infinity;
    for (const { carrier } of this.#slots.slice()) {
      if (carrier.exchange !== null) next = Math.min(next, carrier.exchange.checkLimits(now));
    }
    const front = this.#slots[0];
    if (front === undefined || this.#slots.length === 1) return next;
    if (front.since + patience > now) return Math.min(next, front.since + patience);
    if (!front.isAnswering) this.#pipelining.onUnfit(now + pauseOfSlow);
    this.#relieve();
    return next;
  }

  drain(): void {
    this.#noNewExchanges = true;
    if (this.#slots.length === 0) this.#end(undefined);
  }

  destroy(error: HttpCoreError): void {
    if (this.#exclusive !== null) this.#exclusive.carrier.isTunnel = false;
    this.#end(error, 'unknown', 'unknown');
  }

  ref(): void {
    this.#transport.ref();
  }

  unref(): void {
    this.#transport.unref();
  }

  // Writing the requests

  onTurnEnd(): void {
    if (this.#looksAgain) {
      this.#looksAgain = false;
      this.#turn.add(this);
      return;
    }
    this.#awaitsTurn = false;
    if (this.#slots.length === 1) this.#write();
    else if (!this.#shutDown) {
      // They leave in one write.
      this.#transport.cork();
      this.#write();
      this.#transport.uncork();
    }
  }

  /** In the order of the slots. Whoever sees one being written may end it, and others, or begin one more. */
  #write(): void {
    for (let index = 0; index < this.#slots.length;) {
      const slot = this.#slots[index]!;
      if (!slot.carrier.isWritten) {
        slot.wasBehind = index > 0;
        if (slot.wasBehind) this.#slots[index - 1]!.carrier.engine.isFollowed = true;
        slot.carrier.onTurnEnd();
      }
      if (this.#slots[index] === slot) index += 1;
    }
  }

  // From the transport

  #receive(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.#shutDown;) {
      const front = this.#slots[0];
      if (front === undefined) {
        this.#end(unsolicitedBytes());
        return;
      }
      at = front.receive(chunk, at);
      if (front === this.#slots[0] && front.isTooMuch) this.#end(undefined);
    }
    const front = this.#slots[0];
    if (front !== undefined && this.#slots.length > 1 && front.carrier.isPaused) this.#relieve();
  }

  #onTransportEnd(): void {
    const front = this.#slots[0];
    if (front === undefined) {
      this.#lostWhileIdle();
      this.#end(undefined);
      return;
    }
    front.carrier.engine.receiveEnd();
    if (!this.#shutDown && !front.carrier.isWritten) this.#lose(front, closedWhileIdle());
  }

  #onTransportClosed(error: Error | undefined): void {
    this.#closing?.cancel();
    if (this.#shutDown) return;
    const front = this.#slots[0];
    // Without an error it is an end of both directions, in which a body may end as well.
    if (error === undefined) front?.carrier.engine.receiveEnd();
    if (this.#shutDown) return;
    if (front === undefined) this.#lostWhileIdle();
    this.#lose(front, lostConnection(error, front?.carrier.exchange ?? null));
  }

  // From the slots

  onDeadline(at: number): void {
    this.#owner.onDeadline(at);
  }

  onHead({ keepAliveTimeout, version }: ResponseHead): void {
    this.idleTimeout = idleTimeoutOf(keepAliveTimeout, this.#options.longestKeepAlive);
    this.#speaksHttp11 = version === '1.1';
  }

  onComplete(slot: Http1Slot, exchange: Exchange, isReusable: boolean, trailers: readonly HeaderPair[]): void {
    this.#slots.shift();
    this.#answered += 1;
    if (isReusable) this.#isProved = this.#speaksHttp11;
    exchange.complete(trailers);
    this.#goOn(slot, isReusable);
  }

  onDiscarded(slot: Http1Slot, isReusable: boolean): void {
    if (!isReusable) {
      this.#end(undefined);
      return;
    }
    this.#slots.shift();
    this.#abandoned -= 1;
    this.#goOn(slot, true);
  }

  onFault(slot: Http1Slot, error: HttpCoreError): void {
    if (error.code === 'CONNECTION_CLOSED' || !slot.carrier.isWritten) {
      this.#lose(slot, error);
      return;
    }
    // What is no answer may be the rest of the one before, whose length was told wrong: it says nothing of this request.
    const isNoAnswer = slot.wasBehind && !slot.isAnswering;
    if (isNoAnswer || this.#slots.length > 1) this.#isUnfit();
    this.#end(error, isNoAnswer ? 'stale' : 'unknown');
  }

  onCancelled(slot: Http1Slot, isWritten: boolean, error: HttpCoreError): void {
    const index = this.#slots.indexOf(slot);
    if (isWritten && index > 0) {
      slot.isAbandoned = true;
      this.#abandoned += 1;
      if (this.active === 0) this.#end(error);
      return;
    }
    if (isWritten) {
      // It may be the server that has lost what came together.
      if (slot.wasBehind && !slot.carrier.engine.responseStarted && error instanceof TimeoutError) this.#isUnfit();
      this.#end(error);
      return;
    }
    // Nothing of it was written, nor of those behind it.
    this.#slots.splice(index, 1);
    this.#spare.push(slot);
    this.served -= 1;
    if (this.#slots.length === 0 && this.#noNewExchanges) this.#end(error);
    else {
      if (index === 0 && this.#slots.length > 0) this.#beginTurn(this.#slots[0]!);
      if (this.capacity > 0) this.#owner.onCapacity(this);
    }
  }

  onDetached(): void {
    this.#shutDown = true;
    this.#noNewExchanges = true;
    this.#slots = [];
    stop(this.#spare);
    this.#owner.onClosed(this, undefined);
  }

  // From one to the next

  /** The answer of `slot`, which was the front, is whole. */
  #goOn(slot: Http1Slot, isReusable: boolean): void {
    // Whoever was told may have ended the connection.
    if (this.#shutDown) return;
    this.#spare.push(slot);
    if (!isReusable) {
      // A server that closes after many has no quarrel with those that come together.
      if (this.#slots.length > 0 && this.#answered < fewAnswers) this.#isUnfit();
      this.#end(undefined);
      return;
    }
    const front = this.#slots[0];
    if (front === undefined) {
      if (this.#noNewExchanges) {
        this.#end(undefined);
        return;
      }
      this.idleSince = this.#clock.now();
      this.#owner.onCapacity(this);
    } else if (this.active === 0) {
      // Nobody is left whose answer would be worth reading the others'.
      this.#end(undefined);
    } else {
      this.#beginTurn(front);
      if (this.capacity > 0) this.#owner.onCapacity(this);
    }
  }

  /** From now on the server's silence is about this one. */
  #beginTurn(front: Http1Slot): void {
    const now = this.#clock.now();
    front.since = now;
    const { exchange } = front.carrier;
    let at = this.#slots.length > 1 ? now + patience : Infinity;
    if (exchange !== null) {
      exchange.waitFor('read', now);
      at = Math.min(at, exchange.expiresAt);
    }
    this.#owner.onDeadline(at);
  }

  /** Those behind go to other connections; this one ends with the front. */
  #relieve(): void {
    this.#noNewExchanges = true;
    if (this.#slots[0]!.isAbandoned) {
      this.#end(undefined);
      return;
    }
    const behind = this.#slots.splice(1);
    this.#abandoned = 0;
    const heldUp = new ReadError('The connection is busy with the request before this one, and ends behind it', {
      code: 'CONNECTION_CLOSED',
    });
    for (const [index, exchange] of release(behind).entries()) exchange?.fail(heldUp, behind[index]!.processing);
  }

  // Ending

  #newSlot(): Http1Slot {
    return new Http1Slot(this, this.info, this.#transport, this.#clock, this.#turn, this.#options);
  }

  #lostWhileIdle(): void {
    if (!this.#shutDown && !this.#noNewExchanges && this.served > 0) this.lostAfter = this.#clock.now() - this.idleSince;
  }

  /** The server is gone, while `front` waited for it, or nobody. */
  #lose(front: Http1Slot | undefined, error: HttpCoreError): void {
    if (front === undefined) {
      this.#end(error);
      return;
    }
    const { isWritten, engine } = front.carrier;
    const isOfUse = this.#answered > 0;
    const unwritten: Processing = isOfUse ? 'retired' : 'unprocessed';
    const written: Processing = isOfUse && !engine.responseStarted ? 'stale' : 'unknown';
    const processing = isWritten ? written : unwritten;
    const isFirst = !front.wasBehind && (processing === 'stale' || processing === 'retired');
    if (isFirst) this.#lostWhileIdle();
    // One that had been idle for long may have been closing when they were written: that says nothing of how they came.
    const mayHaveBeenClosing = isFirst && front.since - this.idleSince >= patience;
    if (!mayHaveBeenClosing && (front.wasBehind || this.#slots.length > 1)) this.#isUnfit();
    this.#end(error, processing);
  }

  #isUnfit(): void {
    this.#pipelining.onUnfit(this.#clock.now() + pauseOfBroken);
  }

  /**
   * Ends once. What is known of each request is what was written of it, since none of them has been answered; but of the front's it is
   * `processing`, and of the others' `behind`, where these are given.
   */
  #end(error: HttpCoreError | undefined, processing?: Processing, behind?: Processing): void {
    if (this.#shutDown) return;
    this.#shutDown = true;
    this.#noNewExchanges = true;
    const slots = this.#slots;
    this.#slots = [];
    this.#abandoned = 0;
    const exchanges = release(slots);
    stop(this.#spare);
    this.#closing = endTransport(this.#transport, this.#exclusive?.carrier.isTunnel === true, this.#clock);
    const why = error ?? new ReadError('The connection ended behind the response before this one', { code: 'CONNECTION_CLOSED' });
    for (const [index, exchange] of exchanges.entries()) {
      exchange?.fail(why, (index === 0 ? processing : behind) ?? slots[index]!.processing);
    }
    this.#owner.onClosed(this, error);
  }
}

/** Takes the exchanges out, so that nothing that is told of one of them can end another by its slot. */
function release(slots: readonly Http1Slot[]): readonly (Exchange | null)[] {
  const exchanges = slots.map(({ carrier }) => carrier.release());
  stop(slots);
  return exchanges;
}

function stop(slots: readonly Http1Slot[]): void {
  for (const { carrier } of slots) carrier.stop();
}
