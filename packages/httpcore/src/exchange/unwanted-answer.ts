import type { HttpCoreError } from '../contract/errors.ts';
import type { Clock, Scheduled } from '../time/clock.ts';
import { PatientTimer } from '../time/patient-timer.ts';

/** The largest rest of a response that is worth reading only to keep its connection, in octets. */
export const drainLimit = 65_536;

/** How long who has closed a body waits for the rest, in milliseconds: the next request finds the connection free where that is here already, or nearly. */
const patienceOfCaller = 20;

/**
 * What is left of an answer that nobody reads, because the caller has closed its body or because a proxy is to be asked again. A small rest is
 * waited for: the connection that has brought all of it can be used again.
 */
export class UnwantedAnswer {
  /** Why it is not wanted. */
  readonly error: HttpCoreError;
  readonly #giveUp: () => void;
  readonly #clock: Clock;
  readonly #timer: Scheduled;
  #bytes = 0;
  #waiting: Scheduled | null = null;
  #onOver: (() => void) | null = null;

  /** `giveUp` is called when there is more of it than is worth reading, or after `patience` milliseconds. */
  constructor(error: HttpCoreError, clock: Clock, patience: number, giveUp: () => void) {
    this.error = error;
    this.#giveUp = giveUp;
    this.#clock = clock;
    this.#timer = new PatientTimer(clock, patience, giveUp, true);
  }

  onData(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > drainLimit) this.#giveUp();
  }

  /** Resolves when it is over, and before long if it is not: the rest is waited for behind the caller's back. */
  whenOver(): Promise<void> {
    return new Promise((resolve) => {
      this.#onOver = resolve;
      this.#waiting = this.#clock.schedule(patienceOfCaller, resolve, true);
    });
  }

  /** It is over, or nobody waits for it. */
  stop(): void {
    this.#timer.cancel();
    this.#waiting?.cancel();
    this.#onOver?.();
  }
}
