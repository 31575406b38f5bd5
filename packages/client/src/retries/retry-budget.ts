/**
 * How many retries a client may make in all. Retries multiply the load of a server that fails under its load: with three of
 * them, a client sends four times as much just when that helps least.
 *
 * Over the last ten seconds there may be one retry for every five requests, and ten for each second whatever the traffic, so
 * that a quiet client can retry at all. This is the token bucket of Finagle and tower: each request puts a fifth of a token in,
 * each retry takes one out, and tokens that nobody took go after ten seconds.
 */
const tokensPerRequest = 0.2;
const reservePerSecond = 10;
const windowSeconds = 10;

export class RetryBudget {
  readonly #now: () => number;
  /** What each second of the window has put in, less what it took out. */
  readonly #slots = new Float64Array(windowSeconds);
  #second: number;

  /** `now` gives monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
    this.#second = Math.floor(now() / 1000);
  }

  /** A request, not a retry, is sent. */
  deposit(at: number = this.#now()): void {
    this.#slots[this.#slot(at)]! += tokensPerRequest;
  }

  /** Is there a token for one more retry? Takes it. */
  withdraw(): boolean {
    const slot = this.#slot(this.#now());
    let tokens = reservePerSecond * windowSeconds;
    for (const balance of this.#slots) tokens += balance;
    // Fifths do not add up exactly.
    if (tokens < 1 - 1e-6) return false;
    this.#slots[slot]! -= 1;
    return true;
  }

  /** Where the present second is counted, once the seconds that are over have been forgotten. */
  #slot(at: number): number {
    const second = Math.max(this.#second, Math.floor(at / 1000));
    if (second - this.#second >= windowSeconds) this.#slots.fill(0);
    else for (let past = this.#second + 1; past <= second; past++) this.#slots[past % windowSeconds] = 0;
    this.#second = second;
    return second % windowSeconds;
  }
}
