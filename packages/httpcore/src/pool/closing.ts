/**
 * How a pool ends. What runs has a grace, after which it is ended; where the pool is disposed of, what nobody reads has none: its caller
 * has left the block that the pool lived in, and will not come back for it.
 *
 * A pool that closes keeps the process alive until it has: somebody waits for that, and would else never hear of it.
 */
import { PoolClosed, type HttpCoreError } from '../contract/errors.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Clock, Scheduled } from '../time/clock.ts';
import { PatientTimer } from '../time/patient-timer.ts';

export interface ClosingPool {
  readonly clock: Clock;
  running(): readonly Exchange[];
  destroyAll(error: HttpCoreError): void;
}

/** A reader that takes nothing for so many milliseconds is taken for gone. */
const patienceWithReaders = 1_000;

export class Closing {
  /** Resolves when nothing is left. */
  readonly done: Promise<void>;
  readonly #pool: ClosingPool;
  #resolve!: () => void;
  #endsAt = Infinity;
  #grace: Scheduled | null = null;
  #look: Scheduled | null = null;
  #isFinished = false;
  /** Where readers stood that did not wait for more, at the last look. */
  #left: ReadonlyMap<Exchange, number> = new Map();

  constructor(pool: ClosingPool) {
    this.#pool = pool;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Ends what still runs in `milliseconds`, unless it was to be ended earlier. */
  allow(milliseconds: number): void {
    if (this.#isFinished) return;
    const { clock } = this.#pool;
    const endsAt = clock.now() + milliseconds;
    if (this.#grace !== null && endsAt >= this.#endsAt) return;
    this.#grace?.cancel();
    this.#endsAt = endsAt;
    this.#grace = new PatientTimer(clock, milliseconds, () => {
      this.#pool.destroyAll(
        new PoolClosed(`The pool was closed, and what still ran did not end within ${milliseconds} ms (the option "closeGrace")`),
      );
    });
  }

  /** Ends what nobody reads, now, and what nobody turns out to read. */
  endUnread(): void {
    if (this.#isFinished || this.#look !== null) return;
    for (const exchange of this.#pool.running()) {
      const { incoming } = exchange;
      if (incoming !== null && (!incoming.isClaimed || incoming.isUnwanted)) exchange.abort(unread());
    }
    if (!this.#isFinished) this.#watchReaders();
  }

  #watchReaders(): void {
    const left = new Map<Exchange, number>();
    for (const exchange of this.#pool.running()) {
      const { incoming } = exchange;
      if (incoming === null || incoming.isAwaited) continue;
      if (this.#left.get(exchange) === incoming.taken) exchange.abort(unread());
      else left.set(exchange, incoming.taken);
    }
    this.#left = left;
    if (!this.#isFinished) this.#look = new PatientTimer(this.#pool.clock, patienceWithReaders, () => this.#watchReaders());
  }

  finish(): void {
    this.#isFinished = true;
    this.#grace?.cancel();
    this.#look?.cancel();
    this.#left = new Map();
    this.#resolve();
  }
}

function unread(): PoolClosed {
  return new PoolClosed('The pool was disposed of while nobody read this response');
}
