import { describe, expect, it } from 'vitest';
import { fixedNames, localAddressOf } from './names.ts';

describe('the names that --resolve and --connect-to give', () => {
  it.each<[readonly string[], readonly string[], ReturnType<typeof fixedNames>]>([
    [[], [], undefined],
    [['A.test:443:10.0.0.1,[::1]'], [], { 'a.test:443': ['10.0.0.1', '::1'] }],
    [['+a.test:*:10.0.0.1', '*:80:10.0.0.2'], [], { 'a.test': ['10.0.0.1'], '*:80': ['10.0.0.2'] }],
    [['a.test:80:10.0.0.1', 'a.test:080:10.0.0.2'], [], { 'a.test:80': ['10.0.0.2'] }],
    [['[::1]:80:10.0.0.1'], [], { '[::1]:80': ['10.0.0.1'] }],
    [[], ['a.test:443:b.test:8443'], { 'a.test:443': 'b.test:8443' }],
    [[], ['::b.test:'], { '*': 'b.test' }],
    [[], [':80::8080', 'a.test:443::8443', '::a.test:'], { '*:80': ':8080', 'a.test:443': 'a.test:8443', '*': 'a.test' }],
    [[], ['a.test:80:b.test:', 'a.test:80:c.test:'], { 'a.test:80': 'b.test:80' }],
    [[], [':::'], undefined],
    [[], ['a.test:80:[::1]:8080'], { 'a.test:80': '[::1]:8080' }],
    // One leads to the other.
    [
      ['b.test:8443:10.0.0.1,::1'],
      ['a.test:443:b.test:8443'],
      { 'b.test:8443': ['10.0.0.1', '::1'], 'a.test:443': ['10.0.0.1:8443', '[::1]:8443'] },
    ],
    [['b.test:80:10.0.0.1'], ['a.test:443:b.test:8443'], { 'b.test:80': ['10.0.0.1'], 'a.test:443': 'b.test:8443' }],
    [['a.test:80:10.0.0.1'], ['a.test:80::8080'], { 'a.test:80': 'a.test:8080' }],
  ])('are %j and %j', (resolve, connectTo, expected) => {
    expect(fixedNames({ resolve, 'connect-to': connectTo })).toEqual(expected);
  });
});

describe('the address to connect from', () => {
  it('is that of --interface, or any of the family', () => {
    expect([
      localAddressOf({}),
      localAddressOf({ ipv4: true }),
      localAddressOf({ ipv6: true }),
      localAddressOf({ ipv4: true, interface: '127.0.0.1' }),
    ]).toEqual([undefined, '0.0.0.0', '::', '127.0.0.1']);
    expect(() => localAddressOf({ ipv4: true, interface: '::1' })).toThrow('is no address of IPv4');
  });
});
