import { expect, test } from 'vitest';
import { colourStyle, plainStyle, visibleWidth } from './style.ts';
import { describeTerminal } from './terminal.ts';

const tty = { isTTY: true, columns: 100 };

test('a terminal gets colour, blocks, live lines and its own width', () => {
  expect(describeTerminal(tty, { TERM: 'xterm-256color' })).toEqual({ width: 100, style: colourStyle, blocks: true, live: true });
});

test('a pipe gets plain lines of 80 columns', () => {
  expect(describeTerminal({ columns: 200 }, { TERM: 'xterm' })).toEqual({ width: 80, style: plainStyle, blocks: false, live: false });
});

test('NO_COLOR takes the colour alone, and only when it says something', () => {
  expect(describeTerminal(tty, { NO_COLOR: '1' })).toMatchObject({ style: plainStyle, blocks: true, live: true });
  expect(describeTerminal(tty, { NO_COLOR: '' })).toMatchObject({ style: colourStyle });
});

test('a dumb terminal is treated like a pipe, the Linux console gets no block characters', () => {
  expect(describeTerminal(tty, { TERM: 'dumb' })).toEqual({ width: 80, style: plainStyle, blocks: false, live: false });
  expect(describeTerminal(tty, { TERM: 'linux' })).toMatchObject({ blocks: false, live: true });
});

test.each([
  [10, 48],
  [48, 48],
  [110, 110],
  [400, 110],
])('of %i columns, %i are used', (columns, width) => {
  expect(describeTerminal({ isTTY: true, columns }, {}).width).toBe(width);
});

test('colours take no room, and nothing is coloured when there is nothing', () => {
  expect(visibleWidth(colourStyle.title('abc'))).toBe(3);
  expect(colourStyle.good('')).toBe('');
  expect(colourStyle.good('ok')).toBe('\u001B[32mok\u001B[39m');
});
