import { expect, test } from 'vitest';
import { interleave } from './schedule.ts';

test('rounds are interleaved, in the order of the contenders', () => {
  const turns = [...interleave(['a', 'b', 'c'], 2)].map(({ round, contender }) => `${contender}${round}`);
  expect(turns).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'c2']);
});

test('no rounds are no turns', () => {
  expect([...interleave(['a'], 0)]).toEqual([]);
});
