/** Hosts as a URL has them, of text that may be anything. */
import { parseUrl } from '../request/url/url.ts';

// RFC 1035 §2.3.4. What is longer is not parsed: to write a name in ASCII takes the square of its length.
export const longestName = 255;
export const longestPort: number = ':65535'.length;

// A URL parser lets more through, quotes and asterisks among them.
const plainHost = /^(?:\[[\d:a-f]+\]|[\w-]+(?:\.[\w-]+)*\.?)$/;

/**
 * Host and port of `[user[:password]@]host[:port]`: the host in lower case and in ASCII (RFC 5891), the port `''` where it is not there, or
 * is 80. `undefined`: it is nothing of the kind.
 */
export function parseAuthority(authority: string): { readonly hostname: string; readonly port: string } | undefined {
  if (authority.length - authority.lastIndexOf('@') - 1 > longestName + longestPort || /[/\\?#]/.test(authority)) return undefined;
  const url = parseUrl(`http://${authority}`);
  return url !== undefined && plainHost.test(url.hostname) ? { hostname: url.hostname, port: url.port } : undefined;
}
