/** Opens one socket to one address: TCP or a unix socket, and TLS on it where it is asked for. */
import { connect, type LookupFunction, type OnReadOpts, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

import { toError } from '../contract/thrown.ts';
import type { TransportFacts } from './byte-transport.ts';
import { nodeTls } from './node-tls.ts';
import { plainReadSize, ReadMemory, tlsReadSize } from './read-memory.ts';
import { SocketTransport, writeHighWaterMark } from './socket-transport.ts';
import type { TlsHandshake } from './tls.ts';
import type { PeerChain } from './peer-chain.ts';
import { secureSocketFacts, socketFacts } from './transport-facts.ts';

/** An IP address with a port, or the path of a unix socket (or Windows named pipe) without one. */
export interface Endpoint {
  readonly address: string;
  readonly port: number | undefined;
  /** Where `address` is a name: who looks it up, if anybody. */
  readonly lookup?: LookupFunction;
}

/** What a socket is for. */
export interface SocketUse {
  readonly localAddress: string | undefined;
  /** TLS from the beginning; the socket gives what is in it. */
  readonly handshake: TlsHandshake | undefined;
  /** TLS will be put on it later. Not every runtime lets a socket that reads into memory of ours go again, so this one is read as a stream. */
  readonly carriesTls: boolean;
}

/** What becomes of an opening. Never called from inside {@link openSocket}; nothing follows `onReady`, `onFailed` or `destroy`. */
export interface OpeningListener {
  /** The peer has accepted. With TLS, the handshake has begun. */
  onConnected(): void;
  /** Ready to carry HTTP: at once after `onConnected`, or when TLS is agreed on and the peer verified. */
  onReady(transport: SocketTransport): void;
  onFailed(error: Error): void;
}

export interface SocketOpening {
  /** Gives up and closes the socket. Does nothing after `onReady` or `onFailed`. */
  destroy(): void;
}

/** An idle connection behind a NAT or a load balancer is dropped in silence; probes tell us, or keep it open. In milliseconds. */
const keepAliveProbeDelay = 30_000;

/** What Node looks for, and would find on `Object.prototype` as well. */
const nowhereElse = Object.freeze({
  path: undefined,
  localAddress: undefined,
  localPort: undefined,
  lookup: undefined,
  family: undefined,
  hints: undefined,
  signal: undefined,
  timeout: undefined,
  socket: undefined,
  fd: undefined,
  handle: undefined,
});

/**
 * TLS is made by `tls.connect` on a socket of its own, not over a connected one: only so does Node read through `onread`.
 * The handshake thus begins on each raced attempt as soon as it is connected; the race ends at that same moment.
 */
export function openSocket(
  endpoint: Endpoint,
  { localAddress, handshake, carriesTls }: SocketUse,
  listener: OpeningListener,
): SocketOpening {
  const { address, port, lookup } = endpoint;
  const where = port === undefined ? { path: address } : { host: address, port };
  const options = {
    ...nowhereElse,
    ...where,
    ...(lookup !== undefined && { lookup }),
    ...(localAddress !== undefined && port !== undefined && { localAddress }),
    // When to end our direction is the protocol's decision: an early response may come while we still send.
    allowHalfOpen: true,
    // For both directions; ours is the writing one.
    highWaterMark: writeHighWaterMark,
  };
  let socket!: Socket;
  const memory = carriesTls ? null : new ReadMemory(handshake === undefined ? plainReadSize : tlsReadSize);
  const transport = SocketTransport.opening(memory, (onread: OnReadOpts) => {
    const all = memory === null ? options : { ...options, onread };
    socket = handshake === undefined ? connect(all) : nodeTls().connect({ ...all, ...handshake.options });
    return socket;
  });

  const path = port === undefined ? address : undefined;
  const opening = new Opening(socket, transport, handshake, listener);
  socket.once('connect', () => {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveProbeDelay);
    opening.connected();
    // The listener may have destroyed it.
    if (handshake === undefined) opening.ready(() => socketFacts(socket, path));
  });
  if (handshake !== undefined) opening.secure(socket as TLSSocket, handshake, () => socketFacts(socket, path));
  return opening;
}

/**
 * TLS on a transport that is there and that nobody reads from: at the end of a way through a proxy. The new transport has it from now
 * on, and ends with it. `onConnected` is not called.
 */
export function secureTransport(under: SocketTransport, handshake: TlsHandshake, listener: OpeningListener): SocketOpening {
  const options = { ...handshake.options, socket: under.socket as Socket, highWaterMark: writeHighWaterMark };
  const socket = nodeTls().connect(options);
  const opening = new Opening(socket, SocketTransport.within(under, socket, new ReadMemory(tlsReadSize)), handshake, listener);
  opening.isConnected = true;
  opening.secure(socket, handshake, () => under.facts);
  return opening;
}

/** Tells, once, what becomes of a socket that is being made ready. */
class Opening implements SocketOpening {
  readonly #socket: Socket;
  readonly #transport: SocketTransport;
  readonly #handshake: TlsHandshake | undefined;
  readonly #listener: OpeningListener;
  readonly #onError = (error: unknown): void => this.#fail(toError(error));
  readonly #onClose = (): void => this.#fail(new Error('The connection was closed before it was ready'));
  #isSettled = false;
  #hasFailed = false;
  isConnected = false;

  constructor(socket: Socket, transport: SocketTransport, handshake: TlsHandshake | undefined, listener: OpeningListener) {
    this.#socket = socket;
    this.#transport = transport;
    this.#handshake = handshake;
    this.#listener = listener;
    socket.on('error', this.#onError).on('close', this.#onClose);
  }

  connected(): void {
    if (this.#isSettled) return;
    this.isConnected = true;
    this.#listener.onConnected();
  }

  secure(socket: TLSSocket, handshake: TlsHandshake, facts: () => TransportFacts): void {
    let chain: PeerChain | undefined;
    if (handshake.onKeyLog !== undefined) socket.on('keylog', handshake.onKeyLog);
    socket.once('secureConnect', () =>
      this.ready(() => {
        chain = handshake.admit(socket);
        return secureSocketFacts(socket, facts(), chain);
      }),
    );
    // Comes with the handshake over TLS 1.2, and at the server's leisure over TLS 1.3; never before the peer is verified.
    socket.on('session', (session: Buffer) => {
      if (chain !== undefined && !this.#hasFailed) handshake.onSession({ session, chain });
    });
  }

  ready(facts: () => TransportFacts): void {
    if (this.#isSettled) return;
    try {
      this.#transport.setFacts(facts());
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    this.#settle();
    this.#listener.onReady(this.#transport);
  }

  destroy(): void {
    if (this.#settle()) this.#transport.destroy();
  }

  #fail(error: Error): void {
    if (!this.#settle()) return;
    this.#hasFailed = true;
    if (this.isConnected) this.#handshake?.onFailed();
    this.#transport.destroy();
    this.#listener.onFailed(error);
  }

  /** False when it was settled before. */
  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#socket.off('error', this.#onError).off('close', this.#onClose);
    return true;
  }
}
