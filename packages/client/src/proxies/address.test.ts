import { BlockList } from 'node:net';

import { describe, expect, it } from 'vitest';

import { contains, networkOf, parseAddress, parseNetwork } from './address.ts';

describe('an address', () => {
  it.each<[text: string, bits: 32 | 128, value: bigint]>([
    ['0.0.0.0', 32, 0n],
    ['127.0.0.1', 32, 0x7f00_0001n],
    ['255.255.255.255', 32, 0xffff_ffffn],
    ['::', 128, 0n],
    ['::1', 128, 1n],
    ['0:0:0:0:0:0:0:1', 128, 1n],
    ['1::', 128, 1n << 112n],
    ['2001:DB8::00ff', 128, (0x2001_0db8n << 96n) | 0xffn],
    ['1:2:3:4:5:6:7::', 128, 0x0001_0002_0003_0004_0005_0006_0007_0000n],
    ['::2:3:4:5:6:7:8', 128, 0x0000_0002_0003_0004_0005_0006_0007_0008n],
    ['64:ff9b::192.0.2.33', 128, (0x0064_ff9bn << 96n) | 0xc000_0221n],
    ['::ffff:127.0.0.1', 32, 0x7f00_0001n],
    ['::FFFF:7f00:1', 32, 0x7f00_0001n],
    ['0:0:0:0:0:ffff:127.0.0.1', 32, 0x7f00_0001n],
    ['::127.0.0.1', 128, 0x7f00_0001n],
  ])('%s is %i bits: %i', (text, bits, value) => {
    expect(parseAddress(text)).toEqual({ bits, value });
  });

  it.each([
    '',
    '1',
    '127.1',
    '1.2.3',
    '1.2.3.4.5',
    '256.0.0.1',
    '01.2.3.4',
    '0x7f.0.0.1',
    ':',
    ':::',
    '1::2::3',
    '::g',
    'fe80::1%eth0',
    '[::1]',
    '::1.2.3',
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe('a network', () => {
  it.each([
    '',
    '/',
    '/8',
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10/8',
    '::/129',
    '::/999',
    '::/1e1',
    '[::]/8',
    'a/8',
    '10.0.0.0/ 8',
  ])('%j is none', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });

  it('is the same in its mapped form, and IPv6 alone where its prefix is shorter than that form', () => {
    expect(parseNetwork('::ffff:10.1.2.3/104')).toEqual(parseNetwork('10.0.0.0/8'));
    expect(parseNetwork('::ffff:0:0/96')).toEqual(parseNetwork('0.0.0.0/0'));
    expect(parseNetwork('::ffff:10.0.0.1/128')).toEqual(networkOf(parseAddress('10.0.0.1')!));
    expect(contains(parseNetwork('::ffff:0:0/95')!, parseAddress('10.0.0.1')!)).toBe(false);
  });

  // Node's own list is another hand at the same question; of mapped addresses it has views of its own.
  it.each([
    ['ipv4', 32],
    ['ipv6', 128],
  ] as const)('has the members that Node finds in it: %s', (family, bits) => {
    let seed: number = bits;
    const random = (below: number): number => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff) % below;
    const part = (): number => (random(1 << 16) >> 3) % (bits === 32 ? 256 : 65_536);
    const spelt = (parts: readonly number[]): string =>
      parts.map((value) => value.toString(bits === 32 ? 10 : 16)).join(bits === 32 ? '.' : ':');
    let members = 0;
    for (let round = 0; round < 500; round++) {
      const parts = Array.from({ length: bits === 32 ? 4 : 8 }, part);
      // A neighbour: the same up to some part, so that it is now inside, now outside.
      const same = random(parts.length + 1);
      const neighbour = parts.map((value, index) =>
        index < same ? value : index === same ? value ^ (1 << random(bits === 32 ? 8 : 16)) : part(),
      );
      const length = random(bits + 1);
      const list = new BlockList();
      list.addSubnet(spelt(parts), length, family);
      const expected = list.check(spelt(neighbour), family);
      members += Number(expected);
      const found = contains(parseNetwork(`${spelt(parts)}/${length}`)!, parseAddress(spelt(neighbour))!);
      expect(found, `${spelt(neighbour)} in ${spelt(parts)}/${length}`).toBe(expected);
    }
    expect(members).toBeGreaterThan(100);
    expect(members).toBeLessThan(400);
  });
});
