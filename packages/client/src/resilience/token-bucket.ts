/** So many requests in so much time, and what a server says beside it. Pure: it is told what time it is. */
export class TokenBucket {
  readonly #perMillisecond: number;
  readonly #capacity: number;
  #tokens: number;
  #at: number;
  /** Nothing is given out before. */
  #pausedUntil = -Infinity;

  /** `perMillisecond` may be `Infinity`: then only pauses hold anybody up. */
  constructor(perMillisecond: number, capacity: number, now: number) {
    this.#perMillisecond = perMillisecond;
    this.#capacity = capacity;
    this.#tokens = capacity;
    this.#at = now;
  }

  /** Full and not paused: it would be the same if it were new. */
  isFresh(now: number): boolean {
    this.#fill(now);
    return this.#tokens >= this.#capacity && this.#pausedUntil <= now;
  }

  take(now: number): boolean {
    if (this.waitFor(0, now) > 0) return false;
    this.#tokens -= 1;
    return true;
  }

  /** One that was taken, and was not used. */
  giveBack(): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + 1);
  }

  pause(until: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }

  /** Milliseconds until there is a token for who comes after so many others. */
  waitFor(ahead: number, now: number): number {
    this.#fill(now);
    const missing = ahead + 1 - this.#tokens;
    // Halves and thirds do not add up exactly.
    const refill = missing <= 1e-9 ? 0 : missing / this.#perMillisecond;
    return Math.max(0, refill, this.#pausedUntil - now);
  }

  #fill(now: number): void {
    const passed = Math.max(0, now - this.#at);
    this.#at = now;
    // Infinity times no time is not a number.
    if (passed > 0) this.#tokens = Math.min(this.#capacity, this.#tokens + passed * this.#perMillisecond);
  }
}
