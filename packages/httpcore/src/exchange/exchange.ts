/**
 * One request and its response, from `dispatch` to the last byte. It outlives connections: an exchange that provably was not
 * processed by one is given to another.
 *
 *   queued ──assign──▶ awaiting ──head──▶ streaming ──end──▶ ended
 *     ▲                    │                  │
 *     └──────replay────────┘     fail ────────┴─────────────▶ ended   (from every state)
 *
 * It stands between three parties, and is the only one that knows all of them:
 * - the caller, through the promise of the head, the response body and the abort signal;
 * - the connection that serves it, which calls the `on…` methods and is spoken to through `Carrier`;
 * - its owner (the pool), which has it while it is queued and takes it back for a replay.
 *
 * However many of them end it, and in whatever order: it ends once, in `#end`; `toldOf` says who hears of it.
 */
import type { DispatchContext, DispatchResponse, InterimResponse } from '../contract/dispatcher.ts';
import type { ByteIterable, HeaderPair, Timeouts } from '../contract/values.ts';
import type { ErrorPhase, HttpCoreError } from '../contract/errors.ts';
import { Aborted, failWithCallerStack, ProxyError, RemoteProtocolError } from '../contract/errors.ts';
import type { Origin } from '../model/origin.ts';
import type { RequestFraming } from '../model/request-framing.ts';
import type { ByteTransport } from '../net/byte-transport.ts';
import type { ConnectionInfo, TraceEventName, TraceEvents } from '../contract/trace.ts';
import { listenForAbort, reasonOf, stopListening, type AbortHandler, type AbortListener } from './abort-listener.ts';
import type { MessageWatcher } from '../observe/message-watcher.ts';
import { BodyBuffer } from './body-buffer.ts';
import { Moment } from './moment.ts';
import type { Carrier, ExchangeOwner, Keeper } from './parties.ts';
import { handOver, takeSettle, type Settle } from './settle.ts';
import { withFactsOf } from './facts.ts';
import { GivenRequest } from './given-request.ts';
import { exchangeMachine, toldOf, type EndedBy } from './exchange-state.ts';
import { Challenge } from './challenge.ts';
import { isStrike, mayReplay, type Processing } from './replay.ts';
import { IncomingBody, UpgradedBody } from './response-body.ts';
import { UnwantedAnswer } from './unwanted-answer.ts';

const noTrailers: readonly HeaderPair[] = Object.freeze([]);
const { states, events } = exchangeMachine;
const marks = { misdirected: 1, headsInTurn: 2 } as const;

export class Exchange extends GivenRequest implements AbortHandler {
  /** Settles with the first head: mostly the final one. */
  readonly #head: Promise<DispatchResponse | InterimResponse>;

  // Facts that connections set.
  /** Was any of the request given to the system? */
  requestSent = false;
  /** Is all of it? */
  requestEnded = false;
  connectionReused = false;
  /** The sending of the body, while it runs. */
  requestBody: { stop(): void } | null = null;
  replays = 0;
  strikes = 0;
  strikesSince: number = Infinity;
  /** Has the caller's iterable been asked for anything? */
  bodyPulled = false;
  /** While it is queued: the connection that waits with it. */
  keeper: Keeper<Exchange> | null = null;
  /** The answer of a proxy that may be asked again, while it comes. */
  challenge: Challenge | null = null;
  /** While a connection delivers what it has got: when that came, where it knows. −1 else. */
  heardAt = -1;

  readonly #owner: ExchangeOwner<Exchange>;
  #listener: AbortListener | null = null;
  nextListening: AbortHandler | null = null;
  previousListening: AbortHandler | null = null;
  #state: number = states.queued;
  #carrier: Carrier<Exchange> | null = null;
  #resolve: Settle;
  #buffer: BodyBuffer | null = null;
  /** The rest of the response, where the caller does not want it. */
  #unread: UnwantedAnswer | null = null;
  /** One field for all of {@link marks}: each weighs on every small request. */
  #marks = 0;
  #writable: Moment | null = null;

  constructor(
    owner: ExchangeOwner<Exchange>,
    origin: Origin,
    method: string,
    target: string,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    framing: RequestFraming,
    timeouts: Timeouts,
    context: DispatchContext | undefined,
    now: number,
    watcher: MessageWatcher | null = null,
  ) {
    super(owner, origin, method, target, headers, body, framing, timeouts, context, now, watcher);
    this.#owner = owner;
    this.#head = new Promise(handOver);
    this.#resolve = takeSettle();
    if (context?.signal !== undefined) this.#listener = listenForAbort(context.signal, this);
    this.tell('queued', now, undefined);
  }

