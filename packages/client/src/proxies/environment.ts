/**
 * The proxies that the environment names.
 *
 *   http_proxy  HTTP_PROXY     for http URLs
 *   https_proxy HTTPS_PROXY    for https URLs
 *   all_proxy   ALL_PROXY      for those whose own variable is not there
 *   no_proxy    NO_PROXY       the exceptions
 *
 * Of two spellings the one in lower case counts. A variable that is there and empty says "none", and hides what would come after it: the
 * upper-case spelling (as in Python) and `ALL_PROXY`. To curl and Go an empty variable is like one that is not there; but then
 * `https_proxy= node app.js` could not take a proxy away.
 */
import type { UrlParts } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { parseNoProxy, type NoProxy } from './no-proxy.ts';
import { parseAuthority } from './url-host.ts';

/** A proxy, and the variable that names it. */
export interface NamedProxy {
  readonly variable: string;
  /** `scheme://[user[:password]@]host[:port]`, user information as it was written, the scheme one of `http`, `https`, `socks4`, `socks4a`, `socks5`, `socks5h`. */
  readonly url: string;
}

export interface ProxyEnvironment {
  /**
   * The proxy for this URL; `undefined`: go directly.
   * @throws {InvalidOption} `INVALID_PROXY_VARIABLE`: the variable that would say so is not to be understood.
   */
  proxyFor(url: UrlParts): NamedProxy | undefined;
}

/**
 * What becomes of requests whose proxy variable can not be understood. `fail`: they fail, as with curl, since whoever has set it wants
 * them to go through a proxy. `direct`: the variable is left out, with a warning.
 */
export type OnInvalidProxy = 'fail' | 'direct';

type Environment = Readonly<Record<string, string | undefined>>;
type Warn = (message: string) => void;
/** `null`: none, and nothing else is to be tried. `undefined`: nothing is said. */
type Choice = NamedProxy | InvalidOption | null | undefined;

/**
 * Reads the variables once; what changes later is not seen. It never throws: what can not be understood is told when a request would go by
 * it, or by one warning, and neither tells user information. An exception that can not be understood is none, with a warning.
 *
 * @example
 * const proxies = readProxyEnvironment(process.env, 'fail', (message) => process.emitWarning(message));
 * proxies.proxyFor(['https', 'example.com', null, '/'])?.url; // 'http://proxy.local:3128'
 */
export function readProxyEnvironment(environment: Environment, onInvalid: OnInvalidProxy, warn: Warn): ProxyEnvironment {
  const all = proxyIn(environment, ['all_proxy', 'ALL_PROXY'], onInvalid, warn);
  const own = (names: readonly string[]): NamedProxy | InvalidOption | undefined => {
    const choice = proxyIn(environment, names, onInvalid, warn);
    return (choice === undefined ? all : choice) ?? undefined;
  };
  const proxies = new Map([
    ['http', own(namesForHttp(environment))],
    ['https', own(['https_proxy', 'HTTPS_PROXY'])],
  ]);
  // Exceptions to nothing are not worth a warning.
  const noProxy = proxies.get('http') === undefined && proxies.get('https') === undefined ? undefined : readNoProxy(environment, warn);
  return {
    proxyFor(url) {
      const proxy = proxies.get(url[0]);
      if (proxy === undefined || noProxy?.covers(url) === true) return undefined;
      if (proxy instanceof InvalidOption) throw proxy;
      return proxy;
    },
  };
}

function readNoProxy(environment: Environment, warn: Warn): NoProxy | undefined {
  const name = ['no_proxy', 'NO_PROXY'].find((each) => valueOf(environment, each) !== undefined);
  if (name === undefined) return undefined;
  return parseNoProxy(valueOf(environment, name) ?? '', (entry) =>
    warn(`${name}: ${shownEntry(entry)} is ignored: it is no host, address or network, such as "example.com:8080" or "10.0.0.0/8"`),
  );
}

