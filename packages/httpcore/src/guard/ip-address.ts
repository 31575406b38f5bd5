/** What an IP address is, however it is written. Pure. */
import { isIPv4, isIPv6 } from 'node:net';

/** Four or sixteen octets; `undefined` for what is no address. A zone is left out. */
export function octetsOf(text: string): Uint8Array | undefined {
  const [address = ''] = text.replace(/^\[(.*)\]$/u, '$1').split('%', 1);
  if (isIPv4(address)) return Uint8Array.from(address.split('.'), Number);
  return isIPv6(address) ? octetsOfIPv6(address) : undefined;
}

function octetsOfIPv6(address: string): Uint8Array {
  const octets = new Uint8Array(16);
  const [head = '', tail] = address.split('::');
  const first = groupsOf(head);
  const last = tail === undefined ? [] : groupsOf(tail);
  octets.set(first);
  octets.set(last, 16 - last.length);
  return octets;
}

/** The octets of groups of four hexadecimal digits, the last of which may be an IPv4 address. */
function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** How an IPv4 address stands in an IPv6 address. */
interface Embedding {
  readonly prefix: readonly number[];
  /** Where its four octets begin. */
  readonly at: number;
  readonly name: string;
}

const embeddings: readonly Embedding[] = [
  { prefix: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], at: 12, name: 'IPv4-mapped' },
  // RFC 7915 §1.
  { prefix: [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0], at: 12, name: 'IPv4-translated' },
  { prefix: [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], at: 12, name: 'NAT64' },
  { prefix: [0x20, 0x02], at: 2, name: '6to4' },
];

/** The IPv4 address to which a packet for this IPv6 address comes in the end, if it is one of those. */
export function embeddedIPv4(octets: Uint8Array): { readonly octets: Uint8Array; readonly name: string } | undefined {
  if (octets.length !== 16) return undefined;
  const found = embeddings.find(({ prefix }) => prefix.every((octet, index) => octets[index] === octet));
  return found === undefined ? undefined : { octets: octets.subarray(found.at, found.at + 4), name: found.name };
}

/** A network: the first octets that all of its addresses have in common. */
export interface Network {
  readonly octets: Uint8Array;
  readonly prefix: number;
}

/** Of `address/prefix`, or of one address; `undefined` for what is neither. */
export function networkOf(text: string): Network | undefined {
  const [address = '', prefixText, ...rest] = text.split('/');
  const octets = octetsOf(address);
  if (octets === undefined || rest.length > 0 || address.includes('%')) return undefined;
  const bits = octets.length * 8;
  if (prefixText === undefined) return { octets, prefix: bits };
  const prefix = /^\d{1,3}$/u.test(prefixText) ? Number(prefixText) : NaN;
  return prefix <= bits ? { octets, prefix } : undefined;
}

export function contains({ octets, prefix }: Network, address: Uint8Array): boolean {
  if (address.length !== octets.length) return false;
  const whole = prefix >> 3;
  for (let index = 0; index < whole; index++) if (address[index] !== octets[index]) return false;
  const rest = prefix & 7;
  return rest === 0 || (address[whole]! ^ octets[whole]!) >> (8 - rest) === 0;
}
