/** Where names lead by --resolve and --connect-to, as the client's option `resolve` has it, and what -4 and -6 ask for. */
import { isIP } from 'node:net';
import type { OptionValues } from '../options/table.ts';
import { UsageError } from '../usage-error.ts';

/** By `host:port`, `host`, `*:port` or `*`. */
export type FixedNames = Readonly<Record<string, string | readonly string[]>>;

/** `undefined`: as the system does it. @throws {UsageError} */
export function fixedNames(options: OptionValues): FixedNames | undefined {
  const addresses = readResolve(options.resolve ?? []);
  const places = readConnectTo(options['connect-to'] ?? []);
  if (addresses.size + places.length === 0) return undefined;
  const names = new Map<string, string | readonly string[]>(addresses);
  const taken = new Set<string>();
  for (const { from, to, port } of places) {
    // Of two rules for the same the first counts, as with curl.
    if (taken.has(from)) continue;
    taken.add(from);
    // Where it leads is asked of --resolve, too, as curl does it.
    const found = addresses.get(`${to}:${port}`) ?? addresses.get(to) ?? addresses.get(`*:${port}`) ?? addresses.get('*');
    names.set(from, found === undefined || to === '' ? place(to, port) : found.map((address) => place(address, port)));
  }
  return Object.fromEntries(names);
}

/** The address to connect from, which decides the family of those to connect to: the unspecified one is any of its family. @throws {UsageError} */
export function localAddressOf({ ipv4, ipv6, interface: address }: OptionValues): string | undefined {
  if (ipv4 === true && ipv6 === true) throw new UsageError('--ipv4 and --ipv6 contradict each other');
  const wanted = ipv4 === true ? 4 : ipv6 === true ? 6 : 0;
  if (address !== undefined && wanted !== 0 && isIP(address) !== wanted)
    throw new UsageError(`--interface ${JSON.stringify(address)} is no address of IPv${wanted}, as --ipv${wanted} wants it`);
  return address ?? (wanted === 4 ? '0.0.0.0' : wanted === 6 ? '::' : undefined);
}

/** `HOST:PORT:ADDRESS[,ADDRESS]`, as curl has it: `*` is any host or port; IPv6 addresses with brackets or without. The last for a host and port counts. */
function readResolve(texts: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  for (const text of texts) {
    const [, host, port = '', addresses = ''] = /^\+?(\[[^\]]+\]|[^:[\]]+):(\d{1,5}|\*):(.+)$/u.exec(text) ?? [];
    const list = addresses.split(',').map((address) => address.trim().replace(/^\[|\]$/gu, ''));
    if (host === undefined || !isPort(port === '*' ? '' : port) || list.some((address) => isIP(address) === 0))
      throw new UsageError(`--resolve ${JSON.stringify(text)} must be HOST:PORT:ADDRESS, such as example.com:443:127.0.0.1`);
    names.set(port === '*' ? host.toLowerCase() : `${host.toLowerCase()}:${Number(port)}`, list);
  }
  return names;
}

interface Rule {
  readonly from: string;
  /** Empty: the same host. */
  readonly to: string;
  /** Empty: the same port. */
  readonly port: string;
}

/** `HOST1:PORT1:HOST2:PORT2`, as curl has it: what is left out means any host or port, or the same. */
function readConnectTo(texts: readonly string[]): Rule[] {
  return texts.flatMap((text) => {
    const found = /^(\[[^\]]+\]|[^:[\]]*):(\d{0,5}):(\[[^\]]+\]|[^:[\]]*):(\d{0,5})$/u.exec(text);
    const [host = '', port = '', to = '', toPort = ''] = found?.slice(1).map((part) => part.toLowerCase()) ?? [];
    if (found === null || !isPort(port) || !isPort(toPort))
      throw new UsageError(`--connect-to ${JSON.stringify(text)} must be HOST:PORT:HOST:PORT, each of which may be empty`);
    // To the same host and port: as without it.
    if (to === '' && toPort === '') return [];
    return { from: place(host === '' ? '*' : host, port), to: to === '' ? host : to, port: toPort === '' ? port : toPort };
  });
}

/** Empty is one that is left out. */
function isPort(text: string): boolean {
  return text === '' || (Number(text) >= 1 && Number(text) <= 65_535);
}

function place(host: string, port: string): string {
  const shown = isIP(host) === 6 ? `[${host}]` : host;
  return port === '' ? shown : `${shown}:${Number(port)}`;
}
