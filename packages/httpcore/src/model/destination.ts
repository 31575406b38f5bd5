/**
 * Who is at the other end of a connection, and the way there: what a connection can be used for follows from it.
 *
 * | request                                | peer       | via            |
 * | -------------------------------------- | ---------- | -------------- |
 * | without a proxy                        | the origin | –              |
 * | for `http`, by an HTTP proxy           | the proxy  | its own `via`  |
 * | everything else that goes by a proxy   | the origin | the proxy      |
 *
 * In the second row the proxy forwards what it is given: its connections serve every `http` origin. In the third each tunnel
 * leads to one origin and serves no other.
 */
import { legOf, type Network } from './network.ts';
import type { Origin } from './origin.ts';
import { isSocks, proxyFacts, type Proxy } from './proxy/proxy.ts';

/** As ALPN has them. */
export type HttpProtocol = 'http/1.1' | 'h2';

export interface Destination {
  /** Whom to connect to, and by which name to verify it. */
  readonly origin: Origin;
  /** The peer is this proxy, which is spoken to for the sake of others. */
  readonly proxy: Proxy | null;
  /** Through which proxy a tunnel leads to it. */
  readonly via: Proxy | null;
  /** In the order of preference. Over TLS they are offered; without it there is one, known beforehand. */
  readonly protocols: readonly HttpProtocol[];
  /** What its requests say of the connection, where that is not what the pool says. */
  readonly network?: Network | null;
}

export const onlyHttp1: readonly HttpProtocol[] = Object.freeze(['http/1.1']);
const onlyHttp2: readonly HttpProtocol[] = Object.freeze(['h2']);
const both: readonly HttpProtocol[] = Object.freeze(['h2', 'http/1.1']);

interface ProtocolOptions {
  readonly http1: boolean;
  readonly http2: boolean;
}

/** By the table above. A proxy either forwards or leads on. */
export function destinationOf(
  origin: Origin,
  proxy: Proxy | null,
  isForwarded: boolean,
  options: ProtocolOptions,
  network: Network | null = null,
): Destination {
  if (proxy !== null && isForwarded) return proxyDestination(proxy, network);
  const destination = originDestination(origin, proxy, protocolsOf(options, network));
  return network === null ? destination : { ...destination, network };
}

export function originDestination(origin: Origin, via: Proxy | null, { http1, http2 }: ProtocolOptions): Destination {
  // Without TLS there is nothing to agree on: HTTP/2 by prior knowledge is what is left when HTTP/1.1 is switched off.
  if (origin.scheme === 'http') return { origin, proxy: null, via, protocols: http1 ? onlyHttp1 : onlyHttp2, network: null };
  return { origin, proxy: null, via, protocols: !http2 ? onlyHttp1 : http1 ? both : onlyHttp2, network: null };
}

export function proxyDestination(proxy: Proxy, network: Network | null = null): Destination {
  return {
    network: legOf(network),
    origin: proxyFacts(proxy).peer,
    proxy,
    via: proxy.via,
    protocols: proxy.http2 ? both : onlyHttp1,
  };
}

/**
 * Does the proxy forward requests to this origin? HTTP/2 by prior knowledge needs the origin itself at the other end.
 */
export function forwards(proxy: Proxy, scheme: string, { http1 }: ProtocolOptions): boolean {
  return scheme === 'http' && http1 && !proxy.tunnel && !isSocks(proxy);
}

/** A request that names one protocol is served by that one. */
export function protocolsOf(options: ProtocolOptions, network: Network | null): ProtocolOptions {
  const protocol = network?.protocol;
  return protocol === undefined ? options : { http1: protocol === 'http/1.1', http2: protocol === 'h2' };
}

/** The same for connections that can be used for one another; holds no credential. */
export function destinationKey({ origin, proxy, via, network }: Destination): string {
  const host = origin.servername === undefined ? origin.text : `${origin.text} ${origin.servername}`;
  const name = network === undefined || network === null ? host : `${host} by ${network.key}`;
  if (proxy !== null) return `${name} as ${proxyFacts(proxy).key}`;
  return via === null ? name : `${name} via ${proxyFacts(via).key}`;
}
