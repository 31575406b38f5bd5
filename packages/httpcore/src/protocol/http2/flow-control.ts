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
  #isClosed = false;

  constructor(target: number) {
    this.available = target;
    this.target = target;
  }

  /** Octets came. False where the peer had no right to send them; `tolerated`: it may not have heard of so much less. */
  receive(octets: number, tolerated: number, memory: WindowMemory): boolean {
    const { available } = this;
    if (octets > available + tolerated) return false;
    this.available = available - octets;
    this.held += octets;
    memory.use(octets <= available ? octets : positive(available));
    return true;
  }

  /** INITIAL_WINDOW_SIZE is another (RFC 9113 §6.9.2). */
  resize(change: number, memory: WindowMemory): void {
    if (this.#isClosed) return;
    this.target += change;
    this.#move(change, memory);
  }

  /** Octets were taken; returns by how much to enlarge the peer's window now, 0 for not yet. It may grow up to `largest`. */
  release(octets: number, largest: number, memory: WindowMemory): number {
    this.held -= octets;
    let increment = this.target - this.available - this.held;
    if (increment <= 0 || increment * 4 < this.target) return 0;
    if (this.held * 4 <= this.target) {
      if (this.target < largest) increment += this.#growForReading(Math.min(increment, largest - this.target), memory);
    } else if (this.#grown > 0 && this.held * 2 > this.target) {
      const less = Math.min(increment, this.#grown);
      this.#grow(-less);
      memory.growAnyway(-less);
      increment -= less;
    }
    this.#move(increment, memory);
    return increment;
  }

  /** Who is read goes on however little there is. */
  #growForReading(octets: number, memory: WindowMemory): number {
    const growth = memory.grow(octets);
    const missing = growth === octets ? 0 : Math.min(octets, memory.opening - this.target) - growth;
    if (missing <= 0) return this.#grow(growth);
    memory.growAnyway(missing);
    return this.#grow(growth + missing);
  }

  /** Somebody waits for it, and the peer may send nothing: returns by how much to enlarge its window. */
  open(memory: WindowMemory): number {
    if (this.available > 0) return 0;
    const missing = memory.opening - this.target;
    if (missing > 0) memory.growAnyway(this.#grow(missing));
    const increment = this.target - this.available - this.held;
    this.#move(increment, memory);
    return increment;
  }

  /** Nothing more comes. */
  close(memory: WindowMemory): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    memory.close(positive(this.available), this.#grown);
  }

  #grow(octets: number): number {
    this.target += octets;
    this.#grown += octets;
    return octets;
  }

  #move(octets: number, memory: WindowMemory): void {
    const before = positive(this.available);
    this.available += octets;
    memory.allow(positive(this.available) - before);
  }
}

function positive(octets: number): number {
  return octets > 0 ? octets : 0;
}

/** What the windows of all streams of all connections let peers send: memory that is as good as used. */
export interface WindowMemory {
  /** A stream has begun, with this window; or nothing more comes, with this much of it left, which had grown by `grown`. */
  open(window: number): void;
  close(window: number, grown: number): void;
  /** A window is larger by so many octets, or smaller. */
  allow(octets: number): void;
  /** So many of those that were allowed have come. */
  use(octets: number): void;
  /** Returns by how much a window may grow for being read, up to `octets`. */
  grow(octets: number): number;
  /** By so many it grows whatever there is, or has shrunk. */
  growAnyway(octets: number): void;
  /** What who waits for a response may have under way, whatever there is. */
  readonly opening: number;
}

export const unlimitedWindowMemory: WindowMemory = Object.freeze({
  open(): void {},
  close(): void {},
  allow(): void {},
  use(): void {},
  grow: (octets: number): number => octets,
  growAnyway(): void {},
  opening: 65_536,
});
