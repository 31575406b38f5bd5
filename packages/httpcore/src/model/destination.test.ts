import { describe, expect, it } from 'vitest';

import { parseOrigin } from './origin.ts';
import { forwards, originDestination, destinationKey, proxyDestination } from './destination.ts';
import { Proxy } from './proxy/proxy.ts';

const all = { http1: true, http2: true };
const old = { http1: true, http2: false };
const modern = { http1: false, http2: true };
const http = parseOrigin('http', 'a', null);
const https = parseOrigin('https', 'a', null);

describe('the protocols of a peer', () => {
  it.each([
    [http, all, ['http/1.1']],
    [http, old, ['http/1.1']],
    [http, modern, ['h2']],
    [https, all, ['h2', 'http/1.1']],
    [https, old, ['http/1.1']],
    [https, modern, ['h2']],
  ] as const)('%o %o', (origin, options, protocols) => {
    expect(originDestination(origin, null, options).protocols).toEqual(protocols);
    // What is on the way has no say in it.
    expect(originDestination(origin, new Proxy('https://p', { http2: false }), options).protocols).toEqual(protocols);
  });

  it('are those of the proxy where that is the peer', () => {
    expect(proxyDestination(new Proxy('http://p')).protocols).toEqual(['http/1.1']);
    expect(proxyDestination(new Proxy('https://p')).protocols).toEqual(['h2', 'http/1.1']);
    expect(proxyDestination(new Proxy('https://p', { http2: false })).protocols).toEqual(['http/1.1']);
  });
});

it('a proxy as a peer is reached as it says', () => {
  const via = new Proxy('socks5h://q');
  const proxy = new Proxy('https://P:8443', { via });
  expect(proxyDestination(proxy)).toMatchObject({ origin: { scheme: 'https', host: 'p', port: 8443 }, proxy, via });
});

it.each([
  ['http://p', {}, 'http', all, true],
  ['https://p', {}, 'http', all, true],
  ['http://p', {}, 'https', all, false],
  ['https://p', {}, 'https', all, false],
  ['http://p', { tunnel: true }, 'http', all, false],
  ['http://p', {}, 'http', modern, false],
  ['http://p', {}, 'http', old, true],
  ['socks4://p', {}, 'http', all, false],
  ['socks5h://p', {}, 'http', all, false],
] as const)('%s %o forwards for %s with %o: %s', (url, options, scheme, protocols, expected) => {
  expect(forwards(new Proxy(url, options), scheme, protocols)).toBe(expected);
});

describe('the key of a peer', () => {
  const p = new Proxy('http://ada:s3cr3t@p');

  it('tells apart what must not be shared', () => {
    const named = parseOrigin('https', 'a', null, 'b');
    const other = parseOrigin('https', 'b', null);
    const asOrigin = parseOrigin('http', 'p', null);
    const peers = [
      originDestination(http, null, all),
      originDestination(https, null, all),
      originDestination(named, null, all),
      originDestination(other, null, all),
      originDestination(asOrigin, null, all),
      originDestination(https, p, all),
      originDestination(named, p, all),
      originDestination(other, p, all),
      originDestination(https, new Proxy('http://eve:s3cr3t@p'), all),
      originDestination(https, new Proxy('https://p'), all),
      originDestination(https, new Proxy('http://p', { via: p }), all),
      proxyDestination(p),
      proxyDestination(new Proxy('http://p')),
      proxyDestination(new Proxy('http://p', { via: p })),
    ];
    const keys = peers.map(destinationKey);
    expect(new Set(keys).size).toBe(peers.length);
    for (const key of keys) expect(key).not.toMatch(/s3cr3t|ada|eve/);
  });

  it('is the same for what may be', () => {
    expect(destinationKey(proxyDestination(p))).toBe(destinationKey(proxyDestination(new Proxy('http://p', { auth: ['ada', 's3cr3t'] }))));
    expect(destinationKey(originDestination(https, p, all))).toBe(
      destinationKey(originDestination(parseOrigin('https', 'A', 443), p, old)),
    );
  });
});
