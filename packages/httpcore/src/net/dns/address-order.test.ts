import { describe, expect, it } from 'vitest';

import { interleaveFamilies, ordered, turned } from './address-order.ts';
import { FailingAddresses } from './failing-addresses.ts';

const addressOf = (short: string): string => (short.startsWith('4') ? `192.0.2.${short.codePointAt(1)!}` : `2001:db8::${short[1]!}`);
const all = (...short: readonly string[]): string[] => short.map(addressOf);

describe('interleaveFamilies', () => {
  it.each([
    [['4a'], ['4a']],
    [
      ['4a', '4b', '6a', '6b'],
      ['4a', '6a', '4b', '6b'],
    ],
    [
      ['6a', '4a', '4b', '4c'],
      ['6a', '4a', '4b', '4c'],
    ],
    [
      ['6a', '6b', '6c', '4a'],
      ['6a', '4a', '6b', '6c'],
    ],
  ])('%j becomes %j', (given, expected) => {
    expect(interleaveFamilies(all(...given))).toEqual(all(...expected));
  });
});

describe('turned', () => {
  it('begins with each in turn, in each family, and with the same family', () => {
    const addresses = all('6a', '4a', '6b', '4b', '4c');
    expect(turned(addresses, 0)).toEqual(all('6a', '6b', '4a', '4b', '4c'));
    expect(turned(addresses, 1)).toEqual(all('6b', '6a', '4b', '4c', '4a'));
    expect(turned(addresses, 1_000_001)).toEqual(all('6b', '6a', '4c', '4a', '4b'));
    expect(turned([], 3)).toEqual([]);
  });
});

describe('ordered', () => {
  it.each([
    [[], ['6a', '4a', '6b', '4b']],
    [['6a'], ['6b', '4a', '4b', '6a']],
    [
      ['6a', '6b'],
      ['4a', '4b', '6a', '6b'],
    ],
    [
      ['6a', '6b', '4a', '4b'],
      ['6a', '4a', '6b', '4b'],
    ],
  ])('without %j it is %j', (failing, expected) => {
    const avoided = all(...failing);
    expect(ordered(all('6a', '6b', '4a', '4b'), (address) => avoided.includes(address))).toEqual(all(...expected));
  });
});

describe('FailingAddresses', () => {
  it('avoids for a while, has one try then, and forgets what leads somewhere', () => {
    const failing = new FailingAddresses(30_000);
    failing.onFailed('192.0.2.1', 80, 1_000);
    expect(failing.isAvoided('192.0.2.1', 80, 30_999)).toBe(true);
    expect(failing.isAvoided('192.0.2.1', 81, 1_000)).toBe(false);
    expect(failing.isAvoided('192.0.2.1', 80, 31_000)).toBe(false);
    expect(failing.isAvoided('192.0.2.1', 80, 31_000)).toBe(true);
    failing.onConnected('192.0.2.1', 80);
    expect(failing.isAvoided('192.0.2.1', 80, 31_000)).toBe(false);
  });

  it('remembers a thousand, and none at all with a period of nothing', () => {
    const failing = new FailingAddresses(30_000);
    for (let number = 0; number < 2_000; number += 1) failing.onFailed(`192.0.2.${number}`, 80, 0);
    expect(failing.isAvoided('192.0.2.999', 80, 1)).toBe(false);
    expect(failing.isAvoided('192.0.2.1000', 80, 1)).toBe(true);
    const never = new FailingAddresses(0);
    never.onFailed('192.0.2.1', 80, 0);
    expect(never.isAvoided('192.0.2.1', 80, 0)).toBe(false);
  });
});
