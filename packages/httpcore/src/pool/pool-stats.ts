/** The pool as people look at it. */
import type { NameStats } from '../contract/name-stats.ts';
import type { Coalescing } from './coalescing.ts';
import type { Peer } from './peer.ts';

/** A look at the pool at one moment. */
export interface PoolStats {
  /** Connections that are open. */
  readonly connections: number;
  /** Those of them that carry nothing. */
  readonly idle: number;
  /** Connections being made. */
  readonly connecting: number;
  /** Exchanges that run. */
  readonly active: number;
  /** Exchanges that wait for a connection. */
  readonly queued: number;
  /** Bytes of responses under way that have come and that nobody has taken; see `maxBufferedBytes`. */
  readonly bufferedBytes: number;
  /** Connections made since the pool was made. */
  readonly opened: number;
  /** Exchanges taken since the pool was made. */
  readonly requests: number;
  readonly names: NameStats;
  readonly origins: readonly OriginStats[];
}

/** The connections to one origin, and who waits for them. */
export interface OriginStats {
  /** Or a proxy, for all the origins to which it forwards. */
  readonly origin: string;
  /** The proxy on the way, as `scheme://host:port`. */
  readonly proxy: string | undefined;
  readonly connections: number;
  readonly idle: number;
  readonly connecting: number;
  readonly active: number;
  readonly queued: number;
  /** Connections to other origins that carry its exchanges too (`coalesce`). */
  readonly coalesced: number;
}

/** `counts` are those that only the pool itself keeps. */
export function poolStats(
  peers: readonly Peer[],
  coalescing: Coalescing | null,
  counts: Pick<PoolStats, 'bufferedBytes' | 'opened' | 'requests' | 'names'>,
): PoolStats {
  const lent = coalescing?.lent();
  const origins = peers.map((peer): OriginStats => {
    const connections = Array.from(peer.connections);
    return {
      origin: peer.origin.text,
      proxy: (peer.destination.proxy ?? peer.destination.via)?.origin,
      connections: connections.length,
      idle: connections.filter((connection) => connection.active === 0).length,
      connecting: peer.dialCount,
      active: connections.reduce((sum, connection) => sum + connection.active, lent?.get(peer) ?? 0),
      queued: peer.waitingCount,
      coalesced: coalescing?.connectionsOf(peer) ?? 0,
    };
  });
  const sum = (key: Exclude<keyof OriginStats, 'origin' | 'proxy'>): number => origins.reduce((total, each) => total + each[key], 0);
  return {
    connections: sum('connections'),
    idle: sum('idle'),
    connecting: sum('connecting'),
    active: sum('active'),
    queued: sum('queued'),
    ...counts,
    origins,
  };
}
