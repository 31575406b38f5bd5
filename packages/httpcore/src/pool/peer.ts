/**
 * The connections to one peer, and the exchanges that wait for one: of one origin, or of all for which the peer, a proxy, forwards.
 *
 * Whatever happens ends in one of two questions: "here is an exchange: who serves it?" (`submit`) and "here is capacity: who
 * is next?" (`#offer`). Connections are taken newest first, so that the ones not needed grow old and expire; exchanges
 * are served in the order in which they came. How many dials to begin is decided in `decide.ts`.
 *
 * Slots are counted here and in the pool: a connection or a dial takes one when it is added and gives it back exactly once,
 * in `onClosed` or when the dial fails.
 */
import type { Connection, ConnectionOwner } from '../connection/connection.ts';
import type { ExchangeOwner } from '../exchange/parties.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Forwarding } from '../model/proxy/forwarding.ts';
import type { Dial } from '../dial/dial.ts';
import { Aborted, ConnectError, toCoreError, type HttpCoreError, type PoolTimeout } from '../contract/errors.ts';
import type { Origin } from '../model/origin.ts';
import type { Destination } from '../model/destination.ts';
import type { Clock } from '../time/clock.ts';
import { AvailableConnections } from './available-connections.ts';
import { servedElsewhere, type CoalescingOrigin } from './coalescing.ts';
import { decideDials } from './decide.ts';
import { expiryOf } from './eviction.ts';
import type { PeerOwner } from './peer-owner.ts';
import { poolTimeout } from './pool-timeout.ts';
import { Line, type Place } from './line.ts';

interface PendingDial {
  /** `null` while it is being started: an observer may abort its exchange from inside. */
  dial: Dial<Connection> | null;
  /** The exchange that gets the error if the dial fails. */
  exchange: Exchange | null;
  /** Why it is not wanted any more. */
  givenUp: HttpCoreError | null;
}

export class Peer implements ExchangeOwner<Exchange>, ConnectionOwner, CoalescingOrigin {
  readonly destination: Destination;
  readonly clock: Clock;
  readonly forwarding: Forwarding | null;
  /** The same for peers that are one. */
  readonly key: string;
  /** The pool's own note: the spellings under which it finds this. */
  readonly spellings: string[] = [];
  readonly connections: Set<Connection> = new Set();

  readonly #pool: PeerOwner<Peer>;
  readonly #available = new AvailableConnections();
  readonly #line = new Line<Exchange>();
  readonly #places = new Map<Exchange, Place<Exchange>>();
  readonly #dials = new Set<PendingDial>();
  readonly #closedEarly = new Set<Connection>();
  #singleFlightFailed = false;

  constructor(pool: PeerOwner<Peer>, destination: Destination, key: string, forwarding: Forwarding | null) {
    this.#pool = pool;
    this.clock = pool.clock;
    this.destination = destination;
    this.key = key;
    this.forwarding = forwarding;
  }

  get origin(): Origin {
    return this.destination.origin;
  }

  get waitingCount(): number {
    return this.#line.size;
  }

  get dialCount(): number {
    return this.#dials.size;
  }

  get isEmpty(): boolean {
    return (
      this.connections.size === 0 && this.#dials.size === 0 && this.waitingCount === 0 && this.#pool.coalescing?.isGuest(this) !== true
    );
  }

  // Exchanges come

  submit(exchange: Exchange, now: number): void {
    this.#serveOrQueue(exchange, now, false);
  }

