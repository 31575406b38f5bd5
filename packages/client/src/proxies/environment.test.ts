import { describe, expect, it } from 'vitest';

import { parseTarget } from '../request/url/target.ts';
import { readProxyEnvironment } from './environment.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const refuse = (message: string): never => {
  throw new Error(message);
};

function proxyFor(environment: Environment, url: string, warn: (message: string) => void = refuse): string | undefined {
  return readProxyEnvironment(environment, 'direct', warn).proxyFor(parseTarget(url).parts)?.url;
}

describe('the proxy that the environment names', () => {
  it.each<[what: string, environment: Environment, forHttp: string | undefined, forHttps: string | undefined]>([
    ['nothing', {}, undefined, undefined],
    ['http alone', { http_proxy: 'http://p' }, 'http://p', undefined],
    ['HTTP alone', { HTTP_PROXY: 'http://p' }, 'http://p', undefined],
    ['https alone', { https_proxy: 'http://p' }, undefined, 'http://p'],
    ['HTTPS alone', { HTTPS_PROXY: 'http://p' }, undefined, 'http://p'],
    ['all', { all_proxy: 'http://p' }, 'http://p', 'http://p'],
    ['ALL', { ALL_PROXY: 'socks5h://p' }, 'socks5h://p', 'socks5h://p'],
    ['each', { http_proxy: 'http://a', https_proxy: 'http://b', all_proxy: 'http://c' }, 'http://a', 'http://b'],
    ['http and all', { http_proxy: 'http://a', ALL_PROXY: 'http://c' }, 'http://a', 'http://c'],
    ['HTTPS and all', { HTTPS_PROXY: 'http://b', all_proxy: 'http://c' }, 'http://c', 'http://b'],
    ['both spellings of http', { HTTP_PROXY: 'http://upper', http_proxy: 'http://lower' }, 'http://lower', undefined],
    ['both spellings of https', { HTTPS_PROXY: 'http://upper', https_proxy: 'http://lower' }, undefined, 'http://lower'],
    ['both spellings of all', { ALL_PROXY: 'http://upper', all_proxy: 'http://lower' }, 'http://lower', 'http://lower'],
    ['variables that are undefined', { http_proxy: undefined, HTTP_PROXY: 'http://p', NO_PROXY: undefined }, 'http://p', undefined],
    ['mixed spelling', { Http_Proxy: 'http://p', All_proxy: 'http://p' }, undefined, undefined],
    ['other schemes', { ftp_proxy: 'http://p', ws_proxy: 'http://p' }, undefined, undefined],
    // Empty: none.
    ['empty http', { http_proxy: '' }, undefined, undefined],
    ['empty http over HTTP', { http_proxy: '', HTTP_PROXY: 'http://p' }, undefined, undefined],
    ['empty https over HTTPS', { https_proxy: '', HTTPS_PROXY: 'http://p' }, undefined, undefined],
    ['empty http over all', { http_proxy: '', ALL_PROXY: 'http://c' }, undefined, 'http://c'],
    ['empty HTTPS over all', { HTTPS_PROXY: '', all_proxy: 'http://c' }, 'http://c', undefined],
    ['empty all over ALL', { all_proxy: '', ALL_PROXY: 'http://c' }, undefined, undefined],
    ['http over empty HTTP', { http_proxy: 'http://p', HTTP_PROXY: '' }, 'http://p', undefined],
    ['space alone', { https_proxy: ' \t', ALL_PROXY: 'http://c' }, 'http://c', undefined],
  ])('%s', (_, environment, forHttp, forHttps) => {
    expect(proxyFor(environment, 'http://a.example/')).toBe(forHttp);
    expect(proxyFor(environment, 'https://a.example/')).toBe(forHttps);
  });

  it.each<[what: string, environment: Environment, expected: string | undefined]>([
    ['upper case under REQUEST_METHOD', { HTTP_PROXY: 'http://evil', REQUEST_METHOD: 'GET' }, undefined],
    ['upper case under GATEWAY_INTERFACE', { HTTP_PROXY: 'http://evil', GATEWAY_INTERFACE: 'CGI/1.1' }, undefined],
    ['upper case under an empty REQUEST_METHOD', { HTTP_PROXY: 'http://evil', REQUEST_METHOD: '' }, undefined],
    ['lower case', { HTTP_PROXY: 'http://evil', http_proxy: 'http://p', REQUEST_METHOD: 'GET' }, 'http://p'],
    [
      'ALL_PROXY, which no field of a request can set',
      { HTTP_PROXY: 'http://evil', ALL_PROXY: 'http://c', REQUEST_METHOD: 'GET' },
      'http://c',
    ],
    ['empty upper case', { HTTP_PROXY: '', ALL_PROXY: 'http://c', REQUEST_METHOD: 'GET' }, 'http://c'],
    ['empty lower case', { http_proxy: '', ALL_PROXY: 'http://c', REQUEST_METHOD: 'GET' }, undefined],
  ])('in a CGI program: %s', (_, environment, expected) => {
    expect(proxyFor(environment, 'http://a.example/')).toBe(expected);
  });

  it('in a CGI program for https is what it is elsewhere', () => {
    expect(proxyFor({ HTTPS_PROXY: 'http://p', REQUEST_METHOD: 'GET' }, 'https://a.example/')).toBe('http://p');
  });

  it('in a CGI program on Windows, where http_proxy finds HTTP_PROXY, is not what the peer said', () => {
    const caseless = (variables: Record<string, string>): Record<string, string> =>
      new Proxy(variables, {
        get: (target, name) => Object.entries(target).find(([key]) => key.toLowerCase() === String(name).toLowerCase())?.[1],
        getOwnPropertyDescriptor: (target, name) => {
          const key = Object.keys(target).find((each) => each.toLowerCase() === String(name).toLowerCase());
          return key === undefined ? undefined : { value: target[key], configurable: true, enumerable: true };
        },
      });
    expect(proxyFor(caseless({ HTTP_PROXY: 'http://p' }), 'http://a.example/')).toBe('http://p');
    expect(proxyFor(caseless({ Https_Proxy: 'http://p' }), 'https://a.example/')).toBe('http://p');
    expect(proxyFor(caseless({ HTTP_PROXY: 'http://evil', REQUEST_METHOD: 'GET' }), 'http://a.example/')).toBeUndefined();
    expect(proxyFor(caseless({ http_proxy: 'http://p', REQUEST_METHOD: 'GET' }), 'http://a.example/')).toBe('http://p');
  });

  it('is not one that the environment inherits', () => {
    const environment: Environment = Object.create({ http_proxy: 'http://evil', NO_PROXY: '*' }) as Environment;
    expect(proxyFor(environment, 'http://a.example/')).toBeUndefined();
    expect(proxyFor(Object.assign(environment, { HTTP_PROXY: 'http://p' }), 'http://a.example/')).toBe('http://p');
  });

  it('is read once', () => {
    const environment = { http_proxy: 'http://p', no_proxy: 'b.example' };
    const proxies = readProxyEnvironment(environment, 'fail', refuse);
    environment.http_proxy = 'http://other';
    environment.no_proxy = '*';
    expect(proxies.proxyFor(['http', 'a.example', null, '/'])).toEqual({ variable: 'http_proxy', url: 'http://p' });
  });

  it('is none for a scheme that is neither http nor https', () => {
    expect(readProxyEnvironment({ all_proxy: 'http://p' }, 'fail', refuse).proxyFor(['ftp', 'a.example', null, '/'])).toBeUndefined();
  });
});

