/** Who opens the connections of a pool in the place of its sockets. */
import type { Duplex } from 'node:stream';

/** What a connection is wanted for. */
export interface ConnectRequest {
  /** Whom it is with, as `scheme://host:port`: the origin, or the first proxy on the way to it. */
  readonly origin: string;
  /** A name or an IP address, without brackets; nobody has resolved it. */
  readonly host: string;
  readonly port: number;
  /** Is it with a proxy? */
  readonly proxy: boolean;
  /** Aborts when nobody wants the connection any more: its request was aborted, or `connect` took longer than the limit. Not afterwards. */
  readonly signal: AbortSignal;
}

/**
 * Opens a connection and gives it as a stream of bytes: a `Duplex`, a `net.Socket` (which may still be connecting), or an older stream that knows
 * `data`, `write` and `end`. It belongs to the pool from then on. TLS is the pool's business: give what TLS is to be put on.
 *
 * @example
 * const connect: Connect = ({ host, port }) =>
 *   new Promise((resolve, reject) => {
 *     ssh.forwardOut('127.0.0.1', 0, host, port, (error, stream) => (error ? reject(error) : resolve(stream)));
 *   });
 */
export type Connect = (request: ConnectRequest) => Duplex | Promise<Duplex>;
