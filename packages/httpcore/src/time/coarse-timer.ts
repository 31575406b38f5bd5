import type { Clock } from './clock.ts';
import { PatientTimer } from './patient-timer.ts';

/** A timer that is overdue by this much while others run was lost, with the fake timers that it was one of. */
const lostAfter = 5_000;

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
  #timer: PatientTimer | null = null;

  /** `look` does what is due and returns when to look again; `Infinity` for never. */
  constructor(clock: Clock, look: (now: number) => number) {
    this.#clock = clock;
    this.#look = look;
  }

  /** Sees to it that `look` is called at `at` or before. Costs a comparison when a call is due by then already. */
  ensure(at: number): void {
    const timer = this.#timer;
    // What has time given back keeps it, and whoever begins meanwhile may wait as long.
    if (timer !== null && (at >= timer.firesAt || timer.isGrace)) return;
    if (at === Infinity) return;
    timer?.cancel();
    this.#timer = new PatientTimer(this.#clock, at - this.#clock.now(), this.#lookNow, true);
  }

  /** It is `now`: has the timer been lost? Then it is set again. */
  review(now: number): void {
    const timer = this.#timer;
    if (timer !== null && now - lostAfter > timer.firesAt) timer.renew();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  readonly #lookNow = (): void => {
    this.#timer = null;
    const now = this.#clock.now();
    const next = this.#look(now);
    // A clock may fire a fraction early; never spin on a moment that is not over.
    if (next !== Infinity) this.ensure(Math.max(next, now + 1));
  };
}
