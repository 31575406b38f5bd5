/**
 * Makes transports: resolve, race, TLS, within one budget of time.
 *
 *   resolving ──▶ connecting ──▶ securing ──▶ settled
 *       └──────────────┴────────────┴────────────▲      an error, the limit, `cancel`
 *
 * Addresses need no resolving, plain HTTP no securing. Whichever way it settles, it does so once, and nothing stays open but
 * the transport that it gave away.
 */
import { ConnectTimeout, LocalProtocolError, type ErrorPhase, type HttpCoreError } from '../errors.ts';
import type { ResolvedPoolOptions } from '../model/options.ts';
import type { ByteTransport } from '../net/byte-transport.ts';
import { openSocket, type Endpoint, type SocketOpening } from '../net/open-socket.ts';
import { isAddress, resolve, type Resolving } from '../net/resolve.ts';
import { TlsClient, tlsError, type TlsHandshake } from '../net/tls.ts';
import type { DialTimings, TraceEventName, TraceEvents } from '../observe/trace.ts';
import type { Clock, Scheduled } from '../time/clock.ts';
import { ConnectRace, endpointText, type AttemptOutcome } from './connect-race.ts';
import type { Dial, DialedTransport, DialRequest, TransportDialer } from './dial.ts';
import { planRoute } from './route.ts';

type DialOptions = Pick<ResolvedPoolOptions, 'tls' | 'socketPath' | 'localAddress' | 'lookup' | 'connectionAttemptDelay'>;

type Stage = 'idle' | 'resolving' | 'connecting' | 'securing' | 'settled';

const transitions: Readonly<Record<Stage, readonly Stage[]>> = {
  idle: ['resolving', 'connecting', 'settled'],
  resolving: ['connecting', 'settled'],
  connecting: ['securing', 'settled'],
  securing: ['settled'],
  settled: [],
};

const phaseOf: Readonly<Record<Stage, ErrorPhase>> = {
  idle: 'connect',
  resolving: 'dns',
  connecting: 'connect',
  securing: 'tls',
  settled: 'connect',
};

/**
 * The dialler of one pool; TLS sessions are resumed among its dials.
 *
 * @param alpnProtocols Offered in TLS, in the order of preference, such as `['h2', 'http/1.1']`; empty: no ALPN.
 * @throws {LocalProtocolError} `INVALID_OPTION` when `localAddress` is not an IP address.
 */
export function createTransportDialer(options: DialOptions, clock: Clock, alpnProtocols: readonly string[]): TransportDialer {
  const { localAddress } = options;
  if (localAddress !== undefined && !isAddress(localAddress)) {
    throw new LocalProtocolError('The option "localAddress" must be an IP address', { code: 'INVALID_OPTION', phase: 'request' });
  }
  const tls = new TlsClient(options.tls, alpnProtocols);
  return {
    dial(request) {
      const dial = new TransportDial(request, options, tls, clock);
      dial.start();
      return dial;
    },
  };
}

class TransportDial implements Dial<DialedTransport> {
  readonly result: Promise<DialedTransport>;

  readonly #request: DialRequest;
  readonly #options: DialOptions;
  readonly #tls: TlsClient;
  readonly #clock: Clock;
  readonly #moments: { -readonly [Moment in keyof DialTimings]: DialTimings[Moment] };
  #resolve!: (dialed: DialedTransport) => void;
  #reject!: (error: HttpCoreError) => void;

  #stage: Stage = 'idle';
  #limit: Scheduled | undefined;
  #handshake: TlsHandshake | undefined;
  // What runs, and has to be stopped when it is not wanted any more.
  #resolving: Resolving | undefined;
  #race: ConnectRace<SocketOpening> | undefined;
  #winner: SocketOpening | undefined;

  constructor(request: DialRequest, options: DialOptions, tls: TlsClient, clock: Clock) {
    this.#request = request;
    this.#options = options;
    this.#tls = tls;
    this.#clock = clock;
    const now = clock.now();
    this.#moments = {
      start: now,
      dnsStart: undefined,
      dnsEnd: undefined,
      connectStart: undefined,
      connectEnd: undefined,
      proxyStart: undefined,
      proxyEnd: undefined,
      tlsStart: undefined,
      tlsEnd: undefined,
      end: now,
    };
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  start(): void {
    const { origin, connectTimeout } = this.#request;
    if (connectTimeout !== null && connectTimeout !== Infinity) {
      this.#limit = this.#clock.schedule(connectTimeout, () => this.#fail(this.#timeout(connectTimeout)));
    }
    try {
      // Before anything else: unusable TLS options are told without touching the network.
      if (origin.scheme === 'https') this.#handshake = this.#tls.handshake(origin);
    } catch (error) {
      this.#fail(error as HttpCoreError);
      return;
    }
    const route = planRoute(origin, this.#options);
    if (route.kind === 'unix') this.#connect([{ address: route.path, port: undefined }]);
    else if (isAddress(route.host)) this.#resolved([route.host], route.port);
    else this.#lookUp(route.host, route.port);
  }

  cancel(error: HttpCoreError): void {
    this.#fail(error);
  }

  #lookUp(host: string, port: number): void {
    this.#enter('resolving');
    this.#moments.dnsStart = this.#trace('dns-start', { host });
    if (this.#isSettled()) return;
    this.#resolving = resolve(host, this.#options, (error, addresses) => {
      if (this.#stage !== 'resolving') return;
      if (error !== undefined) {
        this.#fail(error);
        return;
      }
      this.#moments.dnsEnd = this.#trace('dns-end', { addresses });
      if (this.#isSettled()) return;
      this.#resolved(addresses, port);
    });
  }

  #resolved(addresses: readonly string[], port: number): void {
    const end = this.#request.onResolved?.(addresses);
    if (end !== undefined) this.#fail(end);
    else this.#connect(addresses.map((address) => ({ address, port })));
  }

