/** What requests say of their connections, and which say the same. */
import { LocalProtocolError } from '../contract/errors.ts';
import type { NetworkOptions } from '../contract/network-options.ts';
import type { TlsOptions } from '../contract/tls-options.ts';
import { fingerprint } from './fingerprint.ts';
import { ownTlsOptions } from './own-tls-options.ts';

/** Checked, and in an object of its own. */
export interface Network {
  /** The same for those that say the same; holds nothing that could be read. */
  readonly key: string;
  readonly tls: TlsOptions | undefined;
  readonly localAddress: string | undefined;
  readonly socketPath: string | undefined;
  readonly protocol: 'http/1.1' | 'h2' | undefined;
}

const names: ReadonlySet<string> = new Set<keyof NetworkOptions>(['tls', 'localAddress', 'socketPath', 'protocol']);
/** Programs say the same many times. */
const known = new WeakMap<object, Network | null>();
const knownTls = new WeakMap<object, { readonly own: TlsOptions; readonly key: string }>();

/**
 * `null` where they say nothing.
 * @throws {LocalProtocolError} `INVALID_OPTION`, naming the option and never showing its value.
 */
export function networkOf(options: NetworkOptions): Network | null {
  if (typeof options !== 'object' || (options as NetworkOptions | null) === null)
    throw new LocalProtocolError('The option "network" must be an object', { code: 'INVALID_OPTION', phase: 'request' });
  let network = known.get(options);
  if (network === undefined) {
    network = read(options);
    known.set(options, network);
  }
  return network;
}

/** What of it holds on the way to a proxy: from where, and nothing of who we are to the origin. */
export function legOf(network: Network | null): Network | null {
  if (network === null || network.localAddress === undefined) return null;
  return networkFrom({ tls: undefined, localAddress: network.localAddress, socketPath: undefined, protocol: undefined }, '');
}

function read(options: NetworkOptions): Network | null {
  const own = Object.create(null) as { -readonly [Name in keyof NetworkOptions]: NetworkOptions[Name] };
  for (const [name, value] of Object.entries(options)) {
    if (!names.has(name)) throw invalid(name, `is not an option; there are ${[...names].join(', ')}`);
    if (value !== undefined) Object.assign(own, { [name]: value as unknown });
  }
  const { tls, localAddress, socketPath, protocol } = own as Readonly<Partial<Record<keyof NetworkOptions, unknown>>>;
  if (localAddress !== undefined && (typeof localAddress !== 'string' || localAddress === ''))
    throw invalid('localAddress', 'must be an IP address');
  if (socketPath !== undefined && (typeof socketPath !== 'string' || socketPath === '')) throw invalid('socketPath', 'must be a path');
  if (protocol !== undefined && protocol !== 'http/1.1' && protocol !== 'h2') throw invalid('protocol', "must be 'http/1.1' or 'h2'");
  if (tls !== undefined && (typeof tls !== 'object' || tls === null)) throw invalid('tls', 'must be an object');
  if (Object.keys(own).length === 0) return null;
  const read = own.tls === undefined ? undefined : ownTls(own.tls);
  return networkFrom(
    { tls: read?.own, localAddress: own.localAddress, socketPath: own.socketPath, protocol: own.protocol },
    read?.key ?? '',
  );
}

function ownTls(options: TlsOptions): { readonly own: TlsOptions; readonly key: string } {
  let read = knownTls.get(options);
  if (read === undefined) {
    const own = ownTlsOptions(options);
    read = { own, key: fingerprint(own) };
    knownTls.set(options, read);
  }
  return read;
}

function networkFrom(parts: Omit<Network, 'key'>, tlsKey: string): Network {
  const { localAddress, socketPath, protocol } = parts;
  return Object.freeze({ ...parts, key: fingerprint([tlsKey, localAddress, socketPath, protocol]) });
}

/** Who names one of these says who we are. */
const identityNames = ['cert', 'key', 'pfx'] as const;

/** TLS options as a request has them: its own over the pool's. */
export function layTlsOver(pool: TlsOptions, own: TlsOptions): TlsOptions {
  const under = Object.assign(Object.create(null) as Record<string, unknown>, pool);
  if (identityNames.some((name) => Object.hasOwn(own, name))) {
    for (const name of [...identityNames, 'passphrase', 'identities']) delete under[name];
  }
  return Object.freeze(Object.assign(under, own)) as TlsOptions;
}

function invalid(name: string, problem: string): LocalProtocolError {
  return new LocalProtocolError(`The option ${JSON.stringify(`network.${name}`)} ${problem}`, { code: 'INVALID_OPTION', phase: 'request' });
}
