import type { HttpCoreError } from '../contract/errors.ts';
import type { Clock, Scheduled } from '../time/clock.ts';
import { drainLimit } from './drain-limit.ts';

/** An answer that nobody reads, since its request is going to be sent again: when it is here, its connection can be used for that. */
export class UnwantedAnswer {
  /** Why it is not wanted. */
  readonly error: HttpCoreError;
  readonly #giveUp: () => void;
  readonly #timer: Scheduled;
  #bytes = 0;

  /** `giveUp` is called when there is more of it than is worth reading, or after `patience` milliseconds. */
  constructor(error: HttpCoreError, clock: Clock, patience: number, giveUp: () => void) {
    this.error = error;
    this.#giveUp = giveUp;
    this.#timer = clock.schedule(patience, giveUp, true);
  }

  onData(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > drainLimit) this.#giveUp();
  }

  /** It is over, or nobody waits for it. */
  stop(): void {
    this.#timer.cancel();
  }
}
