/**
 * Requests of one origin over a connection that was made for another (RFC 9113 §9.1.1). Only with the option `coalesce`:
 * without it none of this exists.
 *
 *   dial ──▶ resolved ──no connection fits──▶ connects, as always
 *               │
 *               └──one fits──▶ guest ──the connection closes──▶ dials anew when it has something to send
 *                                └──────421 on it──────────────▶ dials, and is nobody's guest any more
 *
 * A connection fits that goes to one of the addresses and to the same port, that was verified, whose certificate names the
 * new origin too, and that has room. The dial ends there, before anything is connected to.
 *
 * The connection remains its host's: its slot, its idling and its end are counted there and nowhere else. Its room goes to
 * whoever of the host's waits, then to the guests. A guest that finds it full dials, like any origin whose connections are
 * full: nobody waits because of somebody else. The exchanges keep their own origin and their own owner, so limits, replays
 * and errors are those of the guest.
 */
import type { Connection, ConnectionOwner, Shareable } from '../connection/connection.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { DialRequest } from '../dial/dial.ts';
import { Aborted, type HttpCoreError } from '../contract/errors.ts';
import type { PoolSettings } from '../model/pool-options.ts';
import type { Origin } from '../model/origin.ts';
import type { TlsOptions } from '../contract/tls-options.ts';
import { coversHost, endpointKey, isCoalescable, SharedTrust } from './coalescing-rules.ts';
import type { Learnt } from './learnt.ts';

/** What this asks of an origin's pool, as a host and as a guest. */
export interface CoalescingOrigin extends ConnectionOwner {
  readonly origin: Origin;
  readonly key: string;
  readonly waitingCount: number;
  onHttp1Required(connection: Connection, exchange: Exchange | null): boolean;
  /** Gives what waits to a connection, while that takes any. */
  serveWaiting(connection: Connection): void;
  /** It is a guest on one connection less. */
  onGuestConnectionClosed(): void;
}

interface SharedConnection {
  readonly connection: Connection;
  readonly endpoint: string;
  readonly peer: Shareable;
  readonly host: CoalescingOrigin;
  /** The longest there first. */
  readonly guests: Set<CoalescingOrigin>;
}

/** The dial ended because a connection was found; nobody but the pool sees it. */
export const servedElsewhere: HttpCoreError = new Aborted('A connection to another origin serves this one', {
  code: 'SERVED_ELSEWHERE',
  phase: 'dns',
});

/** Guests stay known until the connection closes; where a wildcard names any number of hosts, that must have an end. */
const mostGuests = 256;

export class Coalescing {
  readonly #shared = new Map<Connection, SharedConnection>();
  readonly #byEndpoint = new Map<string, Set<SharedConnection>>();
  /** The connections of others on which each guest has exchanges, or may start some. */
  readonly #stays = new Map<CoalescingOrigin, Set<SharedConnection>>();
  readonly #learnt: Learnt;
  #trust: SharedTrust;

  private constructor(learnt: Learnt, tls: TlsOptions) {
    this.#learnt = learnt;
    this.#trust = new SharedTrust(tls);
  }

  /** `null` where it is off, and where the certificate's names are not what the caller goes by. */
  static create({ coalesce, http2, tls }: PoolSettings, learnt: Learnt): Coalescing | null {
    return coalesce && http2 && new SharedTrust(tls).goesByNames ? new Coalescing(learnt, tls) : null;
  }

  /** Other options of TLS hold for connections that are made from now on. */
  trustBy(tls: TlsOptions): void {
    this.#trust = new SharedTrust(tls);
  }

  // Connections come and go

  /** The owner for a connection that is made for `host`: it hears of everything first, then the guests do. */
  ownerFor(host: CoalescingOrigin): ConnectionOwner {
    return {
      onCapacity: (connection) => {
        const shared = this.#shared.get(connection);
        if (shared !== undefined && shared.guests.size > 0) this.#offer(shared);
        host.onCapacity(connection);
      },
      onClosed: (connection, error) => {
        host.onClosed(connection, error);
        const shared = this.#shared.get(connection);
        if (shared !== undefined) this.#remove(shared);
      },
      onDeadline: (at) => host.onDeadline(at),
      onHttp1Required: (connection, exchange) => this.#onHttp1Required(connection, exchange, host),
    };
  }

  /** Refused is who asked, or else everybody on the connection. */
  #onHttp1Required(connection: Connection, exchange: Exchange | null, host: CoalescingOrigin): boolean {
    const guests = Array.from(this.#shared.get(connection)?.guests ?? []);
    if (exchange === null) {
      for (const guest of guests) guest.onHttp1Required(connection, null);
      return host.onHttp1Required(connection, null);
    }
    const asking = guests.find(({ origin }) => origin.text === exchange.origin.text) ?? host;
    return asking.onHttp1Required(connection, exchange);
  }

  /** A connection was made. */
  add(connection: Connection, host: CoalescingOrigin): void {
    const { coalescing } = connection;
    if (coalescing === undefined || !isCoalescable(host.origin)) return;
    const { proxy, remotePort } = connection.info;
    // A host that was given another port (`resolve`) is another server than one at that address and its own port.
    if (proxy === undefined && remotePort !== undefined && remotePort !== host.origin.port) return;
    const endpoint = endpointKey(coalescing.remoteAddress, host.origin.port);
    const shared: SharedConnection = { connection, endpoint, peer: coalescing, host, guests: new Set() };
    this.#shared.set(connection, shared);
    const sameEndpoint = this.#byEndpoint.get(endpoint);
    if (sameEndpoint === undefined) this.#byEndpoint.set(endpoint, new Set([shared]));
    else sameEndpoint.add(shared);
  }

