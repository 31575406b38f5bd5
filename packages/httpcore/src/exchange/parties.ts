import type { PoolTimeout } from '../contract/errors.ts';
import type { Clock } from '../time/clock.ts';
import type { Exchange } from './exchange.ts';
import type { Forwarding } from '../model/proxy/forwarding.ts';

/** Who has an exchange while it is queued, and takes it back for a replay. */
export interface ExchangeOwner {
  readonly clock: Clock;
  /** `null` where the peer is no proxy that forwards. */
  readonly forwarding: Forwarding | null;
  /** It ended while it was queued: forget it. */
  onCancelled(exchange: Exchange): void;
  /** It goes back to the queue, first in line. */
  onReplay(exchange: Exchange): void;
  /** It was answered 421. Returns whether it was sent to a connection of another origin; the next time it won't be. */
  onMisdirected(exchange: Exchange): boolean;
  /** Why it did not get a connection in time. */
  explainPoolTimeout(exchange: Exchange): PoolTimeout;
}
