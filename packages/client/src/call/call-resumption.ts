/** A call made once more, for what goes on where a body broke off. */
import { DeadlineExceeded } from '@x/httpcore';

import type { Lifetime } from './lifetime.ts';
import type { HeadersInput } from '../request/fields/header-input.ts';
import type { Request } from '../request/request.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import type { ResumableCall } from '../response/resumable-call.ts';
import type { CallContext } from './context.ts';
import { joinSignals, type AnySignal } from './signals.ts';
import { systemClock } from '../time/clock.ts';
import { wait } from './waiting.ts';
import { now } from '../time/platform.ts';

/** Sends a request under the options of the first call; `left` is what is left of its deadline, in milliseconds. */
export type Resend = (request: Request, left: number | undefined, signal: AbortSignal) => Promise<StreamResponse>;

export class CallResumption implements ResumableCall {
  readonly #call: CallContext;
  /** Whatever ends the first call. */
  readonly #signals: readonly AnySignal[];
  readonly #lifetime: Lifetime;
  readonly #resend: Resend;

  constructor(call: CallContext, signals: readonly AnySignal[], lifetime: Lifetime, resend: Resend) {
    this.#call = call;
    this.#signals = signals;
    this.#lifetime = lifetime;
    this.#resend = resend;
  }

  get url(): string {
    return this.#call.request.url;
  }

  get method(): string {
    return this.#call.request.method;
  }

  whenOver(callback: () => void): void {
    this.#call.whenEnded(callback);
  }

  async send(headers: HeadersInput, signal: AbortSignal): Promise<StreamResponse> {
    return this.#resend(this.#call.request.with({ headers }), this.#left(), signal);
  }

  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    const left = this.#left() ?? Infinity;
    const joined = joinSignals([...this.#signals, signal]);
    try {
      await wait(Math.min(milliseconds, left), joined.ending, this.#lifetime, systemClock);
    } finally {
      joined.release();
    }
    // A timer may be early by less than a millisecond, in which nothing can be done.
    if (milliseconds >= left) throw deadlinePassed();
  }

  /** @throws {DeadlineExceeded} nothing is. */
  #left(): number | undefined {
    const { deadline } = this.#call;
    if (deadline === undefined) return undefined;
    const left = deadline - now();
    if (left > 0) return left;
    throw deadlinePassed();
  }
}

function deadlinePassed(): DeadlineExceeded {
  return new DeadlineExceeded('The deadline of the call has passed', { phase: 'request' });
}
