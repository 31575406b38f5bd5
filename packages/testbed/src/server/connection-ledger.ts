/** What a server saw of its connections: the figures that a client's own statistics are checked against. */
import { Conditions } from './conditions.ts';

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
  readonly #conditions: Conditions<ConnectionCounts> = new Conditions<ConnectionCounts>(this);

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
    return this.#conditions.until(condition);
  }

  serverClosed(): void {
    this.#conditions.serverClosed();
  }

  #notify(): void {
    this.#conditions.changed();
  }
}
