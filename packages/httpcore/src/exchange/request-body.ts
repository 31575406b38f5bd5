/**
 * Sends a request body: pulls the caller's iterable as fast as the peer takes it and no faster.
 *
 * Every await in here is a place where the exchange may have ended meanwhile (abort, limit, an early answer), so `#stopped`
 * is looked at after each. Whoever stops it, the iterator is told by `return()`, once, so that files and generators behind
 * it are closed.
 */
import { isUint8Array } from 'node:util/types';

import type { HeaderPair } from '../contract/values.ts';
import { LocalProtocolError, toCoreError, WriteError } from '../contract/errors.ts';
import { dropLater, isOf, textOf } from '../contract/thrown.ts';
import { beginToRead } from './read-once.ts';
import { resolveTrailers } from './trailers.ts';
import type { Carrier } from '../exchange/parties.ts';
import type { Clock } from '../time/clock.ts';
import type { Exchange } from './exchange.ts';

type AnyIterator = Iterator<Uint8Array> | AsyncIterator<Uint8Array>;

/**
 * Larger chunks are sent in pieces of this size, since a drained piece is the only progress that can be seen: a chunk of a
 * hundred megabytes over a slow line would else look like a minute of silence.
 */
const pieceSize = 65_536;

/**
 * What is sent in one turn of the event loop, in octets: a source that always has more, and a peer that always takes it, would else keep everybody else
 * waiting until the last one. Each chunk counts as some octets more, for the work that it is.
 */
const octetsPerTurn = 262_144;
const workOfChunk = 4_096;

export class RequestBody {
  readonly #exchange: Exchange;
  readonly #stream: Carrier<Exchange>;
  readonly #clock: Clock;
  #iterator: AnyIterator | null = null;
  #stopped = false;
  #bytes = 0;
  #sentThisTurn = 0;

  constructor(exchange: Exchange, stream: Carrier<Exchange>, clock: Clock) {
    this.#exchange = exchange;
    this.#stream = stream;
    this.#clock = clock;
  }

  /** Begins. A body that is a list, and that the peer takes at once, is sent before this returns. Never throws. */
  start(): void {
    this.#exchange.inContext(() => this.#start());
  }

  #start(): void {
    const { body, context } = this.#exchange;
    try {
      if (Array.isArray(body) && context?.trailers === undefined) {
        this.#sendList(body as readonly Uint8Array[]);
        return;
      }
      if (body !== null) {
        beginToRead(body);
        this.#exchange.bodyPulled = true;
        this.#iterator = iteratorOf(body);
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    void this.#pump();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const iterator = this.#iterator;
    this.#iterator = null;
    if (iterator === null) return;
    try {
      dropLater(this.#exchange.inContext(() => iterator.return?.()));
    } catch {
      // The exchange is over; there is nobody left to tell.
    }
  }

  #sendList(chunks: readonly Uint8Array[]): void {
    // Small bodies leave at once, with their head.
    if (chunks.every((chunk) => chunk.length <= pieceSize)) {
      for (let index = 0; index < chunks.length; index += 1) {
        const isTaken = this.#stream.sendData(this.#exchange, chunks[index]!);
        this.#bytes += chunks[index]!.length;
        if (isTaken || index + 1 === chunks.length) continue;
        this.#iterator = chunks.slice(index + 1)[Symbol.iterator]();
        void this.#pump(true);
        return;
      }
      this.#end(null);
      return;
    }
    this.#iterator = chunks[Symbol.iterator]();
    void this.#pump();
  }

  /** Never rejects: what goes wrong ends the exchange. */
  async #pump(full = false): Promise<void> {
    try {
      if (full) await this.#writable();
      for (;;) {
        const iterator = this.#iterator;
        if (this.#stopped || iterator === null) break;
        const next = iterator.next();
        let result: IteratorResult<Uint8Array>;
        // Not `instanceof Promise`: a stream of Node's has promises of another realm under Jest, and any thenable will do.
        if ('then' in next) {
          // Our caller is the slow one now: only the deadline counts.
          this.#exchange.waitFor('nothing', this.#clock.now());
          result = await next;
          if (this.#isStopped()) return;
        } else {
          result = next;
        }
        if (result.done === true) {
          this.#iterator = null;
          break;
        }
        if (!isUint8Array(result.value)) {
          throw new LocalProtocolError('Each chunk of the request body must be a Uint8Array', { code: 'INVALID_BODY' });
        }
        const waiting = this.#sendChunk(result.value);
        if (waiting !== undefined) await waiting;
        if (this.#sentThisTurn >= octetsPerTurn) await this.#nextTurn();
        if (this.#isStopped()) return;
      }
      if (this.#stopped) return;
      const trailers = await resolveTrailers(this.#exchange.context?.trailers);
      if (!this.#isStopped()) this.#end(trailers);
    } catch (error) {
      if (!this.#stopped) this.#fail(error);
    }
  }

  #sendChunk(chunk: Uint8Array): Promise<void> | undefined {
    this.#bytes += chunk.length;
    if (chunk.length > pieceSize) return this.#sendPieces(chunk);
    this.#sentThisTurn += chunk.length + workOfChunk;
    return this.#stream.sendData(this.#exchange, chunk) ? undefined : this.#writable();
  }

  async #sendPieces(chunk: Uint8Array): Promise<void> {
    for (let start = 0; start < chunk.length && !this.#stopped; start += pieceSize) {
      if (this.#sentThisTurn >= octetsPerTurn) {
        await this.#nextTurn();
        if (this.#isStopped()) return;
      }
      this.#sentThisTurn += pieceSize;
      if (!this.#stream.sendData(this.#exchange, chunk.subarray(start, start + pieceSize))) await this.#writable();
    }
  }

  // A method, so that the type checker does not hold the value to be what it was before an await.
  #isStopped(): boolean {
    return this.#stopped;
  }

  async #writable(): Promise<void> {
    this.#exchange.waitFor('write', this.#clock.now());
    this.#stream.onWaiting(this.#exchange);
    await this.#exchange.writable();
  }

  #nextTurn(): Promise<void> {
    this.#sentThisTurn = 0;
    return new Promise((resolve) => {
      this.#clock.nextTurn(resolve);
    });
  }

  #end(trailers: readonly HeaderPair[] | null): void {
    const exchange = this.#exchange;
    this.#stream.sendEnd(exchange, trailers);
    this.#stopped = true;
    exchange.requestBody = null;
    exchange.requestEnded = true;
    // An upgraded connection has waited for this.
    exchange.onWritable();
    if (exchange.traced && !exchange.ended) exchange.trace('body-sent', { bytes: this.#bytes });
  }

  #fail(error: unknown): void {
    const failure = toCoreError(error, () => {
      // What a source says of itself, such as the path of a file that is not there.
      const said = isOf(Error, error) ? textOf(error) : '';
      return new WriteError(`The request body failed while it was read${said === '' ? '' : `: ${said}`}`, {
        code: 'REQUEST_BODY_FAILED',
        cause: error,
        phase: 'send',
      });
    });
    this.#exchange.abort(failure);
  }
}

function iteratorOf(body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AnyIterator {
  return Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body[Symbol.iterator]();
}
