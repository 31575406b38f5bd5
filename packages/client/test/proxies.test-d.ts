/** Proxies: what compiles, and what must not. */
import {
  BasicAuth,
  BearerAuth,
  Client,
  DigestAuth,
  Proxy,
  type ProxyAuthenticator,
  type ProxyError,
  type ProxyFunction,
  type ProxyQuestion,
  type ProxyScheme,
  type Timings,
} from '@x/client';
import { ConnectionPool, Proxy as CoreProxy, type Dispatcher } from '@x/httpcore';
import { expectTypeOf } from 'vitest';

declare const client: Client;
declare const dispatcher: Dispatcher;
declare const authenticator: ProxyAuthenticator;

void new Client({ proxy: 'http://proxy.test:3128', trustEnv: true });
void new Client({ proxy: new URL('socks5h://proxy.test'), mounts: { 'all://*.test': new Proxy('http://p.test'), 'all://a.test': null } });
void client.get('/', { proxy: null });
void client.get('/', { proxy: ['http://p.test', new URL('http://q.test'), new Proxy('http://r.test'), null] });
void new Client({ proxy: (url) => (url.hostname === 'a.test' ? null : ['http://p.test', null]) });
void new Client({ proxy: async (url, { signal }) => (await fetch(url, { signal })).text() });
expectTypeOf<ProxyFunction>().parameters.toEqualTypeOf<[url: URL, question: ProxyQuestion]>();
// @ts-expect-error who has nothing to say says null
void new Client({ proxy: () => undefined });
// @ts-expect-error a function gives proxies, not a function
void new Client({ proxy: () => () => null });
void client.extend({ proxy: new CoreProxy('http://p.test') });
// @ts-expect-error whoever brings the connections brings their ways
void new Client({ dispatcher, proxy: 'http://proxy.test' });
// @ts-expect-error it is sent by a proxy, and no part of the message
void client.buildRequest('GET', '/', { proxy: null });
// @ts-expect-error a mount leads to a dispatcher, a Proxy or null
void new Client({ mounts: { 'all://': 'http://p.test' } });

void new Proxy('https://p.test', {
  auth: ['a', 'b'],
  headers: { 'x-a': 1 },
  tls: { ca: '' },
  tunnel: true,
  http2: false,
  via: 'http://q.test',
});
void new Proxy('http://p.test', { auth: new DigestAuth('a', 'b') });
void new Proxy('http://p.test', { auth: new BasicAuth('a', 'b') });
void new Proxy('http://p.test', { auth: authenticator });
void new Proxy('http://p.test', {
  auth: { rounds: 4, authorize: async (_, { id }) => `Own ${id}`, challenged: async (_, { attempt }) => attempt < 3 },
});
// @ts-expect-error a value is text
void new Proxy('http://p.test', { auth: { authorize: async () => 1, challenged: () => false } });
// @ts-expect-error a bearer token may have to be waited for
void new Proxy('http://p.test', { auth: new BearerAuth('t') });
// @ts-expect-error user and password
void new Proxy('http://p.test', { auth: ['a'] });
expectTypeOf(new Proxy('http://p.test').scheme).toEqualTypeOf<ProxyScheme>();
expectTypeOf<Timings['proxy']>().toEqualTypeOf<number | undefined>();
expectTypeOf<ProxyError['status']>().toEqualTypeOf<number | undefined>();
expectTypeOf<ProxyError['body']>().toEqualTypeOf<string>();

const pool = new ConnectionPool({ proxy: new CoreProxy('http://p.test', { auth: authenticator }) });
void pool.dispatch('GET', ['http', 'a', null, '/'], [], null, undefined, { proxy: null });
// @ts-expect-error a URL is made a Proxy first: once, not with every request
void pool.dispatch('GET', ['http', 'a', null, '/'], [], null, undefined, { proxy: 'http://p.test' });
