/** The two that an exchange speaks to, besides its caller. It knows them by what they are to it, and they know it by what they made it: so neither imports the other. */
import type { HeaderPair } from '../contract/values.ts';
import type { ConnectTimeout, ErrorPhase, HttpCoreError, PoolTimeout } from '../contract/errors.ts';
import type { ByteTransport } from '../net/byte-transport.ts';
import type { Clock } from '../time/clock.ts';
import type { BodyMemory } from './body-memory.ts';
import type { RequestOwner } from './given-request.ts';

/** Who has an exchange while it is queued, and takes it back for a replay. */
export interface ExchangeOwner<Owned> extends RequestOwner {
  readonly clock: Clock;
  readonly memory: BodyMemory;
  /** It ended while it was queued: forget it. */
  onCancelled(exchange: Owned): void;
  /** It goes back to the queue, to where it stood before. */
  onReplay(exchange: Owned): void;
  /**
   * It was answered 421. Returns whether it goes to another connection the next time: it was sent to one of another origin, or it
   * `mayLeave` its own, which takes no new ones from then on.
   */
  onMisdirected(exchange: Owned, mayLeave: boolean): boolean;
  /** What is done for it while it is queued. */
  phaseOf(exchange: Owned): ErrorPhase;
  /** Why it did not get a connection in time. */
  explainTimeout(exchange: Owned): PoolTimeout | ConnectTimeout;
}

/** Who has taken an exchange that it has not begun: for its owner it is queued still. */
export interface Keeper<Kept> {
  /** It ended meanwhile: forget it. */
  onGivenUp(exchange: Kept): void;
}

/**
 * What carries an exchange on a connection: what the caller's side may still ask of it. Every method may be
 * called at any time and does nothing once the exchange has ended.
 */
export interface Carrier<Carried> {
  /** The caller has taken `bytes` of the response body: there is room for more. */
  onConsumed(exchange: Carried, bytes: number): void;
  /** The caller has taken all of it that came, and waits for more. */
  onAwaited(exchange: Carried): void;
  /**
   * The caller wants no more of the response. How many milliseconds are worth waiting for the rest of it, so that the connection
   * can be used again? 0: none, cancel at once.
   */
  patience(exchange: Carried): number;
  /** The exchange is over for its caller: drop the connection (HTTP/1.1) or reset the stream (HTTP/2). No callback follows. */
  cancel(exchange: Carried, error: HttpCoreError): void;
  /** What the exchange waits for has changed: look at its limits in time. */
  onWaiting(exchange: Carried): void;
  /** Sends a chunk of the request body, or of an upgraded connection. Returns false when the peer is slower: `exchange.onWritable()` follows. */
  sendData(exchange: Carried, chunk: Uint8Array): boolean;
  /** Gives the transport of a tunnel away, unless others share it. The connection is over then, the transport is not. */
  detach(exchange: Carried): ByteTransport | null;
  /** Whether a tunnel keeps the process alive; it does until told otherwise. */
  setRef(exchange: Carried, isHeld: boolean): void;
  /** Ends the request body. */
  sendEnd(exchange: Carried, trailers: readonly HeaderPair[] | null): void;
}
