/** One of the requests that a pipelined connection carries at once, in the order in which they were written. */
import type { HeaderPair } from '../contract/values.ts';
import type { HttpCoreError } from '../contract/errors.ts';
import type { ConnectionInfo } from '../contract/trace.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Processing } from '../exchange/replay.ts';
import { drainLimit } from '../exchange/unwanted-answer.ts';
import type { ByteTransport } from '../net/byte-transport.ts';
import type { ResponseHead } from '../protocol/http1/response-head.ts';
import type { Clock } from '../time/clock.ts';
import { Http1Carrier, type Http1CarrierOptions, type Http1CarrierOwner } from './http1-carrier.ts';
import type { Turn } from './turn.ts';

/** A carrier's owner that is told by which of its slots. */
export interface Http1SlotOwner {
  onDeadline(at: number): void;
  onHead(head: ResponseHead): void;
  onComplete(slot: Http1Slot, exchange: Exchange, isReusable: boolean, trailers: readonly HeaderPair[]): void;
  onDiscarded(slot: Http1Slot, isReusable: boolean): void;
  onFault(slot: Http1Slot, error: HttpCoreError): void;
  onCancelled(slot: Http1Slot, isWritten: boolean, error: HttpCoreError): void;
  onDetached(): void;
}

export class Http1Slot implements Http1CarrierOwner {
  readonly carrier: Http1Carrier;
  /** When the turn of its answer came, in clock milliseconds. */
  since = 0;
  /** Was its request written while those in front had not been answered? */
  wasBehind = false;
  /** Its exchange has ended, and its answer has still to be read. */
  isAbandoned = false;
  #discarded = 0;

  readonly #owner: Http1SlotOwner;

  constructor(
    owner: Http1SlotOwner,
    info: ConnectionInfo,
    transport: ByteTransport,
    clock: Clock,
    turn: Turn,
    options: Http1CarrierOptions,
  ) {
    this.#owner = owner;
    this.carrier = new Http1Carrier(this, info, transport, clock, turn, options);
  }

  take(exchange: Exchange, now: number): void {
    this.since = now;
    this.wasBehind = false;
    this.isAbandoned = false;
    this.#discarded = 0;
    this.carrier.take(exchange, false);
  }

  /** Has its answer begun? Where its exchange has ended nobody knows. */
  get isAnswering(): boolean {
    return this.carrier.exchange?.phase === 'response-body';
  }

  /** As a carrier's. */
  receive(chunk: Uint8Array, start: number): number {
    const end = this.carrier.receive(chunk, start);
    this.#discarded += end - start;
    return end;
  }

  /** Is there more of the answer than is worth reading for nobody? */
  get isTooMuch(): boolean {
    return this.isAbandoned && Math.max(this.#discarded, this.carrier.engine.remaining) > drainLimit;
  }

  /** What is known of the server's side, where the connection ended before the turn of this one came. */
  get processing(): Processing {
    return this.carrier.isWritten ? 'stale' : 'retired';
  }

  // From the carrier

  onDeadline(at: number): void {
    this.#owner.onDeadline(at);
  }

  onHead(head: ResponseHead): void {
    this.#owner.onHead(head);
  }

  onComplete(exchange: Exchange, isReusable: boolean, trailers: readonly HeaderPair[]): void {
    this.#owner.onComplete(this, exchange, isReusable, trailers);
  }

  onDiscarded(isReusable: boolean): void {
    this.#owner.onDiscarded(this, isReusable);
  }

  onFault(error: HttpCoreError): void {
    this.#owner.onFault(this, error);
  }

  onCancelled(isWritten: boolean, error: HttpCoreError): void {
    this.#owner.onCancelled(this, isWritten, error);
  }

  onDetached(): void {
    this.#owner.onDetached();
  }
}
