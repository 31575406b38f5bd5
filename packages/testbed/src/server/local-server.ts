/**
 * What every server of the testbed has in common: it listens on loopback at a port of the moment, counts its connections,
 * and takes all of them down when it closes, so that a test leaves no handle behind.
 */
import { once } from 'node:events';
import type { Server as NetServer, Socket } from 'node:net';
import { Server as TlsServer, type TLSSocket } from 'node:tls';
import { bind, type LocalHost } from './bind.ts';
import { ConnectionLedger, type ConnectionCounts } from './connection-ledger.ts';
import type { TlsSetup } from './tls-setup.ts';

export interface ListenOptions {
  /** Default `127.0.0.1`. `localhost` listens on both loopback addresses, at one port: a name to resolve and addresses to race. */
  readonly host?: LocalHost;
  /** Listens on this unix socket instead; `host` and `port` then only make the URL. */
  readonly socketPath?: string;
}

export interface LocalServer extends AsyncDisposable {
  readonly host: LocalHost;
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
  /** The index of a connection in `requestsPerConnection`; of an open one also where only the socket's addresses are known. */
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
  const transportByRemote = new Map<string, Socket>();

  server.on('connection', (socket: Socket) => {
    // Given back to node:http after a CONNECT that was refused: the same connection goes on.
    if (indexes.has(socket)) return;
    open.add(socket);
    indexes.set(socket, ledger.connectionOpened());
    const remote = remoteOf(socket);
    transportByRemote.set(remote, socket);
    // Peers that reset are what the testbed is for; the close event that follows is all there is to do about it.
    socket.on('error', ignore);
    socket.once('close', () => {
      open.delete(socket);
      transportByRemote.delete(remote);
      ledger.connectionClosed();
    });
  });
  if (server instanceof TlsServer) {
    server.on('secureConnection', (socket: TLSSocket) => {
      if (indexes.has(socket)) return;
      const transport = socket.remotePort === undefined ? undefined : transportByRemote.get(remoteOf(socket));
      if (transport !== undefined) {
        transports.set(socket, transport);
        indexes.set(socket, indexes.get(transport) ?? -1);
      }
      socket.on('error', ignore);
      ledger.handshakeFinished(socket.isSessionReused());
    });
    server.on('tlsClientError', ignore);
  }

  const second = await bind(server, host, options.socketPath);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const authority = host === '::1' ? `[::1]:${port}` : `${host}:${port}`;
  const origin = `${setup === undefined ? 'http' : 'https'}://${authority}`;
  let closing: Promise<void> | undefined;

  async function stop(): Promise<void> {
    const closed = [server, ...second].map((listener) => {
      const whenClosed = once(listener, 'close');
      listener.close();
      return whenClosed;
    });
    for (const socket of open) socket.destroy();
    await Promise.all(closed);
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
    connectionOf(socket) {
      const transport = indexes.has(socket) ? socket : transportByRemote.get(remoteOf(socket));
      return transport === undefined ? -1 : (indexes.get(transport) ?? -1);
    },
    transportOf: (socket) => transports.get(socket) ?? socket,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The peer of a TCP socket: the same for a TLS socket and for the one below it. On unix sockets nothing tells peers apart. */
function remoteOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}

function ignore(): void {}
