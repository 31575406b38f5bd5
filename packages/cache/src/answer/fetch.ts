/** One asking of the origin: what is known before, and who is told after. */
import type { CacheRequest } from '../cache-request.ts';
import type { StoredResponse, Unlock } from '../store/store.ts';
import type { Flight } from './flight.ts';
import type { Flights } from './flights.ts';
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

const none: readonly StoredResponse[] = Object.freeze([]);

export function nothingStored(why: string): Basis {
  return { why, found: none, stored: undefined, siblings: none, beginning: undefined, isOfNobody: false };
}

/** As most requests that are sent find the store. */
export const nothingAtAll: Basis = Object.freeze(nothingStored('nothing stored'));

/** An exchange of this process, with what it was asked for. */
export class Fetch {
  readonly request: CacheRequest;
  readonly basis: Basis;
  readonly flight: Flight;
  readonly relay: Relay | undefined;
  readonly #flights: Flights;
  #unlock: Unlock | undefined;

  constructor(request: CacheRequest, basis: Basis, flight: Flight, flights: Flights, relay: Relay | undefined, unlock?: Unlock) {
    this.request = request;
    this.basis = basis;
    this.flight = flight;
    this.relay = relay;
    this.#flights = flights;
    this.#unlock = unlock;
  }

  /** Who waited for it, and the lock that others see, are told. Idempotent. */
  end(): void {
    this.#flights.end(this.flight);
    const unlock = this.#unlock;
    this.#unlock = undefined;
    void unlock?.();
  }

  /** The same once more, after an answer that was of no use; this one has no end of its own any more. */
  again(basis: Basis, relay: Relay | undefined): Fetch {
    const unlock = this.#unlock;
    this.#unlock = undefined;
    return new Fetch(this.request, basis, this.flight, this.#flights, relay, unlock);
  }
}
