import { describe, expect, it } from 'vitest';

import { parseGnome, parseKde, parseMacos, parseSysconfig, parseWindows } from './parsers.ts';
import { isExcepted, noProxies, proxyFor, type ProxySettings } from './settings.ts';
import { readSettings, systemProxyBy, type SystemReader } from './system-proxy.ts';

const gnome = (mode: string): string => `
org.gnome.system.proxy autoconfig-url 'http://wpad.test/proxy.pac'
org.gnome.system.proxy ignore-hosts ['localhost', '127.0.0.0/8', '::1']
org.gnome.system.proxy mode '${mode}'
org.gnome.system.proxy.ftp host ''
org.gnome.system.proxy.http host 'a.test'
org.gnome.system.proxy.http port 3128
org.gnome.system.proxy.https host 'b.test'
org.gnome.system.proxy.https port 0
org.gnome.system.proxy.socks host 'c.test'
org.gnome.system.proxy.socks port 1080
`;
const kde = (type: number): string => `[Other]
httpProxy=http://wrong 1

[Proxy Settings][$i]
[Proxy Settings]
NoProxyFor=localhost,.intra.test 10.0.0.0/8
Proxy Config Script=http://wpad.test/proxy.pac
ProxyType=${type}
httpProxy[$e]=http://a.test 3128
httpsProxy=http://b.test:3129/
socksProxy=socks://c.test 1080
`;
const macos = (extra: string): string => `<dictionary> {
  ExceptionsList : <array> {
    0 : *.local
    1 : 169.254/16
  }
  ExcludeSimpleHostnames : 1
  HTTPEnable : 1
  HTTPPort : 3128
  HTTPProxy : a.test
  HTTPSEnable : 0
  HTTPSPort : 3129
  HTTPSProxy : b.test
  SOCKSEnable : 1
  SOCKSPort : 1080
  SOCKSProxy : c.test
${extra}}
`;
const windows = (values: string): string => `\r
HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\r
    User Agent    REG_SZ    Mozilla/4.0\r
${values
  .trim()
  .split('\n')
  .map((line) => `    ${line.trim()}\r\n`)
  .join('')}`;
const manual = { http: 'http://a.test:3128', https: 'http://b.test', socks: 'socks5h://c.test:1080' };
const script = { exceptions: [], script: 'http://wpad.test/proxy.pac' };

it.each<[string, ProxySettings, object]>([
  ['GNOME, by hand', parseGnome(gnome('manual')), { ...manual, exceptions: ['localhost', '127.0.0.0/8', '::1'] }],
  ['GNOME, by script', parseGnome(gnome('auto')), script],
  ['GNOME, none', parseGnome(gnome('none')), noProxies],
  ['KDE, by hand', parseKde(kde(1)), { ...manual, https: 'http://b.test:3129', exceptions: ['localhost', '.intra.test', '10.0.0.0/8'] }],
  ['KDE, by script', parseKde(kde(2)), script],
  ['KDE, none', parseKde(kde(0)), noProxies],
  ['macOS, by hand', parseMacos(macos('')), { ...manual, https: undefined, exceptions: ['*.local', '169.254/16', '<local>'] }],
  ['macOS, by script', parseMacos(macos('  ProxyAutoConfigEnable : 1\n  ProxyAutoConfigURLString : http://wpad.test/proxy.pac\n')), script],
  [
    'Windows, one for all',
    parseWindows(
      windows('ProxyEnable    REG_DWORD    0x1\nProxyServer    REG_SZ    a.test:3128\nProxyOverride    REG_SZ    *.intra.test;<local>'),
    ),
    { http: 'http://a.test:3128', https: 'http://a.test:3128', exceptions: ['*.intra.test', '<local>'] },
  ],
  [
    'Windows, one for each',
    parseWindows(windows('ProxyEnable    REG_DWORD    0x1\nProxyServer    REG_SZ    http=a.test:3128;https=b.test;socks=c.test:1080')),
    { ...manual, exceptions: [] },
  ],
  [
    'Windows, by script',
    parseWindows(windows('ProxyEnable    REG_DWORD    0x0\nAutoConfigURL    REG_SZ    http://wpad.test/proxy.pac')),
    script,
  ],
  ['Windows, none', parseWindows(windows('ProxyEnable    REG_DWORD    0x0\nProxyServer    REG_SZ    a.test')), noProxies],
  [
    'SUSE',
    parseSysconfig(
      '# Proxies\nPROXY_ENABLED="yes"\nHTTP_PROXY="http://a.test:3128/"\nHTTPS_PROXY=\'b.test\'\nFTP_PROXY=""\nNO_PROXY="localhost, .intra.test"\n',
    ),
    { http: 'http://a.test:3128', https: 'http://b.test', socks: undefined, exceptions: ['localhost', '.intra.test'] },
  ],
  ['SUSE, none', parseSysconfig('PROXY_ENABLED="no"\nHTTP_PROXY="http://a.test:3128/"\n'), noProxies],
  ['nothing', parseGnome(''), noProxies],
  ['nonsense', parseWindows('\0\uFFFF=[['), noProxies],
])('what the system says: %s', (_name, settings, expected) => {
  expect(settings).toEqual(expected);
});

