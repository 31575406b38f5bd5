import { HttpCoreError, LocalProtocolError, ReadError, UnsupportedProtocol, WriteError } from '../contract/errors.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { ByteTransport } from '../net/byte-transport.ts';
import type { Clock, Scheduled } from '../time/clock.ts';

/** A second before the server closes it, so that our next request does not cross its FIN; never longer than ten minutes, or than we want. */
export function idleTimeoutOf(serverTimeout: number | undefined, longest: number = Infinity): number | undefined {
  return serverTimeout === undefined ? undefined : Math.min(Math.max(0, serverTimeout - 1_000), 600_000, longest);
}

/** What only HTTP/2 can say; that it is not spoken is known now. */
export function whyNotHttp1({ context, framing }: Exchange): HttpCoreError | null {
  if (context?.protocol !== undefined)
    return new UnsupportedProtocol('Extended CONNECT needs HTTP/2, and this server speaks HTTP/1.1', { phase: 'request' });
  if (!framing.needsHttp2) return null;
  return new LocalProtocolError(
    'Over HTTP/1.1 trailers need the chunked coding, so the request must not have a Content-Length, and this server speaks HTTP/1.1',
    { code: 'INVALID_FRAMING', phase: 'request' },
  );
}

/** The transport is gone, with the system's error or in order. */
export function lostConnection(error: Error | undefined, exchange: Exchange | null): HttpCoreError {
  // A stand-in for the network is connected first, and looks for the server later; who is asked then may refuse it.
  if (error instanceof HttpCoreError) return error;
  const failure = exchange?.phase === 'send' ? WriteError : ReadError;
  const why = error === undefined ? 'was closed' : `failed: ${error.message}`;
  return new failure(`The connection ${why}`, { code: error === undefined ? 'CONNECTION_CLOSED' : undefined, cause: error });
}

/** The server has closed the connection before the request was written to it. */
export function closedWhileIdle(): HttpCoreError {
  return new ReadError('The server closed the connection while it was idle', { code: 'CONNECTION_CLOSED' });
}

/** How long what was written to a tunnel may take to leave behind its end, in milliseconds. */
const closingTimeout = 30_000;

/**
 * Drops the transport. That of a tunnel, whose peer has ended its direction, goes once what we have written to it has left, and may not be taken by
 * anybody: gives the time that it has.
 */
export function endTransport(transport: ByteTransport, isTunnel: boolean, clock: Clock): Scheduled | null {
  if (!isTunnel) {
    transport.destroy();
    return null;
  }
  transport.end();
  transport.unref();
  return clock.schedule(closingTimeout, () => transport.destroy(), true);
}
