import type { Clock, Scheduled } from '../time/clock.ts';

// The longest delay that setTimeout takes.
const longestDelay = 2 ** 31 - 1;

/**
 * Keeps the process alive as a socket would. Without it a program whose only open end is an exchange with an application
 * that never answers would end silently, before the limit that tells it.
 */
export class ProcessRef {
  readonly #clock: Clock;
  #timer: Scheduled | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(): void {
    this.#timer ??= this.#clock.schedule(longestDelay, () => {});
  }

  release(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