it.each<[string, string, boolean]>([
  ['localhost', 'http://localhost/', true],
  ['localhost', 'http://LOCALHOST.:8080/', true],
  ['a.test', 'http://b.a.test/', false],
  ['.a.test', 'http://b.a.test/', true],
  ['.a.test', 'http://a.test/', true],
  ['.a.test', 'http://ba.test/', false],
  ['*.a.test', 'http://b.a.test/', true],
  ['*a.test', 'http://ba.test/', true],
  ['10.*.1', 'http://10.0.0.1/', true],
  ['10.*.1', 'http://10.1/', true],
  ['a*a', 'http://a/', false],
  ['*', 'http://anything.test/', true],
  ['a.test:8080', 'http://a.test/', false],
  ['a.test:443', 'https://a.test/', true],
  ['10.0.0.0/8', 'http://10.9.8.7/', true],
  ['10.0.0.0/8', 'http://11.9.8.7/', false],
  ['fd00::/8', 'http://[fd12::1]/', true],
  ['10.0.0.0/99', 'http://10.9.8.7/', false],
  ['::1', 'http://[::1]/', true],
  ['<local>', 'http://intranet/', true],
  ['<local>', 'http://[::1]/', false],
  ['<local>', 'http://a.test/', false],
  ['', 'http://a.test/', false],
])('the exception %s for %s: %s', (exception, url, expected) => {
  expect(isExcepted([exception], new URL(url))).toBe(expected);
});

it('SOCKS is for what has no proxy of its own', () => {
  const settings = { http: 'http://a.test', socks: 'socks5h://c.test', exceptions: ['x.test'] };
  expect(['http://y.test', 'https://y.test', 'https://x.test'].map((url) => proxyFor(settings, new URL(url)))).toEqual([
    'http://a.test',
    'socks5h://c.test',
    null,
  ]);
});

describe('the system is asked', () => {
  const reader = (
    platform: NodeJS.Platform,
    environment: Record<string, string>,
    known: Record<string, string>,
  ): SystemReader & { asked: string[] } => {
    const asked: string[] = [];
    const read = async (what: string): Promise<string> => {
      asked.push(what);
      const text = known[what];
      if (text === undefined) throw new Error('ENOENT');
      return text;
    };
    return { platform, environment, asked, file: read, command: (name) => read(name) };
  };
  const suse = { '/etc/sysconfig/proxy': 'PROXY_ENABLED="yes"\nHTTP_PROXY="http://suse.test"\n' };

  it.each<[NodeJS.Platform, Record<string, string>, Record<string, string>, string | undefined]>([
    ['darwin', {}, { scutil: macos('') }, 'http://a.test:3128'],
    ['win32', {}, { reg: windows('ProxyEnable    REG_DWORD    0x1\nProxyServer    REG_SZ    w.test') }, 'http://w.test'],
    ['linux', { XDG_CURRENT_DESKTOP: 'KDE', HOME: '/home/ada' }, { '/home/ada/.config/kioslaverc': kde(1), ...suse }, 'http://a.test:3128'],
    ['linux', { XDG_CURRENT_DESKTOP: 'ubuntu:GNOME' }, { gsettings: gnome('manual'), ...suse }, 'http://a.test:3128'],
    ['linux', { XDG_CURRENT_DESKTOP: 'ubuntu:GNOME' }, { gsettings: gnome('none'), ...suse }, 'http://suse.test'],
    ['linux', {}, { gsettings: gnome('manual'), ...suse }, 'http://suse.test'],
    ['linux', { XDG_CURRENT_DESKTOP: 'KDE' }, {}, undefined],
    ['win32', {}, {}, undefined],
  ])('as it is one: %s %j', async (platform, environment, known, http) => {
    expect((await readSettings(reader(platform, environment, known))).http).toBe(http);
  });

  it('now and then, and by its script where it names one', async () => {
    let now = 0;
    const known = { gsettings: gnome('manual') };
    const it = reader('linux', { XDG_CURRENT_DESKTOP: 'GNOME' }, known);
    const fetch = (async () =>
      new Response('function FindProxyForURL() { return "PROXY s.test; DIRECT"; }')) as unknown as typeof globalThis.fetch;
    const find = systemProxyBy(it, { refreshAfter: 1_000, pac: { fetch } }, () => now);
    const url = new URL('http://x.test/');
    expect(await Promise.all([find(url), find(url)])).toEqual(['http://a.test:3128', 'http://a.test:3128']);
    expect(await find(new URL('http://localhost/'))).toBeNull();
    known.gsettings = gnome('auto');
    expect(await find(url)).toBe('http://a.test:3128');
    now = 1_000;
    expect(await find(url)).toEqual(['http://s.test', null]);
    expect(it.asked).toEqual(['gsettings', 'gsettings']);
    find.close();
  });

  it.each([{ refreshAfter: -1 }, { refreshAfter: 'x' }, { refresh: 1 }])('with %j it is not', (options) => {
    expect(() => systemProxyBy(reader('linux', {}, {}), options as never, () => 0)).toThrow(TypeError);
  });
});
