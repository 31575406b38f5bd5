/** How many connections to make for one origin: a pure decision. */

/** Whether connections to an origin carry one exchange or many; `unknown` until the first one has been made. */
export type Sharing = 'unknown' | 'exclusive' | 'shared';

export interface DialSituation {
  readonly sharing: Sharing;
  /** Exchanges that wait for this origin; of those that may be pipelined, as many as take one connection count as one. */
  readonly waiting: number;
  /** Dials under way to it. */
  readonly dialing: number;
  /** Shared connections to it that may have room as soon as their peer says so. */
  readonly expecting: number;
  /** Connections to it, idle or not. */
  readonly connections: number;
  readonly maxConnectionsPerOrigin: number;
  /** Connections and dials that the whole pool may still add. */
  readonly poolRoom: number;
}

export interface DialDecision {
  /** Dials to begin now. */
  readonly dial: number;
  /** More would begin if another origin gave up a connection. */
  readonly wantsRoom: boolean;
}

/** What connections are asked for such a decision. */
interface Deciding {
  readonly noNewExchanges: boolean;
  readonly expectsCapacity: boolean;
}

/** How many there may be to one origin, where `shared` are enough if each is shared. */
export function mostConnections(sharing: Sharing, each: number, shared: number, connections: Iterable<Deciding>): number {
  if (sharing !== 'shared' || shared === Infinity) return each;
  // One that takes nothing new must not be in the way of the next.
  let leaving = 0;
  for (const connection of connections) if (connection.noNewExchanges) leaving += 1;
  return Math.min(each, shared + leaving);
}

export function countExpecting(connections: Iterable<Deciding>): number {
  let count = 0;
  for (const connection of connections) if (connection.expectsCapacity) count += 1;
  return count;
}

/**
 * - `exclusive`: a dial for each one that waits.
 * - `unknown`: one, and the others wait to hear whether they can share it. Dialling for each would open as many TLS
 *   connections as there are requests, to a server that needs one.
 * - `shared`: one at a time, when all there are are full; each brings room for many.
 */
export function decideDials(situation: DialSituation): DialDecision {
  const { sharing, waiting, dialing, expecting, connections, maxConnectionsPerOrigin, poolRoom } = situation;
  const coming = dialing + expecting;
  const missing = (sharing === 'exclusive' ? waiting : Math.min(1, waiting)) - coming;
  const permitted = Math.min(missing, maxConnectionsPerOrigin - connections - dialing);
  if (permitted <= 0) return { dial: 0, wantsRoom: false };
  return { dial: Math.max(0, Math.min(permitted, poolRoom)), wantsRoom: permitted > poolRoom };
}
