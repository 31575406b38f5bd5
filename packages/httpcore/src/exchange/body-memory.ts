/**
 * What all responses of a pool together may hold in memory: bytes that have come and that nobody has taken, of responses that are still under way.
 * One that has come whole is its caller's, as what was taken is.
 *
 * A window of HTTP/2 is a promise: what a server was told that it may send counts as soon as it is told. So `held + allowed` is what the pool may come to
 * hold without another word of ours, and that is what the limit is for.
 *
 * Each response may hold a share: a 64th of the limit, up to 1 MiB, while few are under way; where room gets scarce, a quarter of that, and so on. Whoever holds more
 * than the share is stopped: those who have been left unread for longest, for they have had the most time to fill theirs. Who comes later has room
 * for a share all the same, and who is waited for goes on whatever is left.
 *
 * A share gets smaller at once, and larger once a second in the long run: servers, which are told by SETTINGS, are not to hear of every wave.
 */

export interface BodyMemoryWatcher {
  /** The share is another. */
  onShare(): void;
}

/** Of HTTP/2 (RFC 9113 §6.9), in octets. */
export interface StatedWindows {
  readonly streamWindow?: number | undefined;
  readonly maxStreamWindow?: number | undefined;
  readonly connectionWindow?: number | undefined;
}

const mebibyte = 1_048_576;
/** So many responses have room for the whole share. */
const sharesAtFirst = 64;
/** With less room than for so many more, it gets smaller. */
const sharesLeft = 16;
const stepFactor = 4;
/** Less is not worth a window. */
const leastShare = 1_024;
const leastFirstShare = 16_384;
const leastConnectionWindow = 65_535;
/** What one response on a connection of its own may hold, where its share is more. */
const largestBodyLimit = 65_536;
// What who waits for a response may have under way, where there is room and where there is none.
const largestOpening = 65_536;
const leastOpening = 16_384;
const millisecondsOfGrowth = 1_000;
const mostGrowthsAtOnce = 10;
/** The clock is not asked at every end of a stream. */
const skipsAfterRefusal = 100;

/** For the windows of HTTP/2 it is a `WindowMemory`. */
export class BodyMemory {
  readonly limit: number;
  // Sizes that follow from the limit, in octets.
  /** What a response may have under way while it is read, where nothing is known of the connection yet, and where much is. */
  readonly readWindow: number;
  readonly largestStreamWindow: number;
  /** What all of a connection may have under way. */
  readonly connectionWindow: number;

  /** What has come and was not taken. */
  held = 0;
  /** What servers may send by the windows of their streams. */
  allowed = 0;

  /** Every share that there is, from the largest to none. */
  readonly #shares: readonly number[];
  readonly #now: () => number;
  #step = 0;
  /** What one response may hold that nobody reads. */
  #share: number;
  #bodyLimit!: number;
  // In octets held and allowed.
  #scarceAbove!: number;
  #plentyBelow!: number;
  /** By how much the next larger share is larger. */
  #more!: number;
  #streams = 0;
  /** What windows have grown by for being read. */
  #grown = 0;
  #growthsPaidUpTo = -Infinity;
  #skips = 0;
  #isReviewing = false;
  readonly #watchers = new Set<BodyMemoryWatcher>();

  /** `windows` are those that somebody has said; the others follow from the limit. */
  constructor(limit: number, now: () => number, { streamWindow, maxStreamWindow, connectionWindow }: StatedWindows = {}) {
    this.limit = limit;
    this.#now = now;
    const first = Math.max(1, Math.floor(Math.min(mebibyte, Math.max(limit / sharesAtFirst, Math.min(leastFirstShare, limit / 4)))));
    const share = streamWindow ?? Math.min(first, maxStreamWindow ?? first);
    this.#shares = sharesFrom(share);
    this.#share = share;
    this.largestStreamWindow = maxStreamWindow ?? Math.max(share, Math.floor(Math.min(16 * mebibyte, limit / 4)));
    this.readWindow = Math.min(Math.max(mebibyte, share), this.largestStreamWindow);
    this.connectionWindow = connectionWindow ?? Math.floor(Math.min(16 * mebibyte, Math.max(leastConnectionWindow, limit / 4)));
    this.#setStep(0);
  }