describe('the exceptions', () => {
  const all_proxy = 'http://p';

  it.each<[environment: Environment, url: string, expected: string | undefined]>([
    [{ all_proxy, no_proxy: 'a.example' }, 'http://a.example/', undefined],
    [{ all_proxy, no_proxy: 'a.example' }, 'https://www.a.example/', undefined],
    [{ all_proxy, NO_PROXY: 'a.example' }, 'http://a.example/', undefined],
    [{ all_proxy, NO_PROXY: 'a.example' }, 'http://b.example/', 'http://p'],
    [{ all_proxy, no_proxy: 'a.example', NO_PROXY: 'b.example' }, 'http://a.example/', undefined],
    [{ all_proxy, no_proxy: 'a.example', NO_PROXY: 'b.example' }, 'http://b.example/', 'http://p'],
    [{ all_proxy, no_proxy: '', NO_PROXY: '*' }, 'http://a.example/', 'http://p'],
    [{ all_proxy, no_proxy: '*' }, 'http://a.example/', undefined],
    [{ http_proxy: 'http://q', no_proxy: 'a.example:80' }, 'http://a.example/', undefined],
    [{ http_proxy: 'http://q', no_proxy: 'a.example:80' }, 'http://a.example:8080/', 'http://q'],
    // Nothing goes directly that is not listed.
    [{ all_proxy }, 'http://localhost/', 'http://p'],
    [{ all_proxy }, 'http://127.0.0.1/', 'http://p'],
    [{ all_proxy }, 'http://[::1]/', 'http://p'],
  ])('%j, %s: %s', (environment, url, expected) => {
    expect(proxyFor(environment, url)).toBe(expected);
  });

  it('that mean nothing are told one by one, under the name of their variable', () => {
    const warnings: string[] = [];
    const warn = (message: string): number => warnings.push(message);
    expect(proxyFor({ all_proxy, NO_PROXY: '10.*, a.example,[::1 \0 http://ada:s3cret@h' }, 'http://a.example/', warn)).toBeUndefined();
    const reason = 'is ignored: it is no host, address or network, such as "example.com:8080" or "10.0.0.0/8"';
    expect(warnings).toEqual([
      `NO_PROXY: "10.*" ${reason}`,
      `NO_PROXY: "[::1" ${reason}`,
      `NO_PROXY: "\\u0000" ${reason}`,
      `NO_PROXY: "[redacted]" ${reason}`,
    ]);
    proxyFor({ all_proxy, no_proxy: `${'a'.repeat(100_000)} ok.example` }, 'http://a.example/', warn);
    expect(warnings[4]).toBe(`no_proxy: "${'a'.repeat(100)}" ${reason}`);
    expect(warnings).toHaveLength(5);
    proxyFor({ no_proxy: '10.*' }, 'http://a.example/', warn);
    expect(warnings).toHaveLength(5);
  });
});

