import { PoolTimeout, type SlotHolder } from '../contract/errors.ts';
import type { Exchange } from '../exchange/exchange.ts';

/** As many holders as an error names: thousands would cost each of thousands of errors their making. */
const namedHolders = 16;

export interface PoolTimeoutFacts {
  readonly now: number;
  /** The one that waited. */
  readonly exchange: Exchange;
  /** Those that have what it waited for, the longest there first. */
  readonly holders: readonly SlotHolder[];
  /** Connections and dials of its origin. */
  readonly taken: number;
  readonly maxConnectionsPerOrigin: number;
  readonly maxConnections: number;
}

/** Those of these exchanges that have run for longest. */
export function longestHolders(exchanges: Iterable<Exchange>, now: number): readonly SlotHolder[] {
  return Array.from(exchanges)
    .toSorted((one, other) => one.order - other.order)
    .slice(0, namedHolders)
    .map(({ method, origin, queuedAt, phase }) => ({ method, origin: origin.text, age: Math.round(now - queuedAt), phase }));
}

/** Says why a request got no connection in time: who holds them, since when, and what they are doing. */
export function poolTimeout({ now, exchange, holders, taken, maxConnectionsPerOrigin, maxConnections }: PoolTimeoutFacts): PoolTimeout {
  const oldest = holders
    .slice(0, 3)
    .map(({ method, origin, age, phase }) => `${method} ${origin} for ${age} ms in ${phase}`)
    .join('; ');
  return new PoolTimeout(
    `No connection to ${exchange.origin.text} came free in ${Math.round(now - exchange.queuedAt)} ms: ` +
      `${taken} of ${maxConnectionsPerOrigin} to this origin are taken, and the pool may hold ${maxConnections}` +
      (oldest === '' ? '' : ` (oldest: ${oldest})`),
    { holders, phase: 'pool' },
  );
}
