/** What the tests of the network share: real servers on the loopback, dials to them, and a handler that records. */
import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

import { Resolver } from '../../../src/net/dns/resolver.ts';
import { createTransportDialer } from '../../../src/dial/transport-dialer.ts';
import type { Dial, DialedTransport, TransportDialer } from '../../../src/dial/dial.ts';
import { resolvePoolOptions, type PoolOptions } from '../../../src/model/pool-options.ts';
import type { Tunnels } from '../../../src/proxies/tunnels.ts';
import { waysThroughProxies } from '../../../src/proxies/way-through.ts';
import { parseOrigin } from '../../../src/model/origin.ts';
import type { Destination } from '../../../src/model/destination.ts';
import type { Proxy } from '../../../src/model/proxy/proxy.ts';
import type { ByteTransport, TransportHandler } from '../../../src/net/byte-transport.ts';
import type { TraceObserver } from '../../../src/contract/trace.ts';
import { systemClock, type Clock } from '../../../src/time/clock.ts';

export interface Listening extends AsyncDisposable {
  readonly port: number;
  /** The sockets that are open. */
  readonly sockets: ReadonlySet<Socket>;
}

/** Listens on a free port of `where` (default 127.0.0.1), or on a unix socket; destroys every connection when it is disposed of. */
export async function listen(
  server: Server,
  where: { host: string; port?: number } | { path: string } = { host: '127.0.0.1' },
): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket: Socket) => socket.on('error', () => {}));
  server.listen('path' in where ? where : { port: 0, ...where });
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    sockets,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      if (server.listening) await once(server, 'close');
    },
  };
}

export interface Target {
  readonly scheme?: 'http' | 'https';
  readonly host?: string;
  readonly port: number;
  readonly servername?: string;
  readonly trace?: TraceObserver;
  readonly proxy?: Proxy | null;
  readonly via?: Proxy | null;
  /** Default: what the dialler was made with. */
  readonly protocols?: Destination['protocols'];
}

export function dialTo(dialer: TransportDialer, target: Target): Dial<DialedTransport> {
  const { scheme = 'http', host = '127.0.0.1', port, servername, trace = null } = target;
  const { proxy = null, via = null, protocols = protocolsOf.get(dialer) ?? [] } = target;
  return dialer.dial({ origin: parseOrigin(scheme, host, port, servername), proxy, via, protocols, trace, inContext: (task) => task() });
}

const protocolsOf = new WeakMap<TransportDialer, Destination['protocols']>();

const noTunnels: Tunnels = {
  open() {
    throw new Error('This dialler has no tunnels');
  },
};

/** `protocols`: what its dials offer in TLS. */
export function dialerWith(
  options: PoolOptions = {},
  clock: Clock = systemClock,
  protocols: Destination['protocols'] = [],
): TransportDialer {
  const settings = resolvePoolOptions(options);
  const resolver = new Resolver(settings, clock);
  const dialer = createTransportDialer(settings, resolver, clock, waysThroughProxies(settings, resolver, clock, noTunnels));
  protocolsOf.set(dialer, protocols);
  return dialer;
}

export async function connectTo(target: Target, options: PoolOptions = {}): Promise<ByteTransport> {
  return (await dialTo(dialerWith(options), target).result).transport;
}

/** A handler that records everything, copies what it is given, and can be waited for. */
export class Recorder implements TransportHandler {
  readonly #transport: ByteTransport;
  readonly #onBytes: (chunk: Uint8Array, transport: ByteTransport) => void;
  /** The order of the calls, runs of `bytes` counted as one. */
  readonly calls: string[] = [];
  readonly #chunks: Buffer[] = [];
  #length = 0;
  error: Error | undefined;
  #changed: (() => void)[] = [];

  constructor(transport: ByteTransport, onBytes: (chunk: Uint8Array, transport: ByteTransport) => void = () => {}) {
    this.#transport = transport;
    this.#onBytes = onBytes;
  }

  static start(transport: ByteTransport, onBytes?: (chunk: Uint8Array, transport: ByteTransport) => void): Recorder {
    const recorder = new Recorder(transport, onBytes);
    transport.start(recorder);
    return recorder;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
  get length(): number {
    return this.#length;
  }
  get text(): string {
    return this.bytes.toString('latin1');
  }

  onBytes(chunk: Uint8Array): void {
    this.#chunks.push(Buffer.from(chunk));
    this.#length += chunk.length;
    this.#record('bytes');
    this.#onBytes(chunk, this.#transport);
  }
  onEnd(): void {
    this.#record('end');
  }
  onDrain(): void {
    this.#record('drain');
  }
  onClosed(error: Error | undefined): void {
    this.error = error;
    this.#record('closed');
  }

  /** Resolves when `condition` holds, looked at after every call. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#changed.push(resolve));
  }
  called(name: 'bytes' | 'end' | 'drain' | 'closed'): Promise<void> {
    return this.until(() => this.calls.includes(name));
  }

  #record(call: string): void {
    if (this.calls.at(-1) !== 'bytes' || call !== 'bytes') this.calls.push(call);
    for (const resolve of this.#changed.splice(0)) resolve();
  }
}

const socketResources = /TCPSocketWrap|TLSWrap|PipeWrap|ConnectWrap|GetAddrInfo/;

/** Sockets, connection attempts and lookups that keep this process alive now. */
export function openResources(): number {
  return process.getActiveResourcesInfo().filter((name) => socketResources.test(name)).length;
}

/** Waits until no more of them are open than `before`. Hangs, and so fails its test, when something was left. */
export async function resourcesBackTo(before: number): Promise<void> {
  await turnsUntil(() => openResources() <= before);
}

/** For what can be seen but not be waited for. Hangs, and so fails its test, when it does not come. */
export async function turnsUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** Lets what the system has already delivered be delivered. */
export async function someTurns(): Promise<void> {
  for (let count = 0; count < 20; count++) await turn();
}
