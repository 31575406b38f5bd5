/**
 * A connection whose other end is an application in this process. Nothing is encoded: chunks and pairs are handed over as
 * they are, with the same limits, backpressure and endings as on a network.
 *
 * It carries one exchange, and two bodies side by side. Each side pulls: the caller's iterable is asked for a chunk when the
 * application reads, the application's when its caller has room. The exchange is over when the response is, or when either
 * side gives it up; `#leave` is where all ways meet, and what still runs then (the application, either body) is told and
 * from there on not listened to.
 */
import type { Carrier } from '../exchange/parties.ts';
import type { Connection, ConnectionOwner } from '../connection/connection.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { RequestBody } from '../exchange/request-body.ts';
import type { HeaderPair } from '../contract/values.ts';
import { Aborted, LocalProtocolError, ReadError, RemoteProtocolError, toCoreError, type HttpCoreError } from '../contract/errors.ts';
import type { ConnectionInfo } from '../contract/trace.ts';
import type { Clock } from '../time/clock.ts';
import { queueMicrotask } from '../time/platform.ts';
import type { ApplicationRequest } from './application.ts';
import { applicationRequest, LazySignal } from './incoming-request.ts';
import { IncomingBytes, type IncomingSource } from './incoming-bytes.ts';
import { chunksPerTurn, OutgoingBody } from './outgoing-body.ts';
import {
  checkedResponseFields,
  chunksOf,
  dispose,
  invalid,
  responseTrailers,
  type ChunkIterator,
  type OutgoingResponse,
} from './outgoing-response.ts';
import { expectsContinue } from '../connection/expect-continue.ts';
import { ProcessRef } from './process-ref.ts';
import { PoolNotes } from '../connection/pool-notes.ts';

/** Answers one request; what it throws fails the exchange. */
export type Answering = (request: ApplicationRequest, exchange: Exchange) => Promise<OutgoingResponse>;

export class ApplicationConnection extends PoolNotes implements Connection, Carrier<Exchange>, IncomingSource {
  readonly info: ConnectionInfo;
  readonly coalescing = undefined;
  readonly expectsCapacity = false;
  // Nothing is saved by keeping it.
  readonly idleTimeout = 0;
  readonly lostAfter = undefined;
  readonly idleSince: number;
  served = 0;

  readonly #answer: Answering;
  readonly #owner: ConnectionOwner;
  readonly #clock: Clock;
  readonly #processRef: ProcessRef;
  #exchange: Exchange | null = null;
  #left = false;

  #incoming: IncomingBytes = new IncomingBytes(this);
  /** `Expect: 100-continue`: the body is not asked for until the application reads. */
  #withheld = false;
  #sent = 0;
  #outgoing: OutgoingBody | null = null;
  #isTunnel = false;
  #chunksAskedFor = 0;
  readonly #signal = new LazySignal();

