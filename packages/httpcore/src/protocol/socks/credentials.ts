/** Who we say we are. What a version can't carry is refused before anything is sent: cut short, it would be somebody else's name. */
import { Buffer } from 'node:buffer';

import { LocalProtocolError } from '../../contract/errors.ts';

export type SocksVersion = '4' | '4a' | '5';

/** Sent as UTF-8, in the clear. SOCKS4 has a user only. */
export interface SocksCredentials {
  readonly user: string;
  readonly password: string;
}

/** In SOCKS5 a length has one octet; SOCKS4 sets no limit to the user, but servers do. */
const maxOctets = 255;

/**
 * SOCKS5: a user of 1 to 255 octets and a password of at most 255. RFC 1929 wants an octet there too, yet a token without a password is common,
 * and servers take it. SOCKS4: a user of at most 255 octets without NUL, and no password.
 *
 * @throws {LocalProtocolError} `INVALID_OPTION`; the message does not show them.
 */
export function checkSocksCredentials(version: SocksVersion, credentials: SocksCredentials): void {
  const { user, password } = credentials;
  if (typeof user !== 'string' || typeof password !== 'string') throw invalid('The user and the password of a SOCKS proxy must be strings');
  if (Buffer.byteLength(user) > maxOctets) throw invalid(`The user for a SOCKS proxy has more than ${maxOctets} octets`);
  if (version === '5') {
    if (user === '') throw invalid('The user for a SOCKS5 proxy is empty');
    if (Buffer.byteLength(password) > maxOctets) throw invalid(`The password for a SOCKS5 proxy has more than ${maxOctets} octets`);
    return;
  }
  if (user.includes('\0')) throw invalid('The user for a SOCKS4 proxy has a NUL, which would end it');
  if (password !== '') throw invalid('SOCKS4 has no passwords; use SOCKS5, or leave the password out');
}

function invalid(message: string): LocalProtocolError {
  return new LocalProtocolError(message, { code: 'INVALID_OPTION', phase: 'request' });
}
