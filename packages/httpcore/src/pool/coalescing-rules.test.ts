import { describe, expect, it } from 'vitest';

import { parseOrigin } from '../model/origin.ts';
import { coversHost, endpointKey, isCoalescable } from './coalescing-rules.ts';

describe('the names of a certificate', () => {
  const cases: readonly [what: string, name: string, host: string, isCovered: boolean][] = [
    ['the same name', 'a.example.test', 'a.example.test', true],
    ['in other letters', 'A.Example.TEST', 'a.example.test', true],
    ['with the dot of the root on the host', 'a.example.test', 'a.example.test.', true],
    ['with the dot of the root on the name', 'a.example.test.', 'a.example.test', true],
    ['another name', 'a.example.test', 'b.example.test', false],
    ['a name below it', 'example.test', 'a.example.test', false],
    ['a name above it', 'a.example.test', 'example.test', false],
    ['a name that ends like it', 'example.test', 'notexample.test', false],
    ['a wildcard for one label', '*.example.test', 'a.example.test', true],
    ['a wildcard in other letters', '*.EXAMPLE.test', 'a.example.test', true],
    ['a wildcard for an internationalised label', '*.example.test', 'xn--bcher-kva.example.test', true],
    ['a wildcard for two labels', '*.example.test', 'a.b.example.test', false],
    ['a wildcard for none', '*.example.test', 'example.test', false],
    ['a wildcard for an empty label', '*.example.test', '.example.test', false],
    ['a wildcard for a part of a label', 'a*.example.test', 'ab.example.test', false],
    ['a wildcard for the end of a label', '*b.example.test', 'ab.example.test', false],
    ['a wildcard that is not the left-most label', 'a.*.test', 'a.b.test', false],
    ['two wildcards', '*.*.test', 'a.b.test', false],
    ['a wildcard right below a top-level domain', '*.test', 'example.test', false],
    ['a wildcard for everything', '*', 'test', false],
    ['an address', '192.0.2.1', '192.0.2.1', true],
    ['another address', '192.0.2.1', '192.0.2.2', false],
    ['a wildcard for an address', '*.0.2.1', '192.0.2.1', false],
    ['a wildcard for a short spelling of an address', '*.0.1', '127.0.1', false],
    ['a wildcard for a hexadecimal spelling of an address', '*.0.0x1', '127.0.0x1', false],
    ['an IPv6 address spelled in full', '2001:DB8:0:0:0:0:0:1', '2001:db8::1', true],
    ['another IPv6 address', '2001:DB8:0:0:0:0:0:1', '2001:db8::2', false],
    ['an IPv6 address with a zone', 'FE80:0:0:0:0:0:0:1', 'fe80::1%eth0', true],
    ['a name that is the host with a NUL', 'a.example.test\0.b.test', 'a.example.test', false],
  ];
  it.each(cases)('%s: %s for %s: %s', (_what, name, host, isCovered) => {
    expect(coversHost([name], host)).toBe(isCovered);
    expect(coversHost(['other.invalid', name], host)).toBe(isCovered);
  });

  it('cover nothing where there are none', () => {
    expect(coversHost([], 'a.example.test')).toBe(false);
  });
});

describe('an endpoint', () => {
  it('is the same however its address is spelled', () => {
    expect(endpointKey('::1', 443)).toBe(endpointKey('0:0:0:0:0:0:0:1', 443));
    expect(endpointKey('2001:DB8::A', 443)).toBe(endpointKey('2001:db8:0::a', 443));
  });

  it('is another with another address, port or zone', () => {
    const keys = [
      endpointKey('::1', 443),
      endpointKey('::1', 444),
      endpointKey('127.0.0.1', 443),
      endpointKey('fe80::1%a', 443),
      endpointKey('fe80::1%b', 443),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});

it('only origins over TLS are coalesced, and only under the name of their host', () => {
  expect(isCoalescable(parseOrigin('https', 'A.test', null))).toBe(true);
  expect(isCoalescable(parseOrigin('http', 'a.test', null))).toBe(false);
  expect(isCoalescable(parseOrigin('https', 'a.test', null, 'b.test'))).toBe(false);
});
