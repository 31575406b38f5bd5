/** A network from a seed: servers in this process, and links between that are slow, lose and break, the same way each time. */
import type { Server } from 'node:http';

import type { Application } from '../in-process/application.ts';
import type { PoolOptions } from '../model/pool-options.ts';
import type { ByteTransport } from '../net/byte-transport.ts';
import { nodeServerOf } from './application-on-node.ts';
import { FakeClock } from './fake-clock.ts';
import { idealLink, readLink, type Link, type LinkOptions } from './link.ts';
import { LinkedTransport } from './linked-transport.ts';
import { TransportDispatcher, type TransportTarget } from './transport-dispatcher.ts';

/** The seed, the clock, and the links of all who stand on the network without one of their own. */
export interface ScriptedNetworkOptions extends LinkOptions {
  /** From it comes all that is left to chance. Default 1. */
  readonly seed?: number | undefined;
  /** Default: one of its own, from `performance.now()` on. */
  readonly clock?: FakeClock | undefined;
}

/** What a server is given: `http.createServer()`, `http2.createServer()`, or anything that takes a socket by `connection`. */
export interface ConnectionServer {
  emit(event: 'connection', socket: unknown): boolean;
}

/** How somebody stands at an origin: what is spoken, over what link. */
export interface ServiceOptions extends LinkOptions {
  /** What is spoken on its connections. Default `http/1.1`; `h2` needs a server of `node:http2`. */
  readonly protocol?: 'http/1.1' | 'h2' | undefined;
}

interface Service {
  readonly server: ConnectionServer;
  readonly link: Link;
  readonly protocol: 'http/1.1' | 'h2';
}

/** Scripted milliseconds after which {@link ScriptedNetwork.run} gives up: what does not end by then waits for something that does not come. */
const longestRun = 600_000;

/**
 * A network for a pool, or a client, that is tested from a seed: the same seed gives the same delays, losses and resets in the same order, on scripted
 * time, so that hours take milliseconds, and a failure can be had again by its number.
 *
 * @example
 * for (let seed = 1; seed <= 100; seed++) {
 *   const network = new ScriptedNetwork({ seed, latency: 30, jitter: 20, loss: 0.05, reset: 0.01 });
 *   network.serve('http://api.test', ({ url }) => ({ status: 200, body: url[3] }));
 *   await using client = new Client({ dispatcher: network.dispatcher(), retries: new Retries(3, { backoffFactor: 0 }) });
 *   const response = await network.run(() => client.get('http://api.test/items'));
 *   assert.equal(response.text(), '/items', `seed ${seed}`);
 * }
 */
export class ScriptedNetwork {
  readonly clock: FakeClock;
  readonly seed: number;
  readonly #link: Link;
  readonly #random: () => number;
  readonly #services = new Map<string, Service>();
  readonly #open = new Set<LinkedTransport>();
  #connected = 0;

  /** @throws {RangeError} naming what is impossible. */
  constructor({ seed = 1, clock, ...link }: ScriptedNetworkOptions = {}) {
    this.seed = seed;
    this.clock = clock ?? new FakeClock(performance.now());
    this.#link = readLink(link, idealLink);
    this.#random = chance(seed);
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#open.size;
  }

  /** Connections that were made. */
  get connected(): number {
    return this.#connected;
  }

  /**
   * Has a server, or a function that answers requests, stand at an origin such as `http://api.test:8080`. Its link may be another than that of the
   * network.
   * @throws {RangeError | TypeError} an option, or the origin, is impossible.
   */
  serve(origin: string, server: ConnectionServer | Application, { protocol = 'http/1.1', ...link }: ServiceOptions = {}): void {
    const { protocol: scheme, hostname, port } = new URL(origin);
    const service: Service = {
      server: typeof server === 'function' ? quiet(nodeServerOf(server)) : server,
      link: readLink(link, this.#link),
      protocol,
    };
    this.#services.set(placeOf(hostname, port === '' ? (scheme === 'https:' ? 443 : 80) : Number(port)), service);
  }

  /** A pool on this network and its clock. */
  dispatcher(options: PoolOptions = {}): TransportDispatcher {
    return new TransportDispatcher({ ...options, clock: this.clock, connect: (target) => this.connect(target) });
  }

  /** For a `TransportDispatcher` of one's own. @throws {Error} with a system's code: `ENOTFOUND` or `ECONNREFUSED`. */
  async connect({ scheme, host, port }: TransportTarget): Promise<ByteTransport> {
    const service = this.#services.get(placeOf(host, port));
    if (service === undefined) throw systemError('ENOTFOUND', `getaddrinfo ENOTFOUND ${host}`);
    const { link, server, protocol } = service;
    await this.#passed(2 * link.latency);
    if (link.refuse > 0 && this.#random() < link.refuse) throw systemError('ECONNREFUSED', `connect ECONNREFUSED ${host}:${port}`);
    const facts = {
      remoteAddress: '127.0.0.1',
      remotePort: port,
      localAddress: '127.0.0.1',
      localPort: 49_152 + (this.#connected % 16_384),
      alpnProtocol: scheme === 'https' ? protocol : undefined,
      tls: undefined,
    };
    this.#connected += 1;
    const transport = new LinkedTransport(this.clock, link, this.#random, { port, encrypted: scheme === 'https' }, facts, (gone) =>
      this.#open.delete(gone),
    );
    this.#open.add(transport);
    server.emit('connection', transport.socket);
    return transport;
  }

  /** Resets every open connection. */
  resetConnections(): void {
    for (const transport of this.#open) transport.reset();
  }

  /**
   * Moves the clock from one due time to the next until `work` has settled, and gives what it gives.
   *
   * @throws {Error} it has not settled after ten scripted minutes, or waits for nothing that this network or clock will bring.
   * @throws what `work` throws.
   */
  async run<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const { clock } = this;
    const end = clock.now() + longestRun;
    let isSettled = false;
    const settled = (): void => void (isSettled = true);
    const result = (async () => work())();
    result.then(settled, settled);
    for (;;) {
      await clock.settle();
      if (isSettled) return result;
      const { nextDue } = clock;
      if (nextDue > end) {
        const problem =
          nextDue === Infinity ? 'It waits for something that is not on this clock' : 'It has not ended after ten scripted minutes';
        throw new Error(`${problem} (seed ${this.seed})`);
      }
      clock.advance(Math.max(0, nextDue - clock.now()));
    }
  }

  #passed(milliseconds: number): Promise<void> {
    if (milliseconds === 0) return Promise.resolve();
    return new Promise((resolve) => void this.clock.schedule(milliseconds, resolve));
  }
}

function placeOf(host: string, port: number): string {
  return `${host.toLowerCase().replace(/^\[|\]$/g, '')}:${port}`;
}

/** What it does about idle connections it does by the real clock. */
function quiet(server: Server): Server {
  server.keepAliveTimeout = 0;
  return server;
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** From 0 up to 1, the same numbers for the same seed (mulberry32). */
function chance(seed: number): () => number {
  let state = Math.imul(seed, 0x9e37_79b9) >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
