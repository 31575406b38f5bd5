/**
 * How much of what costs us more than it costs the peer we put up with (RFC 9113 §10.5; CVE-2019-9511 to 9518,
 * CVE-2023-44487).
 *
 * Each kind has a bucket of tokens that time refills. The clock is only read when a bucket is empty, so an honest peer's
 * frame costs one subtraction. Work that explains a kind of frame gives tokens back, as much as the busiest honest peer could make of it: octets
 * that are uploaded bring WINDOW_UPDATEs, requests bring answers with all that servers put around them, a stream that we give up leaves
 * frames under way. So no rate of useful work ends a connection; what is charged is what moves nothing.
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
  /** DATA of one octet or a few: it does move something, if hardly. */
  tinyData: { name: 'tiny DATA frames', burst: 60_000, perSecond: 20_000 },
  /** Frames for streams that we have reset: what was under way when we did, which can be a window full of DATA. */
  late: { name: 'frames on closed streams', burst: 20_000, perSecond: 2_000 },
  /** PRIORITY, unknown types, acknowledgements of nothing. */
  ignored: { name: 'frames without a meaning', burst: 1_000, perSecond: 100 },
} satisfies Record<string, AbuseLimit>;

/** DATA below this is tiny: its frame header is longer than what it brings. Rows of text that are flushed one by one are not. */
const tinyDataLimit = 8;

/** A server that gives windows back for every read of 32 octets (Go does so for what its handler reads), to the stream and to the connection, is none that harms. */
const octetsForUpdates = 16;
/** DATA that was under way when a stream was reset may have come in frames as small as this. */
const octetsForLateFrame = 16;

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

  /** Beyond the burst, too: what work explains may come long after it, and all at once. */
  earn(tokens: number): void {
    this.#tokens += tokens;
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

  /** We have sent a request: its answer may come in small frames, and bring what servers send beside answers (ALTSVC, WINDOW_UPDATE, PING). */
  onRequest(): void {
    this.windowUpdate.earn(4);
    this.ping.earn(1);
    this.emptyData.earn(2);
    this.tinyData.earn(8);
    this.ignored.earn(2);
  }

  /** We have sent DATA, which brings WINDOW_UPDATEs. */
  onDataSent(octets: number): void {
    this.windowUpdate.earn(2 + Math.ceil(octets / octetsForUpdates));
    this.ping.earn(1);
  }

  /** DATA begins that does not end its stream. @throws {ConnectionFault} */
  onDataReceived(octets: number): void {
    if (octets >= tinyDataLimit) this.emptyData.earn(1);
    else if (octets === 0) this.emptyData.spend();
    else this.tinyData.spend();
  }

  /** We have reset a stream, for which the peer was free to send so many octets more. */
  onReset(window: number): void {
    this.late.earn(4 + Math.ceil(window / octetsForLateFrame));
  }
}
