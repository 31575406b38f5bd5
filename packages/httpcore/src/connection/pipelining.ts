/** What an HTTP/1.1 connection is told of pipelining, and tells of it. */
export interface Pipelining {
  /** How many requests may be under way on one connection. At least 2. */
  readonly depth: number;
  /** May requests be written to this destination that are not answered one by one? `now` is clock milliseconds. */
  isFit(now: number): boolean;
  /** It has shown that they may not; until then. */
  onUnfit(until: number): void;
}

/** So long, in milliseconds, somebody waits behind a request whose turn has come, before he goes to another connection. */
export const patience = 1_000;
/** A server that closes its connections after fewer answers, with requests outstanding, has no use for them. */
export const fewAnswers = 16;
/** For so long, in milliseconds, nothing is pipelined to a destination that keeps those behind waiting. */
export const pauseOfSlow = 60_000;
/** To one that closes connections with requests outstanding, or answers what it was not asked. */
export const pauseOfBroken = 600_000;
