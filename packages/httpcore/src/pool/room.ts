import type { Connection } from '../connection/connection.ts';
import { RoomLine, type RoomSeeker } from './room-line.ts';

/** So much, in exchanges or in milliseconds, a connection serves its peer before it makes room while its peer has more for it to do. */
const turnInExchanges = 16;
const turnInTime = 1_000;

function isPastItsTime({ info }: Connection, now: number): boolean {
  return now - info.timings.end >= turnInTime;
}

function hasHadItsTurn({ idleSince, info, served }: Connection): boolean {
  return served >= turnInExchanges || idleSince - info.timings.end >= turnInTime;
}

/** Who has connections, and may want more. */
export interface RoomHolder extends RoomSeeker {
  /** Connections, and those being made. */
  readonly slots: number;
  /** The one first that has been idle for longest. */
  idle(): Iterable<Connection>;
  /** There may be room: connects, and says so if it would connect more. */
  grow(): void;
}

/**
 * The connections that a pool may have in all: who gets room, and who gives it up.
 *
 * Room goes to whose exchange has waited longest, over all peers. It comes from the connection that has been idle for longest; and where
 * none is idle, from a peer with more connections, whose own exchanges have waited less, when one of its connections is done with what it
 * did and has had its turn. With as many on both sides nobody gives up anything. Else connections would change hands with every request.
 *
 * A shared connection that always has something to do would never be done: after a turn in time it takes nothing new, and closes when what it does
 * has ended. As many do so as somebody waits for, and one more in each turn that brings no room.
 */
export class Room<Holder extends RoomHolder> {
  readonly #limit: number;
  /** A connection that has been idle for this long, in milliseconds, is wanted by nobody at the moment. */
  readonly #idleGrace: number;
  readonly #line = new RoomLine<Holder>();
  readonly #connected = new Set<Holder>();
  #taken = 0;
  /** Busy connections that close when they are done, and since when the last one does. */
  #leaving = 0;
  #lastLeft = -Infinity;
  /** So that nobody looks for idle connections again and again where there are none. */
  #mayHaveIdle = false;
  #isEvicting = false;

  constructor(limit: number, idleGrace: number) {
    this.#limit = limit;
    this.#idleGrace = idleGrace;
  }

  get free(): number {
    return this.#limit - this.#taken;
  }

  take(holder: Holder): void {
    this.#taken += 1;
    this.#connected.add(holder);
  }

  /** `holder` has one connection less, and may be the one whose turn it is. */
  release(holder: Holder): void {
    this.#taken -= 1;
    if (this.#leaving > 0) this.#leaving -= 1;
    this.#line.add(holder);
    while (this.free > 0) {
      const next = this.#line.take();
      if (next === undefined) return;
      next.grow();
    }
  }

  forget(holder: Holder): void {
    this.#line.delete(holder);
    this.#connected.delete(holder);
  }

  onIdle(): void {
    this.#mayHaveIdle = true;
  }

  want(holder: Holder, now: number): void {
    this.#line.add(holder);
    this.evict(now);
  }

  /** Closes what is idle, the longest idle first, as long as somebody wants room for it. */
  evict(now: number): void {
    // A connection that closes gives its room to the next, who may want more: that is this same loop's business.
    if (this.#isEvicting || this.#line.isEmpty || !this.#mayHaveIdle) return;
    this.#isEvicting = true;
    for (;;) {
      const seeker = this.free > 0 ? undefined : this.#line.first;
      const idle = seeker === undefined ? undefined : this.#longestIdle(seeker, now);
      if (idle === undefined) break;
      idle.drain();
    }
    this.#isEvicting = false;
  }

  #longestIdle(seeker: Holder, now: number): Connection | undefined {
    let longest: Connection | undefined;
    let isAnyIdle = false;
    for (const holder of this.#connected) {
      if (holder === seeker) continue;
      const [connection] = holder.idle();
      if (connection === undefined) continue;
      isAnyIdle = true;
      // Who does one request after the other has a connection that is idle for no time.
      if (holder.slots <= seeker.slots && connection.idleSince + this.#idleGrace > now) continue;
      if (longest === undefined || connection.idleSince < longest.idleSince) longest = connection;
    }
    this.#mayHaveIdle = isAnyIdle;
    return longest;
  }

  /** A connection of this holder has nothing to do for the moment: should somebody else have its room? */
  shouldYield(holder: Holder, connection: Connection): boolean {
    if (this.#line.isEmpty || this.free > 0) return false;
    const { first } = this.#line;
    if (first === undefined || first === holder || first.slots >= holder.slots) return false;
    if (holder.longestWaiting === Infinity) return true;
    return first.longestWaiting < holder.longestWaiting && hasHadItsTurn(connection);
  }

  /** Does anybody wait for it? */
  get isWanted(): boolean {
    return !this.#line.isEmpty;
  }

  /** A connection of this holder is done with something, and does other things: should it end with those? */
  shouldLeave(holder: Holder, connection: Connection, now: number): boolean {
    if (this.#line.isEmpty || this.free > 0) return false;
    const { first } = this.#line;
    if (first === undefined || first === holder || first.slots >= holder.slots) return false;
    if (first.longestWaiting >= holder.longestWaiting || !isPastItsTime(connection, now)) return false;
    if (this.#leaving >= this.#line.size && now - this.#lastLeft < turnInTime) return false;
    this.#leaving += 1;
    this.#lastLeft = now;
    return true;
  }
}
