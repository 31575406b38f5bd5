import { describe, expect, it } from 'vitest';

import { Networks, parseAddress, parseNetwork, type Address } from './address.ts';

describe('an address', () => {
  it.each<[given: string, text: string, family: Address['family']]>([
    ['0.0.0.0', '0.0.0.0', 'ipv4'],
    ['255.255.255.255', '255.255.255.255', 'ipv4'],
    ['::', '::', 'ipv6'],
    ['2001:DB8::00ff', '2001:DB8::00ff', 'ipv6'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7::', 'ipv6'],
    ['64:ff9b::192.0.2.33', '64:ff9b::192.0.2.33', 'ipv6'],
    ['::127.0.0.1', '::127.0.0.1', 'ipv6'],
    ['::ffff:0:127.0.0.1', '::ffff:0:127.0.0.1', 'ipv6'],
    ['::ffff:127.0.0.1', '127.0.0.1', 'ipv4'],
    ['::FFFF:7f00:1', '127.0.0.1', 'ipv4'],
    ['0:0:0:0:0:ffff:127.0.0.1', '127.0.0.1', 'ipv4'],
    ['0000:0:0::ffff:7f00:0001', '127.0.0.1', 'ipv4'],
  ])('%s is %s', (given, text, family) => {
    expect(parseAddress(given)).toEqual({ text, family });
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
  const isIn = (address: string, network: string): boolean => {
    const networks = new Networks();
    networks.add(parseNetwork(network)!);
    return networks.has(parseAddress(address)!);
  };

  it.each([
    '',
    '/',
    '/8',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10/8',
    '::/129',
    '::/999',
    '::/1e1',
    '::ffff:10.0.0.0/129',
    '[::]/8',
    'a/8',
    '10.0.0.0/ 8',
  ])('%j is none', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });

  it.each<[address: string, network: string, expected: boolean]>([
    ['10.255.0.1', '10.0.0.0/8', true],
    ['11.0.0.1', '10.0.0.0/8', false],
    // What is behind the prefix counts for nothing.
    ['10.0.0.1', '10.1.2.3/8', true],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.4', '10.1.2.3/32', false],
    ['10.1.2.3', '0.0.0.0/0', true],
    ['2001:db8::1', '2001:0DB8:0::/32', true],
    ['2001:db9::1', '2001:db8::/32', false],
    ['0:0::1', '::1', true],
    ['fd00::1', '::/0', true],
  ])('%s in %s: %s', (address, network, expected) => {
    expect(isIn(address, network)).toBe(expected);
  });

  it('is the same in its mapped form, and of one family alone', () => {
    expect(parseNetwork('::ffff:10.1.2.3/104')).toEqual(parseNetwork('10.1.2.3/8'));
    expect(parseNetwork('::ffff:10.0.0.1')).toEqual(parseNetwork('10.0.0.1'));
    expect(isIn('::ffff:10.0.0.1', '10.0.0.0/8')).toBe(true);
    expect(isIn('10.0.0.1', '::ffff:0:0/96')).toBe(true);
    expect(isIn('10.0.0.1', '::ffff:0:0/95')).toBe(false);
    expect(isIn('10.0.0.1', '::/0')).toBe(false);
    expect(isIn('::', '0.0.0.0/0')).toBe(false);
  });
});
