/**
 * The seam between the pool and the protocols. The pool knows connections by this interface only, so HTTP/1.1 (one
 * exchange at a time) and HTTP/2 (as many as the peer allows) are the same to it.
 */
import type { HttpCoreError } from '../contract/errors.ts';
import type { ConnectionInfo } from '../contract/trace.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { PoolNotes } from './pool-notes.ts';

/** By what a connection may serve other origins than its own. */
export interface Shareable {
  readonly remoteAddress: string;
  readonly certificateNames: () => readonly string[];
  /** Of the keys in the peer's chain. */
  readonly certificatePins: (() => readonly string[]) | undefined;
}

export interface Connection extends PoolNotes {
  readonly info: ConnectionInfo;
  /** How many more exchanges can start now. Never more than 1 on HTTP/1.1, but where requests are pipelined; 0 once {@link noNewExchanges}. */
  readonly capacity: number;
  /** Has the peer still to say how much it takes, or does it take nothing for the moment? Then another connection would not help. */
  readonly expectsCapacity: boolean;
  /** Exchanges that run. */
  readonly active: number;
  /** One-way latch: once true, always true. Set by `Connection: close`, GOAWAY, any error, `drain` and `destroy`. */
  readonly noNewExchanges: boolean;
  /** How many exchanges it has been given so far. */
  readonly served: number;
  /** When it last became idle, in clock milliseconds. */
  readonly idleSince: number;
  /** How long it may stay idle by the server's own word or its protocol's rule, in milliseconds; `undefined`: the pool decides. */
  readonly idleTimeout: number | undefined;
  /** How long it had been idle, in milliseconds, when the server closed it for that; `undefined`: it did not. */
  readonly lostAfter: number | undefined;
  /** The names and address that this connection may also serve other origins by (HTTP/2 coalescing); `undefined` on HTTP/1.1. */
  readonly coalescing: Shareable | undefined;
  /** The exchanges that run, for people to look at. */
  exchanges(): readonly Exchange[];
  /**
   * Only where requests are pipelined: is one taken at `now`, in clock milliseconds, behind those that run? Besides `capacity`, which may be for one that
   * can be pipelined.
   */
  takesBehind?(now: number): boolean;
  /** Starts an exchange; only while `capacity > 0`. `now` is clock milliseconds. Never throws: what fails, fails the exchange. */
  start(exchange: Exchange, now: number): void;
  /**
   * Fails every exchange whose limit has passed at `now`, and says when to look again (`Infinity`: no need).
   * Called by the pool's one timer; see `time/coarse-timer.ts`.
   */
  checkDeadlines(now: number): number;
  /** Graceful end: no new exchanges; closes once the running ones have ended. */
  drain(): void;
  /** Ends at once; running exchanges fail with `error`. */
  destroy(error: HttpCoreError): void;
  /** The pool says whether this connection should keep the process alive. */
  ref(): void;
  unref(): void;
}

/** What a connection tells the pool. Called synchronously, possibly from inside `start`. */
export interface ConnectionOwner {
  /** `capacity` went up from 0, or the connection became idle (`active === 0`): it can be given work, or kept. */
  onCapacity(connection: Connection): void;
  /** Closed, or closing with no exchange left. Exactly once; the slot is free. */
  onClosed(connection: Connection, error: HttpCoreError | undefined): void;
  /** An exchange has a limit that passes at `at`: see to it that `checkDeadlines` is called by then. */
  onDeadline(at: number): void;
  /**
   * The server refuses HTTP/2 and wants HTTP/1.1 (HTTP_1_1_REQUIRED, RFC 9113 §7): for the origin of `exchange`, or for all that the
   * connection serves, where it is `null`. Called before anything is replayed. Returns whether exchanges can go on over HTTP/1.1: then the
   * connection takes no new ones, and those that were refused go back to their owners; else, and without this method, they fail.
   */
  onHttp1Required?(connection: Connection, exchange: Exchange | null): boolean;
}
