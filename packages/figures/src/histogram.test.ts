import { expect, test } from 'vitest';
import { renderFigures } from './figure-list.ts';
import { renderHistogram } from './histogram.ts';
import { plainStyle } from './style.ts';

test('a histogram shows where the values lie, single ones too', () => {
  const values = [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 10];
  expect(renderHistogram(values, 9, true)).toBe('█▄      ▁');
  expect(renderHistogram(values, 9, false)).toBe('@=      .');
  expect(renderHistogram([5, 5], 4, false)).toBe('@   ');
  expect(renderHistogram([], 4, false)).toBe('');
});

test('figures are aligned', () => {
  const terminal = { width: 80, style: plainStyle, blocks: false, live: false };
  const figures = [
    { label: 'requests', value: '2,000' },
    { label: 'p50', value: '1 ms', note: 'with the wait' },
  ];
  expect(renderFigures(figures, terminal)).toEqual(['  requests  2,000', '  p50        1 ms  with the wait']);
});
