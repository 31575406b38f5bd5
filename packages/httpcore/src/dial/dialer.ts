/** From a dialled transport to a connection that speaks what was agreed on. */
import type { Connection, ConnectionOwner } from '../connection/connection.ts';
import { Http1Connection } from '../connection/http1-connection.ts';
import { Http1PipelinedConnection } from '../connection/http1-pipelined-connection.ts';
import { Http2Connection } from '../connection/http2-connection.ts';
import { Turn } from '../connection/turn.ts';
import { BodyMemory } from '../exchange/body-memory.ts';
import { UnsupportedProtocol } from '../contract/errors.ts';
import type { PoolSettings } from '../model/pool-options.ts';
import type { NameStats } from '../contract/name-stats.ts';
import type { TlsOptions } from '../contract/tls-options.ts';
import type { Proxy } from '../model/proxy/proxy.ts';
import type { ConnectionInfo } from '../contract/trace.ts';
import type { Clock } from '../time/clock.ts';
import type { Dial, Dialer, DialedTransport, DialRequest, TransportDialer } from './dial.ts';

let lastConnectionId = 0;

/** Counts up from 1 within the process, over all dispatchers. */
export function nextConnectionId(): number {
  lastConnectionId += 1;
  return lastConnectionId;
}

export class HttpDialer implements Dialer {
  readonly memory: BodyMemory;
  readonly #transports: TransportDialer;
  readonly #options: PoolSettings;
  readonly #clock: Clock;
  readonly #turn: Turn;

  constructor(transports: TransportDialer, options: PoolSettings, clock: Clock) {
    this.#transports = transports;
    this.#options = options;
    this.memory = new BodyMemory(options.maxBufferedBytes, () => clock.now(), options.http2Settings);
    this.#clock = clock;
    this.#turn = new Turn(clock);
  }

  dial(request: DialRequest, owner: ConnectionOwner): Dial<Connection> {
    const dial = this.#transports.dial(request);
    return {
      result: dial.result.then((dialed) => {
        try {
          return this.#connection(dialed, request, owner);
        } catch (error) {
          dialed.transport.destroy();
          throw error;
        }
      }),
      get phase() {
        return dial.phase;
      },
      get hanging() {
        return dial.hanging;
      },
      get unreachedProxy() {
        return dial.unreachedProxy;
      },
      cancel: (error) => dial.cancel(error),
    };
  }

  reviewTls(): TlsOptions | undefined {
    return this.#transports.reviewTls?.();
  }

  reviewProxyTls(proxy: Proxy): TlsOptions | undefined {
    return this.#transports.reviewProxyTls?.(proxy);
  }

  nameStats(): NameStats | undefined {
    return this.#transports.nameStats?.();
  }

  #connection({ transport, timings }: DialedTransport, request: DialRequest, owner: ConnectionOwner): Connection {
    const { facts } = transport;
    const { maxHeaderBytes, maxHeaderFields, lenientHttp1, longestKeepAlive, expectContinueTimeout } = this.#options;
    const { origin, protocols } = request;
    const agreed = origin.scheme === 'http' ? protocols[0]! : (facts.alpnProtocol ?? 'http/1.1');
    if (!(protocols as readonly string[]).includes(agreed)) {
      throw new UnsupportedProtocol(`The server speaks ${JSON.stringify(agreed)}, which is switched off or unknown`, { phase: 'tls' });
    }
    const info: ConnectionInfo = Object.freeze({
      id: ++lastConnectionId,
      protocol: agreed === 'h2' ? 'h2' : 'http/1.1',
      remoteAddress: facts.remoteAddress,
      remotePort: facts.remotePort,
      localAddress: facts.localAddress,
      localPort: facts.localPort,
      tlsVersion: facts.tls?.version,
      tlsCipher: facts.tls?.cipher,
      tlsResumed: facts.tls?.resumed ?? false,
      // Most connections are never asked.
      get peerCertificate() {
        return facts.tls?.certificate?.();
      },
      proxy: (request.proxy ?? request.via)?.origin,
      timings,
    });
    if (agreed === 'h2') {
      return new Http2Connection(transport, info, owner, this.#clock, {
        maxHeaderBytes,
        maxHeaderFields,
        expectContinueTimeout,
        memory: this.memory,
        settings: this.#options.http2Settings,
        assumedMaxConcurrentStreams: request.streamLimit,
        onStreamLimit: request.onStreamLimit,
      });
    }
    const options = {
      maxHeaderBytes,
      maxHeaderFields,
      lenient: lenientHttp1,
      expectContinueTimeout,
      longestKeepAlive,
      memory: this.memory,
    };
    const { pipelining } = request;
    if (pipelining === undefined) return new Http1Connection(transport, info, owner, this.#clock, this.#turn, options);
    return new Http1PipelinedConnection(transport, info, owner, this.#clock, this.#turn, pipelining, options);
  }
}
