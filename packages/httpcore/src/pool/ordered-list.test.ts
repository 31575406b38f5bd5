import { expect, it } from 'vitest';

import { OrderedList } from './ordered-list.ts';

it('is first in, first out; who leaves from the middle is not served', () => {
  const line = new OrderedList<string>();
  line.add('a', 1);
  const b = line.add('b', 2);
  line.add('c', 3);
  line.remove(b);
  line.remove(b);
  line.add('first', 0);
  expect([line.size, line.first?.item, ...line]).toEqual([3, 'first', 'first', 'a', 'c']);
  while (line.first !== null) line.remove(line.first);
  expect(line.size).toBe(0);
  line.remove(line.add('only', 4));
  expect(line.first).toBeNull();
});

it('who comes back stands where it stood before', () => {
  const line = new OrderedList<number>();
  const places = Array.from({ length: 20 }, (_, order) => line.add(order, order));
  const left = [3, 4, 5, 6, 11, 12];
  for (const order of left) line.remove(places[order]!);
  for (const order of [4, 5, 3, 12, 11, 6]) line.add(order, order);
  expect(Array.from(line)).toEqual(Array.from({ length: 20 }, (_, order) => order));
  // By whatever way it is looked for: behind who came back last, before it, and where that one has left again.
  let seed = 1;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const inLine = new Map(Array.from(line, (order) => [order, undefined as unknown as ReturnType<typeof line.add>]));
  const mixed = new OrderedList<number>();
  for (const order of inLine.keys()) inLine.set(order, mixed.add(order, order));
  const away: number[] = [];
  for (let step = 0; step < 2_000; step += 1) {
    if (away.length > 0 && random(2) === 0) {
      const [order] = away.splice(random(away.length), 1);
      inLine.set(order!, mixed.add(order!, order!));
    } else if (inLine.size > 0) {
      const order = Array.from(inLine.keys())[random(inLine.size)]!;
      mixed.remove(inLine.get(order)!);
      inLine.delete(order);
      away.push(order);
    }
    expect(Array.from(mixed)).toEqual(Array.from(inLine.keys()).toSorted((one, other) => one - other));
  }
});
