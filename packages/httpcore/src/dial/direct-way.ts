import { ConnectError, HttpCoreError } from '../contract/errors.ts';
import type { Guard } from '../contract/guard.ts';
import { openSocket, type Endpoint, type SocketOpening } from '../net/open-socket.ts';
import type { Resolving } from '../net/dns/look-up.ts';
import { isAddress, type Found, type FoundEndpoint, type Question, type Resolver } from '../net/dns/resolver.ts';
import { areSocketsTakenOver } from '../net/taken-over.ts';
import { tlsError } from '../net/tls-failure.ts';
import type { TlsHandshake } from '../net/tls.ts';
import type { Clock } from '../time/clock.ts';
import { ConnectRace, endpointText, type AttemptOutcome } from './connect-race.ts';
import { Admission } from './admission.ts';
import { lookUp } from './look-up.ts';
import { traceSecured, type Way, type WayListener } from './way.ts';

/** Where a way of its own leads: a host and port, or a unix socket (or Windows named pipe). */
export type HostOrPath = { readonly host: string; readonly port: number } | { readonly path: string };

/** Its own: a `path` on `Object.prototype` leads nowhere. */
export function isPath(destination: HostOrPath): destination is { readonly path: string } {
  return Object.hasOwn(destination, 'path');
}

export interface DirectWayOptions {
  readonly guard: Guard | null;
  readonly localAddress: string | undefined;
  readonly connectionAttemptDelay: number;
}

export interface DirectWayRequest {
  /** For errors: of an origin, or of a proxy. */
  readonly origin: string;
  /** Is it a proxy? Then errors say so. */
  readonly isProxy: boolean;
  /** Of the origin, wherever the way leads. */
  readonly host: string;
  readonly port: number;
  readonly destination: HostOrPath;
  /** TLS is part of opening the socket: only so does Node read without a stream in between. */
  readonly handshake: TlsHandshake | undefined;
  /** Will TLS be put on the transport? */
  readonly carriesTls: boolean;
  readonly onResolved?: ((addresses: readonly string[]) => HttpCoreError | undefined) | undefined;
}

/** Resolves, and races the addresses; with a handshake the transport that wins is secured. */
export class DirectWay implements Way {
  readonly #request: DirectWayRequest;
  readonly #options: DirectWayOptions;
  readonly #resolver: Resolver;
  readonly #clock: Clock;
  readonly #listener: WayListener;
  // What runs, and has to be stopped when it is not wanted any more.
  #resolving: Resolving | undefined;
  #race: ConnectRace<SocketOpening> | undefined;
  #winner: SocketOpening | undefined;
  #winnerAt: Endpoint | undefined;
  /** What the name led to, and by whose word. */
  #found: Found | undefined;

  constructor(request: DirectWayRequest, options: DirectWayOptions, resolver: Resolver, clock: Clock, listener: WayListener) {
    this.#request = request;
    this.#options = options;
    this.#resolver = resolver;
    this.#clock = clock;
    this.#listener = listener;
  }

