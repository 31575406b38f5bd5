/**
 * How many requests a server takes at once without any of them waiting there. Pure: it is told what happened and what time it is.
 *
 * The latency of a server that is not full is that of its work; once it is full, each further request only waits, and what is under way divided by the
 * latency stays the same (Little's law). So the limit grows while answers take what they usually take. When they take longer, half as many are
 * let go for a moment:
 *
 *   growing ── answers take longer, or it is time ──> halved ── and are quicker again: they had waited ──> halved again
 *      ^                                                │
 *      └──── and take as long: the work takes longer ───┘  the limit is what it was, and that is what they usually take now
 *
 * A request that is turned away, or is not answered in time, takes a tenth off, once for the time that an answer takes.
 */
export interface EstimateSettings {
  readonly initial: number;
  readonly min: number;
  readonly max: number;
  /** So many times the usual latency is not yet longer. */
  readonly tolerance: number;
}

const backoff = 0.9;
/** Answers that took so much of what they took before were quicker. */
const quicker = 0.75;
/** Times the limit, in answers: after so many, half as many are let go in any case, since a queue that was always there is seen by nothing else. */
const trialEvery = 50;
const fewest = 5;

/** Half as many, for a moment. */
interface Trial {
  readonly limit: number;
  /** What answers took before. */
  readonly before: number;
  /** Since no more are under way than the trial allows; `undefined` until then. */
  since: number | undefined;
  samples: number;
  sum: number;
}

export class ConcurrencyEstimate {
  readonly #settings: EstimateSettings;
  #limit: number;
  #usual = 0;
  #recent = 0;
  #samples = 0;
  /** Answers in a row that took longer. */
  #slow = 0;
  #sinceTrial = 0;
  #trial: Trial | undefined;
  #droppedAt = -Infinity;

  constructor(settings: EstimateSettings) {
    this.#settings = settings;
    this.#limit = settings.initial;
  }

  get limit(): number {
    return Math.floor(this.#trial?.limit ?? this.#limit);
  }

  /** Milliseconds that an answer takes when nothing waits. */
  get usual(): number {
    return this.#usual;
  }

  /** Milliseconds in which an answer is to be expected at present. */
  get expected(): number {
    return this.#recent * this.#settings.tolerance;
  }

  /** A request that was sent at `begun` is answered, while so many are under way, itself included. */
  answered(begun: number, now: number, running: number): void {
    const latency = Math.max(now - begun, 0.01);
    this.#samples++;
    this.#recent += (latency - this.#recent) / Math.min(this.#samples, 10);
    if (this.#samples <= fewest || latency < this.#usual) this.#usual += (latency - this.#usual) / Math.min(this.#samples, 10);
    if (this.#trial !== undefined) this.#try(this.#trial, begun, now, running);
    // Where few are under way, a quick answer says nothing of how many more there could be, and a slow one is no queue.
    else if (running >= this.#limit / 2) this.#grow();
  }

  /** It was turned away, or not answered in time. */
  dropped(now: number): void {
    if (now - this.#droppedAt < this.#recent) return;
    this.#droppedAt = now;
    this.#set(this.#limit * backoff);
  }

  #grow(): void {
    this.#sinceTrial++;
    const isSlow = this.#recent > this.#settings.tolerance * this.#usual;
    this.#slow = isSlow ? this.#slow + 1 : 0;
    // By its root in the time that an answer takes, since so many come in that time.
    if (!isSlow) this.#set(this.#limit + 1 / Math.sqrt(this.#limit));
    if (this.#slow >= Math.max(fewest, this.#limit / 2) || this.#sinceTrial >= trialEvery * this.#limit) this.#begin();
  }

  #begin(): void {
    this.#slow = 0;
    this.#sinceTrial = 0;
    const limit = Math.max(this.#settings.min, this.#limit / 2);
    this.#trial = limit < this.#limit ? { limit, before: this.#recent, since: undefined, samples: 0, sum: 0 } : undefined;
    // There is no less to be tried: that is what it takes.
    if (this.#trial === undefined) this.#usual = this.#recent;
  }

  #try(trial: Trial, begun: number, now: number, running: number): void {
    if (running <= Math.max(1, trial.limit)) trial.since ??= now;
    if (trial.since === undefined || begun < trial.since) return;
    trial.samples++;
    trial.sum += Math.max(now - begun, 0.01);
    if (trial.samples < Math.max(fewest, trial.limit)) return;
    const latency = trial.sum / trial.samples;
    this.#usual = latency;
    this.#recent = latency;
    if (latency <= trial.before * quicker) {
      this.#limit = trial.limit;
      this.#begin();
    } else {
      this.#trial = undefined;
    }
  }

  #set(limit: number): void {
    this.#limit = Math.min(this.#settings.max, Math.max(this.#settings.min, limit));
  }
}
