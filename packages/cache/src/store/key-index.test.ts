import { describe, expect, it } from 'vitest';

import { KeyHash } from './key-hash.ts';
import { KeyIndex, nowhere } from './key-index.ts';

describe('the hash of a key', () => {
  const key = Uint8Array.from({ length: 8 }, (_, byte) => byte);

  it('is HalfSipHash of its bytes', () => {
    // The same in Python, by the paper; with one round for each word, and three at the end.
    const texts = ['', '\0', '\0\x01\x02', '\0\x01\x02\x03', 'http://origin.test/a?b=c'];
    expect(texts.map((text) => new KeyHash(key).of(text) >>> 0)).toEqual([1477757078, 3890767050, 22255929, 2114297510, 2976179323]);
  });

  it('is another one for another key, and for units of two bytes that would run into each other', () => {
    const texts = ['abcd', 'abce', 'ab\u0100d', 'a\u0162\u0001d', 'ab\u0001d', 'grün', 'gr\u00fcn\0'];
    expect(new Set(texts.map((text) => new KeyHash(key).of(text))).size).toBe(texts.length);
    expect(new KeyHash(key).of('abcd')).not.toBe(new KeyHash(new Uint8Array(8)).of('abcd'));
  });
});

describe('an index of keys', () => {
  it('is what a map would be, whatever comes and goes, also where hashes are equal', () => {
    const keys: string[] = [];
    const index = new KeyIndex((place, key) => keys[place] === key);
    const map = new Map<string, number>();
    // So few that there are runs of equal ones, around the end of the table, too.
    const hashOf = (name: number): number => (Math.imul(name % 97, 0x0400_0001) - 40) | 0;
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    // One `expect` for all: twenty thousand would take seconds.
    const wrong: number[] = [];
    for (let step = 0; step < 20_000; step += 1) {
      const name = random(1500);
      const key = `/${name}`;
      const hash = hashOf(name);
      const known = map.get(key);
      if (index.get(key, hash) !== (known ?? nowhere)) wrong.push(step);
      if (known === undefined) {
        const place = keys.push(key) - 1;
        index.add(hash, place);
        map.set(key, place);
      } else if (random(2) === 0) {
        index.delete(known, hash);
        keys[known] = '';
        map.delete(key);
      } else {
        keys[known] = '';
        const place = keys.push(key) - 1;
        index.replace(known, hash, place);
        map.set(key, place);
      }
    }
    expect(wrong).toEqual([]);
    for (const [key, place] of map) expect(index.get(key, hashOf(Number(key.slice(1))))).toBe(place);
  });
});