  get hanging(): string {
    const { destination } = this.#request;
    if (this.#winner !== undefined) return 'the TLS handshake was not finished';
    if (this.#race !== undefined) return `no answer from ${this.#race.pending.map(endpointText).join(', ')}`;
    return isPath(destination) ? 'nothing was tried' : `the name ${JSON.stringify(destination.host)} was not resolved`;
  }

  get #name(): string {
    const { origin, isProxy } = this.#request;
    return isProxy ? `the proxy at ${origin}` : origin;
  }

  start(): void {
    const { destination } = this.#request;
    if (isPath(destination)) this.#connectTo(destination.path);
    else if (isAddress(destination.host) && !this.#resolver.isFixed(destination.host, destination.port))
      this.#resolved([{ address: destination.host, port: destination.port }]);
    else if (areSocketsTakenOver()) this.#connectByName(destination.host, destination.port);
    else this.#lookUp(destination.host, destination.port);
  }

  cancel(): void {
    this.#resolving?.cancel();
    this.#race?.cancel();
    this.#winner?.destroy();
  }

  #question(host: string, port: number): Question {
    return { host, port, localAddress: this.#options.localAddress, owner: this.#request.isProxy ? this.#name : undefined };
  }

  #lookUp(host: string, port: number): void {
    this.#resolving = lookUp(this.#question(host, port), this.#resolver, this.#listener, (found) => {
      this.#found = found;
      this.#resolved(found.endpoints);
    });
  }

  /** A stand-in that lets the connection through looks the name up after all, perhaps when it has told that it is connected. */
  #connectByName(host: string, port: number): void {
    const lookup = this.#resolver.lookupFor(this.#question(host, port), (endpoints) => this.#letThrough(endpoints, host, port));
    this.#connect([{ address: host, port, lookup }]);
  }

  /** What it answers by itself opens no socket, and nobody is asked about it; the port of what it opens is the one that it was told. */
  #letThrough(endpoints: readonly FoundEndpoint[], host: string, port: number): readonly FoundEndpoint[] | HttpCoreError {
    const atPort = endpoints.filter((endpoint) => endpoint.port === port);
    if (atPort.length === 0) {
      const message = `"resolve" leads ${host}:${port} to port ${endpoints[0]!.port}, where a stand-in for the network (nock, MSW) can not be led: it opens its sockets by itself`;
      return new ConnectError(message, { code: 'DNS_FAILED', phase: 'dns' });
    }
    const allowed = this.#admission?.among(atPort) ?? atPort;
    return allowed instanceof HttpCoreError ? allowed : (this.#request.onResolved?.(allowed.map(({ address }) => address)) ?? allowed);
  }

  #resolved(resolved: readonly FoundEndpoint[]): void {
    const endpoints = this.#admission?.endpoints(resolved) ?? resolved;
    // Refused, or an observer has ended it.
    if (this.#listener.isSettled) return;
    // At another port is another server.
    const atPort = endpoints.filter(({ port }) => port === this.#request.port).map(({ address }) => address);
    const end = atPort.length === 0 ? undefined : this.#request.onResolved?.(atPort);
    if (end !== undefined) this.#listener.onFailed(end);
    else this.#connect(endpoints);
  }

  /** Where an answer from before led nowhere, the service may have moved: its name is looked up once more, and what is new is tried. */
  #lost(error: HttpCoreError): void {
    const { destination } = this.#request;
    const found = this.#found;
    this.#found = undefined;
    if (isPath(destination) || (found?.source !== 'cache' && found?.source !== 'stale')) {
      this.#listener.onFailed(error);
      return;
    }
    const { host, port } = destination;
    const question = { ...this.#question(host, port), newerThan: found.at };
    const fail = (): void => this.#listener.onFailed(error);
    const tried = new Set(found.endpoints.map(({ address }) => address));
    const onFound = ({ endpoints }: Found): void => {
      const others = endpoints.filter(({ address }) => !tried.has(address));
      if (others.length > 0) this.#resolved(others);
      else fail();
    };
    this.#race = undefined;
    this.#resolving = lookUp(question, this.#resolver, this.#listener, onFound, fail);
  }

  #connectTo(path: string): void {
    this.#admission?.socket(path);
    if (!this.#listener.isSettled) this.#connect([{ address: path, port: undefined }]);
  }

  /** Whoever configured a proxy chose where it is. */
  get #admission(): Admission | undefined {
    const { guard } = this.#options;
    const { isProxy, host, port } = this.#request;
    return guard === null || isProxy ? undefined : new Admission(guard, { host, port, proxy: undefined }, this.#listener);
  }

  #connect(endpoints: readonly Endpoint[]): void {
    const listener = this.#listener;
    listener.enter('connecting');
    this.#race = new ConnectRace<SocketOpening>(
      {
        target: this.#name,
        endpoints,
        attemptDelay: this.#options.connectionAttemptDelay,
        connect: (endpoint, outcome) => this.#open(endpoint, outcome),
        onAttemptStarted: (endpoint) => listener.trace('connect-start', endpoint),
        onAttemptFailed: (endpoint, { address, port, code }) => {
          if (endpoints.length > 1) this.#note(endpoint, 'onFailed');
          listener.trace('connect-failed', { address, port, code });
        },
        onAttemptOvertaken: (endpoint) => this.#note(endpoint, 'onFailed'),
        onWon: (winner, endpoint) => {
          if (endpoints.length > 1) this.#winnerAt = endpoint;
          this.#connected(winner, endpoint);
        },
        onLost: (error) => this.#lost(error),
      },
      this.#clock,
    );
    this.#race.start();
  }

  /** Only where there is a choice. */
  #note({ address, port }: Endpoint, what: 'onFailed' | 'onConnected'): void {
    if (port !== undefined) this.#resolver[what]({ address, port });
  }

  #open(endpoint: Endpoint, outcome: AttemptOutcome): SocketOpening {
    const { handshake, carriesTls } = this.#request;
    return openSocket(
      endpoint,
      { localAddress: this.#options.localAddress, handshake, carriesTls },
      {
        onConnected: () => outcome.connected(),
        onReady: (transport) => {
          if (this.#winnerAt !== undefined) this.#note(this.#winnerAt, 'onConnected');
          traceSecured(this.#listener, transport.facts);
          if (this.#listener.isSettled) transport.destroy();
          else this.#listener.onReady(transport);
        },
        // Once connected it is out of the race, and what fails is TLS.
        onFailed: (error) => {
          if (error instanceof HttpCoreError) this.#listener.onFailed(error);
          else if (this.#winner === undefined) outcome.failed(error);
          else {
            if (this.#winnerAt !== undefined) this.#note(this.#winnerAt, 'onFailed');
            this.#listener.onFailed(tlsError(this.#request.origin, error, this.#name));
          }
        },
      },
    );
  }

  #connected(winner: SocketOpening, endpoint: Endpoint): void {
    this.#winner = winner;
    this.#listener.trace('connect-end', endpoint);
    const { handshake } = this.#request;
    if (handshake === undefined || this.#listener.isSettled) return;
    this.#listener.enter('securing');
    this.#listener.trace('tls-start', { servername: handshake.servername });
  }
}
