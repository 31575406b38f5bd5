/** The text of an IP address, as octets (RFC 4291 §2.2). Strict: nothing in octal or hexadecimal, nothing left out, no zone. */

const decimal = /^(?:0|[1-9][0-9]{0,2})$/;
const hexadecimal = /^[0-9A-Fa-f]{1,4}$/;

/** 4 octets, or `null` where the text is not an IPv4 address. */
export function ipv4Octets(text: string): Uint8Array | null {
  // The longest is 255.255.255.255.
  if (text.length > 15) return null;
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => decimal.test(part) && Number(part) <= 255)) return null;
  return Uint8Array.from(parts, Number);
}

/** 16 octets, or `null` where the text is not an IPv6 address. */
export function ipv6Octets(text: string): Uint8Array | null {
  // The longest is eight groups of four digits, the last two as an IPv4 address.
  if (text.length > 45) return null;
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const compressed = halves.length === 2;
  const head = groupOctets(halves[0]!, !compressed);
  const tail = groupOctets(halves[1] ?? '', compressed);
  if (head === null || tail === null) return null;
  const zeros = 16 - head.length - tail.length;
  // `::` stands for one group or more.
  if (compressed ? zeros < 2 : zeros !== 0) return null;
  const octets = new Uint8Array(16);
  octets.set(head);
  octets.set(tail, 16 - tail.length);
  return octets;
}

/** The octets of groups with a colon between them. In `last` the address ends: only there the last group may be an IPv4 address. */
function groupOctets(text: string, last: boolean): readonly number[] | null {
  if (text === '') return [];
  const groups = text.split(':');
  const octets: number[] = [];
  for (const [index, group] of groups.entries()) {
    const embedded = last && index === groups.length - 1 ? ipv4Octets(group) : null;
    if (embedded !== null) octets.push(...embedded);
    else if (hexadecimal.test(group)) octets.push(Number.parseInt(group, 16) >>> 8, Number.parseInt(group, 16) & 0xff);
    else return null;
  }
  return octets;
}
