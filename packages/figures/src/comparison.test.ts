import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { renderComparison } from './comparison.ts';
import { colourStyle, plainStyle } from './style.ts';

const figures = [
  { label: 'first GET', values: ['12.3 ms', '9 ms'] },
  { label: 'connections', values: ['64', '1'] },
  { label: 'streams at once', values: ['', '100'] },
];

test('figures stand under their columns', () => {
  const terminal = { width: 80, style: plainStyle, blocks: false, live: false };
  expect(renderComparison(['HTTP/1.1', 'HTTP/2'], figures, terminal)).toEqual([
    '                    HTTP/1.1   HTTP/2',
    '  first GET          12.3 ms     9 ms',
    '  connections             64        1',
    '  streams at once                 100',
  ]);
});

test('colours take no room', () => {
  const plain = renderComparison(['HTTP/1.1', 'HTTP/2'], figures, { width: 80, style: plainStyle, blocks: true, live: true });
  const coloured = renderComparison(['HTTP/1.1', 'HTTP/2'], figures, { width: 80, style: colourStyle, blocks: true, live: true });
  expect(coloured.map(stripVTControlCharacters)).toEqual(plain);
  expect(coloured.join('')).toContain('\u001B[1m');
});
