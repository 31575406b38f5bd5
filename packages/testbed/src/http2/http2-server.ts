/** Servers that speak HTTP/2, by Node's own implementation: over TLS with ALPN, or in the clear to whoever knows (RFC 9113 §3.3). */
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Session,
  type Http2Server as NodeHttp2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2';
import type { TlsOptions } from 'node:tls';
import { listen, type ListenOptions, type ListeningServer, type LocalServer } from '../server/local-server.ts';
import { setUpTls, type TlsServerOptions } from '../server/tls-setup.ts';

/** What the server tells its clients of itself, such as `{ maxConcurrentStreams: 100 }`. */
export type Http2Settings = Readonly<Settings>;

/** Answers one request; a stream's errors are swallowed, since peers that reset are what the testbed is for. */
export type StreamHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

export interface Http2ServerOptions extends ListenOptions {
  /** Default false: cleartext by prior knowledge. */
  readonly tls?: boolean | TlsServerOptions;
  readonly settings?: Http2Settings;
}

export interface Http2LocalServer extends LocalServer {
  /** One per connection that has said its preface, in their order. */
  readonly sessions: readonly ServerHttp2Session[];
}

/**
 * Starts a server that answers stream by stream. `connections` counts: a request is a stream.
 *
 * @example
 * await using server = await startHttp2Server((stream) => {
 *   stream.respond({ ':status': 200 });
 *   stream.end('hi');
 * }, { tls: true, settings: { maxConcurrentStreams: 10 } });
 */
export async function startHttp2Server(handle: StreamHandler, options: Http2ServerOptions = {}): Promise<Http2LocalServer> {
  const setup = await setUpTls(options.tls);
  const server = createHttp2Server(setup?.server, options.settings);
  const sessions = sessionsOf(server);
  const listening = await listen(server, setup, options);
  countStreams(server, listening);
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', ignore);
    handle(stream, headers);
  });
  return Object.assign(listening, { sessions });
}

/** One that speaks nothing but HTTP/2. */
export function createHttp2Server(tls: TlsOptions | undefined, settings: Http2Settings | undefined): NodeHttp2Server | Http2SecureServer {
  const options = settings === undefined ? {} : { settings: { ...settings } };
  return tls === undefined ? createServer(options) : createSecureServer({ ...options, ...tls });
}

/** Books each stream as a request of its connection. */
export function countStreams(server: NodeHttp2Server | Http2SecureServer, listening: ListeningServer): void {
  const connections = new WeakMap<Http2Session, number>();
  server.on('stream', (stream: ServerHttp2Stream) => {
    const { session } = stream;
    if (session === undefined) return;
    // The session's own socket is a proxy of Node's, which only tells where it leads. Once the session has ended it does not even do that.
    const connection = connections.get(session) ?? listening.connectionOf(session.socket);
    connections.set(session, connection);
    listening.ledger.requestArrived(connection);
    stream.once('close', () => listening.ledger.requestEnded(connection));
  });
}

function sessionsOf(server: NodeHttp2Server | Http2SecureServer): ServerHttp2Session[] {
  const sessions: ServerHttp2Session[] = [];
  server.on('session', (session: ServerHttp2Session) => {
    session.on('error', ignore);
    sessions.push(session);
  });
  return sessions;
}

function ignore(): void {}