  #connect(endpoints: readonly Endpoint[]): void {
    this.#enter('connecting');
    this.#race = new ConnectRace<SocketOpening>(
      {
        target: this.#request.origin.text,
        endpoints,
        attemptDelay: this.#options.connectionAttemptDelay,
        connect: (endpoint, outcome) => this.#open(endpoint, outcome),
        onAttemptStarted: (endpoint) => {
          const at = this.#trace('connect-start', endpoint);
          this.#moments.connectStart ??= at;
        },
        onAttemptFailed: (_endpoint, { address, port, code }) => void this.#trace('connect-failed', { address, port, code }),
        onWon: (winner, endpoint) => this.#connected(winner, endpoint),
        onLost: (error) => this.#fail(error),
      },
      this.#clock,
    );
    this.#race.start();
  }

  #open(endpoint: Endpoint, outcome: AttemptOutcome): SocketOpening {
    return openSocket(endpoint, this.#options.localAddress, this.#handshake, {
      onConnected: () => outcome.connected(),
      onReady: (transport) => this.#ready(transport),
      // Once connected it is out of the race, and what fails is TLS.
      onFailed: (error) => {
        if (this.#stage === 'securing') this.#fail(tlsError(this.#request.origin, error));
        else outcome.failed(error);
      },
    });
  }

  #connected(winner: SocketOpening, endpoint: Endpoint): void {
    this.#winner = winner;
    this.#moments.connectEnd = this.#trace('connect-end', endpoint);
    if (this.#handshake === undefined || this.#isSettled()) return;
    this.#enter('securing');
    this.#moments.tlsStart = this.#trace('tls-start', { servername: this.#handshake.servername });
  }

  #ready(transport: ByteTransport): void {
    const { tls, alpnProtocol } = transport.facts;
    if (tls !== undefined) {
      this.#moments.tlsEnd = this.#trace('tls-end', { version: tls.version, alpnProtocol, resumed: tls.resumed });
    }
    if (this.#isSettled()) {
      transport.destroy();
      return;
    }
    this.#moments.end = this.#clock.now();
    this.#settle();
    this.#resolve({ transport, timings: { ...this.#moments } });
  }

  #fail(error: HttpCoreError): void {
    if (this.#isSettled()) return;
    this.#settle();
    this.#resolving?.cancel();
    this.#race?.cancel();
    this.#winner?.destroy();
    this.#reject(error);
  }

  #settle(): void {
    this.#enter('settled');
    this.#limit?.cancel();
  }

  /** An observer may abort its exchange from inside an event, and that cancels the dial: look again after every event. */
  #isSettled(): boolean {
    return this.#stage === 'settled';
  }

  #enter(stage: Stage): void {
    if (!transitions[this.#stage].includes(stage)) throw new Error(`A dial can't go from ${this.#stage} to ${stage}`);
    this.#stage = stage;
  }

  #timeout(limit: number): ConnectTimeout {
    const { origin } = this.#request;
    return new ConnectTimeout(`No connection to ${origin.text} within ${Math.round(limit)} ms: ${this.#whatHangs()}`, {
      phase: phaseOf[this.#stage],
      origin: origin.text,
    });
  }

  #whatHangs(): string {
    if (this.#stage === 'resolving') return `the name ${JSON.stringify(this.#request.origin.host)} was not resolved`;
    if (this.#stage === 'securing') return 'the TLS handshake was not finished';
    return `no answer from ${(this.#race?.pending ?? []).map(endpointText).join(', ')}`;
  }

  /** Returns the moment of the event. What the caller's observer throws is dropped before it comes here (`observerOf`). */
  #trace<Name extends TraceEventName>(name: Name, detail: TraceEvents[Name]): number {
    const now = this.#clock.now();
    this.#request.trace?.(name, now, detail);
    return now;
  }
}
