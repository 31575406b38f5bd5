import { describe, expect, it } from 'vitest';
import type { Io } from '../io.ts';
import { bodyKind } from './body-kind.ts';
import { HexPrinter } from './hex.ts';
import { JsonPrinter } from './json-printer.ts';
import { colours, noColours } from './palette.ts';
import { columnsOf, cut, printable } from './printable.ts';
import { ProgressBoard } from './progress-board.ts';
import { openScreen } from './screen.ts';
import { TablePrinter } from './table-printer.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

describe('JSON as it comes', () => {
  const printed = (pieces: readonly string[], isFormatted = true): string => {
    const printer = new JsonPrinter(noColours, isFormatted);
    return pieces.map((piece) => printer.push(piece)).join('') + printer.end();
  };

  it.each([
    '{"a":[1,-2.5e10,true,false,null],"b":{},"c":[],"d":{"e":[{"f":"g"}]}}',
    '[]',
    '"x"',
    '12',
    '{"q":"a\\"b\\\\","u":"\\u00e9 é 世界"}',
    '[[[[]]],[{}]]',
  ])('%s is what JSON.stringify makes of it, wherever it is cut', (text) => {
    const expected = `${JSON.stringify(JSON.parse(text), undefined, 2).replaceAll('\\u00e9', 'é')}\n`;
    for (let at = 0; at <= text.length; at += 1) {
      expect(
        printed([text.slice(0, at), text.slice(at)])
          .replaceAll('\\u00e9', 'é')
          .replaceAll('25000000000', '2.5e10'),
      ).toBe(expected.replaceAll('25000000000', '2.5e10'));
    }
    expect(printed([...text]).length).toBe(printed([text]).length);
  });

  it('is as it was where it is not to be formatted, and coloured all the same', () => {
    expect(printed(['{"a" : [1 ,2]}\n'], false)).toBe('{"a" : [1 ,2]}\n');
    expect(new JsonPrinter(colours, true).push('{"a":1,')).toBe('{\n  \u001B[36m"a"\u001B[39m: \u001B[33m1\u001B[39m,\n  ');
  });

  it('goes on with what is no JSON, and with a thousand brackets', () => {
    expect(printed(['{"a":'])).toBe('{\n  "a": \n');
    expect(printed(['<html>'])).toBe('<html>\n');
    expect(printed(['{"a":1}{"b":2}'])).toBe('{\n  "a": 1\n}\n{\n  "b": 2\n}\n');
    expect(printed(['"\u001B[2J"'])).toBe('"␛[2J"\n');
    expect(printed(['['.repeat(1_000)]).length).toBeLessThan(120_000);
  });
});

describe('a table', () => {
  it('fits its width, with cells that are cut and wide characters', () => {
    const rows = [
      { id: 1, name: '世界'.repeat(40), note: 'x'.repeat(200), nested: { a: [1] } },
      { id: 20_000, name: 'b', note: '', nested: null },
    ];
    for (const width of [20, 40, 80])
      for (const line of new TablePrinter(noColours, width).rows(rows).trimEnd().split('\n'))
        expect(columnsOf(line)).toBeLessThanOrEqual(Math.max(width, 24));
  });

  it('has only what is its own, and no line breaks', () => {
    expect(new TablePrinter(noColours, 80).rows([JSON.parse('{"__proto__":"x","a":"b\\nc"}'), 7])).toBe(
      '__proto__  a    value\nx          b c\n                    7\n',
    );
  });
});

it('bytes are shown in lines, wherever they are cut', () => {
  const all = Buffer.from(Array.from({ length: 37 }, (_, index) => index * 7));
  const whole = new HexPrinter(noColours, 100);
  const expected = whole.push(all) + whole.end();
  expect(expected.split('\n')).toHaveLength(4);
  for (let at = 0; at < all.length; at += 1) {
    const cutUp = new HexPrinter(noColours, 100);
    expect(cutUp.push(all.subarray(0, at)) + cutUp.push(all.subarray(at)) + cutUp.end()).toBe(expected);
  }
  for (const line of new HexPrinter(noColours, 40).push(all).split('\n')) expect(line.length).toBeLessThan(50);
});

