/** The two ends of a flow-control window (RFC 9113 §5.2, §6.9), for streams and for the connection alike. */
import { maximumWindow } from './constants.ts';

/** What the peer lets us send. A smaller INITIAL_WINDOW_SIZE can make it negative (RFC 9113 §6.9.2). */
export class SendWindow {
  available: number;

  constructor(initial: number) {
    this.available = initial;
  }

  take(octets: number): void {
    this.available -= octets;
  }

  /** By WINDOW_UPDATE, or by a change of INITIAL_WINDOW_SIZE. False, and nothing done, where it would pass 2³¹ − 1. */
  grow(octets: number): boolean {
    if (this.available + octets > maximumWindow) return false;
    this.available += octets;
    return true;
  }
}

/**
 * What we let the peer send.
 *
 * `target` = `available` (the peer may still send it) + `held` (it came, and nobody has taken it yet) + what was taken but
 * not given back yet. That last part is announced once it is a quarter of the target: WINDOW_UPDATEs are then rare, and the peer
 * has enough to go on with while one is under way where the target is 4/3 of bandwidth × delay (see `bandwidth-estimator.ts`, which
 * sees to 3/2).
 */
export class ReceiveWindow {
  available: number;
  held = 0;
  target: number;

  constructor(target: number) {
    this.available = target;
    this.target = target;
  }

  /** Octets came. False where the peer had no right to send them. */
  receive(octets: number): boolean {
    if (octets > this.available) return false;
    this.available -= octets;
    this.held += octets;
    return true;
  }

  /** Octets were taken; returns by how much to enlarge the peer's window now, 0 for not yet. */
  release(octets: number): number {
    this.held -= octets;
    const increment = this.target - this.available - this.held;
    if (increment * 4 < this.target) return 0;
    this.available += increment;
    return increment;
  }
}
