/** How long to wait before a request is sent again. */

export interface Backoff {
  /** Milliseconds: the longest wait before the first retry; it doubles for each further one. */
  readonly factor: number;
  /** Milliseconds: no wait is longer. */
  readonly maxDelay: number;
  /** Anything from nothing to the whole wait, so that clients that failed together do not come back together. */
  readonly jitter: boolean;
}

/**
 * Exponential, with full jitter ("Exponential Backoff and Jitter", AWS, 2015). `retry` counts from 0; `random` gives 0 to 1.
 */
export function backoffDelay(retry: number, { factor, maxDelay, jitter }: Backoff, random: () => number): number {
  // 2 ** 1024 is Infinity, and 0 times that is not a number.
  const longest = factor === 0 ? 0 : Math.min(maxDelay, factor * 2 ** retry);
  return jitter ? longest * random() : longest;
}
