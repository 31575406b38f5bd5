/**
 * Makes transports: a way to the peer, then TLS with it.
 *
 *             ┌───────────────── a way ──────────────────┐
 *   idle ──▶ resolving ──▶ connecting ──▶ tunnelling ──┬──▶ securing ──▶ settled
 *     └─────────┴──────────────┴──────────────┴────────┴─────────────────▲      an error, `cancel`
 *
 * Addresses need no resolving, plain HTTP no securing, and without a proxy there is no tunnelling. With proxies a way has several steps
 * of a kind: a name for the proxy and one for the peer, a proxy behind a proxy. Whichever way it settles, it does so once, and nothing
 * stays open but the transport that it gave away.
 */
import { HttpCoreError, LocalProtocolError, ProxyError, type ErrorPhase } from '../contract/errors.ts';
import type { PoolSettings } from '../model/pool-options.ts';
import { layTlsOver, type Network } from '../model/network.ts';
import { proxyFacts, type Proxy } from '../model/proxy/proxy.ts';
import { RecentMap } from '../model/recent-map.ts';
import type { TlsOptions, TlsSource } from '../contract/tls-options.ts';
import type { ByteTransport } from '../net/byte-transport.ts';
import { secureTransport, type SocketOpening } from '../net/open-socket.ts';
import { isAddress, type Resolver } from '../net/dns/resolver.ts';
import type { SocketTransport } from '../net/socket-transport.ts';
import { areSocketsTakenOver } from '../net/taken-over.ts';
import { tlsError } from '../net/tls-failure.ts';
import { LiveTls } from '../net/live-tls.ts';
import { TlsClient, type TlsHandshake } from '../net/tls.ts';
import type { DialTimings, TraceEventName, TraceEvents } from '../contract/trace.ts';
import type { Clock } from '../time/clock.ts';
import {
  instantTimings,
  type Dial,
  type DialedTransport,
  type DialRequest,
  type TransportDialer,
  type WritableDialTimings,
} from './dial.ts';
import { firstLeg, fromAddress, securesItself } from './first-leg.ts';
import { traceSecured, type Stage, type Way, type WayListener, type WaysThroughProxies } from './way.ts';

type DialOptions = Pick<PoolSettings, 'tls' | 'tlsSource' | 'guard' | 'connect' | 'socketPath' | 'localAddress' | 'connectionAttemptDelay'>;

const transitions: Readonly<Record<Stage, readonly Stage[]>> = {
  idle: ['resolving', 'connecting', 'tunnelling', 'settled'],
  resolving: ['resolving', 'connecting', 'tunnelling', 'settled'],
  connecting: ['resolving', 'connecting', 'tunnelling', 'securing', 'settled'],
  tunnelling: ['resolving', 'connecting', 'tunnelling', 'securing', 'settled'],
  securing: ['settled'],
  settled: [],
};

const phaseOf: Readonly<Record<Stage, ErrorPhase>> = {
  idle: 'connect',
  resolving: 'dns',
  connecting: 'connect',
  tunnelling: 'proxy',
  securing: 'tls',
  settled: 'connect',
};

/** The event that begins or ends a step, and the moment that it is; of several steps of a kind, from the first to the last. */
const momentOf: Readonly<Partial<Record<TraceEventName, { readonly name: keyof DialTimings; readonly isFirst: boolean }>>> = {
  'dns-start': { name: 'dnsStart', isFirst: true },
  'dns-end': { name: 'dnsEnd', isFirst: false },
  'connect-start': { name: 'connectStart', isFirst: true },
  'connect-end': { name: 'connectEnd', isFirst: false },
  'proxy-start': { name: 'proxyStart', isFirst: true },
  'proxy-end': { name: 'proxyEnd', isFirst: false },
  'tls-start': { name: 'tlsStart', isFirst: true },
  'tls-end': { name: 'tlsEnd', isFirst: false },
};

/**
 * The dialler of one pool; TLS sessions are resumed among its dials.
 *
 * @throws {LocalProtocolError} `INVALID_OPTION` when `localAddress` is not an IP address.
 */
