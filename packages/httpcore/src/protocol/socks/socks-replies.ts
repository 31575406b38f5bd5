/** What a proxy's "no" means, in words. */
import { ProxyError } from '../../contract/errors.ts';
import type { SocksMove } from './handshake.ts';

export const socks4Granted = 90;
export const socks5Succeeded = 0;

const socks4Replies: ReadonlyMap<number, string> = new Map([
  [91, 'request rejected or failed'],
  [92, 'it could not reach identd on our side'],
  [93, 'identd on our side names another user'],
]);

// RFC 1928 §6.
const socks5Replies: ReadonlyMap<number, string> = new Map([
  [1, 'general failure'],
  [2, 'connection not allowed by its rules'],
  [3, 'network unreachable'],
  [4, 'host unreachable'],
  [5, 'connection refused'],
  [6, 'TTL expired'],
  [7, 'command not supported'],
  [8, 'address type not supported'],
]);

export function socks4Refusal(reply: number): SocksMove {
  return refused(`The SOCKS4 proxy refused: ${socks4Replies.get(reply) ?? 'for a reason of its own'} (reply ${reply})`, reply);
}

export function socks5Refusal(reply: number): SocksMove {
  return refused(`The SOCKS5 proxy refused: ${socks5Replies.get(reply) ?? 'for a reason of its own'} (reply ${reply})`, reply);
}

function refused(message: string, reply: number): SocksMove {
  return { event: 'fail', error: new ProxyError(message, { code: 'PROXY_REFUSED', phase: 'proxy', reply }), reply };
}

/** Credentials are missing, or not the right ones. */
export function unauthorised(message: string): SocksMove {
  return { event: 'fail', error: new ProxyError(message, { code: 'PROXY_AUTH_REQUIRED', phase: 'proxy' }) };
}

/** The proxy does not keep to the protocol, or speaks another. */
export function brokenProtocol(message: string): SocksMove {
  return { event: 'fail', error: new ProxyError(message, { code: 'PROXY_PROTOCOL', phase: 'proxy' }) };
}
