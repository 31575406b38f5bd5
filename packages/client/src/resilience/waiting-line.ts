/** Those who wait for their turn, in the order in which they came. */
import { withinCall, type CallLimits } from '../call/within-call.ts';

interface Waiter {
  readonly deadline: number | undefined;
  readonly begin: () => void;
  readonly fail: (error: Error) => void;
}

export class WaitingLine {
  readonly #waiting = new Set<Waiter>();

  get length(): number {
    return this.#waiting.size;
  }

  /**
   * Resolves when its turn has come; `takeBack` is called when it came in the moment in which the call ended.
   * @throws {Aborted} the call was aborted.
   * @throws {DeadlineExceeded} its time is over.
   */
  async turn(limits: CallLimits, takeBack: () => void): Promise<void> {
    let hasBegun = false;
    let own: Waiter | undefined;
    const turn = new Promise<void>((resolve, fail) => {
      own = {
        fail,
        deadline: limits.deadline,
        begin: () => {
          hasBegun = true;
          resolve();
        },
      };
      this.#waiting.add(own);
    });
    try {
      await withinCall(limits, turn);
    } catch (error) {
      this.#waiting.delete(own!);
      if (hasBegun) takeBack();
      throw error;
    }
  }

  /** The turn of who has waited longest. Who must be done before `soonest` fails instead: there is no time left for him. */
  next(soonest: number = -Infinity, tooLate?: () => Error): boolean {
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter);
      if (tooLate === undefined || waiter.deadline === undefined || waiter.deadline >= soonest) {
        waiter.begin();
        return true;
      }
      waiter.fail(tooLate());
    }
    return false;
  }
}
