import { describe, expect, test } from 'vitest';
import { chooseCores, parseCoreList } from './cores.ts';

test.each([
  ['0', [0]],
  ['0-3', [0, 1, 2, 3]],
  ['0-1,4,6-7\n', [0, 1, 4, 6, 7]],
  ['', []],
])('the list %j names the cores %j', (text, cores) => {
  expect(parseCoreList(text)).toEqual(cores);
});

describe('the cores', () => {
  test('are the first two of two', () => {
    expect(chooseCores([0, 1], [0])).toEqual({ server: 0, measured: 1 });
  });

  test('are not two threads of one core', () => {
    expect(chooseCores([0, 1, 2, 3], [0, 1])).toEqual({ server: 0, measured: 2 });
  });

  test('are two threads of one core when there is nothing else', () => {
    expect(chooseCores([0, 1], [0, 1])).toEqual({ server: 0, measured: 1 });
  });

  test('are those that the process may use', () => {
    expect(chooseCores([5, 7], [5])).toEqual({ server: 5, measured: 7 });
  });

  test('are not pinned when there is one', () => {
    expect(chooseCores([0], [0])).toEqual({ server: null, measured: null });
  });
});
