import { expect, test } from 'vitest';
import { formatByteRate, formatBytes, formatCount, formatDuration, percentile } from './units.ts';

test.each([
  [0.081, '0.08 ms'],
  [4.208, '4.21 ms'],
  [381.4, '381 ms'],
  [2500, '2.50 s'],
])('%d ms', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [64 * 1024 * 1024, '64.0 MiB'],
])('%i bytes', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('rates', () => {
  expect(formatByteRate(1024 * 1024, 500)).toBe('2.0 MiB/s');
  expect(formatByteRate(0, 0)).toBe('-');
});

test.each([
  [0, '0'],
  [999, '999'],
  [2000, '2,000'],
  [1234567.8, '1,234,568'],
])('%d things', (count, text) => {
  expect(formatCount(count)).toBe(text);
});

test('percentiles are values that were measured', () => {
  const values = Array.from({ length: 200 }, (_, index) => index + 1);
  expect(percentile(values, 0.5)).toBe(100);
  expect(percentile(values, 0.99)).toBe(198);
  expect(percentile(values, 1)).toBe(200);
  expect(percentile([7], 0.5)).toBe(7);
  expect(percentile([], 0.5)).toBeNaN();
});