it.each<[type: string, start: Uint8Array, kind: string]>([
  ['application/problem+json; charset=utf-8', bytes('x'), 'json'],
  ['application/x-ndjson', bytes(''), 'lines'],
  ['text/event-stream', bytes(''), 'events'],
  ['text/html', bytes('<p>'), 'text'],
  ['text/plain', bytes('a\0b'), 'binary'],
  ['image/svg+xml', bytes('<svg>'), 'text'],
  ['image/png', bytes('\x89PNG'), 'binary'],
  ['application/octet-stream', bytes('{"a":1}'), 'json'],
  ['', bytes(' [1]'), 'json'],
  ['', bytes('hello'), 'text'],
  ['', bytes('\x01\x02\x03'), 'binary'],
  ['text/plain; charset=utf-16', bytes('\xff\xfea\0'), 'text'],
])('%s is known, and what it looks like', (type, start, kind) => {
  expect(bodyKind(type, start)).toBe(kind);
});

it('text of others moves no cursor, and is cut by columns', () => {
  expect(printable('a\u001B[31mb\tc\r\nd\u009Be\u202Ef')).toBe('a␛[31mb\tc\nd\\u009be\\u202ef');
  expect(cut('abcdef', 4)).toBe('abc…');
  expect(cut('世界世界', 5)).toBe('世界…');
  expect(columnsOf('e\u0301世')).toBe(3);
});

describe('progress', () => {
  function board(columns: number): { board: ProgressBoard; written: string[]; pass: (milliseconds: number) => void } {
    const written: string[] = [];
    const output = { isTTY: true, columns, write: (chunk: string | Uint8Array) => written.push(String(chunk)) > 0, once: () => {} };
    const io = {
      stdout: output,
      stderr: output,
      env: { TERM: 'xterm', NO_COLOR: '1' },
      signal: new AbortController().signal,
    } as unknown as Io;
    let now = 0;
    return { board: new ProgressBoard(openScreen(io, {}), () => now), written, pass: (milliseconds) => (now += milliseconds) };
  }

  it('is drawn in place, with rate and time left, and is gone in the end', () => {
    const { board: lines, written, pass } = board(110);
    const one = lines.transfer('one.bin');
    const two = lines.transfer('\u001B]0;x\u0007');
    one.report({ received: 0, total: 4_000_000 });
    expect(written).toEqual([]);
    pass(1_000);
    one.report({ received: 1_000_000, total: 4_000_000 });
    expect(written[0]?.replaceAll('\u001B', 'ESC')).toMatch(
      /^ESC\[2Kone\.bin +\S+ +25 % +976\.6 KiB of 3\.8 MiB +976\.6 KiB\/s +3\.00 s left\nESC\[2K␛\]0;x␇ [^\n]*\n$/u,
    );
    pass(50);
    two.report({ received: 1, total: undefined });
    expect(written).toHaveLength(1);
    one.end();
    expect(written[1]).toBe('\u001B[2A\r\u001B[J');
    two.end();
    lines.end();
    expect(written).toHaveLength(2);
  });

  it.each([20, 48, 80])('keeps to one line in a terminal of %i columns', (columns) => {
    const { board: lines, written, pass } = board(columns);
    const one = lines.transfer('a-very-long-name-of-a-file-that-is-cut.tar.gz');
    one.report({ received: 500, total: 100_000_000 });
    pass(1_000);
    one.report({ received: 5_000, total: 100_000_000 });
    expect(columnsOf(written[0]!.replaceAll('\u001B[2K', '').trimEnd())).toBeLessThanOrEqual(Math.max(columns, 48));
  });
});
