/** Which idle connections close: pure decisions, of which one also says when to ask again. */

export interface IdleConnection {
  readonly idleSince: number;
  /** In clock milliseconds. */
  readonly expiresAt: number;
}

export interface KeptConnection {
  readonly idleSince: number;
  /** Milliseconds, by the server's word or the protocol's rule; `undefined`: the pool's default counts. */
  readonly idleTimeout: number | undefined;
  /** When it has served for long enough, in clock milliseconds. */
  readonly retiresAt: number;
}

/** When a connection that is idle expires, in clock milliseconds. */
export function expiryOf({ idleSince, idleTimeout, retiresAt }: KeptConnection, keepAliveTimeout: number): number {
  return Math.min(idleSince + (idleTimeout ?? keepAliveTimeout), retiresAt);
}

export interface Eviction<Item> {
  readonly expired: readonly Item[];
  /** `Infinity` when nothing is left to expire. */
  readonly lookAgainAt: number;
}

export function evict<Item extends IdleConnection>(idle: Iterable<Item>, now: number): Eviction<Item> {
  const expired: Item[] = [];
  let lookAgainAt = Infinity;
  for (const connection of idle) {
    const { expiresAt } = connection;
    if (expiresAt <= now) expired.push(connection);
    else if (expiresAt < lookAgainAt) lookAgainAt = expiresAt;
  }
  return { expired, lookAgainAt };
}

/** What is more than `limit`: the longest idle. */
export function surplus<Item extends IdleConnection>(idle: Iterable<Item>, limit: number): readonly Item[] {
  const all = Array.from(idle);
  if (all.length <= limit) return [];
  return all.sort((one, other) => one.idleSince - other.idleSince).slice(0, all.length - limit);
}