export function createTransportDialer(
  options: DialOptions,
  resolver: Resolver,
  clock: Clock,
  proxies: WaysThroughProxies,
): TransportDialer {
  checkLocalAddress('localAddress', options.localAddress);
  const equipment: Equipment = {
    options,
    resolver,
    clock,
    proxies,
    tls: new LiveTls(options.tls, options.tlsSource),
    tlsOfProxies: new WeakMap(),
    tlsBySources: new WeakMap(),
    tlsOfRequests: new RecentMap(mostKinds),
  };
  return {
    dial(request) {
      const dial = new TransportDial(request, equipment);
      dial.start();
      return dial;
    },
    nameStats: () => resolver.stats(),
    reviewTls() {
      const { tls } = equipment;
      if (!tls.review()) return undefined;
      // They were laid over what held before.
      equipment.tlsOfRequests = new RecentMap(mostKinds);
      return tls.inUse.options;
    },
    reviewProxyTls(proxy) {
      const live = liveTlsOf(proxy, equipment);
      live?.review();
      return live?.inUse.options;
    },
  };
}

function checkLocalAddress(name: string, localAddress: string | undefined): void {
  if (localAddress !== undefined && !isAddress(localAddress))
    throw new LocalProtocolError(`The option "${name}" must be an IP address`, { code: 'INVALID_OPTION', phase: 'request' });
}

/** What the dials of one dialler share. */
interface Equipment {
  readonly options: DialOptions;
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly proxies: WaysThroughProxies;
  readonly tls: LiveTls;
  readonly tlsOfProxies: WeakMap<Proxy, TlsClient>;
  /** Of proxies whose TLS options may change. Several that say the same share connections, so they change at one moment. */
  readonly tlsBySources: WeakMap<TlsSource, LiveTls>;
  /** Of requests with TLS options of their own, by what they say. */
  tlsOfRequests: RecentMap<TlsClient>;
}

/** How many kinds of requests are remembered: each has its sessions, and perhaps a context of its own. */
const mostKinds = 64;

function liveTlsOf(proxy: Proxy, { tlsBySources }: Equipment): LiveTls | undefined {
  const { tls, tlsSource } = proxyFacts(proxy);
  if (tlsSource === null) return undefined;
  let live = tlsBySources.get(tlsSource);
  if (live === undefined) {
    live = new LiveTls(tls, tlsSource);
    tlsBySources.set(tlsSource, live);
  }
  return live;
}

/** A stand-in for the network accepts whatever is offered first, and reads HTTP/1.1 alone. */
function offered(protocols: DialRequest['protocols']): readonly string[] {
  return protocols.includes('http/1.1') && areSocketsTakenOver() ? ['http/1.1'] : protocols;
}

class TransportDial implements Dial<DialedTransport>, WayListener {
  readonly result: Promise<DialedTransport>;

  readonly #request: DialRequest;
  readonly #equipment: Equipment;
  readonly #moments: WritableDialTimings;
  #resolve!: (dialed: DialedTransport) => void;
  #reject!: (error: HttpCoreError) => void;
  #stage: Stage = 'idle';
  #handshake: TlsHandshake | undefined;
  /** Does the way give a transport that has TLS already? */
  #isSecuredByWay = false;
  // What runs, and has to be stopped when it is not wanted any more.
  #way: Way | undefined;
  #securing: SocketOpening | undefined;

