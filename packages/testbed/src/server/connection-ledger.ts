/** What a server saw of its connections: the figures that a client's own statistics are checked against. */

export interface ConnectionCounts {
  /** TCP (or unix socket) connections accepted since the start. */
  readonly accepted: number;
  /** Connections that are open now. */
  readonly open: number;
  /** The most that were open at one moment. */
  readonly peak: number;
  /** Requests whose head has arrived. */
  readonly requests: number;
  /** Requests by connection, in the order in which the connections were accepted. */
  readonly requestsPerConnection: readonly number[];
  /** The most requests that one connection had under way at one moment: 1 over HTTP/1.1, up to its limit on streams over HTTP/2. */
  readonly peakPerConnection: number;
  /** Finished TLS handshakes, and how many of them resumed a session. */
  readonly handshakes: number;
  readonly resumed: number;
  /**
   * Resolves once the condition holds, at once if it does already; rejects when the server closes before that.
   *
   * @example
   * await server.connections.until((counts) => counts.open === 0);
   */
  until(condition: (counts: ConnectionCounts) => boolean): Promise<void>;
}

interface Watcher {
  readonly condition: (counts: ConnectionCounts) => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class ConnectionLedger implements ConnectionCounts {
  accepted = 0;
  open = 0;
  peak = 0;
  requests = 0;
  peakPerConnection = 0;
  handshakes = 0;
  resumed = 0;
  readonly requestsPerConnection: number[] = [];
  readonly #underWay: number[] = [];
  #watchers: Watcher[] = [];
  #closed = false;

  /** Gives the connection's index in `requestsPerConnection`. */
  connectionOpened(): number {
    this.open += 1;
    this.peak = Math.max(this.peak, this.open);
    this.accepted += 1;
    this.requestsPerConnection.push(0);
    this.#notify();
    return this.accepted - 1;
  }

  connectionClosed(): void {
    this.open -= 1;
    this.#notify();
  }

  handshakeFinished(resumed: boolean): void {
    this.handshakes += 1;
    if (resumed) this.resumed += 1;
    this.#notify();
  }

  requestArrived(connection: number): void {
    this.requests += 1;
    this.requestsPerConnection[connection] = (this.requestsPerConnection[connection] ?? 0) + 1;
    const underWay = (this.#underWay[connection] ?? 0) + 1;
    this.#underWay[connection] = underWay;
    this.peakPerConnection = Math.max(this.peakPerConnection, underWay);
    this.#notify();
  }

  /** Its exchange is over, answered or not. */
  requestEnded(connection: number): void {
    this.#underWay[connection] = (this.#underWay[connection] ?? 1) - 1;
  }

  until(condition: (counts: ConnectionCounts) => boolean): Promise<void> {
    if (condition(this)) return Promise.resolve();
    if (this.#closed) return Promise.reject(neverHolds());
    return new Promise((resolve, reject) => {
      this.#watchers.push({ condition, resolve, reject });
    });
  }

  serverClosed(): void {
    this.#closed = true;
    this.#notify();
    const left = this.#watchers;
    this.#watchers = [];
    for (const watcher of left) watcher.reject(neverHolds());
  }

  #notify(): void {
    if (this.#watchers.length === 0) return;
    this.#watchers = this.#watchers.filter((watcher) => {
      if (!watcher.condition(this)) return true;
      watcher.resolve();
      return false;
    });
  }
}

function neverHolds(): Error {
  return new Error('the server closed before the awaited condition held');
}