  #remove(shared: SharedConnection): void {
    this.#shared.delete(shared.connection);
    const sameEndpoint = this.#byEndpoint.get(shared.endpoint);
    sameEndpoint?.delete(shared);
    if (sameEndpoint?.size === 0) this.#byEndpoint.delete(shared.endpoint);
    for (const guest of Array.from(shared.guests)) this.#end(guest, shared);
  }

  // The host's before the guests', and all before it counts as idle: it may be wanted for its slot.
  #offer({ connection, host, guests }: SharedConnection): void {
    host.serveWaiting(connection);
    for (const guest of guests) {
      if (connection.capacity === 0) return;
      if (guest.waitingCount > 0 && !this.#isNoGuest(guest)) guest.serveWaiting(connection);
    }
  }

  // Guests come and go

  /** For the dial of an origin: looks for a connection, and makes the origin a guest on it. */
  lookFor(guest: CoalescingOrigin): DialRequest['onResolved'] {
    if (!isCoalescable(guest.origin)) return undefined;
    return (addresses) => {
      const shared = this.#find(guest, addresses);
      if (shared === undefined) return undefined;
      this.#begin(guest, shared);
      return servedElsewhere;
    };
  }

  #find(guest: CoalescingOrigin, addresses: readonly string[]): SharedConnection | undefined {
    if (!this.#trust.goesByNames || this.#isNoGuest(guest)) return undefined;
    const { host, port } = guest.origin;
    for (const address of addresses) {
      for (const shared of this.#byEndpoint.get(endpointKey(address, port)) ?? []) {
        if (shared.host === guest || shared.connection.capacity === 0) continue;
        if (!this.#trust.isSameFor(guest.origin, shared.host.origin) || !this.#trust.isPinned(guest.origin, shared.peer)) continue;
        if (coversHost(shared.peer.certificateNames(), host)) return shared;
      }
    }
    return undefined;
  }

  #begin(guest: CoalescingOrigin, shared: SharedConnection): void {
    const { connection, guests } = shared;
    guests.add(guest);
    const stays = this.#stays.get(guest);
    if (stays === undefined) this.#stays.set(guest, new Set([shared]));
    else stays.add(shared);
    if (guests.size <= mostGuests) return;
    const busy = new Set(connection.exchanges().map(({ origin }) => origin.text));
    for (const other of guests) {
      if (other === guest || other.waitingCount > 0 || busy.has(other.origin.text)) continue;
      this.#end(other, shared);
      return;
    }
  }

  #end(guest: CoalescingOrigin, shared: SharedConnection): void {
    shared.guests.delete(guest);
    const stays = this.#stays.get(guest);
    stays?.delete(shared);
    if (stays?.size === 0) this.#stays.delete(guest);
    guest.onGuestConnectionClosed();
  }

  isGuest(guest: CoalescingOrigin): boolean {
    return this.#stays.has(guest);
  }

  /** A connection that an exchange of the guest's can start on now. */
  connectionFor(guest: CoalescingOrigin, now: number): Connection | undefined {
    const stays = this.#stays.get(guest);
    if (stays === undefined || this.#isNoGuest(guest)) return undefined;
    for (const { connection } of Array.from(stays)) {
      if (connection.capacity === 0) continue;
      if ((connection.active > 0 ? connection.retiresAt : connection.expiresAt) > now) return connection;
      connection.drain();
    }
    return undefined;
  }

  /**
   * RFC 9110 §15.5.20: an exchange was answered with 421. Returns whether that was on a connection of another origin; then
   * its own is nobody's guest from now on.
   */
  onMisdirected(guest: CoalescingOrigin, exchange: Exchange): boolean {
    for (const { connection } of this.#stays.get(guest) ?? []) {
      if (!connection.exchanges().includes(exchange)) continue;
      this.#learnt.onMisdirected(guest.key);
      return true;
    }
    return false;
  }

  /** Has it been turned away as a guest, or does it want HTTP/1.1? */
  #isNoGuest(guest: CoalescingOrigin): boolean {
    return this.#learnt.isNoGuest(guest.key);
  }

  // For people

  /** How many connections of others serve this origin too. */
  connectionsOf(guest: CoalescingOrigin): number {
    return this.#isNoGuest(guest) ? 0 : (this.#stays.get(guest)?.size ?? 0);
  }

  /** How many more exchanges an origin runs than its own connections carry (guests), or how many less (hosts). */
  lent(): ReadonlyMap<CoalescingOrigin, number> {
    const lent = new Map<CoalescingOrigin, number>();
    const count = (whose: CoalescingOrigin, change: number): void => void lent.set(whose, (lent.get(whose) ?? 0) + change);
    for (const { connection, host, guests } of this.#shared.values()) {
      if (guests.size === 0) continue;
      const byText = new Map(Array.from(guests, (guest) => [guest.origin.text, guest]));
      for (const { origin } of connection.exchanges()) {
        // Exchanges have an origin for each spelling of it.
        const guest = byText.get(origin.text);
        if (guest === undefined) continue;
        count(guest, 1);
        count(host, -1);
      }
    }
    return lent;
  }
}
