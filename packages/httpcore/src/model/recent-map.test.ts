import { describe, expect, it } from 'vitest';
import { RecentMap } from './recent-map.ts';

describe('a map of what is recent', () => {
  it('forgets what was set longest ago', () => {
    const map = new RecentMap<number>(2);
    for (const [key, value] of [
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ] as const)
      map.set(key, value);
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([undefined, 2, 3, 2]);
  });

  it('keeps what is asked for and what is set again, but not what is only looked at', () => {
    const map = new RecentMap<number>(3);
    for (const key of ['a', 'b', 'c']) map.set(key, 0);
    map.get('a');
    map.set('b', 1);
    expect(map.has('c')).toBe(true);
    map.set('d', 0);
    expect([map.has('a'), map.has('b'), map.has('c'), map.has('d')]).toEqual([true, true, false, true]);
    expect(map.delete('a')).toBe(true);
    expect(map.delete('a')).toBe(false);
  });
});
