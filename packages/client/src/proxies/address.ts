/** IP addresses and networks as numbers: two spellings of one address are one value. */
import { isIPv4, isIPv6 } from 'node:net';

export interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

export interface Network {
  readonly bits: 32 | 128;
  /** How many bits at the end count for nothing. */
  readonly shift: bigint;
  /** The bits before those. */
  readonly prefix: bigint;
}

/**
 * An IPv4 address in four decimal parts, or an IPv6 address without brackets and zone. An IPv4-mapped one (`::ffff:10.0.0.1`) is the
 * IPv4 address: it leads to the same peer.
 */
export function parseAddress(text: string): Address | undefined {
  const address = readAddress(text);
  return address === undefined || !isMapped(address) ? address : { bits: 32, value: address.value & lastWord };
}

/** The network of this one address. */
export function networkOf({ bits, value }: Address): Network {
  return { bits, shift: 0n, prefix: value };
}

/**
 * CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3); bits behind the prefix may be set, and count for nothing. `::ffff:10.0.0.0/104` is
 * `10.0.0.0/8`. A shorter prefix is one of IPv6 alone: `::/0` is not meant to take in every IPv4 address.
 */
export function parseNetwork(text: string): Network | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = match === null ? undefined : readAddress(match[1]!);
  if (address === undefined) return undefined;
  const length = Number(match![2]);
  if (length > address.bits) return undefined;
  if (isMapped(address) && length >= 96) return network(32, address.value & lastWord, length - 96);
  return network(address.bits, address.value, length);
}

export function contains({ bits, shift, prefix }: Network, address: Address): boolean {
  return bits === address.bits && address.value >> shift === prefix;
}

function network(bits: 32 | 128, value: bigint, length: number): Network {
  const shift = BigInt(bits - length);
  return { bits, shift, prefix: value >> shift };
}

const lastWord = 0xffff_ffffn;

/** RFC 4291 §2.5.5.2. */
function isMapped({ bits, value }: Address): boolean {
  return bits === 128 && value >> 32n === 0xffffn;
}

function readAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { bits: 32, value: joined(text.split('.').map(Number), 8n) };
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const [front = '', back] = text.split('::');
  const first = groups(front);
  const last = groups(back ?? '');
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => 0);
  return { bits: 128, value: joined([...first, ...zeros, ...last], 16n) };
}

/** What stands on one side of `::`, the last 32 bits perhaps as IPv4 (RFC 4291 §2.2). */
function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

function joined(parts: readonly number[], width: bigint): bigint {
  return parts.reduce((value, part) => (value << width) | BigInt(part), 0n);
}
