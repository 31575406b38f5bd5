import { expect, test } from 'vitest';
import { renderProgress } from './progress.ts';
import { colourStyle, plainStyle, visibleWidth } from './style.ts';
import type { Terminal } from './terminal.ts';

const MIB = 1024 * 1024;
const plain: Terminal = { width: 60, style: plainStyle, blocks: false, live: false };

test('tells share, amount and rate', () => {
  expect(renderProgress({ done: 16 * MIB, total: 64 * MIB, elapsed: 250 }, plain)).toBe(
    '  #####.............  25 %  16.0 MiB of 64.0 MiB  64.0 MiB/s',
  );
});

test('starts empty and ends full', () => {
  const start = renderProgress({ done: 0, total: 64 * MIB, elapsed: 0 }, plain);
  expect(start).toContain('  ..................   0 %');
  expect(start).toMatch(/ -$/u);
  expect(renderProgress({ done: 64 * MIB, total: 64 * MIB, elapsed: 1000 }, plain)).toContain('  ################## 100 %');
});

test('is never over the edge: more than announced, nothing announced, an empty body', () => {
  const long = renderProgress({ done: 80 * MIB, total: 64 * MIB, elapsed: 100 }, plain);
  expect(long).toContain(' 100 %');
  expect(visibleWidth(long)).toBe(60);
  expect(renderProgress({ done: 2 * MIB, total: undefined, elapsed: 1000 }, plain)).toBe('  2.0 MiB   2.0 MiB/s');
  expect(renderProgress({ done: 0, total: 0, elapsed: 1 }, plain)).toContain('100 %');
});

test.each([48, 80, 110])('fits %i columns at every moment', (width) => {
  for (let done = 0; done <= 64; done += 1) {
    const terminal: Terminal = { width, style: colourStyle, blocks: true, live: true };
    expect(visibleWidth(renderProgress({ done: done * MIB, total: 64 * MIB, elapsed: done * 3 }, terminal))).toBe(width);
  }
});
