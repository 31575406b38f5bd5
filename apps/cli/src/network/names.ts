/** What --resolve, --connect-to and -4/-6 make of a name. */
import type { LookupAddress, LookupOptions } from 'node:dns';
import { once } from 'node:events';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { OptionValues } from '../options/table.ts';
import { UsageError } from '../usage-error.ts';

type Answer = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;
type Lookup = (host: string, options: LookupOptions, answer: Answer) => void;

/** Hosts, in lower case, with their addresses. The port is understood and not told apart: a look-up does not know of it. */
export type FixedNames = ReadonlyMap<string, readonly string[]>;

/** `HOST:PORT:ADDRESS[,ADDRESS]`, as curl has it; IPv6 addresses with brackets or without. @throws {UsageError} */
export function readFixedNames(texts: readonly string[]): FixedNames {
  const names = new Map<string, readonly string[]>();
  for (const text of texts) {
    const [, host, addresses = ''] = /^\+?(\[[^\]]+\]|[^:[\]]+):(?:\d{1,5}|\*):(.+)$/u.exec(text) ?? [];
    const list = addresses.split(',').map((address) => address.trim().replace(/^\[|\]$/gu, ''));
    if (host === undefined || list.some((address) => isIP(address) === 0))
      throw new UsageError(`--resolve ${JSON.stringify(text)} must be HOST:PORT:ADDRESS, such as example.com:443:127.0.0.1`);
    names.set(host.toLowerCase(), list);
  }
  return names;
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What `connect` of the client is asked with; it keeps to its own signal. */
interface Wanted extends Endpoint {
  readonly signal: AbortSignal;
}

/** `HOST1:PORT1:HOST2:PORT2`, as curl has it: what is left out means any host or port, or the same. @throws {UsageError} */
export function readConnectTo(texts: readonly string[]): (wanted: Endpoint) => Endpoint | undefined {
  const rules = texts.map((text) => {
    const found = /^(\[[^\]]+\]|[^:[\]]*):(\d{0,5}):(\[[^\]]+\]|[^:[\]]*):(\d{0,5})$/u.exec(text);
    if (found === null)
      throw new UsageError(`--connect-to ${JSON.stringify(text)} must be HOST:PORT:HOST:PORT, each of which may be empty`);
    const [host = '', port = '', toHost = '', toPort = ''] = found.slice(1).map((part) => part.replace(/^\[|\]$/gu, '').toLowerCase());
    return { host, port, toHost, toPort };
  });
  return (wanted) => {
    const rule = rules.find(
      ({ host, port }) => (host === '' || host === wanted.host.toLowerCase()) && (port === '' || Number(port) === wanted.port),
    );
    return rule === undefined
      ? undefined
      : { host: rule.toHost === '' ? wanted.host : rule.toHost, port: rule.toPort === '' ? wanted.port : Number(rule.toPort) };
  };
}

/** `undefined`: to where the URL says. */
export async function connectorFor(options: OptionValues): Promise<((wanted: Wanted) => Promise<Duplex>) | undefined> {
  const { 'connect-to': rules = [] } = options;
  if (rules.length === 0) return undefined;
  const target = readConnectTo(rules);
  const lookup = await lookupFor(options);
  const { connect } = await import('node:net');
  return async (wanted) => {
    const { host, port } = target(wanted) ?? wanted;
    const socket = connect({ host, port, ...(lookup === undefined ? {} : { lookup }) });
    const stop = (): void => void socket.destroy();
    wanted.signal.addEventListener('abort', stop, { once: true });
    try {
      await once(socket, 'connect', { signal: wanted.signal });
    } finally {
      wanted.signal.removeEventListener('abort', stop);
    }
    return socket;
  };
}

/** `undefined`: as the system does it. */
export async function lookupFor(options: OptionValues): Promise<Lookup | undefined> {
  const fixed = readFixedNames(options.resolve ?? []);
  if (options.ipv4 === true && options.ipv6 === true) throw new UsageError('--ipv4 and --ipv6 contradict each other');
  const family = options.ipv4 === true ? 4 : options.ipv6 === true ? 6 : 0;
  if (fixed.size === 0 && family === 0) return undefined;
  const { lookup } = await import('node:dns');
  return (host, asked, answer) => {
    const addresses = fixed.get(host.toLowerCase()) ?? fixed.get('*');
    if (addresses === undefined) {
      lookup(host, { ...asked, all: true, ...(family === 0 ? {} : { family }) }, answer);
      return;
    }
    const found = addresses.map((address) => ({ address, family: isIP(address) })).filter((each) => family === 0 || each.family === family);
    const none = Object.assign(new Error(`--resolve has no address of IPv${family} for ${host}`), { code: 'ENOTFOUND' });
    setImmediate(() => (found.length === 0 ? answer(none, []) : answer(null, found)));
  };
}
