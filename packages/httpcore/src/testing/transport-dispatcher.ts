import type { DispatchContext, DispatchResponse, Dispatcher } from '../contract/dispatcher.ts';
import { ConnectError, PoolClosed, rejectWithCallerStack, type HttpCoreError } from '../contract/errors.ts';
import type { ByteIterable, HeaderPair, Timeouts, UrlParts } from '../contract/values.ts';
import { instantTimings, type Dial, type DialedTransport, type DialRequest, type TransportDialer } from '../dial/dial.ts';
import { HttpDialer } from '../dial/dialer.ts';
import { resolvePoolOptions, type PoolOptions } from '../model/pool-options.ts';
import type { ByteTransport } from '../net/byte-transport.ts';
import { Pool } from '../pool/pool.ts';
import type { PoolStats } from '../pool/pool-stats.ts';
import { systemClock, type Clock } from '../time/clock.ts';

/** Whom a transport is wanted to. */
export interface TransportTarget {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  /** What may be spoken on it, the preferred first: the transport's `facts.alpnProtocol` says which it is, for `https`. */
  readonly protocols: readonly ('http/1.1' | 'h2')[];
}

/** Who makes the connections, by which clock, and the options of a pool. */
export interface TransportDispatcherOptions extends Omit<PoolOptions, 'connect'> {
  /** Makes each connection. An error that it throws, or rejects with, is one of connecting. */
  readonly connect: (target: TransportTarget) => ByteTransport | Promise<ByteTransport>;
  /** Default: the real time. With a {@link FakeClock} a whole pool runs from a seed. */
  readonly clock?: Clock;
}

/**
 * A pool whose connections are made by the test: everything of it but sockets, TLS, names and proxies, whose options mean nothing here.
 *
 * @example
 * const transports: ScriptedTransport[] = [];
 * const clock = new FakeClock();
 * const dispatcher = new TransportDispatcher({ clock, connect: () => (transports[transports.length] = new ScriptedTransport()) });
 * const response = dispatcher.dispatch('GET', ['http', 'a.test', null, '/'], [], null);
 * await clock.settle();
 * transports[0]!.receive('HTTP/1.1 204 No Content\r\n\r\n');
 * const [, status] = await response;
 */
export class TransportDispatcher implements Dispatcher {
  readonly #pool: Pool;
  readonly #timeouts: Timeouts;

  /** @throws {LocalProtocolError} `INVALID_OPTION`, naming the option. */
  constructor({ connect, clock = systemClock, ...options }: TransportDispatcherOptions) {
    const settings = resolvePoolOptions(options);
    this.#timeouts = settings.timeouts;
    this.#pool = new Pool(settings, new HttpDialer(dialerBy(connect, clock), settings, clock), clock);
  }

  dispatch(
    method: string,
    url: UrlParts,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    timeouts: Timeouts = this.#timeouts,
    context?: DispatchContext,
  ): Promise<DispatchResponse> {
    // Not async: a promise less for each request, and only one that fails has its caller looked for.
    try {
      return this.#pool.submit(method, url, headers, body, timeouts, context);
    } catch (error) {
      return rejectWithCallerStack(error);
    }
  }

  stats(): PoolStats {
    return this.#pool.stats();
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async destroy(error: HttpCoreError = new PoolClosed('The pool was destroyed')): Promise<void> {
    await this.#pool.destroy(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy();
  }
}

function dialerBy(connect: TransportDispatcherOptions['connect'], clock: Clock): TransportDialer {
  return {
    dial({ origin: { scheme, host, port }, protocols }: DialRequest): Dial<DialedTransport> {
      const start = clock.now();
      let cancel!: (error: HttpCoreError) => void;
      const cancelled = new Promise<never>((_, reject) => {
        cancel = reject;
      });
      const connected = (async () => connect({ scheme, host, port, protocols }))();
      const dialed = connected.then(
        (transport) => ({ transport, timings: { ...instantTimings(start), end: clock.now() } }),
        (cause: unknown) => {
          throw new ConnectError(`No connection to ${host}:${port}`, { cause, phase: 'connect' });
        },
      );
      return {
        result: Promise.race([dialed, cancelled]),
        phase: 'connect',
        hanging: 'the transport was not connected',
        cancel(error) {
          cancel(error);
          connected.then(
            (transport) => transport.destroy(),
            () => {},
          );
        },
      };
    },
  };
}
