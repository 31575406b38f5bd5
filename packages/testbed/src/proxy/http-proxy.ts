/** An HTTP proxy: requests in absolute-form and CONNECT, over HTTP/1.1 or HTTP/2, in the clear or over TLS. */
import { Agent, createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { Server as NetServer, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { headerPairs } from '../behaviours/request-body.ts';
import { countStreams, createHttp2Server, type Http2Settings } from '../http2/http2-server.ts';
import { listen, type ListenOptions } from '../server/local-server.ts';
import { setUpTls, type TlsServerOptions, type TlsSetup } from '../server/tls-setup.ts';
import { http1Connect, http2Connect, openTunnel, type ConnectRequest, type Refusal } from './connect-request.ts';
import { FarSide } from './far-side.ts';
import { answerPlain, forward, parseForwardTarget } from './forward.ts';
import { localProxy, type LocalProxy, type ProxiedRequest } from './local-proxy.ts';
import { proxyGuard, type ProxyAuth } from './proxy-authentication.ts';
import { addressTypeOf, parseTarget, type Resolve } from './target.ts';
import { Tunnels } from './tunnels.ts';

export interface HttpProxyOptions extends ListenOptions {
  /** The proxy itself is reached over TLS. Default false. */
  readonly tls?: boolean | TlsServerOptions;
  /**
   * Speaks HTTP/2, where a tunnel is a stream: over TLS by ALPN, else by prior knowledge. With `allowHttp1` it leaves the
   * choice to the client, over TLS only. Default false.
   */
  readonly http2?: boolean | { readonly allowHttp1?: boolean; readonly settings?: Http2Settings };
  /** Wants credentials, for tunnels and forwarded requests alike, and asks for them with a 407. Default none. */
  readonly auth?: ProxyAuth;
  /** Answers CONNECT with this instead, once the client has shown its credentials. Default never. */
  readonly refuse?: Refusal | ((request: ProxiedRequest) => Refusal | undefined);
  /** Names that only the proxy knows, such as `origin.test`. What it gives must be on loopback. Default none. */
  readonly resolve?: Resolve;
  /** Keeps connections to targets for further forwarded requests. Default false: one for each. */
  readonly keepAlive?: boolean;
}

export interface HttpProxy extends LocalProxy {
  /** `http://127.0.0.1:49152`, or `https`. */
  readonly url: string;
}

const MAX_REQUEST_HEAD = 1024 * 1024;

export async function startHttpProxy(options: HttpProxyOptions = {}): Promise<HttpProxy> {
  const setup = await setUpTls(options.tls);
  const server = createServer(setup, options.http2 ?? false);
  const listening = await listen(server, setup, options);
  const far = new FarSide(options.resolve, new Agent({ keepAlive: options.keepAlive === true }));
  const tunnels = new Tunnels();
  const requests: ProxiedRequest[] = [];
  const guard = proxyGuard(options.auth);
  if (isHttp2(options.http2)) countStreams(server as Parameters<typeof countStreams>[0], listening);

  server.on('request', serve);
  server.on('checkContinue', serve);
  server.on('connect', (request: IncomingMessage, end: Duplex | Http2ServerResponse, head: Buffer) => {
    serveConnect(request, connectRequest(request, end, head));
  });
  const proxy = localProxy(listening, far, { requests, tunnels });
  return Object.assign(proxy, { url: listening.origin });

  function serve(request: IncomingMessage, response: ServerResponse): void {
    request.on('error', ignore);
    response.on('error', ignore);
    const method = request.method ?? '';
    const asked = absoluteForm(request);
    const target = parseForwardTarget(method, asked);
    const connection = listening.connectionOf(request.socket);
    if (request.httpVersionMajor === 1) {
      listening.ledger.requestArrived(connection);
      response.once('close', () => listening.ledger.requestEnded(connection));
    }
    const credentials = request.headers['proxy-authorization'];
    // Digest signs the target of the request line; curl, for one, signs what the origin will see.
    const challenges = guard({ credentials, method, targets: target === undefined ? [asked] : [asked, target.path] });
    record('forward', target?.authority ?? asked, target?.host, request, connection, challenges === undefined);
    if (challenges !== undefined) answerPlain(request, response, 407, 'not admitted', { 'Proxy-Authenticate': challenges });
    else if (target === undefined) answerPlain(request, response, 400, 'not an absolute http URL');
    else forward(request, response, target, far);
  }

  function serveConnect(request: IncomingMessage, connect: ConnectRequest): void {
    const connection = listening.connectionOf(request.socket);
    if (request.httpVersionMajor === 1) listening.ledger.requestArrived(connection);
    const credentials = request.headers['proxy-authorization'];
    const challenges = guard({ credentials, method: 'CONNECT', targets: [connect.target] });
    const host = parseTarget(connect.target)?.host;
    const recorded = record('connect', connect.target, host, request, connection, challenges === undefined);
    if (challenges !== undefined) {
      connect.refuse({ status: 407, headers: { 'Proxy-Authenticate': challenges } });
      return;
    }
    const refusal = typeof options.refuse === 'function' ? options.refuse(recorded) : options.refuse;
    if (refusal === undefined) openTunnel(connect, far, tunnels);
    else connect.refuse(refusal);
  }

  function connectRequest(request: IncomingMessage, end: Duplex | Http2ServerResponse, head: Buffer): ConnectRequest {
    if (request.httpVersionMajor === 2) {
      const { authority, stream } = request as unknown as Http2ServerRequest;
      return http2Connect(authority, stream);
    }
    const socket = end as Socket;
    return http1Connect(request, socket, head, {
      transport: listening.transportOf(socket),
      goOn: () => void server.emit(setup === undefined ? 'connection' : 'secureConnection', socket),
    });
  }

  function record(
    kind: 'forward' | 'connect',
    target: string,
    host: string | undefined,
    request: IncomingMessage,
    connection: number,
    authorized: boolean,
  ): ProxiedRequest {
    const addressType = host === undefined ? undefined : addressTypeOf(host);
    const clientName = clientNameOf(request.socket);
    const named = clientName === undefined ? {} : { clientName };
    const recorded = { kind, target, addressType, headers: headerPairs(request.rawHeaders), authorized, ...named, connection };
    requests.push(recorded);
    return recorded;
  }
}

function createServer(setup: TlsSetup | undefined, http2: NonNullable<HttpProxyOptions['http2']>): NetServer {
  const settings = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0, maxHeaderSize: MAX_REQUEST_HEAD, noDelay: true };
  if (http2 === false) {
    return setup === undefined ? createHttpServer(settings) : createHttpsServer({ ...settings, ...setup.server });
  }
  const { allowHttp1 = false, settings: http2Settings } = http2 === true ? {} : http2;
  if (!allowHttp1) return createHttp2Server(setup?.server, http2Settings);
  if (setup === undefined) throw new Error('only TLS leaves a choice between HTTP/1.1 and HTTP/2');
  return createSecureServer({ ...setup.server, ...(http2Settings === undefined ? {} : { settings: http2Settings }), allowHTTP1: true });
}

function clientNameOf(socket: Socket): string | undefined {
  const { getPeerCertificate } = socket as Partial<TLSSocket>;
  const { subject } = (getPeerCertificate?.call(socket as TLSSocket) ?? {}) as { subject?: { CN?: string } };
  return subject?.CN;
}

function isHttp2(http2: HttpProxyOptions['http2']): boolean {
  return http2 !== undefined && http2 !== false;
}

/** What the request asks for as one URL: over HTTP/2 it comes in parts. */
function absoluteForm(request: IncomingMessage): string {
  if (request.httpVersionMajor === 1) return request.url ?? '';
  const { scheme, authority, url } = request as unknown as Http2ServerRequest;
  return `${scheme}://${authority}${url === '*' ? '' : url}`;
}

function ignore(): void {}