  /** What one response that shares its connection may hold, unread: what its window begins with. */
  get streamWindow(): number {
    return this.#share;
  }

  /** What one response on a connection of its own may hold before the connection stops reading. */
  get bodyLimit(): number {
    return this.#bodyLimit;
  }

  watch(watcher: BodyMemoryWatcher): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: BodyMemoryWatcher): void {
    this.#watchers.delete(watcher);
  }

  // What has come.

  add(octets: number): void {
    this.held += octets;
    if (this.held + this.allowed > this.#scarceAbove) this.#shrink();
  }

  remove(octets: number): void {
    this.held -= octets;
    if (this.held + this.allowed + this.#streams * this.#more < this.#plentyBelow) this.#enlarge();
  }

  // What may come.

  open(window: number): void {
    this.#streams += 1;
    this.allow(window);
  }

  close(window: number, grown: number): void {
    this.#streams -= 1;
    this.#grown -= grown;
    this.allow(-window);
  }

  allow(octets: number): void {
    this.allowed += octets;
    const all = this.held + this.allowed;
    if (all > this.#scarceAbove) this.#shrink();
    else if (all + this.#streams * this.#more < this.#plentyBelow) this.#enlarge();
  }

  use(octets: number): void {
    this.allowed -= octets;
  }

  /** Half of the limit at most, and never the last quarter of it. */
  grow(octets: number): number {
    const room = Math.min(this.limit / 2 - this.#grown, (this.limit / 4) * 3 - this.held - this.allowed);
    const grown = Math.max(0, Math.min(octets, Math.floor(room)));
    this.#grown += grown;
    return grown;
  }

  growAnyway(octets: number): void {
    this.#grown += octets;
  }

  get opening(): number {
    return Math.max(leastOpening, Math.min(largestOpening, this.limit - this.held - this.allowed));
  }

  // The share.

  #setStep(step: number): void {
    this.#step = step;
    this.#share = this.#shares[step]!;
    this.#bodyLimit = Math.min(largestBodyLimit, this.#share);
    this.#scarceAbove = this.limit - this.#reserveOf(step);
    this.#more = step === 0 ? 0 : this.#shares[step - 1]! - this.#share;
    this.#plentyBelow = step === 0 ? -Infinity : this.limit - 2 * this.#reserveOf(step - 1);
  }

  /** What is to be left for those that come later; nothing, where they get nothing. */
  #reserveOf(step: number): number {
    const share = this.#shares[step]!;
    return share === 0 ? -Infinity : Math.min(this.limit / 4, sharesLeft * share);
  }

  #shrink(): void {
    if (this.#isReviewing) return;
    this.#isReviewing = true;
    while (this.held + this.allowed > this.#scarceAbove) {
      this.#setStep(this.#step + 1);
      this.#tell();
    }
    this.#isReviewing = false;
  }

  #enlarge(): void {
    if (this.#isReviewing) return;
    if (this.#skips > 0 && this.#streams > 0) {
      this.#skips -= 1;
      return;
    }
    let step = this.#step;
    while (step > 0 && this.#hasRoomFor(step - 1)) step -= 1;
    if (step === this.#step) return;
    // A second for each, of which a few may be saved up.
    const now = this.#now();
    const from = Math.max(this.#growthsPaidUpTo, now - mostGrowthsAtOnce * millisecondsOfGrowth);
    if (from + millisecondsOfGrowth > now) {
      this.#skips = skipsAfterRefusal;
      return;
    }
    this.#growthsPaidUpTo = from + millisecondsOfGrowth;
    this.#isReviewing = true;
    this.#setStep(step);
    this.#tell();
    this.#isReviewing = false;
  }

  /** Those that are open get more as well. */
  #hasRoomFor(step: number): boolean {
    const more = this.#streams * (this.#shares[step]! - this.#share);
    return this.held + this.allowed + more < this.limit - 2 * this.#reserveOf(step);
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher.onShare();
  }
}

function sharesFrom(first: number): number[] {
  const shares = [first];
  for (let share = Math.floor(first / stepFactor); share >= leastShare; share = Math.floor(share / stepFactor)) shares.push(share);
  return [...shares, 0];
}
