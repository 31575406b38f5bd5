/** The way of each request: whose connections, and through which proxy. */
import { Proxy, type Dispatcher, type UrlParts } from '@x/httpcore';

import { ChosenWays } from './chosen-ways.ts';
import { selectProxy, type ProxySettings } from '../proxies/proxy-settings.ts';
import { findMount, type Mounts } from './mounts.ts';

export interface Route {
  readonly dispatcher: Pick<Dispatcher, 'dispatch'>;
  /** `undefined`: the dispatcher's own way. */
  readonly proxy: Proxy | null | undefined;
}

export type FindRoute = (url: UrlParts, proxies: ProxySettings) => Route;

/** `own` is where everything goes that no mount is for. It owns none of the mounts. */
export function routeBy(mounts: Mounts, own: Pick<Dispatcher, 'dispatch'>): FindRoute {
  const plain: Route = Object.freeze({ dispatcher: own, proxy: undefined });
  const ownRoute = (url: UrlParts, proxies: ProxySettings): Route => {
    const proxy = selectProxy(proxies, url);
    if (proxy === undefined) return plain;
    if (proxy === null || proxy instanceof Proxy) return { dispatcher: own, proxy };
    return { dispatcher: new ChosenWays(proxy, own), proxy: undefined };
  };
  if (mounts.length === 0) return ownRoute;
  return (url, proxies) => {
    const mount = findMount(mounts, url);
    if (mount === undefined) return ownRoute(url, proxies);
    // What is mounted has connections, and ways, of its own.
    if (mount.dispatcher !== null) return { dispatcher: mount.dispatcher, proxy: undefined };
    return mount.proxy === undefined || proxies.isOfCall ? ownRoute(url, proxies) : { dispatcher: own, proxy: mount.proxy };
  };
}
