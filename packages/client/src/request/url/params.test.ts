import { describe, expect, it } from 'vitest';

import { InvalidOption } from '../../errors.ts';
import { overlayParams, toParams, serializeForm, serializeQuery, type ParamsInput } from './params.ts';

const query = (input: ParamsInput): string => serializeQuery(toParams(input, 'params'));

describe('parameters', () => {
  it.each<[ParamsInput, string]>([
    [{ a: 1, b: 'two', c: true }, 'a=1&b=two&c=true'],
    [{ a: [1, 2, null, 3], b: null, c: undefined, d: [] }, 'a=1&a=2&a=3'],
    [{ q: 'a b&c=d+e', 'naïve key': '' }, 'q=a%20b%26c%3Dd%2Be&na%C3%AFve%20key='],
    [
      [
        ['a', 1],
        ['b', 2],
        ['a', [3, 4]],
      ],
      'a=1&b=2&a=3&a=4',
    ],
    [new URLSearchParams('x=1&x=2&y=%20'), 'x=1&x=2&y=%20'],
    ['?x=1&y=a+b', 'x=1&y=a+b'],
    ['q=caf%E9&sig=a%2Fb&q=100%&&z', 'q=caf%E9&sig=a%2Fb&q=100%&&z'],
    ['q=a b#c&ü="<>\ud800', 'q=a%20b%23c&%C3%BC=%22%3C%3E%EF%BF%BD'],
    ['', ''],
    ['?', ''],
    [new Map([['k', 'v']]), 'k=v'],
    [{ lone: '\ud800' }, 'lone=%EF%BF%BD'],
  ])('%j', (input, expected) => {
    expect(query(input)).toBe(expected);
  });

  it('may be large integers', () => {
    expect(query({ d: 12345678901234567890n })).toBe('d=12345678901234567890');
  });

  it('write a space as plus in a form', () => {
    expect(serializeForm(toParams({ q: 'a b+c' }, 'form'))).toBe('q=a+b%2Bc');
  });

  it('given as text keep their octets beside others, and give way to them by name', () => {
    const inherited = toParams('a=caf%E9&b=%2F&b=2', 'params');
    expect(serializeQuery(overlayParams(inherited, toParams({ b: 'ü', c: ' ' }, 'params')))).toBe('a=caf%E9&b=%C3%BC&c=%20');
    expect(serializeQuery(overlayParams(toParams({ a: 1, d: 2 }, 'params'), inherited))).toBe('d=2&a=caf%E9&b=%2F&b=2');
    expect(serializeForm(toParams('q=caf%E9&a=b+c', 'form'))).toBe('q=caf%E9&a=b+c');
  });

  it.each([{ a: {} }, { a: [[1]] }, { a: Symbol('x') }, { a: () => 1 }, 7, null, [['a']]])('refuse %s, naming the option', (input) => {
    expect(() => query(input as unknown as ParamsInput)).toThrow(InvalidOption);
    expect(() => query(input as unknown as ParamsInput)).toThrow(/"params"/);
  });

  it('lie over inherited ones name by name; null takes one away', () => {
    const inherited = toParams({ a: 1, b: [2, 3], c: 4 }, 'params');
    expect(serializeQuery(overlayParams(inherited, toParams({ b: 9, c: null, d: 5, a: undefined }, 'params')))).toBe('a=1&b=9&d=5');
  });

  it('are own properties only', () => {
    expect(query(Object.create({ planted: 1 }) as ParamsInput)).toBe('');
  });
});
