/**
 * All connections of one dispatcher: finds the origin of a request, keeps the limit over all origins, and owns the two
 * timers that everything here shares.
 */
import type { DispatchContext, DispatchResponse } from '../contract/dispatcher.ts';
import type { ByteIterable, HeaderPair, Timeouts, UrlParts } from '../contract/values.ts';
import type { Connection } from '../connection/connection.ts';
import type { BodyMemory } from '../exchange/body-memory.ts';
import { reasonOf } from '../exchange/abort-listener.ts';
import { Exchange } from '../exchange/exchange.ts';
import { conversationAbout, Forwarding, isAuthorization } from '../model/proxy/forwarding.ts';
import { admitThroughProxy } from '../dial/admission.ts';
import type { Dial, Dialer, DialRequest } from '../dial/dial.ts';
import type { HttpCoreError, SlotHolder } from '../contract/errors.ts';
import { Aborted, DeadlineExceeded, LocalProtocolError, PoolClosed } from '../contract/errors.ts';
import { noNames } from '../contract/name-stats.ts';
import { ownContext } from '../model/dispatch-context.ts';
import { checkedFields, checkMethod, checkTarget } from '../model/field-syntax.ts';
import { checkedTimeouts, type PoolSettings } from '../model/pool-options.ts';
import { forwards, protocolsOf, proxyDestination } from '../model/destination.ts';
import { networkOf, type Network } from '../model/network.ts';
import { proxyFacts, type Proxy } from '../model/proxy/proxy.ts';
import type { ProxiedRequest } from '../model/proxy/proxy-authenticator.ts';
import { requestFraming } from '../model/request-framing.ts';
import { connectionLog } from '../observe/debug-log.ts';
import type { Origin } from '../model/origin.ts';
import { publishConnection, PublishedRequest } from '../observe/undici-channels.ts';
import type { Clock } from '../time/clock.ts';
import { CoarseTimer } from '../time/coarse-timer.ts';
import { Closing, type ClosingPool } from './closing.ts';
import { Coalescing } from './coalescing.ts';
import { ConnectionWatch } from './connection-watch.ts';
import { surplus } from './eviction.ts';
import { idleGrace, Idling, type IdlingPool } from './idling.ts';
import type { KeepAliveLimits } from './keep-alive-estimate.ts';
import { Learnt } from './learnt.ts';
import { Lifetimes } from './lifetimes.ts';
import { Peer } from './peer.ts';
import { Peers } from './peers.ts';
import type { PeerOwner } from './peer-owner.ts';
import { poolStats, type PoolStats } from './pool-stats.ts';
import { longestHolders } from './pool-timeout.ts';
import { Renewals } from './renewals.ts';
import { Room } from './room.ts';

/** The request that a tunnel is for. */
export type TunnelCaller = Pick<DialRequest, 'inContext' | 'network'>;

/** Who gives no `keepAliveTimeout` has idle connections kept for so long, in milliseconds, where the server was seen to keep them. */
const longestLearntKeepAlive = 30_000;

export class Pool implements PeerOwner<Peer>, ClosingPool, IdlingPool {
  readonly clock: Clock;
  readonly memory: BodyMemory;
  /** Who is told of connections. */
  readonly watch: ConnectionWatch;
  readonly maxConnections: number;
  readonly maxConnectionsPerOrigin: number;
  readonly maxSharedConnections: number;
  readonly pipelining: number;
  readonly keepAlive: KeepAliveLimits;
  readonly lifetimes: Lifetimes;
  readonly coalescing: Coalescing | null;
  readonly learnt: Learnt = new Learnt();
  readonly renewals: Renewals;
  readonly callsForRequests: boolean;
  closing = false;

  readonly #options: PoolSettings;
  readonly #dialer: Dialer;
  readonly #peers: Peers;
  readonly #room: Room<Peer>;
  readonly #deadlines: CoarseTimer;
  readonly #idling: Idling;
  #holders: { readonly now: number; readonly scope: Peer | null; readonly holders: readonly SlotHolder[] } | null = null;
  #opened = 0;
  #requests = 0;
  #closing: Closing | null = null;

