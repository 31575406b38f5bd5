/** From a dialled transport to a connection that speaks what was agreed on. */
import type { Connection, ConnectionOwner } from '../connection/connection.ts';
import { Http1Connection } from '../connection/http1-connection.ts';
import { UnsupportedProtocol } from '../errors.ts';
import type { ResolvedPoolOptions } from '../model/options.ts';
import type { ConnectionInfo } from '../observe/trace.ts';
import type { Clock } from '../time/clock.ts';
import type { Dial, Dialer, DialedTransport, DialRequest, TransportDialer } from './dial.ts';

let lastConnectionId = 0;

/** Counts up from 1 within the process, over all dispatchers. */
export function nextConnectionId(): number {
  lastConnectionId += 1;
  return lastConnectionId;
}

export class HttpDialer implements Dialer {
  readonly #transports: TransportDialer;
  readonly #options: ResolvedPoolOptions;
  readonly #clock: Clock;

  constructor(transports: TransportDialer, options: ResolvedPoolOptions, clock: Clock) {
    this.#transports = transports;
    this.#options = options;
    this.#clock = clock;
  }

  dial(request: DialRequest, owner: ConnectionOwner): Dial<Connection> {
    const dial = this.#transports.dial(request);
    return {
      result: dial.result.then((dialed) => this.#connection(dialed, owner)),
      cancel: (error) => dial.cancel(error),
    };
  }

  #connection({ transport, timings }: DialedTransport, owner: ConnectionOwner): Connection {
    const { facts } = transport;
    if (facts.alpnProtocol !== undefined && facts.alpnProtocol !== 'http/1.1') {
      transport.destroy();
      throw new UnsupportedProtocol(`The server chose the protocol ${JSON.stringify(facts.alpnProtocol)}`, { phase: 'tls' });
    }
    const info: ConnectionInfo = Object.freeze({
      id: nextConnectionId(),
      protocol: 'http/1.1',
      remoteAddress: facts.remoteAddress,
      remotePort: facts.remotePort,
      localAddress: facts.localAddress,
      localPort: facts.localPort,
      tlsVersion: facts.tls?.version,
      tlsCipher: facts.tls?.cipher,
      tlsResumed: facts.tls?.resumed ?? false,
      timings,
    });
    return new Http1Connection(transport, info, owner, this.#clock, {
      maxHeaderBytes: this.#options.maxHeaderBytes,
      maxHeaderFields: this.#options.maxHeaderFields,
      lenient: this.#options.lenientHttp1,
      expectContinueTimeout: this.#options.expectContinueTimeout,
    });
  }
}
