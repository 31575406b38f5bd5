/** How a misdirected exchange leaves its connection for good, and how all exchanges leave connections that are not to be used any more. */
import type { Connection } from '../connection/connection.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { PendingDial } from './pending-dial.ts';

interface Connections {
  readonly connections: ReadonlySet<Connection>;
  readonly dialCount: number;
  /** Of the pool's, connections being made included. */
  readonly slots: number;
}

interface Limits {
  readonly maxConnectionsPerOrigin: number;
  readonly room: number;
}

/**
 * The connection takes no new exchanges, if there is another to go to: there may be one more, there is one, or this one ends with its
 * last exchange. Else the exchange would wait for the others there: false.
 */
export function leave(exchange: Exchange, { connections, dialCount, slots }: Connections, limits: Limits): boolean {
  const all = Array.from(connections);
  const own = all.find((connection) => connection.exchanges().includes(exchange));
  if (own === undefined) return false;
  const isThereAnother = dialCount > 0 || all.some((connection) => connection !== own && !connection.noNewExchanges);
  const mayDial = slots < limits.maxConnectionsPerOrigin && limits.room > 0;
  if (own.active > 1 && !isThereAnother && !mayDial) return false;
  own.drain();
  return true;
}

/** Nothing new begins on these connections, nor on those that are being made. */
export function retire(connections: ReadonlySet<Connection>, dials: ReadonlySet<PendingDial>): void {
  for (const pending of dials) pending.isOutdated = true;
  for (const connection of Array.from(connections)) connection.drain();
}
