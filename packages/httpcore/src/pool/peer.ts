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
import type { BodyMemory } from '../exchange/body-memory.ts';
import type { ExchangeOwner } from '../exchange/parties.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { unreached } from '../model/proxy/unreached.ts';
import type { Forwarding } from '../model/proxy/forwarding.ts';
import { connectTimeout, type Dial } from '../dial/dial.ts';
import { Aborted, type ConnectTimeout, type ErrorPhase, type HttpCoreError, type PoolTimeout } from '../contract/errors.ts';
import type { Origin } from '../model/origin.ts';
import type { Destination } from '../model/destination.ts';
import type { Clock } from '../time/clock.ts';
import { runOutside } from '../time/outside.ts';
import { AvailableConnections } from './available-connections.ts';
import { servedElsewhere, type CoalescingOrigin } from './coalescing.ts';
import { closedEarly, closedWhileConnecting, dialFailure } from './connect-errors.ts';
import { countExpecting, decideDials, mostConnections, type Sharing } from './decide.ts';
import { KeepAlive } from './keep-alive.ts';
import { leave, retire } from './leaving.ts';
import { Line } from './line.ts';
import type { PeerOwner } from './peer-owner.ts';
import { poolTimeout } from './pool-timeout.ts';
import { PendingDial } from './pending-dial.ts';
import { takes } from './pipelining.ts';

export class Peer implements ExchangeOwner<Exchange>, ConnectionOwner, CoalescingOrigin {
  readonly destination: Destination;
  readonly clock: Clock;
  readonly memory: BodyMemory;
  readonly forwarding: Forwarding | null;
  readonly callsForRequests: boolean;
  /** The same for peers that are one. */
  readonly key: string;
  /** The pool's own note: the spellings under which it finds this. */
  readonly spellings: string[] = [];
  readonly connections: Set<Connection> = new Set();

  readonly #pool: PeerOwner<Peer>;
  /** How many requests one connection carries at once over HTTP/1.1. */
  readonly #pipelining: number;
  readonly #available = new AvailableConnections();
  readonly #keepAlive: KeepAlive;
  // Its own limit counts, from then on, whoever the dial was begun for.
  readonly #line: Line;
  readonly #dials = new Set<PendingDial>();
  /** Is a dial under way that all wait for, since it may serve them all and there is no other connection? */
  #dependsOnDial = false;
  readonly #closedEarly = new Set<Connection>();
  #singleFlightFailed = false;
  /** Has all that is here been told to end, and has nothing come since? Each end asks, so that telling all again would be work squared. */
  #isEnding = false;

  constructor(pool: PeerOwner<Peer>, destination: Destination, key: string, forwarding: Forwarding | null) {
    this.#pool = pool;
    this.clock = pool.clock;
    this.memory = pool.memory;
    this.destination = destination;
    this.key = key;
    this.#keepAlive = new KeepAlive(key, pool.keepAlive, pool.learnt);
    this.forwarding = forwarding;
    this.#pipelining = forwarding === null ? pool.pipelining : 1;
    this.#line = new Line((exchange) => this.#waitFor(exchange, 'connect', this.clock.now()), this.#pipelining);
    this.callsForRequests = pool.callsForRequests || forwarding !== null || destination.via !== null;
  }

  get origin(): Origin {
    return this.destination.origin;
  }

  get waitingCount(): number {
    return this.#line.size;
  }

  /** Of those that no connection is made for. */
  get longestWaiting(): number {
    return this.#line.firstFree?.order ?? Infinity;
  }

