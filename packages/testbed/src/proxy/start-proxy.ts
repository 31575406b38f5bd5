/** One door to the proxies that do it right. Those that do not are written with `startRawServer`. */
import { startHttpProxy, type HttpProxy, type HttpProxyOptions } from './http-proxy.ts';
import type { LocalProxy } from './local-proxy.ts';
import { startSocksProxy, type SocksProxy, type SocksProxyOptions } from './socks-proxy.ts';

/**
 * Starts a proxy on loopback at a port of the moment. It connects to this machine only: to loopback addresses, and to names
 * that `resolve` maps to one.
 *
 * @example
 * await using origin = await startServer('echo', { tls: { certificate: await serverCertificate({ names: ['origin.test'] }) } });
 * await using proxy = await startProxy('http', { resolve: () => '127.0.0.1' });
 * await client.get(`https://origin.test:${origin.port}/`, { proxy: proxy.url });
 * proxy.requests[0]; // { kind: 'connect', target: 'origin.test:49152', addressType: 'name', authorized: true, … }
 */
export function startProxy(kind: 'http', options?: HttpProxyOptions): Promise<HttpProxy>;
export function startProxy(kind: 'socks', options?: SocksProxyOptions): Promise<SocksProxy>;
export function startProxy(kind: 'http' | 'socks', options: HttpProxyOptions | SocksProxyOptions = {}): Promise<LocalProxy> {
  return kind === 'http' ? startHttpProxy(options as HttpProxyOptions) : startSocksProxy(options);
}