describe('the value of a variable', () => {
  it.each([
    ['http://proxy.local:3128', 'http://proxy.local:3128'],
    ['http://proxy.local', 'http://proxy.local'],
    ['http://proxy.local:80', 'http://proxy.local:80'],
    ['https://proxy.local:443', 'https://proxy.local:443'],
    ['HTTPS://Proxy.Local', 'https://Proxy.Local'],
    ['socks4://p:1080', 'socks4://p:1080'],
    ['socks4a://p:1080', 'socks4a://p:1080'],
    ['socks5://p', 'socks5://p'],
    ['socks5h://p:80', 'socks5h://p:80'],
    ['socks://p:1080', 'socks5://p:1080'],
    ['SOCKS://user:pass@p', 'socks5://user:pass@p'],
    ['proxy.local:3128', 'http://proxy.local:3128'],
    ['proxy.local', 'http://proxy.local'],
    ['proxy', 'http://proxy'],
    ['user:pass@proxy.local:3128', 'http://user:pass@proxy.local:3128'],
    ['user@proxy.local', 'http://user@proxy.local'],
    ['user:p@ss@proxy.local', 'http://user:p@ss@proxy.local'],
    ['http://user:p%40%2Fs@proxy.local:3128', 'http://user:p%40%2Fs@proxy.local:3128'],
    ['http://:pass@proxy.local', 'http://:pass@proxy.local'],
    ['10.0.0.1:3128', 'http://10.0.0.1:3128'],
    ['[::1]:3128', 'http://[::1]:3128'],
    ['http://[2001:db8::1]', 'http://[2001:db8::1]'],
    ['http://user@[::1]:3128', 'http://user@[::1]:3128'],
    ['http://münchen.example:3128', 'http://münchen.example:3128'],
    ['http://proxy.local.:3128', 'http://proxy.local.:3128'],
    ['http://proxy.local:3128/', 'http://proxy.local:3128'],
    ['http://proxy.local:3128/path?query#fragment', 'http://proxy.local:3128'],
    ['proxy.local:3128/', 'http://proxy.local:3128'],
    [' \thttp://proxy.local:3128\r\n', 'http://proxy.local:3128'],
    ['my_proxy:3128', 'http://my_proxy:3128'],
  ])('%j is %s', (value, expected) => {
    expect(proxyFor({ https_proxy: value }, 'https://a.example/')).toBe(expected);
  });

  it.each([
    ['ftp://proxy.local'],
    ['socks6://proxy.local'],
    ['quic://s3cret:s3cret@proxy.local'],
    ['http://'],
    ['http:///'],
    ['http:///proxy.local'],
    ['//proxy.local'],
    ['http:/proxy.local'],
    ['http:proxy.local:3128'],
    ['://proxy.local'],
    ['http://@'],
    ['s3cret:s3cret@'],
    ['http://:3128'],
    ['http://proxy.local:'],
    ['http://proxy.local:0'],
    ['http://proxy.local:65536'],
    ['http://proxy.local:x'],
    ['http://ada:s3cret@proxy.local:x'],
    ['http://ada:s3cret%40proxy.local:3128'],
    ['http://ada:s3cret/s3cret@proxy.local:3128'],
    ['http://ada:1/s3cret@proxy.local:3128'],
    ['http://ada:1#s3cret@proxy.local:3128'],
    ['http://ada:1?s3cret@proxy.local:3128'],
    ['ada:s3cret@proxy local'],
    ['http://ada:s3\tcret@proxy.local'],
    ['http://ada:s3cret@pro\nxy.local'],
    ['http://ada:s3cret@proxy\\.local'],
    ['http://proxy.local\0'],
    ['http://[::1'],
    ['http://::1'],
    ['http://[fe80::1%eth0]:3128'],
    ['http://*'],
    ['"http://proxy.local:3128"'],
    ['http://"proxy.local"'],
    ['http://1.2.3.256'],
    ['http://\ud800'],
    ['http://.\u00ad.'],
    ['http://a..b'],
  ])('%j is ignored with one warning, which tells no secret', (value) => {
    const warnings: string[] = [];
    const warn = (message: string): number => warnings.push(message);
    expect(proxyFor({ https_proxy: value }, 'https://a.example/', warn)).toBeUndefined();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^https_proxy is ignored: it/);
    expect(warnings[0]).not.toMatch(/ada|s3cret|1\/|1#/);
  });

  it('that is ignored leaves the word to the next one', () => {
    const warnings: string[] = [];
    const warn = (message: string): number => warnings.push(message);
    expect(proxyFor({ https_proxy: 'gopher://p', HTTPS_PROXY: 'http://q' }, 'https://a.example/', warn)).toBe('http://q');
    expect(proxyFor({ HTTPS_PROXY: 'http://', ALL_PROXY: 'http://c' }, 'https://a.example/', warn)).toBe('http://c');
    expect(proxyFor({ ALL_PROXY: 'http://' }, 'https://a.example/', warn)).toBeUndefined();
    expect(warnings).toEqual([
      'https_proxy is ignored: its scheme "gopher" is none of http, https, socks4, socks4a, socks5, socks5h, socks',
      'HTTPS_PROXY is ignored: it is not the URL of a proxy, such as "http://proxy.example:3128"',
      'ALL_PROXY is ignored: it is not the URL of a proxy, such as "http://proxy.example:3128"',
    ]);
  });

  it('fails the requests that would go by it, and no others', () => {
    const environment = { http_proxy: 'htp://ada:s3cret@p', HTTP_PROXY: 'http://q', all_proxy: 'http://c', no_proxy: 'a.example' };
    const { proxyFor: choose } = readProxyEnvironment(environment, 'fail', refuse);
    expect(choose(['https', 'b.example', null, '/'])?.url).toBe('http://c');
    expect(choose(['http', 'a.example', null, '/'])).toBeUndefined();
    for (let round = 0; round < 2; round++) {
      expect(() => choose(['http', 'b.example', null, '/'])).toThrow(
        expect.objectContaining({
          code: 'INVALID_PROXY_VARIABLE',
          message: expect.stringMatching(/^(?!.*(?:ada|s3cret)).*http_proxy.*"htp"/) as string,
        }),
      );
    }
  });

  it('is ignored where the host is longer than any name', () => {
    for (const value of [`http://${'ä'.repeat(100_000)}`, 'a'.repeat(100_000), `${'a'.repeat(100_000)}://p`]) {
      const warnings: string[] = [];
      expect(proxyFor({ https_proxy: value }, 'https://a.example/', (message) => warnings.push(message))).toBeUndefined();
      expect(warnings).toHaveLength(1);
      expect(warnings[0]!.length).toBeLessThan(200);
    }
  });

  it('may have letters beyond ASCII, however often it is read', () => {
    for (let round = 0; round < 20_000; round++) {
      const proxies = readProxyEnvironment({ all_proxy: 'http://p\u00fc', no_proxy: 'm\u00fcnchen.example' }, 'fail', refuse);
      expect(proxies.proxyFor(['http', 'xn--mnchen-3ya.example', null, '/'])).toBeUndefined();
    }
  });

  it('may be longer than any host, by its user information', () => {
    const token = 'x'.repeat(10_000);
    expect(proxyFor({ https_proxy: `http://${token}@p:3128` }, 'https://a.example/')).toBe(`http://${token}@p:3128`);
  });
});