  /** Of the pool's, connections being made included. */
  get slots(): number {
    return this.connections.size + this.#dials.size;
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
    let connection = this.#take(exchange, now);
    while (connection !== undefined && this.#retires(connection, now)) connection = this.#take(exchange, now);
    if (connection !== undefined) {
      this.#start(connection, exchange, now);
      if (connection.capacity > 0) this.#available.add(connection);
      return;
    }
    const shared = this.#pool.coalescing?.connectionFor(this, now);
    if (shared === undefined) this.#wait(exchange, now);
    else this.#start(shared, exchange, now);
  }

  #take(exchange: Exchange, now: number): Connection | undefined {
    if (this.#pipelining === 1) return this.#available.take(now);
    // Who waits for a connection that carries nothing must not be overtaken by those behind what it carries.
    return this.#line.isBefore(exchange) ? undefined : this.#available.takeFor(exchange, now);
  }

  #wait(exchange: Exchange, now: number): void {
    this.#isEnding = false;
    this.#pool.onWaiting(this);
    if (!this.#line.enter(exchange)) this.#limit(exchange, now);
    this.grow();
  }

  /** No dial is made for it. */
  #limit(exchange: Exchange, now: number): void {
    this.#waitFor(exchange, this.#dependsOnDial ? 'connect' : 'pool', now);
  }

