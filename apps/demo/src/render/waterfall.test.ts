import { expect, test } from 'vitest';
import { colourStyle, plainStyle, visibleWidth } from './style.ts';
import type { Terminal } from './terminal.ts';
import { renderWaterfall } from './waterfall.ts';

const plain: Terminal = { width: 48, style: plainStyle, blocks: false, live: false };

const PHASES = [
  { label: 'dns', milliseconds: undefined },
  { label: 'connect', milliseconds: 2 },
  { label: 'tls', milliseconds: 6 },
  { label: 'sent', milliseconds: 0 },
  { label: 'download', milliseconds: 4 },
];

test('each bar starts where the one before it ended', () => {
  expect(renderWaterfall(PHASES, 12, plain)).toEqual([
    '  dns                                          -',
    '  connect    ####                        2.00 ms',
    '  tls            ############            6.00 ms',
    '  sent                                   0.00 ms',
    '  download                   ########    4.00 ms',
    '  total                                 12.00 ms',
  ]);
});

test('a phase too short to see is still drawn, at the far end too', () => {
  const lines = renderWaterfall(
    [
      { label: 'first byte', milliseconds: 1000 },
      { label: 'download', milliseconds: 0.001 },
    ],
    1000,
    { ...plain, blocks: true },
  );
  expect(lines[1]).toBe('  download                          ▏    0.00 ms');
});

test('time between the phases leaves room at the end; phases longer than the total do not overflow', () => {
  expect(renderWaterfall([{ label: 'sent', milliseconds: 5 }], 10, plain)[0]).toBe('  sent       ############                5.00 ms');
  expect(renderWaterfall([{ label: 'sent', milliseconds: 50 }], 10, plain)[0]).toBe('  sent       ########################   50.00 ms');
  expect(renderWaterfall([{ label: 'sent', milliseconds: 0 }], 0, plain)[0]).toBe('  sent                                   0.00 ms');
});

test.each([48, 80, 110])('every line is %i columns wide, coloured or not', (width) => {
  for (const style of [plainStyle, colourStyle]) {
    for (const blocks of [false, true]) {
      for (const line of renderWaterfall(PHASES, 12.5, { width, style, blocks, live: true })) expect(visibleWidth(line)).toBe(width);
    }
  }
});

test('colour is used only where the terminal has it', () => {
  expect(renderWaterfall(PHASES, 12, plain).join('\n')).not.toContain('\u001B');
  expect(renderWaterfall(PHASES, 12, { ...plain, style: colourStyle })[1]).toContain('\u001B[36m####\u001B[39m');
});
