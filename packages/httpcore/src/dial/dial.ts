/**
 * What the pool asks of the dialler. A dial makes one ready connection to one origin, by DNS, TCP, proxy handshake and TLS. It knows no
 * limit in time: whoever waits for it has one of its own, and gives up waiting, or the dial where nobody else waits.
 */
import type { BodyMemory } from '../exchange/body-memory.ts';
import type { Connection, ConnectionOwner } from '../connection/connection.ts';
import type { Pipelining } from '../connection/pipelining.ts';
import { ConnectTimeout, type ErrorPhase, type HttpCoreError } from '../contract/errors.ts';
import type { NameStats } from '../contract/name-stats.ts';
import type { TlsOptions } from '../contract/tls-options.ts';
import type { Origin } from '../model/origin.ts';
import type { Destination } from '../model/destination.ts';
import type { Proxy } from '../model/proxy/proxy.ts';
import type { ByteTransport } from '../net/byte-transport.ts';
import type { DialTimings, TraceObserver } from '../contract/trace.ts';

export interface DialRequest extends Destination {
  /** Calls back, in the async context of the request that it is for. */
  readonly inContext: <Result>(task: () => Result) => Result;
  /** Will TLS be put on the connection, by who is handed its transport? Default: no. */
  readonly carriesTls?: boolean | undefined;
  /** Sees the steps. */
  readonly trace: TraceObserver | null;
  /**
   * Told the addresses of the origin, at least one, before any is connected to; perhaps from inside `dial`. An error that it
   * returns ends the dial, and is what the result rejects with. Not called where the way does not lead to the origin's own
   * address (unix sockets, proxies).
   */
  readonly onResolved?: ((addresses: readonly string[]) => HttpCoreError | undefined) | undefined;
  /** How many streams at once the server has allowed on the last connection, if that is known and few. */
  readonly streamLimit?: number | undefined;
  /** Told what it allows on this one. */
  readonly onStreamLimit?: ((limit: number) => void) | undefined;
  /** Where HTTP/1.1 is agreed on: requests are pipelined. Default: they are not. */
  readonly pipelining?: Pipelining | undefined;
}

/** A transport that is ready to carry HTTP, and when each step of its making happened. */
export interface DialedTransport {
  readonly transport: ByteTransport;
  readonly timings: DialTimings;
}

/** One attempt under way. */
export interface Dial<Result> {
  /**
   * Rejects with `ConnectError`, `ProxyError`, `LocalProtocolError` (TLS options that can't be used) or the error
   * given to `cancel`; nothing is left open then.
   */
  readonly result: Promise<Result>;
  /** What it is doing. */
  readonly phase: ErrorPhase;
  /** What it waits for, in words that end "No connection within 10 s: …". */
  readonly hanging: string;
  /** The proxy that it waits for, to be reached or to open the way. */
  readonly unreachedProxy?: string | undefined;
  /** Gives up: closes what was opened. Does nothing once the result is settled. */
  cancel(error: HttpCoreError): void;
}

/** Opens transports; the part of dialling that knows sockets. */
export interface TransportDialer {
  dial(request: DialRequest): Dial<DialedTransport>;
  /** As of a {@link Dialer}. */
  reviewTls?(): TlsOptions | undefined;
  /** As of a {@link Dialer}. */
  reviewProxyTls?(proxy: Proxy): TlsOptions | undefined;
  nameStats?(): NameStats;
}

/** Opens connections; what the pool holds. */
export interface Dialer {
  /** What the responses on its connections hold. */
  readonly memory: BodyMemory;
  dial(request: DialRequest, owner: ConnectionOwner): Dial<Connection>;
  /** Asks whether TLS options have changed: those that hold from now on, or `undefined`. */
  reviewTls?(): TlsOptions | undefined;
  /** Asks what a proxy says of its TLS: what holds now, the same object until something else does. `undefined` where it does not change. */
  reviewProxyTls?(proxy: Proxy): TlsOptions | undefined;
  /** Of the names that it looks up; it may look up none. */
  nameStats?(): NameStats | undefined;
}

export type WritableDialTimings = { -readonly [Moment in keyof DialTimings]: DialTimings[Moment] };

/** Of a dial that has just begun, or that had nothing to do and took no time. */
export function instantTimings(now: number): WritableDialTimings {
  return {
    start: now,
    dnsStart: undefined,
    dnsEnd: undefined,
    connectStart: undefined,
    connectEnd: undefined,
    proxyStart: undefined,
    proxyEnd: undefined,
    tlsStart: undefined,
    tlsEnd: undefined,
    end: now,
  };
}

/** Who waited for the dial has waited for `limit` milliseconds, and waits no longer. */
export function connectTimeout(
  origin: Origin,
  limit: number,
  { phase, hanging, unreachedProxy }: Pick<Dial<unknown>, 'phase' | 'hanging' | 'unreachedProxy'>,
): ConnectTimeout {
  return new ConnectTimeout(`No connection to ${origin.text} within ${Math.round(limit)} ms: ${hanging}`, {
    phase,
    origin: origin.text,
    unreachedProxy,
  });
}
