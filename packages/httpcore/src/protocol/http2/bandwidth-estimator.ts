/**
 * How large a window must be so that it is not what limits a download: bandwidth × delay.
 *
 * A PING is sent while data flows, and the data that comes until its acknowledgement is one round trip's worth. Where that
 * fills most of the window, the window was the limit: it is doubled, so that it grows as TCP's own does. Where the
 * bandwidth did not rise with it, the network is the limit, and growing further would only fill somebody's buffers.
 */

// Of the window; less than all, since what is under way to us is not all here when the acknowledgement is.
const nearlyFull = 2 / 3;
// A round trip below this is a local network or a coarse clock: no window of ours limits that.
const shortestRoundTrip = 0.05;
const smallestSpacing = 65_536;
const largestSpacing = 16_777_216;

export class BandwidthEstimator {
  /** The window that is thought to be enough, in octets. */
  window: number;
  readonly #limit: number;
  #bandwidth = 0;
  #roundTrip = 0;
  // Octets between two measurements; more and more while nothing changes.
  #spacing: number = smallestSpacing;

  constructor(window: number, limit: number) {
    this.window = window;
    this.#limit = Math.max(window, limit);
  }

  /** Is a measurement worth a PING, `octets` after the last one? */
  isDue(octets: number): boolean {
    return octets >= this.#spacing && this.window < this.#limit;
  }

  /** `octets` came within `roundTrip` milliseconds. Returns true where {@link window} has grown. */
  measure(octets: number, roundTrip: number): boolean {
    const sample = Math.max(roundTrip, shortestRoundTrip);
    this.#roundTrip = this.#roundTrip === 0 ? sample : this.#roundTrip + (sample - this.#roundTrip) / 8;
    const bandwidth = octets / this.#roundTrip;
    const isFaster = bandwidth > this.#bandwidth;
    if (isFaster) this.#bandwidth = bandwidth;
    if (!isFaster || octets < this.window * nearlyFull) {
      this.#spacing = Math.min(this.#spacing * 2, largestSpacing);
      return false;
    }
    this.#spacing = smallestSpacing;
    this.window = Math.min(this.window * 2, this.#limit);
    return true;
  }
}
