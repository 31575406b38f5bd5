/**
 * A connection whose other end is an application in this process. Nothing is encoded: chunks and pairs are handed over as
 * they are, with the same limits, backpressure and endings as on a network.
 *
 * It carries one exchange, and two bodies side by side. Each side pulls: the caller's iterable is asked for a chunk when the
 * application reads, the application's when its caller has room. The exchange is over when the response is, or when either
 * side gives it up; `#leave` is where all ways meet, and what still runs then (the application, either body) is told and
 * from there on not listened to.
 */
import type { Connection, ConnectionOwner, ExchangeStream } from '../connection/connection.ts';
import type { Exchange } from '../connection/exchange.ts';
import { RequestBody } from '../connection/request-body.ts';
import type { HeaderPair } from '../contract.ts';
import { Aborted, HttpCoreError, LocalProtocolError, ReadError, RemoteProtocolError } from '../errors.ts';
import { resolveTrailers } from '../model/field-syntax.ts';
import type { ConnectionInfo } from '../observe/trace.ts';
import type { Clock } from '../time/clock.ts';
import type { ApplicationRequest } from './application.ts';
import { IncomingBytes, type IncomingSource } from './incoming-bytes.ts';
import { checkResponseFields, chunksOf, dispose, invalid, type ChunkIterator, type OutgoingResponse } from './outgoing-response.ts';
import { ProcessHold } from './process-hold.ts';

/** Answers one request; what it throws fails the exchange. */
export type Answering = (request: ApplicationRequest, exchange: Exchange) => Promise<OutgoingResponse>;

/** As on a network: an unread response holds this much, and the chunk that went over it. */
const bufferLimit = 65_536;
/** Bodies in memory are pulled without ever waiting for the system; timers and sockets must still have their turn. */
const chunksPerTurn = 64;

const noFields: readonly HeaderPair[] = Object.freeze([]);

export class ApplicationConnection implements Connection, ExchangeStream, IncomingSource {
  readonly info: ConnectionInfo;
  readonly coalescing = undefined;
  readonly expectsCapacity = false;
  // Nothing is saved by keeping it.
  readonly idleTimeout = 0;
  readonly idleSince: number;
  served = 0;
  listed = false;

  readonly #answer: Answering;
  readonly #owner: ConnectionOwner;
  readonly #clock: Clock;
  readonly #hold: ProcessHold;
  #exchange: Exchange | null = null;
  #left = false;

  #incoming: IncomingBytes = new IncomingBytes(this);
  /** `Expect: 100-continue`: the body is not asked for until the application reads. */
  #heldBack = false;
  #sent = 0;
  #chunks: ChunkIterator | null = null;
  #wakeResponse: (() => void) | null = null;
  #isTunnel = false;
  #chunksInTurn = 0;
  #abort: AbortController | null = null;
  #failure: HttpCoreError | undefined = undefined;

  constructor(info: ConnectionInfo, answer: Answering, owner: ConnectionOwner, clock: Clock) {
    this.info = info;
    this.#answer = answer;
    this.#owner = owner;
    this.#clock = clock;
    this.#hold = new ProcessHold(clock);
    this.idleSince = clock.now();
  }

  get capacity(): number {
    return this.served === 0 && !this.#left ? 1 : 0;
  }

  get active(): number {
    return this.#exchange === null ? 0 : 1;
  }

  get noNewExchanges(): boolean {
    return this.capacity === 0;
  }

  exchanges(): readonly Exchange[] {
    return this.#exchange === null ? [] : [this.#exchange];
  }

  // The request

