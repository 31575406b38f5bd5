import { expect, test } from 'vitest';
import { bar } from './bar.ts';

test.each([
  [0, '', ''],
  [-1, '', ''],
  [Number.NaN, '', ''],
  [0.001, '▏', '#'],
  [0.5, '▌', '#'],
  [1, '█', '#'],
  [2.25, '██▎', '##'],
  [2.999, '███', '###'],
])('%d columns', (columns, blocks, plain) => {
  expect(bar(columns, true)).toBe(blocks);
  expect(bar(columns, false)).toBe(plain);
});
