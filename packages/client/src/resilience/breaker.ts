/**
 * When a server is left alone. Pure: it is told what happened and what time it is.
 *
 *   closed ── too many failures ──> open ── its time is over ──> half-open ── the probes succeed ──> closed
 *                                    ^                               │
 *                                    └────────── a probe fails ──────┘  for twice as long
 */
import { FailureWindow } from './failure-window.ts';

export interface BreakerSettings {
  /** Milliseconds. */
  readonly window: number;
  readonly minRequests: number;
  /** 0 to 1. */
  readonly failureRate: number;
  /** Milliseconds. */
  readonly openFor: number;
  readonly maxOpenFor: number;
  readonly probes: number;
}

/** `closed` lets through, `open` refuses, `half-open` lets a few through to see. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** May a request go: as any, as a probe, or not for so many milliseconds (`undefined`: until the probes are back). */
export type Permission = 'yes' | 'probe' | { readonly retryIn: number | undefined };

/** Which time that it was half-open a probe is of: one that comes back in a later one says nothing of that. */
export type Probe = number;

const transitions: Readonly<Record<BreakerState, readonly BreakerState[]>> = {
  closed: ['open'],
  open: ['half-open'],
  'half-open': ['closed', 'open'],
};

export class Breaker {
  readonly #settings: BreakerSettings;
  readonly #window: FailureWindow;
  #state: BreakerState = 'closed';
  #openUntil = 0;
  #openFor: number;
  #probing = 0;
  #succeeded = 0;
  #round: Probe = 0;
  /** What it saw when it opened. */
  opening: { readonly sent: number; readonly failed: number } = { sent: 0, failed: 0 };

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
    this.#window = new FailureWindow(settings.window);
    this.#openFor = settings.openFor;
  }

  state(now: number): BreakerState {
    return this.#state === 'open' && now >= this.#openUntil ? 'half-open' : this.#state;
  }

  /** Nothing is known that a new one would not know. */
  isFresh(now: number): boolean {
    return this.#state === 'closed' && this.#window.read(now).sent === 0;
  }

  ask(now: number): Permission {
    if (this.#state === 'open') {
      if (now < this.#openUntil) return { retryIn: this.#openUntil - now };
      this.#moveTo('half-open');
      this.#round++;
      this.#probing = 0;
      this.#succeeded = 0;
    }
    if (this.#state === 'closed') return 'yes';
    return this.#probing + this.#succeeded < this.#settings.probes ? 'probe' : { retryIn: undefined };
  }

  probe(): Probe {
    this.#probing++;
    return this.#round;
  }

  /** Of a request that was let go; `asked` is for how many milliseconds the server wants to be left alone. Gives whether it opened. */
  settle(failed: boolean, probe: Probe | undefined, now: number, asked = 0): boolean {
    if (probe !== undefined) return this.#settleProbe(failed, probe, now, asked);
    // Sent before it opened: of another time.
    if (this.#state !== 'closed') return false;
    this.#window.count(failed, now);
    if (!failed) return false;
    const counts = this.#window.read(now);
    if (counts.sent < this.#settings.minRequests || counts.failed < counts.sent * this.#settings.failureRate) return false;
    this.opening = counts;
    this.#open(now, asked);
    return true;
  }

  /** It came to nothing that says anything of the server. */
  drop(probe: Probe | undefined): void {
    if (probe !== undefined && this.#isCurrent(probe)) this.#probing--;
  }

  #isCurrent(probe: Probe): boolean {
    return this.#state === 'half-open' && probe === this.#round;
  }

  #settleProbe(failed: boolean, probe: Probe, now: number, asked: number): boolean {
    if (!this.#isCurrent(probe)) return false;
    this.#probing--;
    if (failed) {
      this.#openFor = Math.min(this.#openFor * 2, this.#settings.maxOpenFor);
      this.#open(now, asked);
      return true;
    }
    this.#succeeded++;
    if (this.#succeeded >= this.#settings.probes) {
      this.#moveTo('closed');
      this.#window.clear();
      this.#openFor = this.#settings.openFor;
    }
    return false;
  }

  #open(now: number, asked: number): void {
    this.#moveTo('open');
    this.#openUntil = now + Math.max(this.#openFor, Math.min(asked, this.#settings.maxOpenFor));
  }

  #moveTo(next: BreakerState): void {
    if (!transitions[this.#state].includes(next)) throw new Error(`A breaker that is ${this.#state} can not be ${next}`);
    this.#state = next;
  }
}
