/** A behaviour (what to answer) becomes a listening node:http or node:https server. */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerOptions as NodeServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { listen, type ListenOptions, type LocalServer } from './local-server.ts';
import { setUpTls, type TlsServerOptions } from './tls-setup.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** What one kind of server does, and what it shows to the test beside the server itself. */
export interface Behaviour<Extras extends object = object> {
  readonly handle: Handler;
  /** Handlers that replace Node's own answers; `undefined` leaves those in force. */
  readonly events?: {
    readonly checkContinue?: Handler;
    readonly upgrade?: (request: IncomingMessage, socket: import('node:stream').Duplex, head: Buffer) => void;
    readonly connect?: (request: IncomingMessage, socket: import('node:stream').Duplex, head: Buffer) => void;
  };
  /** Joined to the server object. */
  readonly extras: Extras;
}

export interface ServerOptions extends ListenOptions {
  /** Speaks TLS with a certificate of the testbed's authority. Default false. */
  readonly tls?: boolean | TlsServerOptions;
  /**
   * Milliseconds after which an idle connection is closed; Node then also sends `Keep-Alive: timeout=n`.
   * Default 0: never, so that only what a test does closes a connection.
   */
  readonly keepAliveTimeout?: number;
}

/** Larger than any head a client may send, so that the client's own limits are what a test meets. */
const MAX_REQUEST_HEAD = 1024 * 1024;

export async function startHttpServer<Extras extends object>(
  behaviour: Behaviour<Extras>,
  options: ServerOptions = {},
): Promise<LocalServer & Extras> {
  const setup = await setUpTls(options.tls);
  const settings: NodeServerOptions = {
    keepAliveTimeout: options.keepAliveTimeout ?? 0,
    headersTimeout: 0,
    requestTimeout: 0,
    maxHeaderSize: MAX_REQUEST_HEAD,
    noDelay: true,
  };
  const server: HttpServer = setup === undefined ? createHttpServer(settings) : createHttpsServer({ ...settings, ...setup.server });
  const listening = await listen(server, setup, options);

  const counted =
    (handle: Handler): Handler =>
    (request, response) => {
      listening.ledger.requestArrived(listening.connectionOf(request.socket));
      handle(request, response);
    };
  const { checkContinue, upgrade, connect } = behaviour.events ?? {};
  server.on('request', counted(behaviour.handle));
  if (checkContinue !== undefined) server.on('checkContinue', counted(checkContinue));
  for (const [name, handle] of [
    ['upgrade', upgrade],
    ['connect', connect],
  ] as const) {
    if (handle === undefined) continue;
    server.on(name, (request: IncomingMessage, socket, head: Buffer) => {
      listening.ledger.requestArrived(listening.connectionOf(request.socket));
      handle(request, socket, head);
    });
  }
  return Object.assign(listening, behaviour.extras);
}
