/**
 * Tunnels through HTTP proxies (RFC 9110 §9.3.6, RFC 9113 §8.5). A proxy is an origin like any other, and CONNECT a request to it: so a pool of
 * its own does what it does for requests. It dials the proxy, through another if need be, shares a connection over HTTP/2, waits for streams, sees
 * GOAWAY, reads what the proxy answers under the usual limits.
 *
 * This pool has no limits of its own on connections: each tunnel is asked for by a dial of the pool whose limits count.
 */
import { outsideOfRequests } from '../exchange/given-request.ts';
import type { UpgradedBody } from '../exchange/response-body.ts';
import type { DispatchResponse, ResponseBody } from '../contract/dispatcher.ts';
import type { Dialer } from '../dial/dial.ts';
import type { TunnelRequest, Tunnelling, Tunnels } from './tunnels.ts';
import {
  ConnectError,
  NetworkError,
  ofAnotherExchange,
  ProxyError,
  ReadTimeout,
  RemoteProtocolError,
  type HttpCoreError,
} from '../contract/errors.ts';
import type { Proxy } from '../model/proxy/proxy.ts';
import { authenticatorFailure, type ProxiedRequest } from '../model/proxy/proxy-authenticator.ts';
import type { PoolSettings } from '../model/pool-options.ts';
import { SocketTransport } from '../net/socket-transport.ts';
import { TunnelStream } from './tunnel-stream.ts';
import type { ConnectionInfo, TraceObserver } from '../contract/trace.ts';
import { Pool, type TunnelCaller } from '../pool/pool.ts';
import type { Clock } from '../time/clock.ts';
import { PatientTimer } from '../time/patient-timer.ts';

/** How much of a refusal is kept to be shown, in octets; and how long it is waited for, in milliseconds. */
const refusalLimit = 4_096;
const patienceForRefusal = 250;
/** How long a tunnel may take to end behind the connection in it, in milliseconds. */
const graceOfTunnels = 1_500;

export class ConnectTunnels implements Tunnels {
  readonly #options: PoolSettings;
  readonly #dialer: () => Dialer;
  readonly #clock: Clock;
  #pool: Pool | undefined;

  /** `dialer` is asked for when the first tunnel is. */
  constructor(options: PoolSettings, dialer: () => Dialer, clock: Clock) {
    this.#options = options;
    this.#dialer = dialer;
    this.#clock = clock;
  }

