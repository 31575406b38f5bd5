/** What may be said of a proxy beside its URL, and what of that makes no sense. */
import type { HeaderPair } from '../../contract/values.ts';
import { LocalProtocolError } from '../../contract/errors.ts';
import { checkedFields } from '../field-syntax.ts';
import { isRounds, type ProxyAuthenticator } from './proxy-authenticator.ts';
import type { ProxyScheme } from './proxy-url.ts';

type OptionName = 'auth' | 'authenticate' | 'headers' | 'tls' | 'tunnel' | 'http2' | 'socketPath' | 'via';

interface Rule {
  readonly name: OptionName;
  /** Is it usable? Asked where the option is given. */
  readonly holds: (value: unknown, scheme: ProxyScheme, own: Readonly<Partial<Record<OptionName, unknown>>>) => boolean;
  readonly words: string;
}

const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isForHttp = (_value: unknown, scheme: ProxyScheme): boolean => !scheme.startsWith('socks');

/** In the order in which they are told. */
const rules: readonly Rule[] = [
  { name: 'tunnel', holds: isBoolean, words: 'must be a boolean' },
  { name: 'http2', holds: isBoolean, words: 'must be a boolean' },
  { name: 'authenticate', holds: (value) => typeof value === 'function', words: 'must be a function' },
  { name: 'headers', holds: isForHttp, words: 'has no meaning to a SOCKS proxy' },
  { name: 'tls', holds: isForHttp, words: 'has no meaning to a SOCKS proxy' },
  { name: 'tunnel', holds: isForHttp, words: 'has no meaning to a SOCKS proxy' },
  {
    name: 'auth',
    holds: (value, scheme) => !scheme.startsWith('socks') || value === null || isPair(value),
    words: 'must be user and password for a SOCKS proxy',
  },
  { name: 'tls', holds: (_, scheme) => scheme !== 'http', words: 'needs an https proxy' },
  {
    name: 'tls',
    holds: (value) => (typeof value === 'object' && value !== null) || typeof value === 'function',
    words: 'must be an object, or a function that gives one, such as tlsFiles()',
  },
  { name: 'socketPath', holds: (value) => typeof value === 'string' && value !== '', words: 'must be a path' },
  { name: 'socketPath', holds: (_value, _scheme, own) => own.via === undefined, words: 'and via must not both be given' },
  {
    name: 'auth',
    holds: (value) => value === null || isPair(value) || isAuthenticator(value),
    words: 'must be user and password, or have authorize() and challenged()',
  },
  {
    name: 'auth',
    holds: (value) => value === null || isPair(value) || isRounds((value as ProxyAuthenticator).rounds),
    words: 'must have 1 to 16 for its rounds',
  },
];

const optionNames: ReadonlySet<string> = new Set<OptionName>([
  'auth',
  'authenticate',
  'headers',
  'tls',
  'tunnel',
  'http2',
  'socketPath',
  'via',
]);

/**
 * Reads options as own properties, so that nothing on `Object.prototype` can switch one on.
 * @throws {LocalProtocolError} `INVALID_OPTION`, naming the option and never showing its value.
 */
export function readProxyOptions<Options extends object>(options: Options, scheme: ProxyScheme): Options {
  if (typeof options !== 'object' || options === null) throw invalidProxyOption('options', 'must be an object');
  const own: Partial<Record<OptionName, unknown>> = Object.create(null) as Partial<Record<OptionName, unknown>>;
  for (const [name, value] of Object.entries(options)) {
    if (!optionNames.has(name)) throw invalidProxyOption(name, 'is not an option');
    if (value !== undefined) own[name as OptionName] = value;
  }
  for (const { name, holds, words } of rules) {
    const value = own[name];
    if (value !== undefined && !holds(value, scheme, own)) throw invalidProxyOption(name, words);
  }
  if (own.headers !== undefined) checkHeaders(own.headers as readonly HeaderPair[], own.auth);
  return own as Options;
}

function isAuthenticator(value: unknown): boolean {
  const { authorize, challenged } = value as Partial<ProxyAuthenticator>;
  return typeof authorize === 'function' && typeof challenged === 'function';
}

/** Fields that the way to the proxy is made of are not for saying otherwise. */
const ownFields: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'upgrade', 'te', 'expect']);

function checkHeaders(headers: readonly HeaderPair[], auth: unknown): void {
  if (!Array.isArray(headers)) throw invalidProxyOption('headers', 'must be pairs of a name and a value');
  try {
    checkedFields(headers);
  } catch (error) {
    throw invalidProxyOption('headers', `can't be sent: ${(error as LocalProtocolError).message}`);
  }
  for (const [name] of headers) {
    if (ownFields.has(name.toLowerCase())) throw invalidProxyOption('headers', `must not have the field ${JSON.stringify(name)}`);
  }
  if (auth !== undefined && auth !== null && namesCredentials(headers)) {
    throw invalidProxyOption('headers', 'and auth must not both give Proxy-Authorization');
  }
}

/** Do the fields say who we are? Then nothing else does. */
export function namesCredentials(headers: readonly HeaderPair[]): boolean {
  return headers.some(([name]) => name.toLowerCase() === 'proxy-authorization');
}

export function isPair(auth: unknown): auth is readonly [user: string, password: string] {
  return Array.isArray(auth);
}

export function checkCredentials(
  pair: readonly [user: string, password: string],
  scheme: ProxyScheme,
): readonly [user: string, password: string] {
  const [user, password] = pair as readonly unknown[];
  if (pair.length !== 2 || typeof user !== 'string' || typeof password !== 'string')
    throw invalidProxyOption('auth', 'must be user and password');
  // RFC 7617 §2: the first colon ends the user; and neither may have controls. SOCKS says how long each is.
  if (user.includes(':') && scheme.startsWith('http')) throw invalidProxyOption('auth', 'must not have a colon in the user');
  // oxlint-disable-next-line no-control-regex -- they are what it looks for
  if (/[\u0000-\u001f\u007f]/.test(user + password)) throw invalidProxyOption('auth', 'must not have control characters');
  return Object.freeze([user, password] as const);
}

export function invalidProxyOption(name: string, problem: string): LocalProtocolError {
  return new LocalProtocolError(`The option ${JSON.stringify(`proxy.${name}`)} ${problem}`, { code: 'INVALID_OPTION', phase: 'request' });
}
