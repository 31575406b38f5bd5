/** How long to wait before a request is sent again. */

export interface Backoff {
  /** Milliseconds: the wait before the first retry; it doubles for each further one. */
  readonly factor: number;
  /** Milliseconds: no wait is longer. */
  readonly maxDelay: number;
  /** Anything from half to the whole of it, so that clients that failed together do not come back together. */
  readonly jitter: boolean;
}

/**
 * Exponential, with equal jitter ("Exponential Backoff and Jitter", AWS, 2015): full jitter spreads better, and gives up on a server that
 * restarts, since three of its waits are now and then nothing. `retry` counts from 0; `random` gives 0 to 1.
 */
export function backoffDelay(retry: number, { factor, maxDelay, jitter }: Backoff, random: () => number): number {
  // 2 ** 1024 is Infinity, and 0 times that is not a number.
  const longest = factor === 0 ? 0 : Math.min(maxDelay, factor * 2 ** retry);
  return jitter ? (longest * (1 + random())) / 2 : longest;
}
