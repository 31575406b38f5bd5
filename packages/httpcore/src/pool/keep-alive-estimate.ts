/**
 * For how long a server keeps connections that are idle, learnt from when it closed some and kept others. Pure: it knows no time but what it is told.
 *
 * A server that closes a connection after a certain idle time does so again and again; one that restarts, or sheds load, closes many at one moment, after whatever
 * idle times they happen to have. So it counts what was seen at two moments, with about the same idle time, and not contradicted by a connection that was kept for
 * longer meanwhile. Where connections live until we close them, the next are kept for twice as long.
 */

export interface KeepAliveLimits {
  /** How long a connection is kept while nothing is known, in milliseconds. */
  readonly initial: number;
  /** No connection is kept for longer by what is learnt. */
  readonly longest: number;
}

/** A server may be configured anew: what was seen counts for so long, in milliseconds. */
const memory = 600_000;
/** Idle times that differ by so much are the same: servers look through theirs now and then. */
const tolerance = 0.15;
const leastTolerance = 50;
/** Closed sooner than this, in milliseconds, it was closed for another reason. */
const shortest = 50;
/** So much sooner than the server we close, so that no request crosses its FIN. */
const largestMargin = 1_000;
const margin = 0.2;

interface Closing {
  readonly idle: number;
  readonly at: number;
}

export class KeepAliveEstimate {
  readonly #limits: KeepAliveLimits;
  #limit: number;
  #last: Closing | null = null;
  /** Seen twice: the server closes connections that have been idle for so long. */
  #closesAfter: Closing | null = null;

  constructor(limits: KeepAliveLimits) {
    this.#limits = limits;
    this.#limit = limits.initial;
  }

  /** How long a connection may be idle of which the server has said nothing. */
  limit(now: number): number {
    return Math.min(this.#limit, this.ceiling(now));
  }

  /** How long any may be idle, whatever the server has said. */
  ceiling(now: number): number {
    const known = this.#closesAfter;
    if (known === null || now - known.at > memory) return Infinity;
    return known.idle - Math.min(largestMargin, known.idle * margin);
  }

  /** The server has closed a connection that had been idle for so long. */
  onClosed(idle: number, now: number): void {
    if (!(idle >= shortest)) return;
    const last = this.#last;
    // Several that became idle together and were closed together say it once.
    const isSameMoment = last !== null && now - last.at < Math.min(idle, last.idle) / 2;
    if (isSameMoment) return;
    const isAlike =
      last !== null && now - last.at <= memory && Math.abs(idle - last.idle) <= Math.max(leastTolerance, tolerance * last.idle);
    if (isAlike) this.#closesAfter = { idle: Math.min(idle, last.idle), at: now };
    this.#last = { idle, at: now };
  }

  /** Where a connection serves after more idle time than this, {@link onReused} wants to know. */
  get doubtedFrom(): number {
    return Math.min(this.#last === null ? Infinity : this.#last.idle * (1 + tolerance), this.#closesAfter?.idle ?? Infinity);
  }

  /** A connection that had been idle for so long has served. */
  onReused(idle: number): void {
    if (this.#last !== null && idle > this.#last.idle * (1 + tolerance)) this.#last = null;
    if (this.#closesAfter !== null && idle > this.#closesAfter.idle) this.#closesAfter = null;
  }

  /** A connection that had been idle for so long was open still, when we closed it. */
  onKept(idle: number, now: number): void {
    this.onReused(idle);
    if (this.ceiling(now) !== Infinity) return;
    this.#limit = Math.max(this.#limit, Math.min(2 * idle, this.#limits.longest));
  }
}
