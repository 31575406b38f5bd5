/**
 * How much of what costs us more than it costs the peer we put up with (RFC 9113 §10.5; CVE-2019-9511 to 9518,
 * CVE-2023-44487).
 *
 * Each kind has a bucket of tokens that time refills. The clock is only read when a bucket is empty, so an honest peer's
 * frame costs one subtraction. Work that explains a kind of frame gives tokens back: a sender of DATA must expect
 * WINDOW_UPDATEs.
 */
import { ErrorCode } from './constants.ts';
import { ConnectionFault } from './faults.ts';

interface AbuseLimit {
  /** As it reads in "The peer sent too many …". */
  readonly name: string;
  /** How many at once. */
  readonly burst: number;
  /** How many a second for ever. */
  readonly perSecond: number;
}

/** Generous: a hundred times what busy servers were seen to send, and still nothing that a process would notice. */
const abuseLimits = {
  /** A server that measures bandwidth sends one for each round trip. */
  ping: { name: 'PING frames', burst: 1_000, perSecond: 500 },
  settings: { name: 'SETTINGS frames', burst: 100, perSecond: 10 },
  windowUpdate: { name: 'WINDOW_UPDATE frames', burst: 4_000, perSecond: 1_000 },
  /** DATA with nothing in it that does not end its stream. Some servers send one before each trailer section. */
  emptyData: { name: 'empty DATA frames', burst: 1_000, perSecond: 100 },
  /** DATA of less than 64 octets. Event streams are made of those: 100 of them, with 100 events a second each, pass. */
  tinyData: { name: 'tiny DATA frames', burst: 20_000, perSecond: 20_000 },
  /** Frames for streams that we have reset: what was under way when we did, which can be a window full of DATA. */
  late: { name: 'frames on closed streams', burst: 20_000, perSecond: 2_000 },
  /** PRIORITY, unknown types, acknowledgements of nothing. */
  ignored: { name: 'frames without a meaning', burst: 1_000, perSecond: 100 },
} satisfies Record<string, AbuseLimit>;

/** DATA below this is tiny: its frame header costs as much as it brings. */
export const tinyDataLimit = 64;

export class Budget {
  readonly #limit: AbuseLimit;
  readonly #now: () => number;
  #tokens: number;
  #refilledAt: number;

  constructor(limit: AbuseLimit, now: () => number) {
    this.#limit = limit;
    this.#now = now;
    this.#tokens = limit.burst;
    this.#refilledAt = now();
  }

  /** @throws {ConnectionFault} ENHANCE_YOUR_CALM */
  spend(): void {
    this.#tokens -= 1;
    if (this.#tokens >= 0) return;
    const now = this.#now();
    const refill = Math.floor(((now - this.#refilledAt) / 1_000) * this.#limit.perSecond);
    if (refill < 1) throw new ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, `The peer sent too many ${this.#limit.name}`);
    this.#tokens = Math.min(refill, this.#limit.burst) - 1;
    this.#refilledAt = now;
  }

  earn(): void {
    if (this.#tokens < this.#limit.burst) this.#tokens += 1;
  }
}

export class AbuseBudget {
  readonly ping: Budget;
  readonly settings: Budget;
  readonly windowUpdate: Budget;
  readonly emptyData: Budget;
  readonly tinyData: Budget;
  readonly late: Budget;
  readonly ignored: Budget;

  constructor(now: () => number) {
    this.ping = new Budget(abuseLimits.ping, now);
    this.settings = new Budget(abuseLimits.settings, now);
    this.windowUpdate = new Budget(abuseLimits.windowUpdate, now);
    this.emptyData = new Budget(abuseLimits.emptyData, now);
    this.tinyData = new Budget(abuseLimits.tinyData, now);
    this.late = new Budget(abuseLimits.late, now);
    this.ignored = new Budget(abuseLimits.ignored, now);
  }

  /** We have sent a DATA frame, which can bring a WINDOW_UPDATE for its stream and one for the connection. */
  onDataSent(): void {
    this.windowUpdate.earn();
    this.windowUpdate.earn();
    this.ping.earn();
  }
}
