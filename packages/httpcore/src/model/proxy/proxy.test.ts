import { inspect } from 'node:util';

import { afterEach, describe, expect, it } from 'vitest';

import { LocalProtocolError } from '../../contract/errors.ts';
import type { ProxyAuthenticator } from './proxy-authenticator.ts';
import type { ProxyOptions } from './proxy.ts';
import { Proxy, proxyFacts, toProxy } from './proxy.ts';

const secret = 's3cr3t-pässwörd';
const encoded = encodeURIComponent(secret);
const noted: ProxyAuthenticator = { authorize: () => undefined, challenged: () => false };

function refusal(make: () => unknown): LocalProtocolError {
  try {
    make();
  } catch (error) {
    expect(error).toBeInstanceOf(LocalProtocolError);
    return error as LocalProtocolError;
  }
  expect.unreachable('it was taken');
}

const credentialsOf = (url: string | URL, options?: ProxyOptions) => proxyFacts(new Proxy(url, options)).credentials;
const keyOf = (url: string, options?: ProxyOptions) => proxyFacts(new Proxy(url, options)).key;

describe('the URL of a proxy', () => {
  it.each([
    ['http://proxy.example:3128', 'http', 'proxy.example', 3128],
    ['http://proxy.example:3128/', 'http', 'proxy.example', 3128],
    ['http://proxy.example', 'http', 'proxy.example', 80],
    ['http://proxy.example:80', 'http', 'proxy.example', 80],
    ['http://proxy.example:443', 'http', 'proxy.example', 443],
    ['https://proxy.example', 'https', 'proxy.example', 443],
    ['https://proxy.example:443', 'https', 'proxy.example', 443],
    // 80 and 21 are defaults of the parsers that it goes through, and of nothing here.
    ['https://proxy.example:80', 'https', 'proxy.example', 80],
    ['https://proxy.example:21', 'https', 'proxy.example', 21],
    ['socks5://proxy.example:80', 'socks5', 'proxy.example', 80],
    ['socks4://proxy.example', 'socks4', 'proxy.example', 1080],
    ['socks4a://proxy.example', 'socks4a', 'proxy.example', 1080],
    ['socks5://proxy.example', 'socks5', 'proxy.example', 1080],
    ['socks5h://proxy.example:9050', 'socks5h', 'proxy.example', 9050],
    ['SOCKS5H://Proxy.Example:9050', 'socks5h', 'proxy.example', 9050],
    ['proxy.example', 'http', 'proxy.example', 80],
    ['proxy.example:3128', 'http', 'proxy.example', 3128],
    ['//proxy.example:3128', 'http', 'proxy.example', 3128],
    ['ada:pw@proxy.example:3128', 'http', 'proxy.example', 3128],
    ['localhost:1', 'http', 'localhost', 1],
    ['http://127.0.0.1:65535', 'http', '127.0.0.1', 65_535],
    ['http://[::1]:3128', 'http', '::1', 3128],
    ['[2001:DB8::1]:3128', 'http', '2001:db8::1', 3128],
    ['socks5://[::1]', 'socks5', '::1', 1080],
    ['http://bücher.example:3128', 'http', 'xn--bcher-kva.example', 3128],
    ['socks5h://bücher.example', 'socks5h', 'xn--bcher-kva.example', 1080],
    ['http://proxy.example./', 'http', 'proxy.example.', 80],
  ] as const)('%s', (url, scheme, host, port) => {
    const proxy = new Proxy(url);
    expect(proxy).toMatchObject({ scheme, host, port, tunnel: false, socketPath: undefined, via: null });
    expect(proxy.origin).toBe(`${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`);
    expect(Object.isFrozen(proxy)).toBe(true);
  });

  it.each([
    ['http://ada:pw@a', ['ada', 'pw']],
    ['ada:pw@a:1', ['ada', 'pw']],
    ['socks5://ada:pw@a', ['ada', 'pw']],
    ['http://ada@a', ['ada', '']],
    ['http://ada:@a', ['ada', '']],
    ['http://:pw@a', ['', 'pw']],
    ['http://a', null],
    ['http://@a', null],
    ['http://:@a', null],
    ['http://a%40b:p%3A%2F%25w%20@a', ['a@b', 'p:/%w ']],
    ['http://%C3%A9:%E2%82%AC@a', ['é', '€']],
    ['http://é:€@a', ['é', '€']],
    ['http://a:b:c@a', ['a', 'b:c']],
    // What stands before the last at-sign is credentials.
    ['http://a@b:c@a', ['a@b', 'c']],
    ['socks5://a%3Ab:c@a', ['a:b', 'c']],
  ] as const)('has the credentials of %s', (url, credentials) => {
    expect(credentialsOf(url)).toEqual(credentials);
    if (url.includes('://')) expect(credentialsOf(new URL(url))).toEqual(credentials);
  });

  it.each([
    '',
    ' ',
    'http://',
    'http://:3128',
    'http://ada:pw@',
    'ftp://a',
    'socks://a',
    'socks6://a',
    'file:///etc/passwd',
    'http:a:3128',
    'http://a:0',
    'http://a:65536',
    'http://a:port',
    'http://a b',
    'http://a"b',
    'http://[::1',
    'http://[fe80::1%25eth0]:1',
    'http://%',
    `http://ada:${secret}%@a`,
    `http://ada:%FF${secret}@a`,
    `http://ada:${secret}@a:99999`,
    `nonsense://ada:${secret}@a`,
    `http://ada%0d%0a:${encoded}@a`,
    `http://a%3Ab:${encoded}@a`,
    5,
    null,
    undefined,
    {},
    ['http://a'],
  ])('refuses %j, and shows none of it', (url) => {
    const error = refusal(() => new Proxy(url as string));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', phase: 'request' });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('s3cr3t');
    expect(error.cause).toBeUndefined();
    expect(refusal(() => toProxy(url as string)).message).toBe(error.message);
  });
});

