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

/** What we let the peer send on the whole connection: what is under way, and nothing else. What came is given back, whoever reads it when. */
export class ConnectionReceiveWindow {
  target: number;
  #available: number;

  constructor(target: number) {
    this.target = target;
    this.#available = target;
  }

  /** Octets came. False where the peer had no right to send them. */
  receive(octets: number): boolean {
    if (octets > this.#available) return false;
    this.#available -= octets;
    return true;
  }

  /** Is it time to give back what came: a quarter of the target? */
  get isDue(): boolean {
    return (this.target - this.#available) * 4 >= this.target;
  }

  /** Returns by how much to enlarge the peer's window. */
  renew(): number {
    const increment = this.target - this.#available;
    this.#available = this.target;
    return increment;
  }
}

/**
 * What we let the peer send of one response.
 *
 * `target` = `available` (the peer may still send it) + `held` (it came, and nobody has taken it yet) + what was taken but
 * not given back yet. That last part is announced once it is a quarter of the target: WINDOW_UPDATEs are then rare, and the peer
 * has enough to go on with while one is under way where the target is 4/3 of bandwidth × delay (see `bandwidth-estimator.ts`, which
 * sees to 3/2).
 *
 * It grows while it is read, and by what is read: each announcement at which little is lying here adds as much again. So
 * it doubles within a round trip, as TCP's own window does at first, up to what the connection is worth. A reader who has fallen behind
 * loses that again, and a response that nobody reads never has it.
 */
export class StreamReceiveWindow {
  /** Less than nothing where the peer has sent more than a smaller INITIAL_WINDOW_SIZE allows. */
  available: number;
  held = 0;
  target: number;
  /** The part of the target that it has for being read. */
  #grown = 0;

  constructor(target: number) {
    this.available = target;
    this.target = target;
  }

  /** Octets came. False where the peer had no right to send them; `tolerated`: it may not have heard of so much less. */
  receive(octets: number, tolerated: number): boolean {
    if (octets > this.available + tolerated) return false;
    this.available -= octets;
    this.held += octets;
    return true;
  }

  /** INITIAL_WINDOW_SIZE is another (RFC 9113 §6.9.2). */
  resize(change: number): void {
    this.available += change;
    this.target += change;
  }

  /** Octets were taken; returns by how much to enlarge the peer's window now, 0 for not yet. It may grow up to `largest`. */
  release(octets: number, largest: number, memory: WindowMemory): number {
    this.held -= octets;
    let increment = this.target - this.available - this.held;
    if (increment <= 0 || increment * 4 < this.target) return 0;
    if (this.held * 4 <= this.target) {
      if (this.target < largest) increment += this.#grow(memory.take(Math.min(increment, largest - this.target)));
    } else if (this.#grown > 0 && this.held * 2 > this.target) {
      const less = Math.min(increment, this.#grown);
      this.#grow(-less);
      memory.give(less);
      increment -= less;
    }
    this.available += increment;
    return increment;
  }

  /** Somebody waits for it, and the peer may send nothing: returns by how much to enlarge its window. */
  open(least: number, memory: WindowMemory): number {
    if (this.available > 0) return 0;
    if (this.target < least) this.#grow(memory.takeAnyway(least - this.target));
    const increment = this.target - this.available - this.held;
    this.available += increment;
    return increment;
  }

  /** Nothing more comes. */
  close(memory: WindowMemory): void {
    if (this.#grown === 0) return;
    memory.give(this.#grown);
    this.#grown = 0;
  }

  #grow(octets: number): number {
    this.target += octets;
    this.#grown += octets;
    return octets;
  }
}

/** What windows may grow by, over all connections of a pool: it is memory that a peer may fill. */
export interface WindowMemory {
  /** Returns how much of it there is, up to `octets`. */
  take(octets: number): number;
  /** There or not: for who can't go on without. Returns `octets`. */
  takeAnyway(octets: number): number;
  give(octets: number): void;
}

export const unlimitedWindowMemory: WindowMemory = Object.freeze({
  take: (octets: number): number => octets,
  takeAnyway: (octets: number): number => octets,
  give(): void {},
});
