import type { Timeouts } from '../contract/values.ts';
import { ConnectTimeout, DeadlineExceeded, ReadTimeout, WriteTimeout, type ErrorPhase, type TimeoutError } from '../contract/errors.ts';

/** What is being waited for; decides which of the limits counts. `nothing`: our own side is the slow one; `authenticator`: what a proxy is told, which is part of getting through it. */
export type WaitingFor = 'nothing' | 'pool' | 'connect' | 'authenticator' | 'read' | 'write';

/** The limits in time of one exchange, which is built upon them: moments that somebody looks after, not timers. */
export class ExchangeLimits {
  readonly timeouts: Timeouts;
  waitingFor: WaitingFor = 'nothing';
  #since = 0;
  readonly #deadline: number;

  constructor(timeouts: Timeouts, deadline: number | undefined) {
    this.timeouts = timeouts;
    this.#deadline = deadline ?? Infinity;
  }

  /** Says what is waited for from `now` on. */
  waitFor(what: WaitingFor, now: number): void {
    this.waitingFor = what;
    this.#since = now;
  }

  /** The next moment at which a limit can pass; `Infinity` if none can. */
  get expiresAt(): number {
    const limit = this.#limit();
    return limit === null ? this.#deadline : Math.min(this.#deadline, this.#since + limit);
  }

  #limit(): number | null {
    switch (this.waitingFor) {
      case 'connect':
      case 'authenticator':
        return this.timeouts[0];
      case 'read':
        return this.timeouts[1];
      case 'write':
        return this.timeouts[2];
      case 'pool':
        return this.timeouts[3];
      default:
        return null;
    }
  }

  /** The error of the limit that has passed; `null` where it is one on waiting for a connection, which only the pool can explain. */
  passed(now: number, startedAt: number, phase: ErrorPhase): TimeoutError | null {
    if (this.#deadline <= now) {
      return new DeadlineExceeded(`The deadline passed after ${Math.round(now - startedAt)} ms, in phase ${phase}`, { phase });
    }
    const limit = this.#limit();
    if (this.waitingFor === 'pool' || this.waitingFor === 'connect') return null;
    if (this.waitingFor === 'authenticator') {
      const message = `The authenticator of the proxy (ProxyAuthenticator) has not answered within ${limit} ms, the limit on connecting`;
      return new ConnectTimeout(message, { phase: 'proxy' });
    }
    return this.waitingFor === 'write'
      ? new WriteTimeout(`The server took none of the request for ${limit} ms`)
      : new ReadTimeout(`The server sent nothing for ${limit} ms, in phase ${phase}`);
  }
}
