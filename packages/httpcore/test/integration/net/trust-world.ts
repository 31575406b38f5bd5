/** What the suites about trust share: a request, and the connection that it went over. */
import { createHash, X509Certificate } from 'node:crypto';

import type { LocalServer } from '@x/testbed';

import { ConnectionPool, type ConnectionInfo, type PoolOptions, type TlsOptions, type UrlParts } from '../../../src/index.ts';

export const lookup = ((_host: string, _options: unknown, done: (error: null, found: unknown) => void) =>
  setImmediate(done, null, [{ address: '127.0.0.1', family: 4 }])) as never;

export const pinOf = (pem: string): string =>
  `sha256/${createHash('sha256')
    .update(new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64')}`;
export const reserve: string = `sha256/${Buffer.alloc(32, 7).toString('base64')}`;
export const strange: string = `sha256/${Buffer.alloc(32, 9).toString('base64')}`;

export interface Visit {
  readonly status: number;
  readonly text: string;
  readonly connection: ConnectionInfo;
}

export async function visit(
  pool: ConnectionPool,
  { port }: Pick<LocalServer, 'port'>,
  host = 'localhost',
  headers: [string, string][] = [],
): Promise<Visit> {
  let connection!: ConnectionInfo;
  const url: UrlParts = ['https', host, port, '/'];
  const [, status, , , body] = await pool.dispatch('GET', url, headers, null, undefined, {
    trace(name, _at, detail) {
      if (name === 'assigned') ({ connection } = detail as { connection: ConnectionInfo });
    },
  });
  return { status, text: new TextDecoder().decode(await body.bytes()), connection };
}

export const poolWith = (tls: TlsOptions, options: PoolOptions = {}): ConnectionPool => new ConnectionPool({ lookup, tls, ...options });
