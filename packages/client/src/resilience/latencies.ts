/** How long the latest requests took, and the part of them that took no longer. Pure. */
const remembered = 256;
/** Sorting them anew for each request would cost more than it is worth. */
const readEvery = 16;

export class Latencies {
  readonly #ring = new Float64Array(remembered);
  #count = 0;
  #readAt = -Infinity;
  #last: { readonly quantile: number; readonly value: number } | undefined;

  get count(): number {
    return this.#count;
  }

  /** Milliseconds. */
  note(latency: number): void {
    this.#ring[this.#count++ % remembered] = latency;
  }

  /** `quantile` from 0 to 1; `undefined` when nothing was noted. */
  quantile(quantile: number): number | undefined {
    if (this.#count === 0) return undefined;
    if (this.#last?.quantile === quantile && this.#count - this.#readAt < readEvery) return this.#last.value;
    const sorted = this.#ring.slice(0, Math.min(this.#count, remembered)).sort();
    const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))]!;
    this.#last = { quantile, value };
    this.#readAt = this.#count;
    return value;
  }
}
