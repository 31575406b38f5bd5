/**
 * SOCKS4, and SOCKS4a where the proxy resolves the name. One message and one reply of eight octets:
 *
 *   request   4 · 1 (connect) · port (2) · address (4) · user · NUL [ · name · NUL, where the address is 0.0.0.x and x is not 0 ]
 *   reply     0 · code · port (2) · address (4)
 */
import { Buffer } from 'node:buffer';

import type { SocksCredentials, SocksVersion } from './credentials.ts';
import type { SocksDialogue, SocksMove, SocksState } from './handshake.ts';
import { brokenProtocol, socks4Granted, socks4Refusal } from './socks-replies.ts';
import { invalidHost, type SocksDestination } from './target.ts';

const replyLength = 8;
const nameFollows: Uint8Array = Uint8Array.of(0, 0, 0, 1);
const nul: Uint8Array = Uint8Array.of(0);

export class Socks4Dialogue implements SocksDialogue {
  readonly #request: Buffer;

  /** @throws {LocalProtocolError} `INVALID_HOST`. */
  constructor(version: Exclude<SocksVersion, '5'>, { kind, host, port }: SocksDestination, credentials: SocksCredentials | undefined) {
    if (kind === 'ipv6') throw invalidHost(`SOCKS${version} has no IPv6; use SOCKS5`);
    const named = kind === 'name';
    if (named && version === '4')
      throw invalidHost('SOCKS4 takes no names, only IPv4 addresses; resolve the name, or use SOCKS4a or SOCKS5');
    // A server that knows SOCKS4a would wait for a name. Nobody has such an address.
    if (!named && meansThatNameFollows(host)) throw invalidHost(`SOCKS${version} can't carry the addresses 0.0.0.1 to 0.0.0.255`);
    this.#request = Buffer.concat([
      Uint8Array.of(4, 1),
      port,
      named ? nameFollows : host,
      Buffer.from(credentials?.user ?? ''),
      nul,
      ...(named ? [host, nul] : []),
    ]);
  }

  open(): SocksMove {
    return { event: 'request', taken: 0, message: this.#request };
  }

  answer(_state: SocksState, received: Uint8Array): SocksMove | null {
    const [version, code] = received;
    if (version !== undefined && version !== 0)
      return brokenProtocol(`The reply of a SOCKS4 proxy begins with 0, this one with ${version}`);
    if (code === undefined) return null;
    if (code !== socks4Granted) return socks4Refusal(code);
    // The address and the port mean nothing for a connection that we asked for.
    return received.length < replyLength ? null : { event: 'establish', taken: replyLength };
  }
}

function meansThatNameFollows(address: Uint8Array): boolean {
  return address[0] === 0 && address[1] === 0 && address[2] === 0 && address[3] !== 0;
}
