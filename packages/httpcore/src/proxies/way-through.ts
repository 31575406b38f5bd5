import { firstLeg, fromAddress, type FirstLegOptions } from '../dial/first-leg.ts';
import type { Way, WayListener, WaysThroughProxies, WayTarget } from '../dial/way.ts';
import { withoutZone } from '../model/request-target.ts';
import type { Network } from '../model/network.ts';
import { isSocks, proxyFacts, type Proxy } from '../model/proxy/proxy.ts';
import type { Resolver } from '../net/dns/resolver.ts';
import type { Clock } from '../time/clock.ts';
import { ConnectWay } from './connect-way.ts';
import { SocksWay } from './socks-way.ts';
import type { Tunnels } from './tunnels.ts';

/** By CONNECT through an HTTP proxy, by its own protocol through a SOCKS proxy; each of them may be behind another. */
export function waysThroughProxies(options: FirstLegOptions, resolver: Resolver, clock: Clock, tunnels: Tunnels): WaysThroughProxies {
  function wayThrough(proxy: Proxy, { host, port, text }: WayTarget, network: Network | null, listener: WayListener): Way {
    if (!isSocks(proxy)) return new ConnectWay(proxy, withoutZone(text.slice(text.indexOf('//') + 2)), network, tunnels, listener);
    return new SocksWay(proxy, { host, port }, { resolver, guard: options.guard }, (leg) => wayTo(proxy, network, leg), listener);
  }

  /** To a SOCKS proxy. HTTP proxies are the business of those who make tunnels. */
  function wayTo(proxy: Proxy, network: Network | null, listener: WayListener): Way {
    if (proxy.via !== null) return wayThrough(proxy.via, proxyFacts(proxy).peer, network, listener);
    const destination = proxy.socketPath === undefined ? { host: proxy.host, port: proxy.port } : { path: proxy.socketPath };
    const request = {
      origin: proxy.origin,
      host: proxy.host,
      port: proxy.port,
      isProxy: true,
      destination,
      handshake: undefined,
      carriesTls: true,
    };
    return firstLeg(request, fromAddress(options, network), resolver, clock, listener);
  }

  return { wayThrough };
}
