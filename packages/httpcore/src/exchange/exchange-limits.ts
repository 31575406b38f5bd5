import type { Timeouts } from '../contract/dispatcher.ts';
import {
  DeadlineExceeded,
  ReadTimeout,
  WriteTimeout,
  type ConnectTimeout,
  type ErrorPhase,
  type TimeoutError,
} from '../contract/errors.ts';

/** What is being waited for; decides which of the four limits counts. `nothing`: our own side is the slow one. */
export type WaitingFor = 'nothing' | 'pool' | 'read' | 'write';

/** The limits in time of one exchange: moments that somebody looks after, not timers. */
export class ExchangeLimits {
  waitingFor: WaitingFor = 'nothing';
  #since = 0;
  readonly #timeouts: Timeouts;
  readonly #deadline: number;

  constructor(timeouts: Timeouts, deadline: number | undefined) {
    this.#timeouts = timeouts;
    this.#deadline = deadline ?? Infinity;
  }

  /** Says what is waited for from `now` on. */
  waitFor(what: WaitingFor, now: number): void {
    this.waitingFor = what;
    this.#since = now;
  }

  /** Milliseconds that a connection may take to be made, if that began now. */
  connect(now: number): number | null {
    const limit = this.#timeouts[0];
    if (this.#deadline === Infinity) return limit;
    const left = Math.max(0, this.#deadline - now);
    return limit === null ? left : Math.min(limit, left);
  }

  /** The next moment at which a limit can pass; `Infinity` if none can. */
  get expiresAt(): number {
    const limit = this.#limit();
    return limit === null ? this.#deadline : Math.min(this.#deadline, this.#since + limit);
  }

  #limit(): number | null {
    switch (this.waitingFor) {
      case 'read':
        return this.#timeouts[1];
      case 'write':
        return this.#timeouts[2];
      case 'pool':
        return this.#timeouts[3];
      default:
        return null;
    }
  }

  /** A connection may take until the deadline and no longer: then that is what has passed. `null` where it is not. */
  passedMeanwhile(now: number, startedAt: number, error: ConnectTimeout): DeadlineExceeded | null {
    // A timer may fire a fraction early.
    return this.#deadline > now + 1 ? null : deadlineExceeded(now, startedAt, error.phase ?? 'connect', error);
  }

  /** The error of the limit that has passed; `null` where it is the one on waiting for a connection, which only the pool can explain. */
  passed(now: number, startedAt: number, phase: ErrorPhase): TimeoutError | null {
    if (this.#deadline <= now) return deadlineExceeded(now, startedAt, phase);
    const limit = this.#limit();
    if (this.waitingFor === 'pool') return null;
    return this.waitingFor === 'write'
      ? new WriteTimeout(`The server took none of the request for ${limit} ms`)
      : new ReadTimeout(`The server sent nothing for ${limit} ms, in phase ${phase}`);
  }
}

function deadlineExceeded(now: number, startedAt: number, phase: ErrorPhase, cause?: ConnectTimeout): DeadlineExceeded {
  return new DeadlineExceeded(`The deadline passed after ${Math.round(now - startedAt)} ms, in phase ${phase}`, { phase, cause });
}
