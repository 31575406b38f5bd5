import { isIPv4, isIPv6 } from 'node:net';

import { describe, expect, it } from 'vitest';

import { seededRandom } from '../../../test/support/seeded-random.ts';
import { hex } from '../../../test/support/socks/transcript.ts';
import { ipv4Octets, ipv6Octets } from './ip-address.ts';

describe('an IPv4 address', () => {
  it.each([
    ['0.0.0.0', [0, 0, 0, 0]],
    ['127.0.0.1', [127, 0, 0, 1]],
    ['255.255.255.255', [255, 255, 255, 255]],
    ['1.20.103.249', [1, 20, 103, 249]],
  ])('%s', (text, octets) => {
    expect(Array.from(ipv4Octets(text)!)).toEqual(octets);
  });

  it.each(['', '1', '1.2.3', '1.2.3.', '.1.2.3', '1.2.3.4.5', '1..2.3', '256.0.0.1', '1.2.3.999', '1.2.3.1000'])('is not %j', (text) => {
    expect(ipv4Octets(text)).toBeNull();
  });

  it.each([
    '01.2.3.4',
    '1.2.3.04',
    '00.0.0.0',
    '0x1.2.3.4',
    '1.2.3.a',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '1.2.3.4\n',
    '+1.2.3.4',
    '-1.2.3.4',
    '1e1.2.3.4',
  ])('is not %j, whatever others make of it', (text) => {
    expect(ipv4Octets(text)).toBeNull();
  });
});

describe('an IPv6 address', () => {
  it.each([
    ['::', '0000 0000 0000 0000 0000 0000 0000 0000'],
    ['::1', '0000 0000 0000 0000 0000 0000 0000 0001'],
    ['1::', '0001 0000 0000 0000 0000 0000 0000 0000'],
    ['2001:db8::ff00:42:8329', '2001 0db8 0000 0000 0000 ff00 0042 8329'],
    ['2001:DB8:0:0:0:FF00:0042:8329', '2001 0db8 0000 0000 0000 ff00 0042 8329'],
    ['1:2:3:4:5:6:7:8', '0001 0002 0003 0004 0005 0006 0007 0008'],
    ['1:2:3:4:5:6:7::', '0001 0002 0003 0004 0005 0006 0007 0000'],
    ['::2:3:4:5:6:7:8', '0000 0002 0003 0004 0005 0006 0007 0008'],
    ['1:2:3::5:6:7:8', '0001 0002 0003 0000 0005 0006 0007 0008'],
    ['::1.2.3.4', '0000 0000 0000 0000 0000 0000 0102 0304'],
    ['::ffff:1.2.3.4', '0000 0000 0000 0000 0000 ffff 0102 0304'],
    ['64:ff9b::192.0.2.33', '0064 ff9b 0000 0000 0000 0000 c000 0221'],
    ['1:2:3:4:5:6:255.255.255.255', '0001 0002 0003 0004 0005 0006 ffff ffff'],
    ['ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255', 'ffff ffff ffff ffff ffff ffff ffff ffff'],
  ])('%s', (text, groups) => {
    expect(hex(ipv6Octets(text)!).replaceAll(' ', '')).toBe(groups.replaceAll(' ', ''));
  });

  it.each([
    ['without groups', ['', ':', ' ', '1', 'abcd', '1.2.3.4', '[::1]']],
    ['with a colon too many', [':::', '1:::2', ':1:2:3:4:5:6:7', '1:2:3:4:5:6:7:', ':1::', '::1:', '1::2::3', '::1::']],
    ['with too few groups', ['1:2', '1:2:3:4:5:6:7', '1:2:3:4:5:1.2.3.4']],
    [
      'with too many',
      ['1:2:3:4:5:6:7:8:9', '1:2:3:4::5:6:7:8', '::1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8::', '1:2:3:4:5:6:7:1.2.3.4', '1:2:3:4:5::6:1.2.3.4'],
    ],
    ['with a group that is none', ['12345::', '::g', ':: 1', '::1\n', '::-1', '::0x1', '::+1']],
    ['with an IPv4 address in the wrong place', ['1.2.3.4::', '1.2.3.4::1', '::1.2.3.4:5', '1.2.3.4:1:2:3:4:5:6']],
    ['with a bad IPv4 address', ['::1.2.3', '::1.2.3.4.5', '::256.1.1.1', '::01.2.3.4', '::ffff:1.2.3.']],
    ['with a zone', ['fe80::1%eth0', '::1%']],
    ['without end', ['1:'.repeat(10_000), '0'.repeat(46), ':'.repeat(100)]],
  ])('is not one %s', (_what, texts) => {
    for (const text of texts) expect(ipv6Octets(text), text).toBeNull();
  });
});

describe('any text', () => {
  const parts = ['0', '1', 'f', 'ffff', '12345', 'g', '255', '256', '01', ':', ':', ':', '::', '.', '.', '1.2.3.4', ''];

  it('is an address exactly when Node takes it for one', () => {
    const random = seededRandom(4);
    let addresses = 0;
    for (let round = 0; round < 20_000; round += 1) {
      let text = '';
      const separator = [':', '.', ''][random(3)]!;
      for (let count = random(10); count > 0; count -= 1)
        text += parts[random(random(2) === 0 ? 4 : parts.length)]! + (count > 1 ? separator : '');
      if (random(3) === 0) text = `${'::ffff:'.slice(random(7))}${text}`;
      expect(ipv4Octets(text) !== null, text).toBe(isIPv4(text));
      expect(ipv6Octets(text) !== null, text).toBe(isIPv6(text));
      if (isIPv4(text) || isIPv6(text)) addresses += 1;
    }
    expect(addresses).toBeGreaterThan(300);
  });

  it('of an IPv6 address has the octets that the URL parser finds in it', () => {
    const random = seededRandom(6);
    for (let round = 0; round < 2_000; round += 1) {
      const groups = Array.from({ length: 8 }, () => (random(2) === 0 ? '0' : random(65_536).toString(16)));
      const full = groups.join(':');
      const shortest = new URL(`http://[${full}]/`).hostname.slice(1, -1);
      expect(hex(ipv6Octets(shortest)!), shortest).toBe(hex(ipv6Octets(full)!));
      expect(hex(ipv6Octets(full)!).replaceAll(' ', '')).toBe(groups.map((group) => group.padStart(4, '0')).join(''));
    }
  });
});
