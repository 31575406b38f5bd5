import type { Connection } from '../connection/connection.ts';
import { expiryOf } from './eviction.ts';
import { KeepAliveEstimate, type KeepAliveLimits } from './keep-alive-estimate.ts';

/** What has been learnt outlives the connections. */
export interface KeepAliveMemory {
  keepAliveOf(key: string): KeepAliveEstimate | undefined;
  /** Remembers it. */
  onKeepAlive(key: string, estimate: KeepAliveEstimate): void;
}

/** How long the connections to one destination are kept while they are idle. */
export class KeepAlive {
  readonly #key: string;
  readonly #limits: KeepAliveLimits;
  readonly #memory: KeepAliveMemory;
  #estimate: KeepAliveEstimate | undefined;

  constructor(key: string, limits: KeepAliveLimits, memory: KeepAliveMemory) {
    this.#key = key;
    this.#limits = limits;
    this.#memory = memory;
    this.#estimate = memory.keepAliveOf(key);
  }

  /** It is used again, after whatever time. */
  onUsed(connection: Connection, now: number): void {
    const estimate = this.#estimate;
    if (estimate !== undefined && now - connection.idleSince > estimate.doubtedFrom) connection.keptFor = now - connection.idleSince;
  }

  /** It has become idle: when does it close, if it stays so? */
  expiryOf(connection: Connection): number {
    const estimate = this.#estimate;
    if (estimate === undefined) return expiryOf(connection, this.#limits.initial);
    if (connection.keptFor > 0) {
      estimate.onReused(connection.keptFor);
      connection.keptFor = 0;
    }
    const now = connection.idleSince;
    return Math.min(expiryOf(connection, estimate.limit(now)), now + estimate.ceiling(now));
  }

  /** Learns from one that has ended: closed by the server while it was idle, or by us for that. */
  onClosed({ lostAfter, expiresAt, retiresAt, idleSince, idleTimeout }: Connection, now: number): void {
    if (lostAfter !== undefined) this.#learning.onClosed(lostAfter, now);
    else if (expiresAt <= now && expiresAt < retiresAt && idleTimeout === undefined) this.#learning.onKept(expiresAt - idleSince, now);
  }

  get #learning(): KeepAliveEstimate {
    if (this.#estimate === undefined) {
      this.#estimate = new KeepAliveEstimate(this.#limits);
      this.#memory.onKeepAlive(this.#key, this.#estimate);
    }
    return this.#estimate;
  }
}
