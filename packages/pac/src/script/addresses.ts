/** What scripts ask about addresses. */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/** No time limit looks in here. */
const longestList = 65_536;

/** `isInNet`: the mask in dots, as scripts have it. */
export function isInNet(address: string, net: string, mask: string): boolean {
  if (!isIPv4(address) || !isIPv4(net) || !isIPv4(mask)) return false;
  const bits = toNumber(mask);
  return (toNumber(address) & bits) === (toNumber(net) & bits);
}

/** `isInNetEx`: in one of these at least, with `;` between them. */
export function isInPrefixes(address: string, prefixes: string): boolean {
  if (prefixes.length > longestList) return false;
  return prefixes.split(';').some((prefix) => isInPrefix(address, prefix.trim()));
}

/** An address and the length of its prefix. */
export function isInPrefix(address: string, prefix: string): boolean {
  const [net = '', length = ''] = prefix.split('/');
  const family = isIP(net) === 6 ? 'ipv6' : 'ipv4';
  const bits = Number(length);
  if (isIP(net) === 0 || !/^\d{1,3}$/.test(length) || bits > (family === 'ipv6' ? 128 : 32) || isIP(address) !== isIP(net)) return false;
  const list = new BlockList();
  list.addSubnet(net, bits, family);
  return list.check(address, family);
}

/** `sortIpAddressList`: IPv6 first, each family in its order; empty where one is no address. */
export function sortedAddresses(list: string): string {
  if (list.length > longestList) return '';
  const addresses = list.split(';').map((each) => each.trim());
  if (addresses.some((each) => isIP(each) === 0)) return '';
  const six = addresses.filter((each) => isIPv6(each)).sort();
  const four = addresses.filter((each) => isIPv4(each)).sort((a, b) => (toNumber(a) >>> 0) - (toNumber(b) >>> 0));
  return [...six, ...four].join(';');
}

function toNumber(address: string): number {
  return address.split('.').reduce((number, part) => (number << 8) | Number(part), 0);
}