  constructor(options: PoolSettings, dialer: Dialer, clock: Clock, callsForRequests = false) {
    this.callsForRequests = callsForRequests;
    this.#options = options;
    this.#dialer = dialer;
    this.clock = clock;
    this.memory = dialer.memory;
    this.watch = new ConnectionWatch(clock);
    const log = connectionLog();
    if (log !== null) this.watch.add(log);
    if (options.diagnostics === 'undici') this.watch.add(publishConnection);
    this.maxConnections = options.maxConnections;
    this.maxConnectionsPerOrigin = options.maxConnectionsPerOrigin;
    this.maxSharedConnections = options.http2Settings.maxConnectionsPerOrigin;
    this.pipelining = options.pipelining;
    const { keepAliveTimeout, longestKeepAlive } = options;
    this.keepAlive = { initial: keepAliveTimeout, longest: Math.min(longestKeepAlive, Math.max(longestLearntKeepAlive, keepAliveTimeout)) };
    this.lifetimes = new Lifetimes(options);
    this.coalescing = Coalescing.create(options, this.learnt);
    this.#room = new Room(options.maxConnections, idleGrace);
    this.#peers = new Peers(options, (destination, key, isForwarded) => {
      return new Peer(this, destination, key, isForwarded ? new Forwarding(destination.proxy!) : null);
    });
    this.renewals = new Renewals(dialer, this.#peers, this.coalescing);
    this.#deadlines = new CoarseTimer(clock, (now) => this.#checkDeadlines(now));
    this.#idling = new Idling(this, clock, options.keepAliveTimeout);
  }

  /** As {@link open}, for who waits for its response alone. */
  submit(...request: Parameters<Pool['open']>): Promise<DispatchResponse> {
    return this.open(...request).response;
  }

  /** Checks a request and gives it to its origin's pool. @throws {LocalProtocolError | UnsupportedProtocol | PoolClosed | Aborted} */
  open(
    method: string,
    url: UrlParts,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    timeouts: Timeouts,
    context: DispatchContext | undefined,
  ): Exchange {
    if (this.closing) throw new PoolClosed('The pool is closed', { phase: 'request' });
    const scheme = url[0];
    const target = url[3];
    checkMethod(method);
    checkTarget(target);
    if (this.#options.tlsSource !== null) this.renewals.review();
    // Whatever the caller does with his arrays and objects from here on: what was checked is what is sent.
    const fields = checkedFields(headers);
    const content = Array.isArray(body) ? (body.slice() as readonly Uint8Array[]) : body;
    const limits = timeouts === this.#options.timeouts ? timeouts : checkedTimeouts(timeouts);
    const own = context === undefined ? undefined : this.#checkedContext(context);
    const framing = requestFraming(method, fields, content, own?.trailers !== undefined);
    const network = own?.network === undefined ? null : this.networkOf(own);
    const proxy = this.#proxyOf(own, network);
    if (proxy !== null) this.renewals.reviewProxies(proxy);
    const isForwarded = proxy !== null && this.#isForwarded(method, scheme, fields, proxy, network);
    const { origin, peer } = this.#peers.find(url, own?.servername, proxy, isForwarded, network);
    try {
      if (this.#options.guard !== null && proxy !== null) admitThroughProxy(this.#options.guard, origin, proxy);
      const published = this.#options.diagnostics === null ? null : PublishedRequest.create(method, origin.text, target, fields, content);
      if (published !== null) return this.#beginPublished(published, peer, [origin, method, target, content, limits, own]);
      const now = this.clock.now();
      const exchange = new Exchange(peer, origin, method, target, fields, content, framing, limits, own, now);
      return this.#begin(exchange, peer, now);
    } catch (error) {
      this.#forgetUnused(peer);
      throw error;
    }
  }

  /** Subscribers have seen the request, and may have changed its fields. */
  #beginPublished(published: PublishedRequest, peer: Peer, [origin, method, target, content, limits, own]: CheckedRequest): Exchange {
    const now = this.clock.now();
    let exchange: Exchange;
    try {
      const fields = checkedFields(published.fields());
      const framing = requestFraming(method, fields, content, own?.trailers !== undefined);
      exchange = new Exchange(peer, origin, method, target, fields, content, framing, limits, own, now, published);
    } catch (error) {
      published.fail(error);
      throw error;
    }
    return this.#begin(exchange, peer, now);
  }

  /** Asks a proxy for a tunnel: the answer to CONNECT, whose body leads there if its status is 2xx. */
  connect(proxy: Proxy, asked: ProxiedRequest, context: DispatchContext, caller: TunnelCaller): Promise<DispatchResponse> {
    if (this.closing) throw new PoolClosed('The pool is closed', { phase: 'request' });
    this.renewals.reviewProxies(proxy);
    const { target: authority } = asked;
    const headers: readonly HeaderPair[] = [['host', authority]];
    const peer = this.#peers.peerFor(proxyDestination(proxy, caller.network), true);
    const framing = requestFraming('CONNECT', headers, null, false);
    const now = this.clock.now();
    const { origin } = peer;
    const exchange = new Exchange(peer, origin, 'CONNECT', authority, headers, null, framing, this.#options.timeouts, context, now);
    exchange.conversation = conversationAbout(asked);
    exchange.speakFor(caller.inContext);
    return this.#begin(exchange, peer, now).response;
  }

  #begin(exchange: Exchange, peer: Peer, now: number): Exchange {
    this.#requests += 1;
    this.#deadlines.review(now);
    // An observer may have aborted it as soon as it was there.
    if (exchange.ended) this.#forgetUnused(peer);
    else peer.submit(exchange, now);
    return exchange;
  }

  /** Nothing came of what it was made for: nobody else would say that it is empty. */
  #forgetUnused(peer: Peer): void {
    if (peer.isEmpty) this.onEmpty(peer);
  }

  /** What is said of a connection, where it is no contradiction. @throws {LocalProtocolError} `INVALID_OPTION` */
  networkOf({ network, proxy }: Pick<DispatchContext, 'network' | 'proxy'>): Network | null {
    const own = network === undefined ? null : networkOf(network);
    if (own?.socketPath !== undefined && proxy !== undefined && proxy !== null)
      throw invalidNetwork('socketPath', "and the context's proxy must not both be given");
    if (own?.localAddress !== undefined && this.#options.connect !== null)
      throw invalidNetwork('localAddress', "has no meaning where the pool's connect makes the connections");
    return own;
  }

  /** Whoever names a socket has named the whole way. */
  #proxyOf(context: DispatchContext | undefined, network: Network | null): Proxy | null {
    if (network !== null && network.socketPath !== undefined) return null;
    return context?.proxy === undefined ? this.#options.proxy : (context.proxy as Proxy | null);
  }

  /** Is it for the proxy to send on? Else it takes a tunnel, at whose other end is the origin. */
  #isForwarded(method: string, scheme: string, headers: readonly HeaderPair[], proxy: Proxy, network: Network | null): boolean {
    if (method !== 'CONNECT' && forwards(proxy, scheme, protocolsOf(this.#options, network)) && !headers.some(asksForUpgrade)) return true;
    checkTunnelledFields(headers);
    return false;
  }

  #checkedContext(context: DispatchContext): DispatchContext {
    const own = ownContext(context);
    const { signal, deadline, proxy } = own;
    // Throws unless it is one.
    if (proxy !== undefined && proxy !== null) proxyFacts(proxy as Proxy);
    if (signal !== undefined && signal.aborted) {
      throw new Aborted('The request was aborted before it began', { cause: reasonOf(signal), phase: 'request' });
    }
    if (deadline !== undefined && deadline <= this.clock.now()) {
      throw new DeadlineExceeded('The deadline had passed before the request began', { phase: 'request' });
    }
    return own;
  }

  // For the origins

  get room(): number {
    return this.#room.free;
  }

  shouldYield(peer: Peer, connection: Connection): boolean {
    return this.#room.shouldYield(peer, connection);
  }

  shouldLeave(peer: Peer, connection: Connection): boolean {
    return this.#room.isWanted && this.#room.shouldLeave(peer, connection, this.clock.now());
  }

  onMade(peer: Peer, connection: Connection): boolean {
    this.#opened += 1;
    connection.retiresAt = this.lifetimes.retiresAt(connection.info.timings.end);
    this.watch.onOpened(peer.destination, connection);
    if (!this.learnt.onAgreed(peer.key, connection.info.protocol)) return false;
    // What a request says of its connection holds for no origin but its own.
    if (!hasNetwork(peer)) this.coalescing?.add(connection, peer);
    return true;
  }

  dial(peer: Peer, { trace, inContext }: Pick<DialRequest, 'trace' | 'inContext'>): Dial<Connection> {
    const { proxy, via } = peer.destination;
    this.watch.onDialing(peer.destination);
    const dial = this.#dialer.dial(
      {
        ...peer.destination,
        ...this.learnt.forDial(peer),
        trace,
        inContext,
        // A proxy that forwards has connections of its own to the origins, and answers for all of them on one of ours.
        pipelining: this.pipelining > 1 && proxy === null ? this.learnt.pipeliningOf(peer.key, this.pipelining) : undefined,
        // Neither to a proxy nor through one: the connections of others lead to origins, by other ways.
        onResolved: proxy === null && via === null && !hasNetwork(peer) ? this.coalescing?.lookFor(peer) : undefined,
      },
      this.coalescing?.ownerFor(peer) ?? peer,
    );
    if (this.watch.isWatched) this.watch.onDialed(peer.destination, dial);
    return dial;
  }

  onClosed(peer: Peer, connection: Connection, error: HttpCoreError | undefined): void {
    this.watch.onClosed(peer.destination, connection, error);
    this.onSlotFreed(peer);
  }

  onSlotTaken(peer: Peer): void {
    this.#room.take(peer);
  }

  onSlotFreed(peer: Peer): void {
    this.#room.release(peer);
  }

  onRoomWanted(peer: Peer): void {
    this.#room.want(peer, this.clock.now());
  }

  onIdle(connection: Connection): void {
    this.#room.onIdle();
    this.#idling.onIdle(connection);
  }

  onDeadline(at: number): void {
    this.#deadlines.ensure(at);
  }

  onWaiting(peer: Peer): void {
    this.#peers.keep(peer);
  }

  onEmpty(peer: Peer): void {
    this.#peers.forget(peer);
    this.#room.forget(peer);
    // What its connection has let go of may be on its way back, to be sent again.
    if (this.closing && this.#peers.size === 0) void Promise.resolve().then(() => this.#finish());
  }

  holders(peer: Peer, now: number): readonly SlotHolder[] {
    const scope = this.room > 0 ? peer : null;
    const known = this.#holders;
    // What passes at one moment is told once: the clock runs on while thousands of errors are made, and ages are whole milliseconds.
    if (known !== null && now - known.now < 1 && known.scope === scope) return known.holders;
    const holders = longestHolders(runningOn(scope === null ? this.#peers.all() : [scope]), now);
    this.#holders = { now, scope, holders };
    return holders;
  }

  // Timers

  #checkDeadlines(now: number): number {
    let next = Infinity;
    for (const peer of this.#peers.all()) next = Math.min(next, peer.checkDeadlines(now));
    this.#holders = null;
    return next;
  }

  *idle(): Generator<Connection> {
    for (const peer of this.#peers.all()) yield* peer.idle();
  }

  onSettled(now: number): void {
    const { maxIdleConnections } = this.#options;
    if (maxIdleConnections !== Infinity) {
      for (const connection of surplus(this.idle(), maxIdleConnections)) connection.drain();
    }
    this.#room.evict(now);
  }

  // For people

  preconnect(url: UrlParts): Promise<void> {
    if (this.closing) throw new PoolClosed('The pool is closed', { phase: 'request' });
    this.renewals.review();
    const { proxy } = this.#options;
    if (proxy !== null) this.renewals.reviewProxies(proxy);
    const isForwarded = proxy !== null && forwards(proxy, url[0], this.#options);
    const { origin, peer } = this.#peers.find(url, undefined, proxy, isForwarded, null);
    try {
      if (this.#options.guard !== null && proxy !== null) admitThroughProxy(this.#options.guard, origin, proxy);
      return peer.preconnect(this.#options.timeouts[0]);
    } finally {
      this.#forgetUnused(peer);
    }
  }

  stats(): PoolStats {
    const names = this.#dialer.nameStats?.() ?? noNames;
    const counts = { bufferedBytes: this.memory.held, opened: this.#opened, requests: this.#requests, names };
    return poolStats(this.#peers.all(), this.coalescing, counts);
  }

  // Ending

  /** Takes nothing new; resolves when what runs has ended. What has not within `grace` milliseconds is ended. */
  close(grace: number = this.#options.closeGrace): Promise<void> {
    const closing = this.#beginClosing();
    closing.allow(grace);
    return closing.done;
  }

  /** Like {@link close}, and ends at once what nobody reads. */
  dispose(): Promise<void> {
    const closing = this.#beginClosing();
    closing.allow(this.#options.closeGrace);
    closing.endUnread();
    return closing.done;
  }

  destroy(error: HttpCoreError): Promise<void> {
    const closing = this.#beginClosing();
    this.destroyAll(error);
    return closing.done;
  }

  #beginClosing(): Closing {
    if (this.#closing !== null) return this.#closing;
    this.closing = true;
    this.#closing = new Closing(this);
    for (const peer of this.#peers.all()) peer.drain();
    this.#finish();
    return this.#closing;
  }

  destroyAll(error: HttpCoreError): void {
    for (const peer of this.#peers.all()) peer.destroy(error);
  }

  running(): readonly Exchange[] {
    return runningOn(this.#peers.all());
  }

  #finish(): void {
    if (this.#peers.size > 0) return;
    this.#deadlines.stop();
    this.#idling.stop();
    this.#closing?.finish();
  }
}

function hasNetwork({ destination: { network } }: Peer): boolean {
  return network !== undefined && network !== null;
}

function invalidNetwork(name: string, problem: string): LocalProtocolError {
  return new LocalProtocolError(`The option "network.${name}" ${problem}`, { code: 'INVALID_OPTION', phase: 'request' });
}

/** What of a request does not change any more. */
type CheckedRequest = readonly [
  origin: Origin,
  method: string,
  target: string,
  content: ByteIterable | null,
  limits: Timeouts,
  context: DispatchContext | undefined,
];

function runningOn(peers: readonly Peer[]): readonly Exchange[] {
  return peers.flatMap((peer) => Array.from(peer.connections, (connection) => connection.exchanges()).flat());
}

/** An upgraded connection leads to the origin itself, which takes a tunnel (RFC 9110 §7.8: the field is for the next hop alone). */
function asksForUpgrade([name]: HeaderPair): boolean {
  return name.length === 7 && name.toLowerCase() === 'upgrade';
}

/** At the other end of a tunnel is the origin. */
function checkTunnelledFields(headers: readonly HeaderPair[]): void {
  if (!headers.some(isAuthorization)) return;
  throw new LocalProtocolError('Proxy-Authorization would reach the origin through the tunnel; give the credentials to the proxy', {
    code: 'PROXY_AUTHORIZATION',
    phase: 'request',
  });
}
