import { expect, it } from 'vitest';

import { Line } from './line.ts';

it('is first in, first out; who leaves from the middle is not served', () => {
  const line = new Line<string>();
  line.push('a');
  const b = line.push('b');
  line.push('c');
  line.remove(b);
  line.remove(b);
  line.unshift('first');
  expect([line.size, ...line]).toEqual([3, 'first', 'a', 'c']);
  expect([line.shift(), line.shift(), line.shift(), line.shift()]).toEqual(['first', 'a', 'c', undefined]);
  expect(line.size).toBe(0);
  const only = line.unshift('only');
  line.remove(only);
  expect([...line]).toEqual([]);
});
