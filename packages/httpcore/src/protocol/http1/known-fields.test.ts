import { expect, it } from 'vitest';

import type { HeaderPair } from '../../contract/values.ts';
import { ResponseParser } from './response-parser.ts';

function headersOf(responses: readonly (readonly HeaderPair[])[]): HeaderPair[][] {
  const heads: HeaderPair[][] = [];
  const sink = {
    onResponseHead: ({ headers }: { headers: readonly HeaderPair[] }) => void heads.push([...headers]),
    onBodyBytes() {},
  };
  const parser = new ResponseParser(sink, { maxHeaderBytes: 65_536, maxHeaderFields: 1_000, lenient: false });
  for (const fields of responses) {
    parser.expect('HEAD');
    const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`, 'latin1');
    expect(parser.parse(bytes, 0)).toBe(bytes.length);
  }
  parser.free();
  return heads;
}

it('gives each response its own names and values, whatever those before had', () => {
  const names = ['a', 'ab', 'abc', 'abcd', 'Abcd', 'abcde', 'x-id', 'X-Id', 'x-ie', 'n'.repeat(63), 'n'.repeat(64), 'n'.repeat(65)];
  const values = [
    '',
    'v',
    'va',
    'val',
    'valu',
    'value',
    'valuf',
    'walue',
    'é',
    'v'.repeat(63),
    'v'.repeat(64),
    `${'v'.repeat(64)}w`,
    'v'.repeat(200),
  ];
  const responses = Array.from({ length: 400 }, (_, turn) =>
    names.map((name, index): HeaderPair => [name, values[(turn * (1 + (index % 5)) + ((turn >> 4) & index)) % values.length]!]),
  );
  expect(headersOf(responses)).toEqual(responses);
});

it('knows one name from another that takes its place', () => {
  const responses = Array.from({ length: 2_000 }, (_, turn): HeaderPair[] => [
    [`field-${turn}`, `${turn}`],
    [`field-${turn % 7}`, `${turn % 3}`],
  ]);
  expect(headersOf(responses)).toEqual(responses);
});