/**
 * A CGI program has the fields of its request in `HTTP_…`: `HTTP_PROXY` is what the peer sent as `Proxy` (httpoxy, CVE-2016-5385 and
 * others). On Windows `http_proxy` finds that variable too, so that the name counts as it is listed.
 */
function namesForHttp(environment: Environment): readonly string[] {
  const cgi = valueOf(environment, 'REQUEST_METHOD') !== undefined || valueOf(environment, 'GATEWAY_INTERFACE') !== undefined;
  if (!cgi) return ['http_proxy', 'HTTP_PROXY'];
  return Object.keys(environment).includes('http_proxy') ? ['http_proxy'] : [];
}

/** An environment that may not be read says nothing. */
function valueOf(environment: Environment, name: string): string | undefined {
  try {
    return Object.hasOwn(environment, name) ? environment[name] : undefined;
  } catch {
    return undefined;
  }
}

/** What is wrong with a proxy variable, for the request that would go by it. */
export function invalidVariable(variable: string, problem: string, cause?: unknown): InvalidOption {
  return new InvalidOption(
    'trustEnv',
    `reads the environment variable ${variable}, which can not be used: ${problem}. Mend or unset it; or give trustEnv: { onInvalid: "direct" } to go without it`,
    { code: 'INVALID_PROXY_VARIABLE', cause },
  );
}

/** The first of these variables that says something; or, where the others are left out, something which can be understood. */
function proxyIn(environment: Environment, names: readonly string[], onInvalid: OnInvalidProxy, warn: Warn): Choice {
  for (const name of names) {
    const value = valueOf(environment, name)?.trim();
    if (value === undefined) continue;
    if (value === '') return null;
    const { proxy, problem } = parseProxy(value);
    if (proxy !== undefined) return { variable: name, url: proxy };
    if (onInvalid === 'fail') return invalidVariable(name, problem!);
    warn(`${name} is ignored: ${problem}`);
  }
  return undefined;
}

// `socks` alone is socks4 to curl; desktops write it for their SOCKS setting, and mean version 5.
const schemes: ReadonlyMap<string, string> = new Map([
  ...['http', 'https', 'socks4', 'socks4a', 'socks5', 'socks5h'].map((name) => [name, name] as const),
  ['socks', 'socks5'],
]);

interface ParsedProxy {
  readonly proxy?: string;
  /** What is wrong with it, in words of ours: where the user information ends can not be told in what is no URL. */
  readonly problem?: string;
}

function parseProxy(value: string): ParsedProxy {
  const [, schemeName = 'http', rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?([^]*)$/i.exec(value) ?? [];
  const scheme = schemes.get(schemeName.toLowerCase());
  if (scheme === undefined) {
    const shown = JSON.stringify(schemeName.slice(0, 20));
    return { problem: `its scheme ${shown} is none of ${[...schemes.keys()].join(', ')}` };
  }
  const authority = authorityOf(rest);
  return authority === undefined
    ? { problem: 'it is not the URL of a proxy, such as "http://proxy.example:3128"' }
    : { proxy: `${scheme}://${authority}` };
}

// A URL parser drops some of these and takes a backslash for a slash: other readers would see another host.
const unsafe = /[\s\\\p{Cc}]/u;

/** What stands before a path, which says nothing about a proxy; `undefined`: there is no host, or no telling which it is. */
function authorityOf(rest: string): string | undefined {
  const [authority = '', ...more] = rest.split(/[/?#]/);
  // A password with a slash in it leaves its first half for the host; with nothing behind its colon it is the scheme of `http:/proxy.example`.
  if (unsafe.test(rest) || more.some((piece) => piece.includes('@')) || authority.endsWith(':')) return undefined;
  const parsed = parseAuthority(authority);
  return parsed === undefined || parsed.port === '0' ? undefined : authority;
}

function shownEntry(entry: string): string {
  return entry.includes('@') ? '"[redacted]"' : JSON.stringify(entry.slice(0, 100));
}
