/** In which order the addresses of a name are tried. */
import { isIP } from 'node:net';

/**
 * RFC 8305 §4: the families in turn, beginning with that of the first address, each in the order in which it was resolved
 * (the system has sorted them by RFC 6724). So one dead family costs one attempt delay and not one for each of its addresses.
 */
export function interleaveFamilies(addresses: readonly string[]): readonly string[] {
  const firstFamily = isIP(addresses[0] ?? '');
  const first = addresses.filter((address) => isIP(address) === firstFamily);
  const second = addresses.filter((address) => isIP(address) !== firstFamily);
  const interleaved: string[] = [];
  for (let index = 0; index < Math.max(first.length, second.length); index++) {
    for (const address of [first[index], second[index]]) if (address !== undefined) interleaved.push(address);
  }
  return interleaved;
}

/** Those of each family in turn: which is the first family stays as it is. */
export function turned(addresses: readonly string[], turn: number): readonly string[] {
  const families = [4, 6].map((family) => addresses.filter((address) => isIP(address) === family));
  const [four, six] = families.map((family) => family.map((_, index) => family[(index + turn) % family.length]!));
  return isIP(addresses[0] ?? '') === 6 ? [...six!, ...four!] : [...four!, ...six!];
}

/** Those that are avoided come last, in the same order among themselves: the families of the others stay in turn. */
export function ordered(addresses: readonly string[], isAvoided: (address: string) => boolean): readonly string[] {
  const avoided = addresses.filter(isAvoided);
  if (avoided.length === 0 || avoided.length === addresses.length) return interleaveFamilies(addresses);
  return [...interleaveFamilies(addresses.filter((address) => !avoided.includes(address))), ...interleaveFamilies(avoided)];
}
