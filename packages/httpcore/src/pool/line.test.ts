import { expect, it } from 'vitest';

import { Line } from './line.ts';

it('is first in, first out; who leaves from the middle is not served', () => {
  const list = new Line<string>();
  list.push('a');
  const b = list.push('b');
  list.push('c');
  list.remove(b);
  list.remove(b);
  list.unshift('first');
  expect([list.size, list.first, ...list]).toEqual([3, 'first', 'first', 'a', 'c']);
  expect([list.shift(), list.shift(), list.shift(), list.shift()]).toEqual(['first', 'a', 'c', undefined]);
  expect(list.size).toBe(0);
  const only = list.unshift('only');
  list.remove(only);
  expect(list.first).toBeUndefined();
});