  open(request: TunnelRequest): Tunnelling {
    const controller = new AbortController();
    const { signal } = controller;
    // A tunnel outlives the request that it is made for: only what is called for that, such as an authenticator, is called in its context.
    outsideOfRequests(() => {
      void this.#open(request, signal).then(
        (transport) => {
          if (signal.aborted) transport.destroy();
          else request.onOpen(transport);
        },
        (error: HttpCoreError) => {
          if (!signal.aborted) request.onFailed(failureOf(request.proxy, error));
        },
      );
    });
    return { cancel: () => controller.abort() };
  }

  /** Called when the connections in the tunnels have ended: what their last bytes may still take has a limit of its own. */
  async close(): Promise<void> {
    await this.#pool?.close(graceOfTunnels);
  }

  async destroy(error: HttpCoreError): Promise<void> {
    await this.#pool?.destroy(error);
  }

  async #open({ proxy, authority, network, trace, ...request }: TunnelRequest, signal: AbortSignal): Promise<SocketTransport> {
    let inContext: TunnelRequest['inContext'] | null = request.inContext;
    const caller: TunnelCaller = { network, inContext: (task) => (inContext === null ? task() : inContext(task)) };
    const asked = { proxy: proxy.origin, method: 'CONNECT', target: authority };
    let connection: ConnectionInfo | undefined;
    const observe: TraceObserver = (name, at, detail) => {
      if (name === 'assigned') ({ connection } = detail as { connection: ConnectionInfo });
      trace(name, at, detail);
    };
    this.#pool ??= this.#createPool();
    const answer = await this.#pool.connect(proxy, asked, { signal, trace: observe, traceInAnyContext: true }, caller);
    inContext = null;
    const [, status, , , body] = answer;
    if (status >= 200 && status < 300) {
      return transportOf(body as UpgradedBody, connection!);
    }
    if (status === 101) {
      void body.close();
      throw new RemoteProtocolError('it switches protocols', { code: 'UNEXPECTED_UPGRADE', requestSent: true });
    }
    throw await this.#refusal(asked, answer);
  }

  #createPool(): Pool {
    const noLimits = { maxConnections: Infinity, maxConnectionsPerOrigin: Infinity, timeouts: [null, null, null, null] as const };
    return new Pool(
      { ...this.#options, ...noLimits, proxy: null, coalesce: false, tlsSource: null },
      carryingTls(this.#dialer()),
      this.#clock,
    );
  }

  async #refusal(asked: ProxiedRequest, [, status, reason, headers, body]: DispatchResponse): Promise<ProxyError> {
    const said = `${status}${reason === '' ? '' : ` ${reason}`}`;
    const wants = status === 407 ? ', for want of credentials that it takes' : '';
    return new ProxyError(`The proxy ${asked.proxy} refused a tunnel to ${asked.target} with ${said}${wants}`, {
      code: status === 407 ? 'PROXY_AUTH_REQUIRED' : 'PROXY_REFUSED',
      phase: 'proxy',
      status,
      headers,
      body: await this.#beginningOf(body),
      cause: status === 407 ? authenticatorFailure(asked) : undefined,
    });
  }

  async #beginningOf(body: ResponseBody): Promise<string> {
    const chunks = body[Symbol.asyncIterator]();
    let text = '';
    const read = async (): Promise<void> => {
      while (text.length < refusalLimit) {
        const { done, value } = await chunks.next();
        if (done === true) return;
        text += Buffer.from(value.subarray(0, refusalLimit - text.length)).toString('latin1');
      }
    };
    const patience = new Promise<void>((resolve) => {
      const timer = new PatientTimer(this.#clock, patienceForRefusal, resolve, true);
      // However it ended: what there is of it will do.
      void read()
        .catch(() => {})
        .finally(() => timer.cancel())
        .then(resolve);
    });
    await patience;
    // A small rest is read for the sake of the connection, and nobody waits for that.
    void body.close();
    return text;
  }
}

/** What is in a tunnel is mostly TLS. */
function carryingTls(dialer: Dialer): Dialer {
  return {
    memory: dialer.memory,
    dial: (request, owner) => dialer.dial({ ...request, carriesTls: true }, owner),
    reviewProxyTls: (proxy) => dialer.reviewProxyTls?.(proxy),
  };
}

/** Over HTTP/1.1 the tunnel is the connection, over HTTP/2 a stream of it. */
function transportOf(body: UpgradedBody, connection: ConnectionInfo): SocketTransport {
  const { protocol, remoteAddress, remotePort, localAddress, localPort } = connection;
  if (protocol === 'h2') {
    const facts = { remoteAddress, remotePort, localAddress, localPort, alpnProtocol: undefined, tls: undefined };
    return SocketTransport.over(new TunnelStream(body, body), facts);
  }
  const transport = body.detach();
  if (transport === null) throw new NetworkError('The proxy closed the connection as soon as it had opened the tunnel');
  return transport as SocketTransport;
}

/** What went wrong with the request for a tunnel, as what went wrong with the way. */
function failureOf(proxy: Proxy, error: HttpCoreError): HttpCoreError {
  const named = `The proxy ${proxy.origin}`;
  // RFC 9113 §8.5: how a proxy says that it found no way to the origin.
  if (error.code === 'H2_CONNECT_ERROR') {
    return new ProxyError(`${named} refused a tunnel: ${error.message}`, { code: 'PROXY_REFUSED', phase: 'proxy', cause: error });
  }
  // One that was turned away before the proxy had looked at it is like one whose connection was closed.
  if (error instanceof RemoteProtocolError && error.requestSent) {
    return new ProxyError(`${named} gave an answer that makes no sense: ${error.message}`, {
      code: 'PROXY_PROTOCOL',
      phase: 'proxy',
      cause: error,
    });
  }
  // A silence that PING has found out is the end of a connection, too.
  const isClosed = error instanceof NetworkError || error instanceof ReadTimeout || error instanceof RemoteProtocolError;
  if (isClosed && !(error instanceof ConnectError)) {
    return new ProxyError(`${named} closed the connection instead of opening a tunnel: ${error.message}`, {
      code: 'PROXY_CLOSED',
      phase: 'proxy',
      unreachedProxy: proxy.origin,
      cause: error,
    });
  }
  return ofAnotherExchange(error);
}
