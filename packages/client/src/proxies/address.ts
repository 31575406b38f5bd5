/** IP addresses, and networks of them. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

export interface Address {
  /** Of an IPv4-mapped address (RFC 4291 §2.5.5.2) the IPv4 address: it leads to the same peer. */
  readonly text: string;
  readonly family: 'ipv4' | 'ipv6';
}

export interface Network extends Address {
  /** How many bits in front count. */
  readonly prefix: number;
}

/** An IPv4 address in four decimal parts, or an IPv6 address without brackets and zone. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { text, family: 'ipv4' };
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const mapped = mappedIn(text);
  return mapped === undefined ? { text, family: 'ipv6' } : { text: mapped, family: 'ipv4' };
}

/**
 * An address for itself, or CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3); bits behind the prefix may be set, and count for nothing.
 * `::ffff:10.0.0.0/104` is `10.0.0.0/8`; with a prefix shorter than 96 bits it is a network of IPv6 alone.
 */
export function parseNetwork(text: string): Network | undefined {
  const [, written, digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = written === undefined ? undefined : parseAddress(written);
  if (address === undefined) return undefined;
  const isMapped = address.family === 'ipv4' && address.text !== written;
  const most = address.family === 'ipv6' || isMapped ? 128 : 32;
  const prefix = digits === undefined ? most : Number(digits);
  if (prefix > most) return undefined;
  if (!isMapped) return { ...address, prefix };
  return prefix < mappedPrefix ? { text: written!, family: 'ipv6', prefix } : { ...address, prefix: prefix - mappedPrefix };
}

/** `BlockList` finds any IPv4 address in `::/0`, where nobody means it: there is a list for each family. */
export class Networks {
  readonly #lists = { ipv4: new BlockList(), ipv6: new BlockList() };

  add({ text, family, prefix }: Network): void {
    this.#lists[family].addSubnet(text, prefix, family);
  }

  has({ text, family }: Address): boolean {
    return this.#lists[family].check(text, family);
  }
}

const mappedPrefix = 96;

function mappedIn(text: string): string | undefined {
  if (!/^[0:]+:ffff:/i.test(text)) return undefined;
  // Every runtime writes an address of a URL in the one short form; not every `SocketAddress` does.
  const [, high, low] = /^\[::ffff:([\da-f]+):([\da-f]+)\]$/.exec(new URL(`http://[${text}]`).hostname) ?? [];
  if (high === undefined || low === undefined) return undefined;
  return [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]).join('.');
}
