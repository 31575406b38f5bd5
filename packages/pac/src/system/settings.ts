/** What operating systems say about proxies, in one form, and what follows from it for a URL. */
import { BlockList, isIP } from 'node:net';

export interface ProxySettings {
  readonly http?: string | undefined;
  readonly https?: string | undefined;
  /** For all that have none of their own. */
  readonly socks?: string | undefined;
  /** Hosts, `*.example.com`, `.example.com`, addresses, networks such as `10.0.0.0/8`, and `<local>`: names without a dot. */
  readonly exceptions: readonly string[];
  /** The URL of a PAC script, which says it all. */
  readonly script?: string | undefined;
}

export const noProxies: ProxySettings = Object.freeze({ exceptions: Object.freeze([]) });

/** The proxy for a URL; `null`: none. */
export function proxyFor(settings: ProxySettings, url: URL): string | null {
  const proxy = (url.protocol === 'https:' ? settings.https : settings.http) ?? settings.socks ?? null;
  return proxy === null || isExcepted(settings.exceptions, url) ? null : proxy;
}

export function isExcepted(exceptions: readonly string[], { hostname, port, protocol }: URL): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const own = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  return exceptions.some((exception) => covers(exception.trim().toLowerCase(), host, own));
}

function covers(exception: string, host: string, port: string): boolean {
  if (exception === '') return false;
  if (exception === '<local>') return isIP(host) === 0 && !host.includes('.');
  const network = /^\[?([\da-f.:]+)\]?\/(\d{1,3})$/.exec(exception);
  if (network !== null) return isInNetwork(host, network[1]!, Number(network[2]));
  const [, name = '', only] = /^(?:[a-z]+:\/\/)?(\[[^\]]*\]|[^:]*|[\da-f:.]*)(?::(\d+))?$/.exec(exception) ?? [];
  if (only !== undefined && only !== port) return false;
  const bare = name.replace(/^\[(.*)\]$/, '$1');
  if (bare.startsWith('.')) return host === bare.slice(1) || host.endsWith(bare);
  return bare.includes('*') ? matches(host, bare) : host === bare;
}

/** A pattern with `*`, in time that grows with both. */
function matches(host: string, pattern: string): boolean {
  const parts = pattern.split('*');
  const [first, last] = [parts[0]!, parts.at(-1)!];
  if (host.length < first.length + last.length || !host.startsWith(first) || !host.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = host.indexOf(part, at);
    if (found === -1 || found + part.length > host.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}

function isInNetwork(host: string, net: string, bits: number): boolean {
  const family = isIP(net);
  if (family === 0 || isIP(host) !== family || bits > (family === 6 ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(net, bits, family === 6 ? 'ipv6' : 'ipv4');
  return list.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** `host` and `port` as a URL; `undefined` where there is no host. A host may be a URL already. */
export function proxyUrl(scheme: 'http' | 'socks5h', host: string | undefined, port?: string): string | undefined {
  const name = host?.trim() ?? '';
  if (name === '') return undefined;
  const given = /^[a-z][a-z\d]*:\/\//i.test(name) ? name.replace(/^socks:/i, 'socks5h:').replace(/\/+$/, '') : `${scheme}://${name}`;
  return port === undefined || port === '' || port === '0' || /:\d+$/.test(given) ? given : `${given}:${port}`;
}
