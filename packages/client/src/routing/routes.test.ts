import { mockDispatcher, type Dispatcher, type UrlParts } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { callProxies, clientProxies, noProxies, type ProxySettings } from '../proxies/proxy-settings.ts';
import { Proxy } from '../proxies/proxy.ts';
import { mergeMounts, noMounts } from './mounts.ts';
import { routeBy } from './routes.ts';

const named = (name: string): Dispatcher => mockDispatcher(() => ({ status: 200, body: name }));
const [own, other] = [named('own'), named('other')];
const [a, b, c] = ['http://a.proxy', 'http://b.proxy', 'http://c.proxy'].map((url) => new Proxy(url)) as [Proxy, Proxy, Proxy];
const url: UrlParts = ['http', 'x.test', null, '/'];

const ofClient: ProxySettings = clientProxies(noProxies, a, undefined);

describe('a request goes', () => {
  const mounts = mergeMounts(noMounts, { 'http://x.test': b, 'http://y.test': other, 'http://z.test': null });
  const route = routeBy(mounts, own);

  it.each<[string, string, ProxySettings, Dispatcher, Proxy | null | undefined]>([
    ['nobody says anything', 'w.test', noProxies, own, undefined],
    ['the client has a proxy', 'w.test', ofClient, own, a],
    ['a mount has another', 'x.test', ofClient, own, b],
    ['a call has yet another', 'x.test', callProxies(ofClient, c), own, c],
    ['a call wants none', 'x.test', callProxies(ofClient, null), own, null],
    ['a dispatcher is mounted', 'y.test', ofClient, other, undefined],
    ['and the call has a proxy', 'y.test', callProxies(ofClient, c), other, undefined],
    ['a mount leads to the client itself', 'z.test', ofClient, own, a],
  ])('as it should when %s', (_what, host, proxies, dispatcher, proxy) => {
    expect(route(['http', host, null, '/'], proxies)).toEqual({ dispatcher, proxy });
  });

  it('without mounts, by the environment where nothing else is said', () => {
    const environment: ProxySettings = { stated: undefined, environment: ([, host]) => (host === 'x.test' ? a : null), isOfCall: false };
    const plain = routeBy(noMounts, own);
    expect(plain(url, environment).proxy).toBe(a);
    expect(plain(['http', 'elsewhere.test', null, '/'], environment).proxy).toBeNull();
    expect(plain(url, clientProxies(environment, null, undefined)).proxy).toBeNull();
    expect(plain(url, clientProxies(environment, b, undefined)).proxy).toBe(b);
    expect(plain(url, clientProxies(environment, undefined, false)).proxy).toBeUndefined();
  });
});