describe('the options of a proxy', () => {
  it('come before the URL', () => {
    expect(credentialsOf('http://url:url@a', { auth: ['ada', secret] })).toEqual(['ada', secret]);
    expect(credentialsOf('http://url:url@a', { auth: null })).toBeNull();
    expect(credentialsOf('http://url:url@a', { auth: undefined })).toEqual(['url', 'url']);
    expect(credentialsOf('http://url:url@a', { auth: noted })).toBeNull();
    // Who says it in so many words is not to be contradicted by a second field.
    const { authenticator, headers } = proxyFacts(new Proxy('http://url:url@a', { headers: [['Proxy-Authorization', 'Bearer x']] }));
    expect([authenticator, headers]).toEqual([null, [['Proxy-Authorization', 'Bearer x']]]);
  });

  it('are kept as they were given', () => {
    const headers: [string, string][] = [['x-a', '1']];
    const tls = { ca: 'pem' };
    const proxy = new Proxy('https://a', { headers, tls, tunnel: true, via: 'socks5://b' });
    headers[0]![1] = '2';
    headers.push(['x-b', '3']);
    tls.ca = 'other';
    const facts = proxyFacts(proxy);
    expect([facts.headers, facts.tls.ca]).toEqual([[['x-a', '1']], 'pem']);
    expect(proxy).toMatchObject({ tunnel: true, http2: true, via: { origin: 'socks5://b:1080' } });
    expect(new Proxy('http://a', { http2: true }).http2).toBe(false);
    expect(new Proxy('https://a', { http2: false }).http2).toBe(false);
  });

  it.each<[string, string, object | null]>([
    ['no object', 'http://a', null],
    ['an unknown name', 'http://a', { user: secret }],
    ['a user alone', 'http://a', { auth: ['ada'] }],
    ['three of them', 'http://a', { auth: ['ada', secret, secret] }],
    ['a number for a password', 'http://a', { auth: ['ada', 5] }],
    ['text for credentials', 'http://a', { auth: `ada:${secret}` }],
    ['a record for credentials', 'http://a', { auth: { user: 'ada', password: secret } }],
    ['an authenticator that can only be asked once', 'http://a', { auth: { authorize: () => secret } }],
    ['a colon in the user', 'http://a', { auth: [`a:${secret}`, ''] }],
    ['a line break in the password', 'http://a', { auth: ['ada', `${secret}\r\nx: y`] }],
    ['an authenticator for SOCKS', 'socks5://a', { auth: noted }],
    ['fields for SOCKS', 'socks5://a', { headers: [] }],
    ['TLS to SOCKS', 'socks5h://a', { tls: {} }],
    ['CONNECT to SOCKS', 'socks4://a', { tunnel: true }],
    ['TLS to an http proxy', 'http://a', { tls: { passphrase: secret } }],
    ['TLS by a word', 'https://a', { tls: secret }],
    ['no TLS', 'https://a', { tls: null }],
    ['a tunnel by a word', 'http://a', { tunnel: 'yes' }],
    ['http2 by a number', 'https://a', { http2: 1 }],
    ['an empty path', 'http://a', { socketPath: '' }],
    ['a path that is none', 'http://a', { socketPath: 7 }],
    ['a path behind another proxy', 'http://a', { socketPath: '/s', via: 'http://b' }],
    ['fields as a record', 'http://a', { headers: { authorization: secret } }],
    ['a value with a line break', 'http://a', { headers: [['x-a', `${secret}\r\nb: c`]] }],
    ['a name that is none', 'http://a', { headers: [['x a', secret]] }],
    ['a field without a value', 'http://a', { headers: [['x-a']] }],
    ['Host', 'http://a', { headers: [['Host', 'b']] }],
    ['a length', 'http://a', { headers: [['Content-Length', '5']] }],
    ['credentials twice', 'http://a', { auth: ['ada', secret], headers: [['proxy-authorization', secret]] }],
    ['a bad proxy in front', 'http://a', { via: `ftp://ada:${secret}@b` }],
    ['no proxy in front', 'http://a', { via: null }],
  ])('refuse %s', (_name, url, options) => {
    const error = refusal(() => new Proxy(url, options as ProxyOptions));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', phase: 'request' });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('s3cr3t');
  });

  it('end at eight proxies in a chain', () => {
    let proxy = new Proxy('http://p1');
    for (let count = 2; count <= 8; count += 1) proxy = new Proxy(`http://p${count}`, { via: proxy });
    expect(proxy.via?.via?.via?.via?.via?.via?.via?.origin).toBe('http://p1:80');
    expect(refusal(() => new Proxy('http://p9', { via: proxy })).code).toBe('INVALID_OPTION');
  });

  describe('on Object.prototype', () => {
    const prototype = Object.prototype as Record<string, unknown>;
    const names = ['auth', 'headers', 'tunnel', 'http2', 'socketPath', 'via', 'tls'];
    afterEach(() => {
      for (const name of names) delete prototype[name];
    });

    it('mean nothing', () => {
      const key = keyOf('https://a', {});
      Object.assign(prototype, { auth: ['eve', 'eve'], headers: [['x-eve', '1']], tunnel: true, http2: false, socketPath: '/eve' });
      Object.assign(prototype, { via: 'http://eve', tls: { rejectUnauthorized: false } });
      const proxy = new Proxy('https://a', {});
      expect([proxy.tunnel, proxy.http2, proxy.socketPath, proxy.via]).toEqual([false, true, undefined, null]);
      const facts = proxyFacts(proxy);
      expect([facts.authenticator, facts.headers, Object.keys(facts.tls), facts.key]).toEqual([null, [], [], key]);
    });
  });
});

