/** Why a handshake failed, in words that say what to do. */
import { ConnectError } from '../contract/errors.ts';

const trust = 'To trust it, give its authority as tls.ca, or in the variable NODE_EXTRA_CA_CERTS';

/** What helps, by the codes of OpenSSL's checks of certificates, as Node has them. */
const certificateHints: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: trust,
  SELF_SIGNED_CERT_IN_CHAIN: trust,
  UNABLE_TO_GET_ISSUER_CERT: trust,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: trust,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `The peer may not send the certificates between its own and its authority's. ${trust}`,
  CERT_UNTRUSTED: trust,
  CERT_HAS_EXPIRED: 'Its owner has to renew it, or the clock of this machine is wrong',
  CERT_NOT_YET_VALID: 'Is the clock of this machine right?',
  ERR_TLS_CERT_ALTNAME_INVALID: 'If it is the right one, say the name that it has as tls.servername',
};

// Bytes that are no record of TLS where one was expected: as a rule the peer speaks HTTP.
const noTls = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_UNEXPECTED_MESSAGE',
]);

/**
 * A failed handshake as the error that the contract knows. `cause` keeps what Node and OpenSSL say.
 * @param origin Of whom it was with, an origin or a proxy.
 * @param named The same for the message, where that is more than the origin.
 */
export function tlsError(origin: string, cause: Error, named: string = origin): ConnectError {
  return new ConnectError(`TLS with ${named} failed: ${reasonOf(cause)}`, { code: 'TLS_FAILED', phase: 'tls', origin, cause });
}

function reasonOf(cause: Error): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === undefined) return plain(message);
  if (noTls.has(code)) return `the peer does not speak TLS on this port; is it plain http? (${code})`;
  const said = plain(message);
  const reason = said.includes(code) ? said : `${said} (${code})`;
  const hint = certificateHints[code];
  return hint === undefined ? reason : `${reason}. ${hint}`;
}

/** What OpenSSL has to say, without the thread, the function and the line of its sources. */
function plain(message: string): string {
  const raw = /^(?:[0-9A-F]+:)?error:[0-9A-F]+:[^:]*:[^:]*:([^:\n]+)/i.exec(message.trim());
  return (raw?.[1] ?? message).trim();
}
