/** What the tests with scripted servers share. */
import { trustedAuthority, type Http2ScriptOptions } from '@x/testbed';

import { ConnectionPool, HttpCoreError, type DispatchResponse, type PoolOptions, type UrlParts } from '../../../src/index.ts';

export const ok: readonly (readonly [string, string])[] = [[':status', '200']];
/** A server by a script may speak TLS, and may send octet by octet. */
export const ways: readonly Http2ScriptOptions[] = [{}, { tls: true }, { pieceBytes: 1 }];

export async function poolFor({ tls = false }: Http2ScriptOptions, options: PoolOptions = {}): Promise<ConnectionPool> {
  return new ConnectionPool(tls ? { tls: { ca: (await trustedAuthority()).certificate }, ...options } : { http1: false, ...options });
}

/** The status and text of a response, or the error that it ended with. */
export async function outcome(response: Promise<DispatchResponse>): Promise<string | HttpCoreError> {
  try {
    const [, status, , , body] = await response;
    return `${status} ${Buffer.from(await body.bytes()).toString('latin1')}`;
  } catch (error) {
    if (error instanceof HttpCoreError) return error;
    throw error;
  }
}

/** The root of a server. */
export function rootOf({ port }: { readonly port: number }, { tls = false }: Http2ScriptOptions): UrlParts {
  return [tls ? 'https' : 'http', '127.0.0.1', port, '/'];
}
