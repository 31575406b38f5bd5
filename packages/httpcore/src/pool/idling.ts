/**
 * What becomes of idle connections: they must not keep the process alive, and they close when they have been idle for long.
 *
 * To say so for each that is idle for a moment between two requests would cost two calls into the system per request. So it is said a little
 * later, for those that became idle meanwhile and are so still. All idle connections are looked through only when one is due to close, and not again at once.
 */
import type { Connection } from '../connection/connection.ts';
import type { Clock } from '../time/clock.ts';
import { CoarseTimer } from '../time/coarse-timer.ts';
import { evict } from './eviction.ts';

/** Milliseconds between becoming idle and being treated so. */
export const idleGrace = 10;
/** Between two looks at all idle connections, in milliseconds: some close so much late. None is used after its time. */
const longestSpacing = 250;

export interface IdlingPool {
  /** All connections that are idle. */
  idle(): Iterable<Connection>;
  /** Those that are idle are so for {@link idleGrace}. */
  onSettled(now: number): void;
}

export class Idling {
  readonly #pool: IdlingPool;
  readonly #spacing: number;
  readonly #settling: CoarseTimer;
  readonly #expiry: CoarseTimer;
  #newlyIdle: Connection[] = [];

  constructor(pool: IdlingPool, clock: Clock, keepAliveTimeout: number) {
    this.#pool = pool;
    this.#spacing = Math.min(longestSpacing, keepAliveTimeout / 4);
    this.#settling = new CoarseTimer(clock, (now) => this.#settle(now));
    this.#expiry = new CoarseTimer(clock, (now) => this.#expire(now));
  }

  onIdle(connection: Connection): void {
    if (!connection.isNewlyIdle) {
      connection.isNewlyIdle = true;
      this.#newlyIdle.push(connection);
    }
    this.#settling.ensure(connection.idleSince + idleGrace);
  }

  #settle(now: number): number {
    const newlyIdle = this.#newlyIdle;
    this.#newlyIdle = [];
    for (const connection of newlyIdle) {
      connection.isNewlyIdle = false;
      if (connection.active > 0 || connection.noNewExchanges) continue;
      connection.unref();
      this.#expiry.ensure(Math.max(now, connection.expiresAt));
    }
    this.#pool.onSettled(now);
    return Infinity;
  }

  #expire(now: number): number {
    const { expired, lookAgainAt } = evict(this.#pool.idle(), now);
    for (const connection of expired) connection.drain();
    return lookAgainAt === Infinity ? Infinity : Math.max(lookAgainAt, now + this.#spacing);
  }

  /** Timers that were lost are set again. */
  review(now: number): void {
    this.#settling.review(now);
    this.#expiry.review(now);
  }

  stop(): void {
    this.#settling.stop();
    this.#expiry.stop();
    this.#newlyIdle = [];
  }
}
