/** How long each step of an exchange took. */
import type { ServerTiming } from './server-timing.ts';

/**
 * Milliseconds. The phases follow each other in this order, and together they make the total but for the gaps between them.
 * A phase that did not happen is `undefined`: on a connection that was reused there is no DNS, no connect and no TLS. A step of
 * connecting that failed took until then.
 *
 * @example
 * const { timings } = await client.get('https://example.com/');
 * console.log(timings.firstByte, timings.total);
 */
export interface Timings {
  /** Unix time in milliseconds at which the request was handed to the dispatcher. */
  readonly startedAt: number;
  /** Waiting for a connection, without the time in which one was made. */
  readonly queued: number | undefined;
  readonly dns: number | undefined;
  /** TCP. */
  readonly connect: number | undefined;
  /** The proxy's handshake. */
  readonly proxy: number | undefined;
  readonly tls: number | undefined;
  /** Sending the request, head and body; up to the first byte of the response when that came earlier. */
  readonly sent: number | undefined;
  /** From then to the first byte of the response. */
  readonly firstByte: number | undefined;
  /** From then to the last byte. `undefined` until it is here. */
  readonly download: number | undefined;
  /** From the start to the last byte, or until now. */
  readonly total: number;
  /** Had the connection served another request before? */
  readonly reused: boolean | undefined;
  /** Counts connections within the process. */
  readonly connectionId: number | undefined;
  readonly remoteAddress: string | undefined;
  /** `1.0`, `1.1` or `2`. */
  readonly httpVersion: string | undefined;
  /** What the server says of its own time (`Server-Timing`), in its order; `undefined` when it says nothing. */
  readonly server?: readonly ServerTiming[] | undefined;
}

/** Of a response that was never on its way. */
export function instantTimings(startedAt: number): Timings {
  return {
    startedAt,
    queued: undefined,
    dns: undefined,
    connect: undefined,
    proxy: undefined,
    tls: undefined,
    sent: undefined,
    firstByte: undefined,
    download: undefined,
    total: 0,
    reused: undefined,
    connectionId: undefined,
    remoteAddress: undefined,
    httpVersion: undefined,
  };
}
