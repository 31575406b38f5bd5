/** What lies between the two ends of a connection: bytes that take their time, in their order, and sometimes never arrive. */
import type { Clock, Scheduled } from '../time/clock.ts';

/** How a connection of a {@link ScriptedNetwork} behaves, in each direction. */
export interface LinkOptions {
  /** One way, in milliseconds. Default 0. */
  readonly latency?: number | undefined;
  /** Up to so many milliseconds more, as the seed has it, for each segment. Order is kept, as TCP keeps it. Default 0. */
  readonly jitter?: number | undefined;
  /** Bytes per second. Default `Infinity`. */
  readonly bandwidth?: number | undefined;
  /** How likely a segment is lost, 0 to 1: it, and all behind it, arrive later by {@link LinkOptions.retransmission}. Default 0. */
  readonly loss?: number | undefined;
  /** After how many milliseconds what was lost is sent again. Default 200, as of Linux at least. */
  readonly retransmission?: number | undefined;
  /** How likely a segment is answered by a reset of the connection, 0 to 1. Default 0. */
  readonly reset?: number | undefined;
  /** How likely a connection is refused, 0 to 1. Default 0. */
  readonly refuse?: number | undefined;
}

export type Link = { readonly [Name in keyof LinkOptions]-?: number };

export const idealLink: Link = { latency: 0, jitter: 0, bandwidth: Infinity, loss: 0, retransmission: 200, reset: 0, refuse: 0 };

/** @throws {RangeError} naming what is impossible. */
export function readLink(options: LinkOptions, base: Link): Link {
  const link = { ...base };
  for (const [name, value] of Object.entries(options) as [keyof LinkOptions, number | undefined][]) {
    if (!Object.hasOwn(idealLink, name)) throw new RangeError(`A link has no "${name}"; there are ${Object.keys(idealLink).join(', ')}`);
    if (value === undefined) continue;
    const isChance = name === 'loss' || name === 'reset' || name === 'refuse';
    const isPossible = typeof value === 'number' && value >= 0 && (!isChance || value <= 1) && (name !== 'bandwidth' || value > 0);
    if (!isPossible) throw new RangeError(`"${name}" of a link must be a number ${isChance ? 'from 0 to 1' : 'of 0 or more'}`);
    link[name] = value;
  }
  return link;
}

/** As much as Ethernet carries at once. */
const segmentSize = 1_460;

/** One direction. What is put in comes out in the same order, later. */
export class Lane {
  readonly #clock: Clock;
  readonly #link: Link;
  readonly #random: () => number;
  readonly #onReset: () => void;
  readonly #timers = new Set<Scheduled>();
  #freeAt = 0;
  #lastArrival = 0;
  /** Bytes under way. */
  inFlight = 0;

  constructor(clock: Clock, link: Link, random: () => number, onReset: () => void) {
    this.#clock = clock;
    this.#link = link;
    this.#random = random;
    this.#onReset = onReset;
  }

  /** `arrive` is called when the last of the bytes is there. */
  send(bytes: number, arrive: () => void): void {
    const { latency, jitter, bandwidth, loss, retransmission, reset } = this.#link;
    const segments = Math.max(1, Math.ceil(bytes / segmentSize));
    this.#freeAt = Math.max(this.#freeAt, this.#clock.now()) + (bytes / bandwidth) * 1_000;
    let late = 0;
    let isReset = false;
    for (let segment = 0; segment < segments; segment++) {
      let own = jitter === 0 ? 0 : jitter * this.#random();
      if (loss > 0) for (let tries = 0; tries < 10 && this.#random() < loss; tries++) own += retransmission;
      late = Math.max(late, own);
      if (reset > 0 && this.#random() < reset) isReset = true;
    }
    this.#lastArrival = Math.max(this.#lastArrival, this.#freeAt + latency + late);
    this.inFlight += bytes;
    this.#at(this.#lastArrival, () => {
      this.inFlight -= bytes;
      if (isReset) this.#onReset();
      else arrive();
    });
  }

  /** Behind everything that was sent. */
  sendEnd(arrive: () => void): void {
    this.#lastArrival = Math.max(this.#lastArrival, Math.max(this.#freeAt, this.#clock.now()) + this.#link.latency);
    this.#at(this.#lastArrival, arrive);
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #at(moment: number, task: () => void): void {
    const timer = this.#clock.schedule(moment - this.#clock.now(), () => {
      this.#timers.delete(timer);
      task();
    });
    this.#timers.add(timer);
  }
}
