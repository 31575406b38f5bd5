/** Opens one socket to one address: TCP or a unix socket, and TLS on it where it is asked for. */
import { connect, type OnReadOpts, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

import type { ByteTransport } from './byte-transport.ts';
import { nodeTls } from './node-tls.ts';
import { plainReadSize, ReadMemory, tlsReadSize } from './read-memory.ts';
import { SocketTransport, writeHighWaterMark } from './socket-transport.ts';
import type { TlsHandshake } from './tls.ts';
import { certificateNamesOf, secureSocketFacts, socketFacts } from './transport-facts.ts';

/** An IP address with a port, or the path of a unix socket (or Windows named pipe) without one. */
export interface Endpoint {
  readonly address: string;
  readonly port: number | undefined;
}

/** What becomes of an opening. Never called from inside {@link openSocket}; nothing follows `onReady`, `onFailed` or `destroy`. */
export interface OpeningListener {
  /** The peer has accepted. With TLS, the handshake has begun. */
  onConnected(): void;
  /** Ready to carry HTTP: at once after `onConnected`, or when TLS is agreed on and the peer verified. */
  onReady(transport: ByteTransport): void;
  onFailed(error: Error): void;
}

export interface SocketOpening {
  /** Gives up and closes the socket. Does nothing after `onReady` or `onFailed`. */
  destroy(): void;
}

/** An idle connection behind a NAT or a load balancer is dropped in silence; probes tell us, or keep it open. In milliseconds. */
const keepAliveProbeDelay = 30_000;

/**
 * TLS is made by `tls.connect` on a socket of its own, not over a connected one: only so does Node read through `onread`.
 * The handshake thus begins on each raced attempt as soon as it is connected; the race ends at that same moment.
 */
export function openSocket(
  endpoint: Endpoint,
  localAddress: string | undefined,
  handshake: TlsHandshake | undefined,
  listener: OpeningListener,
): SocketOpening {
  const where = endpoint.port === undefined ? { path: endpoint.address } : { host: endpoint.address, port: endpoint.port };
  const options = {
    ...where,
    ...(localAddress !== undefined && endpoint.port !== undefined && { localAddress }),
    // When to end our direction is the protocol's decision: an early response may come while we still send.
    allowHalfOpen: true,
    // For both directions; ours is the writing one.
    highWaterMark: writeHighWaterMark,
  };
  let socket!: Socket;
  const memory = new ReadMemory(handshake === undefined ? plainReadSize : tlsReadSize);
  const transport = SocketTransport.opening(memory, (onread: OnReadOpts | undefined) => {
    const all = { ...options, ...(onread !== undefined && { onread }) };
    socket = handshake === undefined ? connect(all) : nodeTls().connect({ ...all, ...handshake.options });
    return socket;
  });

  let open = true;
  let connected = false;
  const settle = (): void => {
    open = false;
    socket.off('connect', onConnect).off('error', onError).off('close', onClose);
  };
  const onConnect = (): void => {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveProbeDelay);
    connected = true;
    listener.onConnected();
    // The listener may have destroyed it.
    if (handshake === undefined && open) {
      settle();
      transport.setFacts(socketFacts(socket, pathOf(endpoint)));
      listener.onReady(transport);
    }
  };
  const onError = (error: Error): void => {
    if (!open) return;
    settle();
    if (connected) handshake?.onFailed();
    transport.destroy();
    listener.onFailed(error);
  };
  const onClose = (): void => onError(new Error('The connection was closed before it was ready'));

  socket.on('connect', onConnect).on('error', onError).on('close', onClose);
  if (handshake !== undefined) {
    const secure = socket as TLSSocket;
    const certificateNames = certificateNamesOf(secure, handshake.resuming);
    secure.on('secureConnect', () => {
      if (!open) return;
      settle();
      transport.setFacts(secureSocketFacts(secure, pathOf(endpoint), certificateNames));
      listener.onReady(transport);
    });
    // Comes with the handshake over TLS 1.2, and at the server's leisure over TLS 1.3; never before the peer is verified.
    secure.on('session', (session: Buffer) => handshake.onSession({ session, certificateNames: certificateNames() }));
  }
  return {
    destroy() {
      if (!open) return;
      settle();
      transport.destroy();
    },
  };
}

function pathOf(endpoint: Endpoint): string | undefined {
  return endpoint.port === undefined ? endpoint.address : undefined;
}
