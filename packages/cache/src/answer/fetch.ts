/** One asking of the origin: what is known before, and who is told after. */
import type { CacheRequest } from '../cache-request.ts';
import type { StoredResponse } from '../store/store.ts';
import type { Flight } from './flight.ts';
import type { Relay } from './relay.ts';

/** What is known when the origin is asked. */
export interface Basis {
  /** Why it is asked. */
  readonly why: string;
  /** All that is stored under the key. */
  readonly found: readonly StoredResponse[];
  /** What would answer the request, if it were fresh. */
  readonly stored: StoredResponse | undefined;
  /** What was stored for other requests: the origin may say that one of them will do (RFC 9111 §4.3.1). */
  readonly siblings: readonly StoredResponse[];
  /** The first bytes of what is asked for. */
  readonly beginning: StoredResponse | undefined;
  /** Is `stored` from requests without credentials, and this one has some? It is used, and not asked about. */
  readonly isOfNobody: boolean;
}

export function nothingStored(why: string): Basis {
  return { why, found: [], stored: undefined, siblings: [], beginning: undefined, isOfNobody: false };
}

/** An exchange of this process, with what it was asked for. */
export interface Fetch {
  readonly request: CacheRequest;
  readonly basis: Basis;
  readonly flight: Flight;
  readonly relay: Relay | undefined;
  /** Who waited for it, and the lock that others see, are told. Idempotent. */
  end(): void;
}
