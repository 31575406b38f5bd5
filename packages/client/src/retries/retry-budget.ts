/**
 * How many retries a client may make in all. Retries multiply the load of a server that fails under its load: with three of
 * them, a client sends four times as much just when that helps least.
 *
 * Over the last ten seconds there may be one retry for every five requests, and ten for each second whatever the traffic, so
 * that a quiet client can retry at all. This is the token bucket of Finagle and tower: each request puts a fifth of a token in,
 * each retry takes one out, and tokens that nobody took go after ten seconds.
 *
 * A client whose traffic has just begun would so have less for the same outage than one that has gone on for long. What has gone well
 * since then counts as if it had come at its rate for the whole of the window: the client may have its ten seconds' share ahead of
 * time, and no more than that. Where nothing has gone well there is no rate and nothing ahead, however long the failures took.
 */
const tokensPerRequest = 0.2;
const reservePerSecond = 10;
const windowSeconds = 10;
const windowMillis = windowSeconds * 1000;
/** From this on requests are a rate, not a burst. */
const leastRateMillis = 500;

export class RetryBudget {
  readonly #now: () => number;
  /** For each second of the window. */
  readonly #requests = new Float64Array(windowSeconds);
  readonly #retries = new Float64Array(windowSeconds);
  #second = -Infinity;
  /** Since when there are requests, with less than a window between them. */
  #since = 0;
  /** How many went well since then. */
  #well = 0;
  /** Tokens of the whole window, as far as can be told; they count until it is there. */
  #ahead = 0;

  /** `now` gives monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A request, not a retry, is sent. */
  deposit(at: number = this.#now()): void {
    this.#requests[this.#slot(at)]! += 1;
  }

  /** It had a response that nobody wants another instead of. */
  succeed(): void {
    this.#well += 1;
  }

  /** Is there a token for one more retry? Takes it. */
  withdraw(): boolean {
    const now = this.#now();
    const slot = this.#slot(now);
    const requests = sum(this.#requests);
    const retries = sum(this.#retries);
    const age = now - this.#since;
    if (age >= leastRateMillis) this.#ahead = Math.max(this.#ahead, (this.#well * tokensPerRequest * windowMillis) / age);
    const tokens = Math.max(requests * tokensPerRequest, age < windowMillis ? this.#ahead : 0);
    // Fifths do not add up exactly.
    if (reservePerSecond * windowSeconds + tokens - retries < 1 - 1e-6) return false;
    this.#retries[slot]! += 1;
    return true;
  }

  /** Where the present second is counted, once the seconds that are over have been forgotten. */
  #slot(now: number): number {
    const second = Math.max(this.#second, Math.floor(now / 1000));
    if (second === this.#second) return second % windowSeconds;
    if (second - this.#second >= windowSeconds) {
      this.#requests.fill(0);
      this.#retries.fill(0);
      this.#since = now;
      this.#well = this.#ahead = 0;
    } else {
      for (let past = this.#second + 1; past <= second; past++) {
        this.#requests[past % windowSeconds] = 0;
        this.#retries[past % windowSeconds] = 0;
      }
    }
    this.#second = second;
    return second % windowSeconds;
  }
}

function sum(numbers: Float64Array): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