describe('what is shown of a proxy', () => {
  const shown = (value: unknown) => [
    String(value),
    JSON.stringify({ value }),
    inspect(value),
    inspect([value], { depth: 9, showHidden: true, getters: true }),
    inspect(value, { depth: 9, showHidden: true, customInspect: false }),
    JSON.stringify(Object.entries(value as object)),
  ];

  it('has no credential, wherever it was given', () => {
    const token = Buffer.from(`ada:${secret}`).toString('base64');
    const headers: [string, string][] = [['x-token', secret]];
    const front = new Proxy(`socks5://ada:${encoded}@b`);
    for (const proxy of [
      new Proxy(`http://ada:${encoded}@a`),
      new Proxy('http://a', { auth: ['ada', secret], headers }),
      new Proxy('https://a', { headers, tls: { passphrase: secret, key: secret }, via: front }),
    ]) {
      for (const text of [...shown(proxy), proxyFacts(proxy).key]) {
        expect(text).not.toMatch(/s3cr3t|ada/);
        expect(text).not.toContain(encoded);
        expect(text).not.toContain(token);
      }
    }
  });

  it('says whether there are any', () => {
    const proxy = new Proxy(`http://ada:${encoded}@a:3128`);
    expect(String(proxy)).toBe('http://***@a:3128');
    expect(inspect(proxy)).toBe('Proxy http://***@a:3128');
    expect(JSON.stringify({ proxy })).toBe('{"proxy":"http://***@a:3128"}');
    expect(String(new Proxy('http://a:3128'))).toBe('http://a:3128');
    expect(String(new Proxy('https://a:3128', { via: proxy }))).toBe('https://a:3128 via http://***@a:3128');
  });
});

