import { LocalProtocolError, UnsupportedProtocol, type HttpCoreError } from '../contract/errors.ts';
import type { Exchange } from '../exchange/exchange.ts';

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
