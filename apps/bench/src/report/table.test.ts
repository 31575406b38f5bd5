import { expect, test } from 'vitest';
import { formatFigure, formatMebibytes, formatRatio, formatShare } from './figures.ts';
import { markdownTable, textTable } from './table.ts';

const table = {
  head: ['contender', 'CPU µs', '× floor'],
  rows: [
    ['raw', '9.50', '–'],
    ['a longer name', '120', '12.63 ×'],
  ],
};

test('a table for the terminal has its figures to the right', () => {
  expect(textTable(table)).toBe(
    [
      'contender      CPU µs  × floor',
      '─────────────  ──────  ───────',
      'raw              9.50        –',
      'a longer name     120  12.63 ×',
    ].join('\n'),
  );
});

test('a table in Markdown says that its figures are to the right, and keeps its bars apart', () => {
  expect(markdownTable({ head: ['a', 'b'], rows: [['x|y', '1']] })).toBe('| a | b |\n| --- | ---: |\n| x\\|y | 1 |');
});

test.each([
  [null, '–'],
  [0, '0'],
  [0.0042, '0.00420'],
  [0.152, '0.152'],
  [8.432, '8.43'],
  [12.34, '12.3'],
  [123.4, '123'],
  [1234.5, '1,235'],
  [123_456, '123,456'],
])('the figure %d is written %s', (value, text) => {
  expect(formatFigure(value)).toBe(text);
});

test('ratios, shares and sizes', () => {
  expect([formatRatio(0.634), formatRatio(null), formatShare(0.043), formatMebibytes(3 * 1024 * 1024)]).toEqual([
    '0.63 ×',
    '–',
    '4 %',
    '3.0',
  ]);
});
