/** Reads the URL of a proxy. What it can't read it does not show: half of a password may stand anywhere in it. */
import { LocalProtocolError } from '../../contract/errors.ts';
import { parseUrl } from '../url.ts';

/** How a proxy is spoken to. */
export type ProxyScheme = 'http' | 'https' | 'socks4' | 'socks4a' | 'socks5' | 'socks5h';

const defaultPorts: Readonly<Record<ProxyScheme, number>> = {
  http: 80,
  https: 443,
  socks4: 1080,
  socks4a: 1080,
  socks5: 1080,
  socks5h: 1080,
};

export interface ProxyUrl {
  readonly scheme: ProxyScheme;
  /** As the URL parser has it: in ASCII and lower case, IPv6 in brackets. */
  readonly host: string;
  readonly port: number;
  /** Percent-decoded; a user alone has an empty password. */
  readonly credentials: readonly [user: string, password: string] | null;
}

const withScheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//;

/** @throws {LocalProtocolError} `INVALID_OPTION`. */
export function parseProxyUrl(input: string | URL): ProxyUrl {
  const text = input instanceof URL ? input.href : input;
  if (typeof text !== 'string') throw unusable('must be a URL');
  const named = withScheme.exec(text);
  const scheme = named === null ? 'http' : named[1]!.toLowerCase();
  if (!isProxyScheme(scheme))
    throw unusable(`has the scheme ${JSON.stringify(scheme.slice(0, 40))}; use http, https, socks4, socks4a, socks5 or socks5h`);
  // Read as http, whatever it is: the URL parser checks hosts and brings them into ASCII for the schemes of the web alone.
  const rest = named === null ? text : text.slice(named[0].length);
  const url = parse(`http://${rest}`);
  // The parser drops the port that is http's default; to ftp it is one like any other.
  const port = url.port === '' ? parse(`ftp://${rest}`).port : url.port;
  if (port === '0') throw unusable('has the port 0');
  return {
    scheme,
    host: url.hostname,
    port: port === '' ? defaultPorts[scheme] : Number(port),
    credentials: url.username === '' && url.password === '' ? null : [decode(url.username), decode(url.password)],
  };
}

function isProxyScheme(text: string): text is ProxyScheme {
  return Object.hasOwn(defaultPorts, text);
}

function parse(text: string): URL {
  const url = parseUrl(text);
  if (url === undefined) throw unusable('is not a URL');
  return url;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unusable('has credentials with a percent sign that encodes nothing; write it as %25');
  }
}

function unusable(problem: string): LocalProtocolError {
  return new LocalProtocolError(`The URL of the proxy ${problem}`, { code: 'INVALID_OPTION', phase: 'request' });
}
