/**
 * What all responses of a pool together hold in memory: bytes that have come and that nobody has taken, of responses that are still under way.
 * One that has come whole is its caller's, as what was taken is.
 *
 * Half of the limit is for what comes unasked: once that is used, whoever is not being read gets no more (HTTP/1.1 connections stop reading, windows
 * of HTTP/2 streams are shut), and those who wait for more go on, a little at a time. The other half is for what is under way
 * by then, and for the windows of streams that are read.
 */
export interface BodyMemoryWatcher {
  /** From now on, those who are not being read get nothing; or they do again. */
  onTight(isTight: boolean): void;
}

/** Of HTTP/2 (RFC 9113 §6.9), in octets. */
export interface StatedWindows {
  readonly streamWindow?: number | undefined;
  readonly maxStreamWindow?: number | undefined;
  readonly connectionWindow?: number | undefined;
}

const mebibyte = 1_048_576;
/** So many responses that nobody reads have room before anybody is told. */
const unreadWithRoom = 32;
const leastWindow = 16_384;
const leastConnectionWindow = 65_535;

export class BodyMemory {
  readonly limit: number;
  // Sizes that follow from the limit, in octets.
  /** What one response that shares its connection may hold, unread. */
  readonly streamWindow: number;
  /** What it may have while it is read, where nothing is known of the connection yet, and where much is. */
  readonly readWindow: number;
  readonly largestStreamWindow: number;
  /** What all of a connection may have under way. */
  readonly connectionWindow: number;
  readonly #bodyLimit: number;

  held = 0;
  /** Is it used so far that nobody gets more who is not being read? */
  isTight = false;
  #granted = 0;
  readonly #watchers = new Set<BodyMemoryWatcher>();

  /** `windows` are those that somebody has said; the others follow from the limit. */
  constructor(limit: number, { streamWindow, maxStreamWindow, connectionWindow }: StatedWindows = {}) {
    this.limit = limit;
    const unread = Math.floor(Math.min(mebibyte, Math.max(leastWindow, limit / 2 / unreadWithRoom)));
    this.streamWindow = streamWindow ?? Math.min(unread, maxStreamWindow ?? unread);
    this.largestStreamWindow = maxStreamWindow ?? Math.max(this.streamWindow, Math.floor(Math.min(16 * mebibyte, limit / 4)));
    this.readWindow = Math.min(Math.max(mebibyte, this.streamWindow), this.largestStreamWindow);
    this.connectionWindow = connectionWindow ?? Math.floor(Math.min(16 * mebibyte, Math.max(leastConnectionWindow, limit / 4)));
    this.#bodyLimit = Math.min(65_536, this.streamWindow);
  }

  add(octets: number): void {
    this.held += octets;
    if (!this.isTight && this.held * 2 > this.limit) this.#set(true);
  }

  remove(octets: number): void {
    this.held -= octets;
    if (this.isTight && this.held * 4 <= this.limit) this.#set(false);
  }

  watch(watcher: BodyMemoryWatcher): void {
    this.#watchers.add(watcher);
    if (this.isTight) watcher.onTight(true);
  }

  unwatch(watcher: BodyMemoryWatcher): void {
    this.#watchers.delete(watcher);
  }

  #set(isTight: boolean): void {
    this.isTight = isTight;
    for (const watcher of this.#watchers) watcher.onTight(isTight);
  }

  /** What one response on a connection of its own may hold before the connection stops reading. */
  get bodyLimit(): number {
    return this.isTight ? 0 : this.#bodyLimit;
  }

  // What windows have grown by.

  take(octets: number): number {
    const taken = this.isTight ? 0 : Math.max(0, Math.min(octets, Math.floor(this.limit / 2) - this.#granted));
    this.#granted += taken;
    return taken;
  }

  takeAnyway(octets: number): number {
    this.#granted += octets;
    return octets;
  }

  give(octets: number): void {
    this.#granted -= octets;
  }
}
