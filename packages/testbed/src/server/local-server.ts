/**
 * What every server of the testbed has in common: it listens on loopback at a port of the moment, counts its connections,
 * and takes all of them down when it closes, so that a test leaves no handle behind.
 */
import { once } from 'node:events';
import type { Server as NetServer, AddressInfo, Socket } from 'node:net';
import { Server as TlsServer, type TLSSocket } from 'node:tls';
import { ConnectionLedger, type ConnectionCounts } from './connection-ledger.ts';
import type { TlsSetup } from './tls-setup.ts';

export interface ListenOptions {
  /** Default `127.0.0.1`. */
  readonly host?: '127.0.0.1' | '::1';
  /** Listens on this unix socket instead; `host` and `port` then only make the URL. */
  readonly socketPath?: string;
}

export interface LocalServer extends AsyncDisposable {
  readonly host: '127.0.0.1' | '::1';
  /** 0 on a unix socket. */
  readonly port: number;
  /** `http://127.0.0.1:49152`; IPv6 addresses in brackets; `https` when it speaks TLS. */
  readonly origin: string;
  /** What a client has to trust (`tls: { ca }`), in PEM; `undefined` without TLS. */
  readonly ca: string | undefined;
  readonly connections: ConnectionCounts;
  /** An absolute URL on this server. */
  url(path: string): string;
  /** Destroys every connection and stops listening. Idempotent. */
  close(): Promise<void>;
}

/** The sides of a server that its behaviour needs and its users do not. */
export interface ListeningServer extends LocalServer {
  readonly ledger: ConnectionLedger;
  /** The index of a connection in `requestsPerConnection`. */
  connectionOf(socket: Socket): number;
  /** The TCP socket under a TLS one; the socket itself without TLS. */
  transportOf(socket: Socket): Socket;
}

/** Starts listening and keeps the books. `server` must be fresh: nothing may have connected to it. */
export async function listen(server: NetServer, setup: TlsSetup | undefined, options: ListenOptions = {}): Promise<ListeningServer> {
  const host = options.host ?? '127.0.0.1';
  const ledger = new ConnectionLedger();
  const open = new Set<Socket>();
  const indexes = new WeakMap<Socket, number>();
  const transports = new WeakMap<Socket, Socket>();
  const transportByPort = new Map<number, Socket>();

  server.on('connection', (socket: Socket) => {
    open.add(socket);
    indexes.set(socket, ledger.connectionOpened());
    const { remotePort } = socket;
    if (remotePort !== undefined) transportByPort.set(remotePort, socket);
    // Peers that reset are what the testbed is for; the close event that follows is all there is to do about it.
    socket.on('error', ignore);
    socket.once('close', () => {
      open.delete(socket);
      if (remotePort !== undefined) transportByPort.delete(remotePort);
      ledger.connectionClosed();
    });
  });
  if (server instanceof TlsServer) {
    server.on('secureConnection', (socket: TLSSocket) => {
      const transport = transportByPort.get(socket.remotePort ?? -1);
      if (transport !== undefined) {
        transports.set(socket, transport);
        indexes.set(socket, indexes.get(transport) ?? -1);
      }
      socket.on('error', ignore);
      ledger.handshakeFinished(socket.isSessionReused());
    });
    server.on('tlsClientError', ignore);
  }

  if (options.socketPath === undefined) server.listen(0, host);
  else server.listen(options.socketPath);
  await once(server, 'listening');

  const address = server.address();
  const port = typeof address === 'object' && address !== null ? (address satisfies AddressInfo).port : 0;
  const authority = host === '::1' ? `[::1]:${port}` : `${host}:${port}`;
  const origin = `${setup === undefined ? 'http' : 'https'}://${authority}`;
  let closing: Promise<void> | undefined;

  async function stop(): Promise<void> {
    const closed = once(server, 'close');
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
    ledger.serverClosed();
  }

  const close = (): Promise<void> => {
    closing ??= stop();
    return closing;
  };
  return {
    host,
    port,
    origin,
    ca: setup?.ca,
    connections: ledger,
    ledger,
    url: (path) => origin + path,
    connectionOf: (socket) => indexes.get(socket) ?? -1,
    transportOf: (socket) => transports.get(socket) ?? socket,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function ignore(): void {}