  start(exchange: Exchange): void {
    this.served = 1;
    this.#exchange = exchange;
    this.#hold.take();
    exchange.onAssigned(this, this.info, false, undefined);
    exchange.requestSent = true;
    if (exchange.traced) exchange.trace('head-sent', undefined);
    this.#waitFor(exchange, 'read');
    const { body, framing } = exchange;
    if (framing.length === 0 && (body === null || Array.isArray(body))) {
      exchange.requestEnded = true;
      this.#incoming.end([]);
    } else if (expectsContinue(exchange.headers)) {
      this.#heldBack = true;
    } else {
      this.#sendBody(exchange);
    }
    // Never from inside the pool's own doing: what an application calls comes back here.
    queueMicrotask(() => void this.#serve(exchange));
  }

  #sendBody(exchange: Exchange): void {
    this.#heldBack = false;
    const requestBody = new RequestBody(exchange, this, () => this.#clock.now());
    exchange.requestBody = requestBody;
    requestBody.start();
  }

  sendData(exchange: Exchange, chunk: Uint8Array): boolean {
    if (exchange !== this.#exchange) return true;
    this.#sent += chunk.length;
    const { length, chunked } = exchange.framing;
    if (!this.#isTunnel && !chunked && this.#sent > length!) throw mismatch(`more than the ${length} bytes that were announced`);
    return this.#incoming.push(chunk);
  }

  sendEnd(exchange: Exchange, trailers: readonly HeaderPair[] | null): void {
    if (exchange !== this.#exchange) return;
    const { length, chunked } = exchange.framing;
    if (!this.#isTunnel) {
      if (!chunked && this.#sent < length!) throw mismatch(`${this.#sent} of the ${length} bytes that were announced`);
      this.#watchSilence(exchange);
    }
    this.#incoming.end(trailers ?? []);
  }

  // From the application's reading

  onWanted(): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    if (this.#heldBack) this.#sendBody(exchange);
    else if (++this.#chunksInTurn % chunksPerTurn === 0) this.#clock.nextTurn(() => this.#onRoom());
    else this.#onRoom();
  }

  #onRoom(): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    if (exchange.waitingFor === 'write') exchange.waitFor('nothing', this.#clock.now());
    exchange.onWritable();
  }

  onUnwanted(): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    this.#heldBack = false;
    exchange.requestBody?.stop();
    if (this.#isTunnel) return;
    exchange.requestEnded = true;
    this.#watchSilence(exchange);
  }

  // The response

  /** Never rejects. */
  async #serve(exchange: Exchange): Promise<void> {
    if (exchange !== this.#exchange) return;
    try {
      const response = await this.#answer(this.#request(exchange), exchange);
      if (exchange !== this.#exchange) {
        dispose(response.chunks);
        return;
      }
      this.#chunks = response.chunks;
      await this.#respond(exchange, response);
    } catch (error) {
      if (exchange === this.#exchange) this.#fail(error instanceof HttpCoreError ? error : handlerFailed(error));
    }
  }

  #request(exchange: Exchange): ApplicationRequest {
    const { origin, method, target, headers, timeouts, context = {} } = exchange;
    const isDefaultPort = origin.port === (origin.scheme === 'https' ? 443 : 80);
    const signal = (): AbortSignal => this.#signal;
    return {
      method,
      url: [origin.scheme, origin.host, isDefaultPort ? null : origin.port, target],
      headers,
      body: this.#incoming,
      timeouts,
      context,
      get signal() {
        return signal();
      },
      inform: (status, fields = noFields, reason = '') => this.#inform(exchange, status, fields, reason),
    };
  }

  /** Made when it is asked for: most applications do not look. */
  get #signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.#failure !== undefined) this.#abort.abort(this.#failure);
    }
    return this.#abort.signal;
  }

  #inform(exchange: Exchange, status: number, headers: readonly HeaderPair[], reason: string): void {
    if (!Number.isInteger(status) || status < 100 || status > 199 || status === 101) {
      throw invalid(`The status of an informational response must be from 100 to 199 and not 101; it is ${String(status)}`);
    }
    checkResponseFields(headers);
    if (exchange !== this.#exchange || exchange.phase === 'response-body') return;
    if (status === 100 && this.#heldBack) this.#sendBody(exchange);
    else exchange.onInformational(status, reason, headers);
  }

  async #respond(exchange: Exchange, response: OutgoingResponse): Promise<void> {
    const { version, status, reason, headers } = response;
    const { method } = exchange;
    this.#isTunnel = status === 101 || (method === 'CONNECT' && status < 300);
    if (status === 101 && !exchange.headers.some(([name]) => name.toLowerCase() === 'upgrade')) {
      throw new RemoteProtocolError('The application switched protocols without having been asked to', { code: 'UNEXPECTED_UPGRADE' });
    }
    if (this.#isTunnel) this.#openTunnel(exchange, response);
    // The answer to `Expect`: the body is not wanted.
    this.#heldBack = false;
    if (exchange.traced) exchange.trace('first-byte', undefined);
    exchange.onHead(version, status, reason, headers, this.#isTunnel);
    if (this.#isTunnel) {
      await this.#sendChunks(exchange, null);
    } else if (method === 'HEAD' || status === 204 || status === 304) {
      this.#stopChunks();
      this.#complete(exchange, []);
      return;
    } else {
      await this.#sendChunks(exchange, response.length);
    }
    if (exchange !== this.#exchange) return;
    const trailers = await resolveTrailers(response.trailers());
    if (exchange === this.#exchange) this.#complete(exchange, trailers ?? []);
  }

  #openTunnel(exchange: Exchange, { tunnel }: OutgoingResponse): void {
    exchange.requestBody?.stop();
    this.#incoming = new IncomingBytes(this);
    this.#stopChunks();
    if (tunnel !== undefined) this.#chunks = chunksOf(tunnel(this.#incoming));
    this.#waitFor(exchange, 'nothing');
  }

  async #sendChunks(exchange: Exchange, announced: number | null): Promise<void> {
    let sent = 0;
    for (;;) {
      const chunks = this.#chunks;
      if (chunks === null) break;
      const next = chunks.next();
      const { done, value } = 'then' in next ? await next : next;
      if (exchange !== this.#exchange) return;
      if (done === true) {
        this.#chunks = null;
        break;
      }
      if (!(value instanceof Uint8Array)) throw invalid('Each chunk of the response body must be a Uint8Array');
      if (value.length === 0) continue;
      sent += value.length;
      if (announced !== null && sent > announced) {
        throw invalid(`The response body has more than the ${announced} bytes that were announced`, undefined, 'INVALID_CONTENT_LENGTH');
      }
      // By copy: an application may fill the same memory again.
      exchange.onData(new Uint8Array(value));
      if (this.#exchange === null) return;
      if (exchange.buffered > bufferLimit) await this.#consumed();
      else if (++this.#chunksInTurn % chunksPerTurn === 0) await this.#turn();
      if (exchange !== this.#exchange) return;
      this.#watchReading(exchange);
    }
    if (announced !== null && sent < announced) {
      throw new RemoteProtocolError(`The response body ended after ${sent} of ${announced} bytes`, { code: 'INCOMPLETE_BODY' });
    }
  }

  onConsumed(exchange: Exchange): void {
    if (exchange !== this.#exchange || exchange.buffered > 0) return;
    this.#watchReading(exchange);
    this.#wake();
  }

  #consumed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeResponse = resolve;
    });
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => void this.#clock.nextTurn(resolve));
  }

  #wake(): void {
    const wake = this.#wakeResponse;
    this.#wakeResponse = null;
    wake?.();
  }

  // Limits in time

  onWaiting(exchange: Exchange): void {
    this.#owner.onDeadline(exchange.expiresAt);
  }

  checkDeadlines(now: number): number {
    return this.#exchange === null ? Infinity : this.#exchange.checkLimits(now);
  }

  /** While the request is being sent, that is what is waited for. */
  #watchReading(exchange: Exchange): void {
    if (!this.#isTunnel && exchange.requestBody === null) this.#watchSilence(exchange);
  }

  /** Silence counts against the application only while its caller has taken all that came. */
  #watchSilence(exchange: Exchange): void {
    this.#waitFor(exchange, exchange.buffered === 0 ? 'read' : 'nothing');
  }

  #waitFor(exchange: Exchange, what: 'read' | 'nothing'): void {
    exchange.waitFor(what, this.#clock.now());
    this.#owner.onDeadline(exchange.expiresAt);
  }

  // Ending

  drain(): void {
    if (this.#exchange === null) this.#leave(undefined);
  }

  destroy(error: HttpCoreError): void {
    this.#fail(error);
  }

  cancel(exchange: Exchange, error: HttpCoreError): void {
    if (exchange === this.#exchange) this.#leave(error);
  }

  ref(): void {
    this.#hold.take();
  }

  unref(): void {
    this.#hold.release();
  }

  #complete(exchange: Exchange, trailers: readonly HeaderPair[]): void {
    this.#exchange = null;
    exchange.onEnd(trailers);
    this.#leave(undefined);
  }

  #fail(error: HttpCoreError): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    exchange?.onFailure(error, 'unknown');
    this.#leave(error);
  }

  #leave(error: HttpCoreError | undefined): void {
    if (this.#left) return;
    this.#left = true;
    this.#exchange = null;
    this.#failure = error;
    this.#hold.release();
    this.#incoming.fail(error ?? new Aborted('The response was complete before the request was', { code: 'REQUEST_STOPPED' }));
    this.#stopChunks();
    this.#wake();
    if (error !== undefined) this.#abort?.abort(error);
    this.#owner.onClosed(this, error);
  }

  #stopChunks(): void {
    const chunks = this.#chunks;
    this.#chunks = null;
    dispose(chunks);
  }
}

function handlerFailed(cause: unknown): ReadError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new ReadError(`The application failed: ${message}`, { code: 'HANDLER_FAILED', cause });
}

function mismatch(what: string): LocalProtocolError {
  return new LocalProtocolError(`The request body has ${what}`, { code: 'CONTENT_LENGTH_MISMATCH', phase: 'send' });
}

function expectsContinue(headers: readonly HeaderPair[]): boolean {
  return headers.some(
    ([name, value]) => name.length === 6 && name.toLowerCase() === 'expect' && value.trim().toLowerCase() === '100-continue',
  );
}