  constructor(info: ConnectionInfo, answer: Answering, owner: ConnectionOwner, clock: Clock) {
    super();
    this.info = info;
    this.#answer = answer;
    this.#owner = owner;
    this.#clock = clock;
    this.#processRef = new ProcessRef(clock);
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
    this.#processRef.take();
    exchange.onAssigned(this, this.info, false, undefined, this.#clock.now());
    exchange.requestSent = true;
    if (exchange.traced) exchange.trace('head-sent', undefined);
    this.#waitFor(exchange, 'read');
    const { body, framing } = exchange;
    if (framing.length === 0 && !framing.chunked && (body === null || Array.isArray(body))) {
      exchange.requestEnded = true;
      this.#incoming.end([]);
    } else if (expectsContinue(exchange.headers)) {
      this.#withheld = true;
    } else {
      this.#sendBody(exchange);
    }
    // Never from inside the pool's own doing: what an application calls comes back here.
    queueMicrotask(() => void this.#serve(exchange));
  }

  #sendBody(exchange: Exchange): void {
    this.#withheld = false;
    const requestBody = new RequestBody(exchange, this, this.#clock);
    exchange.requestBody = requestBody;
    requestBody.start();
  }

  detach(): null {
    return null;
  }

  setRef(): void {}

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
    if (this.#withheld) this.#sendBody(exchange);
    else if (++this.#chunksAskedFor % chunksPerTurn === 0) this.#clock.nextTurn(() => this.#onRoom());
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
    this.#withheld = false;
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
      const request = applicationRequest(exchange, this.#incoming, this.#signal, (status, headers = [], reason = '') =>
        this.#inform(exchange, status, headers, reason),
      );
      const response = await this.#answer(request, exchange);
      if (exchange !== this.#exchange) {
        dispose(response.chunks);
        return;
      }
      await this.#respond(exchange, response);
    } catch (error) {
      if (exchange === this.#exchange) this.#fail(toCoreError(error, (said) => handlerFailed(said, error)));
    }
  }

  #inform(exchange: Exchange, status: number, headers: readonly HeaderPair[], reason: string): void {
    if (!Number.isInteger(status) || status < 100 || status > 199 || status === 101) {
      throw invalid(`The status of an informational response must be from 100 to 199 and not 101; it is ${String(status)}`);
    }
    const fields = checkedResponseFields(headers);
    if (exchange !== this.#exchange || exchange.phase === 'response-body') return;
    if (status !== 100 || !expectsContinue(exchange.headers)) exchange.onInformational(status, reason, fields);
    else if (this.#withheld) this.#sendBody(exchange);
  }

  async #respond(exchange: Exchange, response: OutgoingResponse): Promise<void> {
    const { version, status, reason, headers } = response;
    const { method } = exchange;
    this.#isTunnel = status === 101 || (method === 'CONNECT' && status < 300);
    if (status === 101 && !exchange.headers.some(([name]) => name.toLowerCase() === 'upgrade')) {
      dispose(response.chunks);
      throw new RemoteProtocolError('The application switched protocols without having been asked to', { code: 'UNEXPECTED_UPGRADE' });
    }
    // The answer to `Expect`: the body is not wanted.
    this.#withheld = false;
    const chunks = this.#isTunnel ? this.#openTunnel(exchange, response) : response.chunks;
    const outgoing = new OutgoingBody(exchange, chunks, this.#clock, () => this.#watchReading(exchange));
    this.#outgoing = outgoing;
    if (exchange.traced) exchange.trace('first-byte', undefined);
    exchange.onHead(version, status, reason, headers, this.#isTunnel);
    if (method === 'HEAD' || status === 204 || status === 304) {
      outgoing.stop();
      this.#complete(exchange, []);
    } else if (await outgoing.send(this.#isTunnel ? null : response.length)) {
      const trailers = await responseTrailers(response);
      if (exchange === this.#exchange) this.#complete(exchange, trailers);
    }
  }

  #openTunnel(exchange: Exchange, { chunks, tunnel }: OutgoingResponse): ChunkIterator | null {
    exchange.requestBody?.stop();
    dispose(chunks);
    this.#incoming = new IncomingBytes(this);
    this.#waitFor(exchange, 'nothing');
    return tunnel === undefined ? null : chunksOf(tunnel(this.#incoming));
  }

  onAwaited(): void {}

  onConsumed(exchange: Exchange): void {
    if (exchange !== this.#exchange || exchange.buffered > 0) return;
    this.#watchReading(exchange);
    this.#outgoing?.onConsumed();
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

  patience(): number {
    // There is no connection that would be worth keeping.
    return 0;
  }

  cancel(exchange: Exchange, error: HttpCoreError): void {
    if (exchange === this.#exchange) this.#leave(error);
  }

  ref(): void {
    this.#processRef.take();
  }

  unref(): void {
    this.#processRef.release();
  }

  #complete(exchange: Exchange, trailers: readonly HeaderPair[]): void {
    this.#exchange = null;
    exchange.complete(trailers);
    this.#leave(undefined);
  }

  #fail(error: HttpCoreError): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    exchange?.fail(error, 'unknown');
    this.#leave(error);
  }

  #leave(error: HttpCoreError | undefined): void {
    if (this.#left) return;
    this.#left = true;
    this.#exchange = null;
    this.#processRef.release();
    this.#incoming.fail(error ?? new Aborted('The response was complete before the request was', { code: 'REQUEST_STOPPED' }));
    this.#outgoing?.stop();
    if (error !== undefined) this.#signal.abort(error);
    this.#owner.onClosed(this, error);
  }
}

function handlerFailed(said: string, cause: unknown): ReadError {
  return new ReadError(`The application failed: ${said}`, { code: 'HANDLER_FAILED', cause });
}

function mismatch(what: string): LocalProtocolError {
  return new LocalProtocolError(`The request body has ${what}`, { code: 'CONTENT_LENGTH_MISMATCH', phase: 'send' });
}