  #waitFor(exchange: Exchange, what: 'connect' | 'pool', now: number): void {
    exchange.waitFor(what, now);
    this.#pool.onDeadline(exchange.expiresAt);
  }

  // Dials

  /** Begins as many dials as are missing and permitted. */
  grow(): void {
    const known = this.#pool.learnt.sharingOf(this);
    const sharing = known === 'unknown' && this.#singleFlightFailed ? 'exclusive' : known;
    const decision = decideDials({
      sharing,
      expecting: sharing === 'exclusive' || this.waitingCount === 0 ? 0 : countExpecting(this.connections),
      waiting: this.#pipelining > 1 && this.#pool.learnt.isPipelinable(this.key, this.clock.now()) ? this.#line.loads : this.#line.size,
      dialing: this.#dials.size,
      connections: this.connections.size,
      maxConnectionsPerOrigin: this.#mostConnections(sharing),
      poolRoom: this.#pool.room,
    });
    // An observer of one dial may abort those that the next would be for.
    for (let count = 0; count < decision.dial && this.#line.firstFree !== undefined; count += 1) this.#dial();
    this.#reviewDependence(sharing);
    if (decision.wantsRoom) this.#pool.onRoomWanted(this);
  }

  #mostConnections(sharing: Sharing): number {
    return mostConnections(sharing, this.#pool.maxConnectionsPerOrigin, this.#pool.maxSharedConnections, this.connections);
  }

  #reviewDependence(sharing: Sharing): void {
    const depends = sharing !== 'exclusive' && this.connections.size === 0 && this.#dials.size > 0;
    if (depends === this.#dependsOnDial) return;
    this.#dependsOnDial = depends;
    const now = this.clock.now();
    for (const exchange of this.#line.free()) this.#limit(exchange, now);
  }

  /** What lives as long as a connection is begun outside of the call that comes to need it first. */
  #dial(): PendingDial {
    const pending = new PendingDial();
    this.#isEnding = false;
    this.#pool.onSlotTaken(this);
    this.#dials.add(pending);
    this.#line.bond(pending);
    if (this.#pool.callsForRequests) pending.inContext(() => this.#begin(pending));
    else runOutside(() => this.#begin(pending));
    return pending;
  }

  #begin(pending: PendingDial): void {
    const failed = (error: unknown): void => {
      if (error === servedElsewhere) this.#onServedElsewhere(pending);
      else this.#onDialFailed(pending, dialFailure(this.origin, error));
    };
    let dial: Dial<Connection>;
    try {
      dial = this.#pool.dial(this, pending);
    } catch (error) {
      queueMicrotask(() => failed(error));
      return;
    }
    pending.started(dial);
    dial.result.then((connection) => this.#onDialed(pending, connection), failed);
  }

  /**
   * Makes a connection that nobody waits for, where the limits on connections allow it; or waits for one that is being made. Rejects as a
   * dial does, and when `limit` milliseconds have passed.
   */
  preconnect(limit: number | null): Promise<void> {
    if (this.#available.hasCapacity || this.#pool.coalescing?.connectionFor(this, this.clock.now()) !== undefined) return Promise.resolve();
    const sharing = this.#pool.learnt.sharingOf(this);
    const isShared = sharing !== 'exclusive';
    const mayDial = this.slots < this.#mostConnections(sharing) && this.#pool.room > 0 && !(isShared && this.#dials.size > 0);
    const [underWay] = this.#dials;
    const pending = mayDial ? this.#dial() : underWay;
    // All that there may be are there, and busy.
    if (pending === undefined) return Promise.resolve();
    return pending.wait(limit, this.clock, (passed) => {
      this.#giveUpUnlessWanted(pending);
      return connectTimeout(this.origin, passed, pending);
    });
  }

  #onDialed(pending: PendingDial, connection: Connection): void {
    if (this.#closedEarly.delete(connection)) {
      this.#onDialFailed(pending, closedEarly());
      return;
    }
    this.#dialEnded(pending);
    this.#singleFlightFailed = false;
    this.connections.add(connection);
    if (this.#pool.onMade(this, connection) && !pending.isOutdated) this.#offer(connection);
    else connection.drain();
    pending.settled(undefined);
    this.grow();
  }

  #onDialFailed(pending: PendingDial, reason: HttpCoreError): void {
    const { proxy } = this.destination;
    const error = proxy === null ? reason : unreached(reason, proxy);
    this.#singleFlightFailed = true;
    this.#dials.delete(pending);
    const exchange = this.#line.unbond(pending);
    if (exchange !== null) {
      this.#line.leave(exchange);
      exchange.refuse(error);
    }
    this.#pool.onSlotFreed(this);
    pending.settled(error);
    this.grow();
    this.#closeIfDone();
  }

  /** It ended before it connected: the connection of another origin takes what waits. */
  #onServedElsewhere(pending: PendingDial): void {
    const connection = this.#pool.coalescing?.connectionFor(this, this.clock.now());
    if (connection !== undefined) this.serveWaiting(connection);
    // That one has become full, or is gone, since.
    this.#dialEnded(pending);
    this.#pool.onSlotFreed(this);
    pending.settled(undefined);
    this.grow();
    this.#closeIfDone();
  }

  /** Whom it was for waits like the others now. */
  #dialEnded(pending: PendingDial): void {
    this.#dials.delete(pending);
    const exchange = this.#line.unbond(pending);
    if (exchange !== null) this.#limit(exchange, this.clock.now());
  }

  #giveUpUnlessWanted(pending: PendingDial): void {
    if (!this.#line.isSpare(pending) || pending.isWatched) return;
    pending.giveUp(new Aborted('The request that this connection was made for was aborted', { phase: pending.phase }));
  }

  onGuestConnectionClosed(): void {
    this.grow();
    this.#closeIfDone();
  }

  // From the exchanges

  onCancelled(exchange: Exchange): void {
    const dial = this.#line.leave(exchange);
    if (dial !== null) this.#giveUpUnlessWanted(dial);
    this.#closeIfDone();
  }

  onReplay(exchange: Exchange): void {
    this.submit(exchange, this.clock.now());
  }

  onMisdirected(exchange: Exchange, mayLeave: boolean): boolean {
    if (this.#pool.coalescing?.onMisdirected(this, exchange) === true) return true;
    return mayLeave && leave(exchange, this, this.#pool);
  }

  phaseOf(exchange: Exchange): ErrorPhase {
    return this.#dialFor(exchange)?.phase ?? 'pool';
  }

  explainTimeout(exchange: Exchange): PoolTimeout | ConnectTimeout {
    const dial = this.#dialFor(exchange);
    if (dial !== undefined) return connectTimeout(this.origin, exchange.timeouts[0]!, dial);
    const { maxConnections } = this.#pool;
    const now = this.clock.now();
    return poolTimeout({
      now,
      exchange,
      holders: this.#pool.holders(this, now),
      taken: this.slots,
      maxConnections,
      maxConnectionsPerOrigin: this.#mostConnections(this.#pool.learnt.sharingOf(this)),
    });
  }

  #dialFor(exchange: Exchange): PendingDial | undefined {
    const dial = this.#line.dialFor(exchange);
    if (dial !== null) return dial;
    const [first] = this.#dials;
    return this.#dependsOnDial ? first : undefined;
  }

  // From the connections

  onCapacity(connection: Connection): void {
    this.#offer(connection);
    // It may have said that it takes less than there is to do.
    if (this.#line.size > 0) this.grow();
  }

  onClosed(connection: Connection, error?: HttpCoreError): void {
    this.#available.remove(connection);
    if (!this.connections.delete(connection)) {
      // It closed between its handshake and the moment at which its dial is seen to succeed: the slot is still the dial's.
      this.#closedEarly.add(connection);
      return;
    }
    this.#keepAlive.onClosed(connection, this.clock.now());
    this.#pool.onClosed(this, connection, error);
    this.grow();
    this.#closeIfDone();
  }

  onDeadline(at: number): void {
    this.#pool.onDeadline(at);
  }

  onHttp1Required(connection: Connection): boolean {
    if (!this.#pool.learnt.onHttp1Required(this)) return false;
    for (const other of Array.from(this.connections)) {
      if (other !== connection && other.info.protocol === 'h2') other.drain();
    }
    return true;
  }

  // Capacity goes to who is next

  serveWaiting(connection: Connection): void {
    while (connection.capacity > 0 && this.#line.size > 0) {
      const now = this.clock.now();
      if (this.#retires(connection, now) || (this.#pipelining > 1 && !takes(connection, this.#line.first!, now))) return;
      const exchange = this.#line.next();
      if (exchange === undefined) return;
      this.#start(connection, exchange, now);
    }
  }

  #start(connection: Connection, exchange: Exchange, now: number): void {
    if (connection.active === 0) {
      connection.ref();
      this.#keepAlive.onUsed(connection, now);
    }
    connection.expiresAt = Infinity;
    connection.start(exchange, now);
    if (connection.served >= this.#pool.lifetimes.maxRequests) connection.drain();
  }

  /** Ends one that is old, if there may be another in its place: one that is busy may be so for ever. */
  #retires(connection: Connection, now: number): boolean {
    // What was made for somebody serves him.
    if (connection.retiresAt > now || connection.served === 0) return false;
    const { maxConnectionsPerOrigin, room } = this.#pool;
    if (connection.active > 0 && (this.slots >= maxConnectionsPerOrigin || room <= 0)) return false;
    connection.drain();
    return true;
  }

  #offer(connection: Connection): void {
    const makesRoom = connection.active === 0 ? this.#pool.shouldYield(this, connection) : this.#pool.shouldLeave(this, connection);
    if (makesRoom) {
      connection.drain();
      return;
    }
    this.serveWaiting(connection);
    // One that takes nothing for the moment is idle as well.
    if (connection.noNewExchanges || (connection.capacity === 0 && connection.active > 0)) return;
    if (connection.active === 0) {
      connection.expiresAt = this.#keepAlive.expiryOf(connection);
      if (this.#pool.closing || connection.expiresAt <= connection.idleSince) {
        connection.drain();
        return;
      }
      this.#pool.onIdle(connection);
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

  /** What there is, and is being made, takes no new exchanges; what runs on it ends as it may. */
  retire(): void {
    retire(this.connections, this.#dials);
  }

  // Ending

  /** While the pool closes: what has nothing left to do is closed. */
  #closeIfDone(): void {
    if (this.#pool.closing && this.waitingCount === 0 && !this.#isEnding) {
      this.#isEnding = true;
      for (const pending of Array.from(this.#dials)) pending.giveUp(closedWhileConnecting(pending.phase));
      for (const connection of Array.from(this.connections)) connection.drain();
    }
    if (this.isEmpty) this.#pool.onEmpty(this);
  }

  /** For `close()`: lets what runs and what waits end. */
  drain(): void {
    this.#closeIfDone();
  }

  destroy(error: HttpCoreError): void {
    this.#isEnding = true;
    for (let exchange = this.#line.next(); exchange !== undefined; exchange = this.#line.next()) exchange.refuse(error);
    for (const pending of Array.from(this.#dials)) pending.giveUp(error);
    for (const connection of Array.from(this.connections)) connection.destroy(error);
    this.#closeIfDone();
  }
}