describe('the key of a proxy', () => {
  const ca = Buffer.from('ca');

  it.each<[string, [string, ProxyOptions?], [string, ProxyOptions?]]>([
    ['spelling', ['http://a'], ['HTTP://A:80/']],
    ['where credentials are given', ['http://ada:p%20w@a'], ['http://a', { auth: ['ada', 'p w'] }]],
    ['nobody, twice', ['http://ada:pw@a', { auth: null }], ['http://a']],
    ['defaults', ['https://a', { tls: {}, headers: [], http2: true, tunnel: false }], ['https://a']],
    ['the order of settings', ['https://a', { tls: { ca, ciphers: 'x' } }], ['https://a', { tls: { ciphers: 'x', ca } }]],
    ['bytes that are the same', ['https://a', { tls: { ca } }], ['https://a', { tls: { ca: Buffer.from('ca') } }]],
    ['settings that are undefined', ['https://a', { tls: { ca: undefined } }], ['https://a']],
    ['the one in front', ['http://a', { via: 'http://b' }], ['http://a', { via: new Proxy('http://b') }]],
    ['one authenticator', ['http://a', { auth: noted }], ['http://a', { auth: noted }]],
  ])('is one for %s', (_name, [url, options], [otherUrl, otherOptions]) => {
    expect(keyOf(url, options)).toBe(keyOf(otherUrl, otherOptions));
  });

  it.each<[string, [string, ProxyOptions?], [string, ProxyOptions?]]>([
    ['schemes', ['http://a:1'], ['https://a:1']],
    ['local and remote names', ['socks5://a'], ['socks5h://a']],
    ['ports', ['http://a:1'], ['http://a:2']],
    ['users', ['http://ada:pw@a'], ['http://eve:pw@a']],
    ['passwords', ['http://ada:pw@a'], ['http://ada:pw2@a']],
    ['nobody and a user', ['http://ada@a'], ['http://a']],
    ['where one ends', ['socks5://a%3Ab:c@a'], ['socks5://a:b%3Ac@a']],
    ['a user and an authenticator', ['http://ada:pw@a'], ['http://a', { auth: noted }]],
    ['authenticators', ['http://a', { auth: noted }], ['http://a', { auth: { ...noted } }]],
    ['fields', ['http://a', { headers: [['x-a', '1']] }], ['http://a', { headers: [['x-a', '2']] }]],
    ['fields and none', ['http://a', { headers: [['x-a', '1']] }], ['http://a']],
    ['tunnels', ['http://a', { tunnel: true }], ['http://a']],
    ['versions', ['https://a', { http2: false }], ['https://a']],
    ['authorities', ['https://a', { tls: { ca } }], ['https://a', { tls: { ca: Buffer.from('other') } }]],
    ['passphrases', ['https://a', { tls: { passphrase: 'a' } }], ['https://a', { tls: { passphrase: 'b' } }]],
    ['settings', ['https://a', { tls: { cert: 'a' } }], ['https://a', { tls: { key: 'a' } }]],
    ['sockets', ['http://a', { socketPath: '/a' }], ['http://a', { socketPath: '/b' }]],
    ['who is in front', ['http://a', { via: 'http://b' }], ['http://a', { via: 'http://c' }]],
    ['as whom one is in front', ['http://a', { via: 'http://x@b' }], ['http://a', { via: 'http://y@b' }]],
    ['the order in a chain', ['http://a', { via: 'http://b' }], ['http://b', { via: 'http://a' }]],
  ])('differs by %s', (_name, [url, options], [otherUrl, otherOptions]) => {
    expect(keyOf(url, options)).not.toBe(keyOf(otherUrl, otherOptions));
  });
});

it('is only what `new Proxy()` makes', () => {
  const like = Object.create(Proxy.prototype, { origin: { value: 'http://a:80' } }) as Proxy;
  expect(refusal(() => proxyFacts(like)).code).toBe('INVALID_OPTION');
  expect(refusal(() => proxyFacts(structuredClone({ origin: 'http://a:80', via: null }) as Proxy)).code).toBe('INVALID_OPTION');
  const proxy = new Proxy('http://a');
  expect(toProxy(proxy)).toBe(proxy);
  expect(toProxy(new URL('http://a:3128')).origin).toBe('http://a:3128');
});
