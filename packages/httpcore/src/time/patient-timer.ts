import type { Clock, Scheduled } from './clock.ts';

/** A timer that fires this much too late, in milliseconds, says that the event loop was blocked. */
const blockedAfter = 50;
/** How much too early a clock may fire, in milliseconds. */
const earliest = 10;
/** The most time that a limit gets back for what the loop was blocked. */
const longestGrace = 1_000;

/**
 * The timer of a limit. A program may have blocked the event loop for longer than that, and what was waited for lies in a socket that nobody has
 * looked at. So when it is late it looks only once the sockets have been read, and has waited again for as long as it was late.
 */
export class PatientTimer implements Scheduled {
  /** When it is due, in the time of its clock. */
  firesAt: number;
  readonly #clock: Clock;
  readonly #task: () => void;
  readonly #isBackground: boolean;
  #scheduled: Scheduled;
  /** Has it been late already, and waits again? */
  isGrace = false;

  /** Runs `task` once after `delay` milliseconds; a `background` one does not keep the process alive. */
  constructor(clock: Clock, delay: number, task: () => void, background = false) {
    this.#clock = clock;
    this.#task = task;
    this.#isBackground = background;
    // A moment that has passed already is no delay of the loop.
    this.firesAt = clock.now() + Math.max(0, delay);
    this.#scheduled = clock.schedule(delay, this.#fire, background);
  }

  cancel(): void {
    this.#scheduled.cancel();
  }

  /** It was lost, with the fake timers that it was one of: it fires now. */
  renew(): void {
    this.#scheduled.cancel();
    this.#scheduled = this.#clock.schedule(0, this.#fire, this.#isBackground);
  }

  readonly #fire = (): void => {
    const now = this.#clock.now();
    const late = now - this.firesAt;
    if (late < -earliest) {
      // Longer than a timer of the platform can be.
      this.#scheduled = this.#clock.schedule(-late, this.#fire, this.#isBackground);
      return;
    }
    if (late < blockedAfter) {
      this.#task();
      return;
    }
    const grace = this.isGrace ? 0 : Math.min(late, longestGrace);
    this.isGrace = true;
    this.firesAt = now + grace;
    // Behind this turn every socket has been read that had something to say.
    this.#scheduled = this.#clock.nextTurn(() => {
      if (grace === 0) this.#task();
      else this.#scheduled = this.#clock.schedule(grace, this.#fire, this.#isBackground);
    });
  };
}