  /** Told by the abort signal, as all who wait for it are. */
  handleEvent(): void {
    this.abort(new Aborted('The request was aborted', { cause: reasonOf(this.context!.signal!) }));
  }

  /** Settles with the final head. */
  get response(): Promise<DispatchResponse> {
    return this.#head as Promise<DispatchResponse>;
  }

  get ended(): boolean {
    return this.#state === states.ended;
  }

  get phase(): ErrorPhase {
    if (this.#state === states.queued) return this.#owner.phaseOf(this);
    if (this.#buffer !== null) return 'response-body';
    return this.requestEnded ? 'response-head' : 'send';
  }

  /** As {@link tell}, of now: of what is being delivered, when it came. */
  trace<Name extends TraceEventName>(name: Name, detail: TraceEvents[Name]): void {
    this.tell(name, this.heardAt === -1 ? this.#owner.clock.now() : this.heardAt, detail);
  }

  // Limits in time

  /** Fails the exchange if a limit has passed; else returns when the next one can. */
  checkLimits(now: number): number {
    if (this.#state === states.ended) return Infinity;
    const next = this.expiresAt;
    if (next > now) return next;
    this.abort(this.passed(now, this.queuedAt, this.phase) ?? this.#owner.explainTimeout(this));
    return Infinity;
  }

  // From the connection

  /** A connection takes it, at this moment. */
  onAssigned(stream: Carrier<Exchange>, connection: ConnectionInfo, reused: boolean, streamId: number | undefined, now: number): void {
    this.#move(events.assign);
    this.#carrier = stream;
    this.connectionReused = reused;
    if (this.traced) this.tell('assigned', now, { connection, reused, streamId });
  }

  onInformational(status: number, reason: string, headers: readonly HeaderPair[]): void {
    if (this.traced) this.trace('informational', { status });
    if ((this.#marks & marks.headsInTurn) !== 0 && !this.ended) {
      const settle = this.#resolve;
      const next: InterimResponse[4] = new Promise(handOver);
      this.#resolve = takeSettle();
      settle([null, status, reason, headers, next]);
      return;
    }
    this.callInformational(status, reason, headers, (error) =>
      this.abort(new Aborted('The observer of informational responses threw', { code: 'OBSERVER_FAILED', cause: error })),
    );
  }

  /** From now on each head settles a promise of its own. To be called before one has come. */
  headsInTurn(): Promise<DispatchResponse | InterimResponse> {
    if (this.context?.onInformational === undefined) this.#marks |= marks.headsInTurn;
    return this.#head;
  }

  /** The final head. The body follows, through `onData` and `onEnd`. */
  onHead(version: string, status: number, reason: string, headers: readonly HeaderPair[], upgraded: boolean): void {
    if (status === 421 && this.#sendElsewhere()) return;
    if (this.forwarding !== null && this.#answerProxy(version, status, reason, headers)) return;
    this.#deliver(version, status, reason, headers, upgraded);
  }

  #deliver(version: string, status: number, reason: string, headers: readonly HeaderPair[], upgraded: boolean): void {
    this.#move(events.head);
    if (this.traced) this.trace('head-received', { status });
    if (this.watcher !== null) this.show((watcher) => watcher.onHead(status, reason, headers));
    const buffer = (this.#buffer = new BodyBuffer(this.#owner.memory));
    this.#resolve([version, status, reason, headers, upgraded ? new UpgradedBody(this, buffer) : new IncomingBody(this, buffer)]);
  }

  /** `bytes` are the exchange's own now. */
  onData(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.challenge !== null) {
      this.challenge.onData(bytes);
      return;
    }
    const buffer = this.#buffer!;
    if (this.#unread === null) {
      buffer.push(bytes);
      return;
    }
    buffer.received += bytes.length;
    this.#unread.onData(bytes.length);
    this.onConsumed(bytes.length);
  }

  /** The response body, while it comes. */
  get incoming(): BodyBuffer | null {
    return this.#state === states.streaming ? this.#buffer : null;
  }

  /** Bytes that the caller has not taken. */
  get buffered(): number {
    return (this.challenge ?? this.#buffer)?.size ?? 0;
  }

  complete(trailers: readonly HeaderPair[]): void {
    if (this.challenge === null) this.#end('connection', null, trailers);
    else if (!this.endsLater(trailers)) this.#replay(this.challenge.error, 'retired');
  }

  /**
   * The connection can't complete it. `processing` says what is known of the peer's side; what provably was not processed
   * goes back to the queue.
   */
  fail(error: HttpCoreError, processing: Processing): void {
    if (this.#state === states.ended) return;
    if (this.challenge !== null) {
      if (!this.challenge.breaksLater(() => this.fail(error, processing))) this.#replay(this.challenge.error, 'retired');
      return;
    }
    if (this.#state === states.awaiting) {
      if (this.#mayReplay(processing)) {
        this.#replay(error, processing);
        return;
      }
      // Whoever repeats requests can do so with this one, too.
      if (processing === 'unprocessed' || processing === 'retired') this.requestSent = false;
    }
    this.#end('connection', error);
  }

  /** The connection that took it can't start it after all: back to the queue, as if it had never left it. */
  requeue(): void {
    this.waitingFor = 'nothing';
    this.#owner.onReplay(this);
  }

  /** RFC 9110 §15.5.20: the server does not answer for this origin over that connection, made for another as a rule. */
  #sendElsewhere(): boolean {
    const isReplayable = this.#mayReplay('unprocessed');
    const mayLeave = isReplayable && (this.#marks & marks.misdirected) === 0 && this.context?.replayMisdirected === true;
    if (!this.#owner.onMisdirected(this, mayLeave) || !isReplayable) return false;
    this.#marks |= marks.misdirected;
    const error = new RemoteProtocolError('The server does not serve this origin over this connection', { code: 'MISDIRECTED' });
    this.#carrier!.cancel(this, error);
    this.#replay(error);
    return true;
  }

  /** RFC 9110 §15.5.8: nothing was forwarded yet; it is sent again if there are other credentials to send it with. */
  #answerProxy(version: string, status: number, reason: string, headers: readonly HeaderPair[]): boolean {
    const again = this.inContext(() => this.forwarding!.isChallenged(this, status, headers));
    if (again === false || !this.#mayReplay('retired')) return false;
    const error = new ProxyError('The proxy asked for other credentials', { code: 'PROXY_AUTH_REQUIRED', status, headers });
    const carrier = this.#carrier!;
    this.challenge = new Challenge(error, this.#owner.clock, this, {
      mayAnswer: () => this.#mayReplay('retired'),
      // A body that is still being sent has to be broken off, and its connection with it.
      patience: () => (this.requestEnded ? carrier.patience(this) : 0),
      breakOff: () => {
        carrier.cancel(this, error);
        this.#replay(error, 'retired');
      },
      onConsumed: (bytes) => carrier.onConsumed(this, bytes),
      deliver: (chunks) => {
        this.challenge = null;
        this.#deliver(version, status, reason, headers, false);
        for (const chunk of chunks) if (!this.ended) this.onData(chunk);
        this.waitFor(chunks.length === 0 ? 'read' : 'nothing', this.#owner.clock.now());
        carrier.onWaiting(this);
      },
    });
    this.challenge.decide(again);
    return true;
  }

  /** All of it is here. Where it is not decided yet whether it is the response, `end` is called once it is, and its connection kept till then. */
  endsLater(trailers: readonly HeaderPair[], end?: () => void): boolean {
    return this.challenge !== null && this.challenge.endsLater(() => this.complete(trailers), end);
  }

  /** That answer is here, and its connection can take the request again. Returns false when nobody wants it any more. */
  restart(): boolean {
    return this.#rewind(this.challenge!.error, 'retired');
  }

  #mayReplay(processing: Processing): boolean {
    return mayReplay(this, processing, this.#owner.clock.now());
  }

  #replay(error: HttpCoreError, processing: Processing = 'unprocessed'): void {
    if (this.#rewind(error, processing)) this.#owner.onReplay(this);
  }

  /** Back to where nothing was sent. Returns false when it has ended meanwhile. */
  #rewind(error: HttpCoreError, processing: Processing): boolean {
    this.challenge?.stop();
    this.challenge = null;
    if (this.traced) this.trace('replayed', { error: this.#withFacts(error) });
    // The observer may have aborted it.
    if (this.ended) return false;
    this.#move(events.replay);
    this.#carrier = null;
    this.replays += 1;
    if (isStrike(processing)) {
      this.strikes += 1;
      this.strikesSince = Math.min(this.strikesSince, this.#owner.clock.now());
    }
    this.requestSent = false;
    this.requestEnded = false;
    this.#stopSending();
    this.waitingFor = 'nothing';
    return true;
  }

  /** A body that waits to go on must not do so on the next connection. */
  #stopSending(): void {
    this.requestBody?.stop();
    this.requestBody = null;
    this.onWritable();
  }

  onWritable(): void {
    this.#writable?.reach();
    this.#writable = null;
  }

  // From the caller's side

  /** Ends the exchange from our side: abort, limit, the caller's mistake. The connection is told. */
  abort(error: HttpCoreError): void {
    if (this.#state !== states.ended) this.#end('caller', error);
  }

  /** Ends a queued exchange on behalf of its owner, which forgets it by itself. */
  refuse(error: HttpCoreError): void {
    if (this.#state !== states.ended) this.#end('owner', error);
  }

  onConsumed(bytes: number): void {
    if (this.#state !== states.ended) this.#carrier?.onConsumed(this, bytes);
  }

  onAwaited(): void {
    this.#carrier?.onAwaited(this);
  }

  /** Resolves when `sendData` may be called again, and when the exchange ends. */
  writable(): Promise<void> {
    if (this.#state === states.ended) return Promise.resolve();
    return (this.#writable ??= new Moment()).reached;
  }

  /** The same for upgraded connections, under the limit on writing. */
  room(): Promise<void> {
    this.waitFor('write', this.#owner.clock.now());
    this.#carrier?.onWaiting(this);
    return this.writable();
  }

  /** For upgraded connections. Returns false when the peer is slower. */
  write(chunk: Uint8Array): boolean {
    return this.#carrier!.sendData(this, chunk);
  }

  writeEnd(): void {
    if (this.#state !== states.ended) this.#carrier!.sendEnd(this, null);
  }

  /** Takes the transport of a tunnel away: its connection and the exchange are over. `null` where others share it, or it is gone. */
  detach(): ByteTransport | null {
    const transport = this.#carrier?.detach(this) ?? null;
    if (transport === null) return null;
    transport.release(this.#buffer!.takeAll());
    this.complete([]);
    return transport;
  }

  /** Should an idle tunnel keep the process alive? */
  setRef(isHeld: boolean): void {
    this.#carrier?.setRef(this, isHeld);
  }

  /** The caller does not want the rest: drain it if it is small, else give the connection up. */
  discard(upgraded: boolean): Promise<void> {
    const taken = this.#buffer!.discard();
    this.#buffer!.isUnwanted = true;
    const error = new Aborted('The response body was closed before its end', { code: 'BODY_CLOSED' });
    const patience = upgraded || this.ended ? 0 : this.#carrier!.patience(this);
    if (patience === 0) {
      this.abort(error);
      return Promise.resolve();
    }
    // Nobody is left who could abort it.
    stopListening(this.context?.signal, this.#listener, this);
    this.#unread = new UnwantedAnswer(error, this.#owner.clock, patience, () => this.abort(error));
    const over = this.#unread.whenOver();
    this.onConsumed(taken);
    return over;
  }

  // Ending

  /** The one way out of it: complete with trailers, or failed with an error. */
  #end(by: EndedBy, error: HttpCoreError | null, trailers: readonly HeaderPair[] = noTrailers): void {
    const buffer = this.#buffer;
    if (error === null) {
      this.#move(events.end);
      if (this.traced) this.trace('body-end', { bytes: buffer!.received });
      if (this.watcher !== null) this.show((watcher) => watcher.onEnd(trailers));
      buffer!.end(trailers);
      this.#release();
      return;
    }
    const told = toldOf[by][this.#state === states.queued ? 'queued' : 'carried'];
    const carrier = this.#carrier;
    const stamped = this.#withFacts(error);
    this.#move(events.fail);
    if (this.traced) this.trace('failed', { error: stamped });
    if (buffer === null) failWithCallerStack(this.#resolve, stamped);
    else buffer.fail(stamped);
    this.#release();
    // What came is delivered before a failure of the other side, and not when it was our own that wanted no more.
    if (by === 'caller') buffer?.discard();
    if (told === 'owner') {
      this.#owner.onCancelled(this);
      this.keeper?.onGivenUp(this);
    } else if (told === 'carrier') carrier?.cancel(this, stamped);
  }

  #withFacts(error: HttpCoreError): HttpCoreError {
    return withFactsOf(this, error, this.#buffer?.received);
  }

  #release(): void {
    stopListening(this.context?.signal, this.#listener, this);
    this.waitingFor = 'nothing';
    this.#carrier = null;
    this.challenge?.stop();
    this.challenge = null;
    this.#unread?.stop();
    this.#stopSending();
  }

  #move(event: number): void {
    this.#state = exchangeMachine.after(this.#state, event);
  }
}
