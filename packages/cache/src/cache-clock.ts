import { performance } from 'node:perf_hooks';

/**
 * The time of day that never goes back: a clock that is set back would make the stale fresh. It runs on by the monotonic one until the
 * system's has caught up. Milliseconds since 1970.
 */
export class CacheClock {
  readonly #systemNow: () => number;
  #latest = -Infinity;
  #latestAt = 0;
  /** What the system's said when it was looked at last. */
  #seen = NaN;

  constructor(systemNow: () => number = () => Date.now()) {
    this.#systemNow = systemNow;
  }

  now(): number {
    const system = this.#systemNow();
    // Many requests are made in one millisecond.
    if (system === this.#seen) return this.#latest;
    this.#seen = system;
    const at = performance.now();
    const expected = this.#latest + (at - this.#latestAt);
    // A step back of less than a second is how clocks are kept right.
    this.#latest = system >= expected - 1000 ? Math.max(system, this.#latest) : expected;
    this.#latestAt = at;
    return this.#latest;
  }
}
