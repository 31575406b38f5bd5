import type { Effort } from './job.ts';

/** Counts requests down for all loops of a run together, and ends them early when time is up. */
export class Budget {
  #left: number;
  #taken = 0;

  constructor(requests: number) {
    this.#left = requests;
  }

  /** Asks for leave to start one more request. */
  take(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    this.#taken++;
    return true;
  }

  /** No more requests; those that run may finish. */
  stop(): void {
    this.#left = 0;
  }

  /** Requests started, which are also the requests finished once a run is over. */
  get taken(): number {
    return this.#taken;
  }
}

/** Spends an effort: hands `run` a budget that ends at the effort's count or at its time. */
export async function spend(effort: Effort, run: (budget: Budget) => Promise<void>): Promise<Budget> {
  const budget = new Budget(effort.requests);
  // One timer per window, so the loops themselves never look at a clock.
  const timer = setTimeout(() => budget.stop(), effort.milliseconds);
  try {
    await run(budget);
  } finally {
    clearTimeout(timer);
  }
  return budget;
}
