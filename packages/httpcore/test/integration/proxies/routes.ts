/** Every way to an origin, as one table: what the suites of this folder run over. */
import {
  clientCertificate,
  serverCertificate,
  startProxy,
  trustedAuthority,
  type HttpProxy,
  type HttpProxyOptions,
  type LocalProxy,
} from '@x/testbed';

import { Proxy, type ProxyOptions } from '../../../src/index.ts';

/** Names that are known to nobody but the `lookup` of the pool, and the proxies. */
export const originName = 'origin.test';
export const proxyName = 'proxy.test';

/** One way, while it stands. */
export interface OpenRoute extends AsyncDisposable {
  readonly proxy: Proxy | null;
  /** The proxies on the way, the nearest first. */
  readonly proxies: readonly LocalProxy[];
}

export interface RouteCase {
  readonly name: string;
  /** Who finds the address of the origin. */
  readonly resolves: 'client' | 'proxy';
  /** Does the proxy forward requests to `http` origins? */
  readonly forwards: boolean;
  /** Steps of the trace before TLS with the origin, for a new connection. */
  readonly steps: readonly string[];
  open(): Promise<OpenRoute>;
}

const resolve = (): string => '127.0.0.1';
const connect = ['dns-start', 'dns-end', 'connect-start', 'connect-end'];
const handshake = ['proxy-start', 'proxy-end'];
const secured = ['tls-start', 'tls-end'];

/** TLS with the proxy, which wants a certificate of ours; another one than the origins want. */
export async function proxyTls(): Promise<NonNullable<ProxyOptions['tls']>> {
  const { certificate } = await trustedAuthority();
  const { cert, key } = await clientCertificate('client of the proxy');
  return { ca: certificate, cert, key };
}

async function secureProxy(options: Partial<HttpProxyOptions> = {}): Promise<HttpProxy> {
  const certificate = await serverCertificate({ names: [proxyName] });
  return startProxy('http', { resolve, tls: { certificate, requestClientCertificate: true }, ...options });
}

function opened(proxy: Proxy, ...proxies: readonly LocalProxy[]): OpenRoute {
  return {
    proxy,
    proxies,
    async [Symbol.asyncDispose]() {
      await Promise.all(proxies.map((each) => each.stop()));
    },
  };
}

const socks = (scheme: 'socks4' | 'socks4a' | 'socks5' | 'socks5h', isRemote: boolean): RouteCase => ({
  name: scheme,
  resolves: isRemote ? 'proxy' : 'client',
  forwards: false,
  steps: [...(isRemote ? [] : ['dns-start', 'dns-end']), ...connect, ...handshake],
  async open() {
    const proxy = await startProxy('socks', { resolve });
    return opened(new Proxy(`${scheme}://${proxyName}:${proxy.port}`), proxy);
  },
});

export const routes: readonly RouteCase[] = [
  {
    name: 'direct',
    resolves: 'client',
    forwards: false,
    steps: connect,
    open: () => Promise.resolve({ proxy: null, proxies: [], async [Symbol.asyncDispose]() {} }),
  },
  {
    name: 'http proxy',
    resolves: 'proxy',
    forwards: true,
    steps: [...connect, ...handshake],
    async open() {
      const proxy = await startProxy('http', { resolve });
      return opened(new Proxy(`http://${proxyName}:${proxy.port}`), proxy);
    },
  },
  {
    name: 'http proxy, tunnels alone',
    resolves: 'proxy',
    forwards: false,
    steps: [...connect, ...handshake],
    async open() {
      const proxy = await startProxy('http', { resolve });
      return opened(new Proxy(`http://${proxyName}:${proxy.port}`, { tunnel: true }), proxy);
    },
  },
  {
    name: 'https proxy over HTTP/1.1',
    resolves: 'proxy',
    forwards: true,
    steps: [...connect, 'proxy-start', ...secured, 'proxy-end'],
    async open() {
      const proxy = await secureProxy();
      return opened(new Proxy(`https://${proxyName}:${proxy.port}`, { tls: await proxyTls() }), proxy);
    },
  },
  {
    name: 'https proxy over HTTP/2',
    resolves: 'proxy',
    forwards: true,
    steps: [...connect, 'proxy-start', ...secured, 'proxy-end'],
    async open() {
      const proxy = await secureProxy({ http2: true });
      return opened(new Proxy(`https://${proxyName}:${proxy.port}`, { tls: await proxyTls() }), proxy);
    },
  },
  socks('socks4', false),
  socks('socks4a', true),
  socks('socks5', false),
  socks('socks5h', true),
  {
    name: 'socks5h behind an http proxy',
    resolves: 'proxy',
    forwards: false,
    steps: [...connect, ...handshake, ...handshake],
    async open() {
      const near = await startProxy('http', { resolve });
      const far = await startProxy('socks', { resolve });
      return opened(new Proxy(`socks5h://far.test:${far.port}`, { via: `http://${proxyName}:${near.port}` }), near, far);
    },
  },
  {
    name: 'https proxy behind a socks5h proxy',
    resolves: 'proxy',
    forwards: true,
    steps: [...connect, ...handshake, 'proxy-start', ...secured, 'proxy-end'],
    async open() {
      const near = await startProxy('socks', { resolve });
      const far = await secureProxy();
      const via = new Proxy(`socks5h://${proxyName}:${near.port}`);
      return opened(new Proxy(`https://localhost:${far.port}`, { via, tls: await proxyTls() }), near, far);
    },
  },
];
