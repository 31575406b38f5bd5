import type { Clock } from '../src/time/clock.ts';

interface Task {
  readonly at: number;
  readonly run: () => void;
}

/** Time that passes only from one task to the next. */
export class ScriptedTime implements Clock {
  #now: number;
  /** The next one last. */
  readonly #tasks: Task[] = [];

  constructor(now: number = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  today(): number {
    return Date.UTC(2026, 10, 28) + this.#now;
  }

  schedule(milliseconds: number, run: () => void): () => void {
    const task = { at: this.#now + milliseconds, run };
    // After those of the same moment.
    let [low, high] = [0, this.#tasks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#tasks[middle]!.at > task.at) low = middle + 1;
      else high = middle;
    }
    this.#tasks.splice(low, 0, task);
    return () => {
      const index = this.#tasks.indexOf(task);
      if (index !== -1) this.#tasks.splice(index, 1);
    };
  }

  /** Until nothing is left to do, or up to a moment. */
  async run(until: number = Infinity): Promise<void> {
    await settled();
    for (;;) {
      const next = this.#tasks.at(-1);
      if (next === undefined || next.at > until) break;
      this.#tasks.pop();
      this.#now = next.at;
      next.run();
      // What follows from it is done before more time passes.
      await settled();
    }
    if (until !== Infinity) this.#now = until;
  }
}

function settled(): Promise<void> {
  return new Promise(setImmediate);
}
