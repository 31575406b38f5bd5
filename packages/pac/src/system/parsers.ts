/** The forms in which systems write their proxies down. Each parser takes what it understands, and no proxy for the rest. */
import { noProxies, proxyUrl, type ProxySettings } from './settings.ts';

/** What `gsettings list-recursively org.gnome.system.proxy` prints. */
export function parseGnome(text: string): ProxySettings {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, schema = '', key = '', value = ''] = /^org\.gnome\.system\.proxy(?:\.(\w+))?\s+([\w-]+)\s+(.*)$/.exec(line.trim()) ?? [];
    values.set(schema === '' ? key : `${schema}.${key}`, value);
  }
  const text_ = (key: string): string => /^'(.*)'$/.exec(values.get(key) ?? '')?.[1] ?? '';
  const of = (kind: string, scheme: 'http' | 'socks5h'): string | undefined =>
    proxyUrl(scheme, text_(`${kind}.host`), values.get(`${kind}.port`));
  const mode = text_('mode');
  if (mode === 'auto') return { ...noProxies, script: text_('autoconfig-url') || undefined };
  if (mode !== 'manual') return noProxies;
  return {
    http: of('http', 'http'),
    https: of('https', 'http'),
    socks: of('socks', 'socks5h'),
    exceptions: Array.from((values.get('ignore-hosts') ?? '').matchAll(/'([^']*)'/g), ([, host = '']) => host),
  };
}

/** KDE's `kioslaverc`. */
export function parseKde(text: string): ProxySettings {
  const values = new Map<string, string>();
  let section = '';
  for (const line of text.split('\n')) {
    section = /^\[(.*)\]$/.exec(line.trim())?.[1] ?? section;
    const [, key = '', value = ''] = /^([^=[\]]+?)(?:\[\$e\])?\s*=\s*(.*)$/.exec(line.trim()) ?? [];
    if (section === 'Proxy Settings') values.set(key, value);
  }
  const type = values.get('ProxyType');
  if (type === '2') return { ...noProxies, script: values.get('Proxy Config Script') || undefined };
  if (type !== '1') return noProxies;
  // Host and port with a space between them, as its dialog writes them.
  const of = (key: string, scheme: 'http' | 'socks5h'): string | undefined => {
    const [host, port] = (values.get(key) ?? '').trim().split(/\s+/);
    return proxyUrl(scheme, host, port);
  };
  return {
    http: of('httpProxy', 'http'),
    https: of('httpsProxy', 'http'),
    socks: of('socksProxy', 'socks5h'),
    exceptions: listOf(values.get('NoProxyFor'), /[,\s]+/),
  };
}

/** What `scutil --proxy` prints. */
export function parseMacos(text: string): ProxySettings {
  const values = new Map<string, string>();
  const exceptions: string[] = [];
  for (const line of text.split('\n')) {
    const [, key = '', value = ''] = /^\s*(\w+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    if (/^\d+$/.test(key)) exceptions.push(value);
    else values.set(key, value);
  }
  if (values.get('ExcludeSimpleHostnames') === '1') exceptions.push('<local>');
  if (values.get('ProxyAutoConfigEnable') === '1') return { ...noProxies, script: values.get('ProxyAutoConfigURLString') };
  const of = (kind: string, scheme: 'http' | 'socks5h'): string | undefined =>
    values.get(`${kind}Enable`) === '1' ? proxyUrl(scheme, values.get(`${kind}Proxy`), values.get(`${kind}Port`)) : undefined;
  return { http: of('HTTP', 'http'), https: of('HTTPS', 'http'), socks: of('SOCKS', 'socks5h'), exceptions };
}

/** What `reg query` prints of the key `Internet Settings`. */
export function parseWindows(text: string): ProxySettings {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, key = '', value = ''] = /^\s+(\S+)\s+REG_\w+\s*(.*?)\s*$/.exec(line) ?? [];
    values.set(key.toLowerCase(), value);
  }
  const script = values.get('autoconfigurl');
  if (script !== undefined && script !== '') return { ...noProxies, script };
  if (Number(values.get('proxyenable') ?? 0) !== 1) return noProxies;
  const exceptions = listOf(values.get('proxyoverride'), /[;\s]+/);
  const server = values.get('proxyserver') ?? '';
  if (!server.includes('=')) return { http: proxyUrl('http', server), https: proxyUrl('http', server), exceptions };
  // One for each kind: http=a:80;https=b:80;socks=c:1080.
  const each = new Map(server.split(';').map((entry) => [entry.split('=')[0]!.trim().toLowerCase(), entry.slice(entry.indexOf('=') + 1)]));
  return {
    http: proxyUrl('http', each.get('http')),
    https: proxyUrl('http', each.get('https')),
    socks: proxyUrl('socks5h', each.get('socks')),
    exceptions,
  };
}

/** SUSE's `/etc/sysconfig/proxy`. */
export function parseSysconfig(text: string): ProxySettings {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key = '', , value = ''] = /^\s*(\w+)=(["']?)(.*)\2\s*$/.exec(line) ?? [];
    values.set(key, value);
  }
  if (values.get('PROXY_ENABLED') !== 'yes') return noProxies;
  return {
    http: proxyUrl('http', values.get('HTTP_PROXY')),
    https: proxyUrl('http', values.get('HTTPS_PROXY')),
    socks: proxyUrl('socks5h', values.get('SOCKS_PROXY') ?? values.get('SOCKS5_SERVER')),
    exceptions: listOf(values.get('NO_PROXY'), /[,\s]+/),
  };
}

function listOf(text: string | undefined, between: RegExp): string[] {
  return (text ?? '').split(between).filter((entry) => entry !== '');
}