  constructor(request: DialRequest, equipment: Equipment) {
    this.#request = request;
    this.#equipment = equipment;
    this.#moments = instantTimings(equipment.clock.now());
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  start(): void {
    const { origin, via, network = null } = this.#request;
    try {
      // Before anything else: unusable TLS options are told without touching the network.
      checkLocalAddress('network.localAddress', network?.localAddress);
      if (origin.scheme === 'https') this.#handshake = this.#tls().handshake(origin, offered(this.#request.protocols));
    } catch (error) {
      this.onFailed(error as HttpCoreError);
      return;
    }
    this.#way = via === null ? this.#directWay() : this.#equipment.proxies.wayThrough(via, origin, network, this);
    this.#way.start();
  }

  cancel(error: HttpCoreError): void {
    this.onFailed(error);
  }

  get phase(): ErrorPhase {
    return phaseOf[this.#stage];
  }

  get hanging(): string {
    return this.#stage === 'securing' ? 'the TLS handshake was not finished' : (this.#way?.hanging ?? 'nothing was tried');
  }

  get unreachedProxy(): string | undefined {
    const { proxy } = this.#request;
    if (proxy !== null) return proxy.origin;
    return this.#stage === 'securing' ? undefined : this.#way?.unreachedProxy;
  }

  #tls(): TlsClient {
    const { tls, tlsOfProxies } = this.#equipment;
    const { proxy, network = null } = this.#request;
    if (proxy === null) return network?.tls === undefined ? tls.inUse.client : this.#tlsOf(network, network.tls);
    const live = liveTlsOf(proxy, this.#equipment);
    if (live !== undefined) return live.inUse.client;
    let client = tlsOfProxies.get(proxy);
    if (client === undefined) {
      client = new TlsClient(proxyFacts(proxy).tls);
      tlsOfProxies.set(proxy, client);
    }
    return client;
  }

  #tlsOf({ key }: Network, own: TlsOptions): TlsClient {
    const { tls, tlsOfRequests } = this.#equipment;
    let client = tlsOfRequests.get(key);
    if (client === undefined) {
      client = new TlsClient(layTlsOver(tls.inUse.options, own));
      tlsOfRequests.set(key, client);
    }
    return client;
  }

  #directWay(): Way {
    const { origin, proxy, carriesTls = false, onResolved, network = null } = this.#request;
    const { resolver, clock } = this.#equipment;
    const options = fromAddress(this.#equipment.options, network);
    const path = proxy === null ? (network?.socketPath ?? options.socketPath) : proxy.socketPath;
    const destination = path === undefined ? { host: origin.host, port: origin.port } : { path };
    this.#isSecuredByWay = securesItself(destination, options);
    return firstLeg(
      {
        origin: origin.text,
        host: origin.host,
        port: origin.port,
        isProxy: proxy !== null,
        destination,
        handshake: this.#handshake,
        carriesTls,
        onResolved,
      },
      options,
      resolver,
      clock,
      this,
    );
  }

  // From the way

  /** An observer may abort its exchange from inside an event, and that cancels the dial: look again after every event. */
  get isSettled(): boolean {
    return this.#stage === 'settled';
  }

  enter(stage: Stage): void {
    if (!transitions[this.#stage].includes(stage)) throw new Error(`A dial can't go from ${this.#stage} to ${stage}`);
    this.#stage = stage;
  }

  /** What the caller's observer throws is dropped before it comes here (`observerOf`). */
  trace<Name extends TraceEventName>(name: Name, detail: TraceEvents[Name]): void {
    const now = this.#equipment.clock.now();
    const moment = momentOf[name];
    // TLS with a proxy is a part of the way, and no step of its own.
    const isOfPeer = this.#stage === 'securing' || !name.startsWith('tls-');
    if (moment !== undefined && isOfPeer && !(moment.isFirst && this.#moments[moment.name] !== undefined)) this.#moments[moment.name] = now;
    this.#request.trace?.(name, now, detail);
  }

  inContext<Result>(task: () => Result): Result {
    return this.#request.inContext(task);
  }

  onReady(transport: SocketTransport): void {
    const { via } = this.#request;
    if (via !== null && transport.holdsBytes && !this.#mayBeSpokenTo) this.#sentTooEarly(transport, via);
    else if (this.#handshake === undefined || this.#isSecuredByWay) this.#succeed(transport);
    else this.#secure(transport, this.#handshake);
  }

  /** Neither TLS nor HTTP/1.1 has anything to say to us before we have said something to it; HTTP/2 has its SETTINGS. */
  get #mayBeSpokenTo(): boolean {
    return this.#handshake === undefined && this.#request.protocols[0] === 'h2';
  }

  #secure(transport: SocketTransport, handshake: TlsHandshake): void {
    this.enter('securing');
    this.trace('tls-start', { servername: handshake.servername });
    if (this.isSettled) {
      transport.destroy();
      return;
    }
    this.#securing = secureTransport(transport, handshake, {
      onConnected() {},
      onReady: (secured) => {
        traceSecured(this, secured.facts);
        if (this.isSettled) secured.destroy();
        else this.#succeed(secured);
      },
      onFailed: (error) => {
        const { origin, proxy } = this.#request;
        const isTold = error instanceof HttpCoreError;
        this.onFailed(isTold ? error : tlsError(origin.text, error, proxy === null ? undefined : `the proxy at ${origin.text}`));
      },
    });
  }

  #sentTooEarly(transport: SocketTransport, { origin }: Proxy): void {
    transport.destroy();
    this.onFailed(
      new ProxyError(`The proxy ${origin} sent bytes through the tunnel that nobody had asked for`, {
        code: 'PROXY_PROTOCOL',
        phase: 'proxy',
      }),
    );
  }

  onFailed(error: HttpCoreError): void {
    if (this.isSettled) return;
    this.#settle();
    this.#way?.cancel();
    this.#securing?.destroy();
    this.#reject(error);
  }

  #succeed(transport: ByteTransport): void {
    this.#moments.end = this.#equipment.clock.now();
    this.#settle();
    this.#resolve({ transport, timings: { ...this.#moments } });
  }

  #settle(): void {
    this.enter('settled');
  }
}
