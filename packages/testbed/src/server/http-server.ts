/** A behaviour (what to answer) becomes a listening server of node:http, node:https or node:http2. */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerOptions as NodeServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { countStreams, createHttp2Server, type Http2Settings } from '../http2/http2-server.ts';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { listen, type ListenOptions, type LocalServer } from './local-server.ts';
import { setUpTls, type TlsServerOptions } from './tls-setup.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;
type Http2Handler = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

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
  /**
   * Speaks HTTP/2 alone: over TLS by ALPN, else by prior knowledge. Node's compatibility layer then plays `IncomingMessage` and
   * `ServerResponse`, so kinds that are about HTTP/1.1's connections (`closing`, `upgrade`) make no sense. Default false.
   */
  readonly http2?: boolean | Http2Settings;
}

/** Larger than any head a client may send, so that the client's own limits are what a test meets. */
const MAX_REQUEST_HEAD = 1024 * 1024;

export async function startHttpServer<Extras extends object>(
  behaviour: Behaviour<Extras>,
  options: ServerOptions = {},
): Promise<LocalServer & Extras> {
  const setup = await setUpTls(options.tls);
  if (options.http2 !== undefined && options.http2 !== false) {
    const server = createHttp2Server(setup?.server, options.http2 === true ? undefined : options.http2);
    const listening = await listen(server, setup, options);
    countStreams(server, listening);
    // The compatibility layer's classes are those of node:http as far as behaviours use them.
    server.on('request', behaviour.handle as unknown as Http2Handler);
    if (behaviour.events?.checkContinue !== undefined)
      server.on('checkContinue', behaviour.events.checkContinue as unknown as Http2Handler);
    return Object.assign(listening, behaviour.extras);
  }
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
      const connection = listening.connectionOf(request.socket);
      listening.ledger.requestArrived(connection);
      response.once('close', () => listening.ledger.requestEnded(connection));
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
