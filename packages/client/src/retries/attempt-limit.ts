import { Aborted } from '@x/httpcore';

import type { CallContext } from '../call/context.ts';
import { onceIn } from '../time/limit.ts';
import { AttemptTimeout } from './retry-errors.ts';

/** The time that one attempt has, within that of its call. */
export class AttemptLimit {
  /** As what `AbortSignal.timeout()` aborts with: who looks at the reason, such as telemetry, tells it from a wish of the caller. */
  readonly name = 'TimeoutError';
  readonly #controller = new AbortController();
  readonly #context: CallContext;
  readonly #cancel: () => void;
  readonly #message: string;

  constructor(milliseconds: number, context: CallContext) {
    this.#context = context;
    this.#message = `The attempt took longer than the ${milliseconds} ms of attemptTimeout`;
    this.#cancel = onceIn(milliseconds, () => this.#controller.abort(this));
    context.limitAttempt(this.#controller.signal);
  }

  /** What `work` comes to, told as what it is where this limit has ended it. */
  async over<Value>(work: Promise<Value>): Promise<Value> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof Aborted) || error.cause !== this) throw error;
      const { phase, origin, method, requestSent, connectionReused, receivedBytes } = error;
      const told = new AttemptTimeout(this.#message, { phase, origin, method, requestSent, connectionReused, receivedBytes });
      this.#context.retell(error, told);
      throw told;
    }
  }

  /** The attempt is over; what is left to be read of its response is the caller's. */
  end(): void {
    this.#cancel();
  }
}
