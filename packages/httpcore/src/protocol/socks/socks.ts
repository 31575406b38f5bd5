/**
 * SOCKS, client side, without I/O: version 4, its extension 4a, and version 5 (RFC 1928) with user and password (RFC 1929).
 *
 * A handshake asks a proxy for a tunnel to one target, and is over when the tunnel stands or the proxy has said no. There is no clock in it:
 * who dials limits its time, and drops the connection when it fails.
 */
import type { ByteSink } from '../byte-sink.ts';
import { checkSocksCredentials, type SocksCredentials, type SocksVersion } from './credentials.ts';
import { SocksHandshake, type SocksHandler } from './handshake.ts';
import { Socks4Dialogue } from './socks4.ts';
import { Socks5Dialogue } from './socks5.ts';
import { parseTarget, type SocksTarget } from './target.ts';

export { checkSocksCredentials };
export type { SocksCredentials, SocksHandler, SocksHandshake, SocksTarget, SocksVersion };

/**
 * Everything that we could get wrong is found here, before anything is sent.
 *
 * @throws {LocalProtocolError} `INVALID_HOST` or `INVALID_PORT`: the version can't carry the target; `INVALID_OPTION`: it can't carry the credentials.
 * @example
 * const handshake = createSocksHandshake('5', { host: 'example.com', port: 443 }, undefined, transport, handler);
 * handshake.start(); // then receive(chunk) and receiveEnd(), until the handler is told
 */
export function createSocksHandshake(
  version: SocksVersion,
  target: SocksTarget,
  credentials: SocksCredentials | undefined,
  sink: ByteSink,
  handler: SocksHandler,
): SocksHandshake {
  if (credentials !== undefined) checkSocksCredentials(version, credentials);
  const destination = parseTarget(target);
  const dialogue = version === '5' ? new Socks5Dialogue(destination, credentials) : new Socks4Dialogue(version, destination, credentials);
  return new SocksHandshake(dialogue, sink, handler);
}
