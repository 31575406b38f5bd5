import type { Clock, Scheduled } from './clock.ts';

/** A timer that fires this much too late, in milliseconds, says that the event loop was blocked. */
const blockedAfter = 50;
/** The most time that limits get back for what the loop was blocked. */
const longestGrace = 1_000;
/** A timer that is overdue by this much while others run was lost, with the fake timers that it was one of. */
const lostAfter = 5_000;

/**
 * One timer for many limits. A request does not set a timer: it only says by when somebody has to look
 * (`ensure`), and the timer is moved forward if it would fire later than that. It is never moved back: most requests end
 * long before their limits, so when it fires there is usually nothing to do but to ask for the next moment to look.
 *
 * With limits of a minute and more that is one timer every minute for any number of requests. It is a background timer: what
 * it watches over are sockets, and those keep the process alive.
 *
 * A program may have blocked the event loop for longer than a limit, and what was waited for lies in a socket that nobody has looked
 * at. So a timer that is late looks only once the sockets have been read, and has waited again for as long as it was late.
 */
export class CoarseTimer {
  readonly #clock: Clock;
  readonly #look: (now: number) => number;
  #scheduled: Scheduled | null = null;
  #firesAt = Infinity;
  /** Has it been late already, and waits again? */
  #isGrace = false;

  /** `look` does what is due and returns when to look again; `Infinity` for never. */
  constructor(clock: Clock, look: (now: number) => number) {
    this.#clock = clock;
    this.#look = look;
  }

  /** Sees to it that `look` is called at `at` or before. Costs a comparison when a call is due by then already. */
  ensure(at: number): void {
    if (at < this.#firesAt) this.#arm(at);
  }

  /** It is `now`: has the timer been lost? Then it is set again. */
  review(now: number): void {
    if (now - lostAfter <= this.#firesAt) return;
    this.#scheduled?.cancel();
    this.#scheduled = this.#clock.schedule(0, this.#fire, true);
  }

  stop(): void {
    this.#scheduled?.cancel();
    this.#scheduled = null;
    this.#firesAt = Infinity;
  }

  #arm(at: number): void {
    this.#scheduled?.cancel();
    this.#isGrace = false;
    const now = this.#clock.now();
    // A moment that has passed already is no delay of the loop.
    this.#firesAt = Math.max(at, now);
    this.#scheduled = this.#clock.schedule(at - now, this.#fire, true);
  }

  readonly #fire = (): void => {
    const now = this.#clock.now();
    const late = now - this.#firesAt;
    if (late < blockedAfter) {
      this.#lookNow();
      return;
    }
    const grace = this.#isGrace ? 0 : Math.min(late, longestGrace);
    this.#isGrace = true;
    this.#firesAt = now + grace;
    // Behind this turn every socket has been read that had something to say.
    this.#scheduled = this.#clock.nextTurn(() => {
      if (grace === 0) this.#lookNow();
      else this.#scheduled = this.#clock.schedule(grace, this.#fire, true);
    });
  };

  #lookNow(): void {
    this.#scheduled = null;
    this.#isGrace = false;
    this.#firesAt = Infinity;
    const now = this.#clock.now();
    const next = this.#look(now);
    // A clock may fire a fraction early; never spin on a moment that is not over.
    if (next !== Infinity) this.ensure(Math.max(next, now + 1));
  }
}
