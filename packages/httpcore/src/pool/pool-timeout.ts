import type { Exchange } from '../exchange/exchange.ts';
import { PoolTimeout } from '../contract/errors.ts';

export interface PoolTimeoutFacts {
  readonly now: number;
  /** The one that waited. */
  readonly exchange: Exchange;
  /** Those that have what it waited for. */
  readonly holders: readonly Exchange[];
  /** Connections and dials of its origin. */
  readonly taken: number;
  readonly maxConnectionsPerOrigin: number;
  readonly maxConnections: number;
}

/** Says why a request got no connection in time: who holds them, since when, and what they are doing. */
export function poolTimeout(facts: PoolTimeoutFacts): PoolTimeout {
  const { now, exchange, taken, maxConnectionsPerOrigin, maxConnections } = facts;
  const holders = facts.holders.map((holder) => ({
    method: holder.method,
    origin: holder.origin.text,
    age: Math.round(now - holder.queuedAt),
    phase: holder.phase,
  }));
  const oldest = holders
    .toSorted((one, other) => other.age - one.age)
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
