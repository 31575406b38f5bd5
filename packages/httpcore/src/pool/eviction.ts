/** Which idle connections have been idle for too long: a pure decision that also says when to ask again. */

export interface IdleConnection {
  readonly idleSince: number;
  /** Milliseconds, by the server's word or the protocol's rule; `undefined`: the pool's default counts. */
  readonly idleTimeout: number | undefined;
}

/** When an idle connection expires, in clock milliseconds. */
export function expiryOf(connection: IdleConnection, keepAliveTimeout: number): number {
  return connection.idleSince + (connection.idleTimeout ?? keepAliveTimeout);
}

export interface Eviction<Item> {
  readonly expired: readonly Item[];
  /** `Infinity` when nothing is left to expire. */
  readonly lookAgainAt: number;
}

export function evict<Item extends IdleConnection>(idle: Iterable<Item>, keepAliveTimeout: number, now: number): Eviction<Item> {
  const expired: Item[] = [];
  let lookAgainAt = Infinity;
  for (const connection of idle) {
    const expiry = expiryOf(connection, keepAliveTimeout);
    if (expiry <= now) expired.push(connection);
    else if (expiry < lookAgainAt) lookAgainAt = expiry;
  }
  return { expired, lookAgainAt };
}
