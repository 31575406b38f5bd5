/** Time that stands still until a test moves it. */
import type { Clock, Scheduled } from '../time/clock.ts';

interface Timer {
  readonly due: number;
  readonly background: boolean;
  readonly task: () => void;
}

interface TurnTask {
  /** Which turn it was queued in: it runs in the one after. */
  readonly turn: number;
  readonly task: () => void;
}

/**
 * A {@link Clock} for tests. Timers run inside {@link FakeClock.advance}, in the order of their due times (those of one moment
 * in the order in which they were scheduled), each at exactly its own time; `nextTurn` tasks run before the next timer.
 *
 * @example
 * const clock = new FakeClock();
 * clock.schedule(250, () => console.log(clock.now()));
 * clock.advance(1_000); // prints 250
 */
export class FakeClock implements Clock {
  #now: number;
  // A Set keeps insertion order and takes no room for what was cancelled.
  readonly #timers = new Set<Timer>();
  readonly #turnTasks = new Set<TurnTask>();
  #turn = 0;

  /** `start` is the first value of `now()`, in milliseconds. */
  constructor(start = 0) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  schedule(delay: number, task: () => void, background = false): Scheduled {
    const timer: Timer = { due: this.#now + Math.max(0, delay), background, task };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  nextTurn(task: () => void): Scheduled {
    const entry: TurnTask = { turn: this.#turn, task };
    this.#turnTasks.add(entry);
    return { cancel: () => void this.#turnTasks.delete(entry) };
  }

  /** Timers and `nextTurn` tasks that have neither run nor been cancelled: 0 when nothing was left behind. */
  get pending(): number {
    return this.#timers.size + this.#turnTasks.size;
  }

  /** Of {@link FakeClock.pending}, those that would keep a process alive. */
  get pendingForeground(): number {
    let count = this.pending;
    for (const timer of this.#timers) if (timer.background) count--;
    return count;
  }

  /** When the next timer is due, in milliseconds of `now()`; `Infinity` without one. */
  get nextDue(): number {
    return this.#next()?.due ?? Infinity;
  }

  /** Runs the `nextTurn` tasks that are queued now; what they queue themselves is left for the next turn, as `setImmediate` does. */
  runTurn(): void {
    const turn = this.#turn++;
    for (const entry of this.#turnTasks) {
      if (entry.turn > turn) break;
      this.#turnTasks.delete(entry);
      entry.task();
    }
  }

  /** Moves time on by `milliseconds` and runs everything that becomes due, also what is scheduled on the way. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    this.#runTurns();
    for (let timer = this.#next(); timer !== undefined && timer.due <= end; timer = this.#next()) {
      this.#now = Math.max(this.#now, timer.due);
      this.#timers.delete(timer);
      timer.task();
      this.#runTurns();
    }
    this.#now = end;
  }

  /** Moves time on and runs nothing, as when the event loop is blocked: what became due meanwhile runs late, in the next {@link FakeClock.advance}. */
  jump(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /**
   * Lets promise callbacks and turns run, without moving time, until neither has anything left. Use it between steps of a
   * test whose subject awaits.
   */
  async settle(): Promise<void> {
    do {
      this.#runTurns();
      // One turn of the real event loop empties the microtask queue, however long its chains are.
      await new Promise<void>((resolve) => setImmediate(resolve));
    } while (this.#turnTasks.size > 0);
  }

  #runTurns(): void {
    // A task that queues itself for ever would hang the test without a word.
    for (let turns = 0; this.#turnTasks.size > 0; turns++) {
      if (turns === 10_000) throw new Error('FakeClock: 10,000 turns without an end');
      this.runTurn();
    }
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.due < next.due) next = timer;
    return next;
  }
}