describe('whatever the environment says', () => {
  const pieces = [
    'http',
    'https',
    'socks5',
    '://',
    '/',
    ':',
    '@',
    '.',
    ',',
    ' ',
    '*',
    '*.',
    '[',
    ']',
    '::1',
    '::ffff:',
    '10.0.0.0',
    '/8',
    '/104',
    '8080',
    '99999',
    '%',
    '%zz',
    '#',
    '?',
    '\\',
    '\0',
    '\t',
    '"',
    'a.example',
    'münchen',
    'xn--',
    '\ud800',
    '💥',
    '-',
    '_',
    '0x7f',
    '1e9',
    '\u3002',
    '\u00ad',
  ];
  const hosts = ['a.example', '10.0.0.1', '[::1]', '::1', '[::ffff:10.0.0.1]', '', '.', '[', '\0', 'münchen'];
  const names = [
    'http_proxy',
    'HTTP_PROXY',
    'https_proxy',
    'HTTPS_PROXY',
    'all_proxy',
    'ALL_PROXY',
    'no_proxy',
    'NO_PROXY',
    'REQUEST_METHOD',
  ];

  it.each([1, 2, 3, 4])('it throws nothing, and names proxies that have a URL (seed %i)', (seed) => {
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state >>> 8) % below;
    };
    const word = (): string => Array.from({ length: random(9) }, () => pieces[random(pieces.length)]!).join('');
    let proxies = 0;
    for (let round = 0; round < 2_000; round++) {
      const environment = Object.fromEntries(names.filter(() => random(3) > 0).map((name) => [name, word()]));
      const warnings: string[] = [];
      const { proxyFor: choose } = readProxyEnvironment(environment, 'direct', (message) => warnings.push(message));
      for (const host of hosts) {
        const proxy = choose([random(2) === 0 ? 'http' : 'https', host, random(2) === 0 ? null : 8080, '/'])?.url;
        if (proxy === undefined) continue;
        proxies += 1;
        expect(proxy).toMatch(/^(?:https?|socks4a?|socks5h?):\/\/[^/?#\s\\]+$/);
        expect(() => new URL(proxy), JSON.stringify(environment)).not.toThrow();
      }
      // What stands before an "@" is never told.
      for (const warning of warnings) expect(warning).not.toContain('@');
    }
    expect(proxies).toBeGreaterThan(500);
  });
});