  #serveOrQueue(exchange: Exchange, now: number, first: boolean): void {
    const connection = this.#available.take(now, this.#pool.keepAliveTimeout);
    if (connection !== undefined) {
      start(connection, exchange, now);
      if (connection.capacity > 0) this.#available.add(connection);
      return;
    }
    const shared = this.#pool.coalescing?.connectionFor(this, now);
    if (shared === undefined) this.#wait(exchange, first);
    else start(shared, exchange, now);
  }

  #wait(exchange: Exchange, first: boolean): void {
    this.#pool.onWaiting(this);
    this.#places.set(exchange, first ? this.#line.unshift(exchange) : this.#line.push(exchange));
    exchange.waitFor('pool', this.clock.now());
    this.#pool.onDeadline(exchange.expiresAt);
    this.#grow();
  }

  #nextWaiting(): Exchange | undefined {
    const exchange = this.#line.shift();
    if (exchange === undefined) return undefined;
    this.#forget(exchange);
    return exchange;
  }

  #forget(exchange: Exchange): void {
    const place = this.#places.get(exchange);
    if (place === undefined) return;
    this.#line.remove(place);
    this.#places.delete(exchange);
    exchange.dialPhase = null;
    for (const pending of this.#dials) {
      if (pending.exchange === exchange) pending.exchange = this.#withoutDial();
    }
  }

  /** The first that waits and that no dial is bound to. */
  #withoutDial(): Exchange | null {
    if (this.#line.size === 0) return null;
    const bound = new Set<Exchange | null>();
    for (const pending of this.#dials) bound.add(pending.exchange);
    for (const exchange of this.#line) {
      if (!bound.has(exchange)) {
        this.#bind(exchange);
        return exchange;
      }
    }
    return null;
  }

  // A dial is under way for it: the connect limit counts, not the one on waiting for a slot.
  #bind(exchange: Exchange): void {
    exchange.waitFor('nothing', this.clock.now());
    exchange.dialPhase = 'connect';
    this.#pool.onDeadline(exchange.expiresAt);
  }

  // Dials

  /** Begins as many dials as are missing and permitted. */
  grow(): void {
    this.#grow();
  }

  #grow(): void {
    const known = this.#pool.sharingOf(this);
    const sharing = known === 'unknown' && this.#singleFlightFailed ? 'exclusive' : known;
    const decision = decideDials({
      sharing,
      expecting: sharing === 'exclusive' ? 0 : this.#expecting(),
      waiting: this.#line.size,
      dialing: this.#dials.size,
      connections: this.connections.size,
      maxConnectionsPerOrigin: this.#pool.maxConnectionsPerOrigin,
      poolRoom: this.#pool.room,
    });
    for (let count = 0; count < decision.dial; count += 1) {
      const exchange = this.#withoutDial();
      // Aborted by the observer of the one before.
      if (exchange === null) break;
      void this.#dial(exchange);
    }
    if (decision.wantsRoom) this.#pool.onRoomWanted(this);
  }

  #expecting(): number {
    let count = 0;
    for (const connection of this.connections) if (connection.expectsCapacity) count += 1;
    return count;
  }

  #dial(exchange: Exchange | null): Promise<void> {
    this.#pool.onSlotTaken();
    const pending: PendingDial = { dial: null, exchange, givenUp: null };
    this.#dials.add(pending);
    const dial = (pending.dial = this.#pool.dial(this, exchange));
    if (pending.givenUp !== null) dial.cancel(pending.givenUp);
    return dial.result.then(
      (connection) => this.#onDialed(pending, connection),
      (error: unknown) => {
        if (error === servedElsewhere) {
          this.#onServedElsewhere(pending);
          return;
        }
        const failure = toCoreError(error, (said) => {
          return new ConnectError(`No connection to ${this.origin.text} could be made: ${said}`, { phase: 'connect', cause: error });
        });
        this.#onDialFailed(pending, failure);
        if (exchange === null) throw failure;
      },
    );
  }

  /** Makes a connection that nobody waits for. Rejects as a dial does. */
  async preconnect(): Promise<void> {
    if (this.#available.hasCapacity) return;
    if (this.#pool.coalescing?.connectionFor(this, this.clock.now()) !== undefined) return;
    await this.#dial(null);
  }

  #onDialed(pending: PendingDial, connection: Connection): void {
    if (this.#closedEarly.delete(connection)) {
      // An error for who waits, and not another dial: the server could do so for ever.
      const error = new ConnectError('The server closed the connection as soon as it was made', {
        code: 'CONNECTION_CLOSED',
        phase: 'connect',
      });
      this.#onDialFailed(pending, error);
      return;
    }
    this.#dials.delete(pending);
    this.#singleFlightFailed = false;
    this.connections.add(connection);
    if (this.#pool.onMade(this, connection)) this.#offer(connection);
    else {
      this.#unbind(pending);
      connection.drain();
    }
    this.#grow();
  }

  #onDialFailed(pending: PendingDial, error: HttpCoreError): void {
    this.#dials.delete(pending);
    this.#pool.onSlotFreed();
    this.#singleFlightFailed = true;
    const { exchange } = pending;
    pending.exchange = null;
    if (exchange !== null && this.#places.has(exchange)) {
      this.#forget(exchange);
      exchange.refuse(error);
    }
    this.#grow();
    this.#closeIfDone();
  }

  /** It ended before it connected: the connection of another origin takes what waits. */
  #onServedElsewhere(pending: PendingDial): void {
    this.#dials.delete(pending);
    const connection = this.#pool.coalescing?.connectionFor(this, this.clock.now());
    if (connection !== undefined) this.serveWaiting(connection);
    // That one has become full, or is gone, since.
    this.#unbind(pending);
    this.#pool.onSlotFreed();
    this.#grow();
    this.#closeIfDone();
  }

  /** Its exchange gets nothing of the dial: it waits like the others for the next. */
  #unbind(pending: PendingDial): void {
    const { exchange } = pending;
    pending.exchange = null;
    if (exchange === null || !this.#places.has(exchange)) return;
    exchange.dialPhase = null;
    exchange.waitFor('pool', this.clock.now());
    this.#pool.onDeadline(exchange.expiresAt);
  }

  onGuestConnectionClosed(): void {
    this.#grow();
    this.#closeIfDone();
  }

  // From the exchanges

  onCancelled(exchange: Exchange): void {
    this.#forget(exchange);
    // Dials that nobody waits for any more are given up.
    let spare = this.#dials.size - this.#line.size;
    for (const pending of this.#dials) {
      if (spare <= 0) break;
      if (pending.exchange !== null) continue;
      spare -= 1;
      giveUp(pending, new Aborted('The request that this connection was made for was aborted', { phase: 'connect' }));
    }
    this.#closeIfDone();
  }

  onReplay(exchange: Exchange): void {
    this.#serveOrQueue(exchange, this.clock.now(), true);
  }

  onMisdirected(exchange: Exchange): boolean {
    return this.#pool.coalescing?.onMisdirected(this, exchange) === true;
  }

  explainPoolTimeout(exchange: Exchange): PoolTimeout {
    const { maxConnections, maxConnectionsPerOrigin } = this.#pool;
    const taken = this.connections.size + this.#dials.size;
    return poolTimeout({
      now: this.clock.now(),
      exchange,
      holders: this.#pool.holders(this),
      taken,
      maxConnections,
      maxConnectionsPerOrigin,
    });
  }

  // From the connections

  onCapacity(connection: Connection): void {
    this.#offer(connection);
    // It may have said that it takes less than there is to do.
    if (this.#line.size > 0) this.#grow();
  }

  onClosed(connection: Connection): void {
    this.#available.remove(connection);
    if (!this.connections.delete(connection)) {
      // It closed between its handshake and the moment at which its dial is seen to succeed: the slot is still the dial's.
      this.#closedEarly.add(connection);
      return;
    }
    this.#pool.onSlotFreed();
    this.#grow();
    this.#closeIfDone();
  }

  onDeadline(at: number): void {
    this.#pool.onDeadline(at);
  }

  get refusesHttp2(): boolean {
    return this.#pool.refusesHttp2(this);
  }

  onHttp1Required(connection: Connection): boolean {
    if (!this.#pool.onHttp1Required(this)) return false;
    for (const other of Array.from(this.connections)) {
      if (other !== connection && other.info.protocol === 'h2') other.drain();
    }
    return true;
  }

  // Capacity goes to who is next

  serveWaiting(connection: Connection): void {
    while (connection.capacity > 0) {
      const exchange = this.#nextWaiting();
      if (exchange === undefined) return;
      start(connection, exchange, this.clock.now());
    }
  }

  #offer(connection: Connection): void {
    this.serveWaiting(connection);
    if (connection.capacity === 0) return;
    if (connection.active === 0) {
      const now = connection.idleSince;
      if (this.#pool.closing || this.#pool.roomIsWanted || expiryOf(connection, this.#pool.keepAliveTimeout) <= now) {
        connection.drain();
        return;
      }
      this.#pool.onIdle(now);
    }
    this.#available.add(connection);
  }

  /** Idle connections, the oldest first. */
  idle(): Iterable<Connection> {
    return this.#available.idle();
  }

  /** Fails what has waited for too long; returns when to look again. */
  checkDeadlines(now: number): number {
    let next = Infinity;
    for (const exchange of Array.from(this.#line)) next = Math.min(next, exchange.checkLimits(now));
    for (const connection of Array.from(this.connections)) next = Math.min(next, connection.checkDeadlines(now));
    return next;
  }

  // Ending

  /** While the pool closes: what has nothing left to do is closed. */
  #closeIfDone(): void {
    if (this.#pool.closing && this.waitingCount === 0) {
      for (const pending of Array.from(this.#dials)) {
        giveUp(pending, new Aborted('The pool was closed while it connected', { phase: 'connect' }));
      }
      for (const connection of Array.from(this.connections)) connection.drain();
    }
    if (this.isEmpty) this.#pool.onEmpty(this);
  }

  /** For `close()`: lets what runs and what waits end. */
  drain(): void {
    this.#closeIfDone();
  }

  destroy(error: HttpCoreError): void {
    for (let exchange = this.#nextWaiting(); exchange !== undefined; exchange = this.#nextWaiting()) exchange.refuse(error);
    for (const pending of Array.from(this.#dials)) giveUp(pending, error);
    for (const connection of Array.from(this.connections)) connection.destroy(error);
    this.#closeIfDone();
  }
}

function start(connection: Connection, exchange: Exchange, now: number): void {
  if (connection.active === 0) connection.ref();
  connection.start(exchange, now);
}

function giveUp(pending: PendingDial, error: HttpCoreError): void {
  pending.givenUp = error;
  pending.dial?.cancel(error);
}
