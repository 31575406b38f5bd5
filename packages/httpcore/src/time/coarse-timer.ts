import type { Clock, Scheduled } from './clock.ts';

/**
 * One timer for many limits. A request does not set a timer: it only says by when somebody has to look
 * (`ensure`), and the timer is moved forward if it would fire later than that. It is never moved back: most requests end
 * long before their limits, so when it fires there is usually nothing to do but to ask for the next moment to look.
 *
 * With limits of a minute and more that is one timer every minute for any number of requests. It is a background timer: what
 * it watches over are sockets, and those keep the process alive.
 */
export class CoarseTimer {
  readonly #clock: Clock;
  readonly #look: (now: number) => number;
  #scheduled: Scheduled | null = null;
  #firesAt = Infinity;

  /** `look` does what is due and returns when to look again; `Infinity` for never. */
  constructor(clock: Clock, look: (now: number) => number) {
    this.#clock = clock;
    this.#look = look;
  }

  /** Sees to it that `look` is called at `at` or before. Costs a comparison when a call is due by then already. */
  ensure(at: number): void {
    if (at < this.#firesAt) this.#arm(at);
  }

  stop(): void {
    this.#scheduled?.cancel();
    this.#scheduled = null;
    this.#firesAt = Infinity;
  }

  #arm(at: number): void {
    this.#scheduled?.cancel();
    this.#firesAt = at;
    this.#scheduled = this.#clock.schedule(at - this.#clock.now(), this.#fire, true);
  }

  readonly #fire = (): void => {
    this.#scheduled = null;
    this.#firesAt = Infinity;
    const now = this.#clock.now();
    const next = this.#look(now);
    // A clock may fire a fraction early; never spin on a moment that is not over.
    if (next !== Infinity) this.ensure(Math.max(next, now + 1));
  };
}
