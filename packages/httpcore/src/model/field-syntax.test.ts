import { describe, expect, it } from 'vitest';

import { LocalProtocolError } from '../contract/errors.ts';
import { checkedFields, checkMethod, checkTarget, checkedTrailers } from './field-syntax.ts';

const code = (check: () => void): string | undefined => {
  try {
    check();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(LocalProtocolError);
    return (error as LocalProtocolError).code;
  }
};

describe('what reaches the wire', () => {
  it('has no control character and nothing above Latin-1, at any place', () => {
    for (let unit = 0; unit < 0x180; unit += 1) {
      const character = String.fromCharCode(unit);
      const isToken = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/.test(character);
      const isValue = unit === 9 || (unit >= 0x20 && unit <= 0xff && unit !== 0x7f);
      const isTarget = unit > 0x20 && unit < 0x7f;
      for (const text of [character, `a${character}`, `${character}a`, `a${character}a`]) {
        expect(
          code(() => checkMethod(text)),
          `method ${unit}`,
        ).toBe(isToken ? undefined : 'INVALID_METHOD');
        expect(
          code(() => checkTarget(text)),
          `target ${unit}`,
        ).toBe(isTarget ? undefined : 'INVALID_TARGET');
        expect(
          code(() => checkedFields([[text, 'a']])),
          `name ${unit}`,
        ).toBe(isToken ? undefined : 'INVALID_HEADER_NAME');
        expect(
          code(() => checkedFields([['a', text]])),
          `value ${unit}`,
        ).toBe(isValue ? undefined : 'INVALID_HEADER_VALUE');
      }
    }
  });

  it('is what was checked, not what an object says the next time', () => {
    let asked = 0;
    const tricky = { toString: () => (asked++ === 0 ? 'harmless' : 'a\r\nb: c') } as unknown as string;
    expect(code(() => checkedFields([['a', tricky]]))).toBe('INVALID_HEADER_VALUE');
    expect(code(() => checkedFields([[tricky, 'a']]))).toBe('INVALID_HEADER_NAME');
    expect(code(() => checkMethod(tricky))).toBe('INVALID_METHOD');
    expect(code(() => checkTarget(tricky))).toBe('INVALID_TARGET');
    expect(asked).toBe(0);
  });

  it('is pairs of strings', () => {
    for (const pairs of [null, {}, 'a: b', [['a']], [['a', 'b', 'c']], [null], [['a', 1]], [['a', null]], [['', 'b']]]) {
      expect(
        code(() => checkedFields(pairs as never)),
        JSON.stringify(pairs),
      ).toMatch(/^INVALID_HEADER/);
    }
  });

  it('has one Host', () => {
    expect(
      code(() =>
        checkedFields([
          ['Host', 'a'],
          ['x', 'y'],
        ]),
      ),
    ).toBeUndefined();
    expect(
      code(() =>
        checkedFields([
          ['Host', 'a'],
          ['hOST', 'a'],
        ]),
      ),
    ).toBe('INVALID_HEADER_NAME');
  });

  it('never shows a value in an error', () => {
    expect(() => checkedFields([['authorization', 'Bearer secret\n']])).toThrow(/authorization/);
    expect(() => checkedFields([['authorization', 'Bearer secret\n']])).not.toThrow(/secret/);
  });

  it('has no trailer that decides framing, routing or authentication', () => {
    expect(code(() => checkedTrailers([['x-sum', '1']]))).toBeUndefined();
    for (const name of ['Content-Length', 'transfer-encoding', 'HOST', 'Authorization']) {
      expect(
        code(() => checkedTrailers([[name, '1']])),
        name,
      ).toBe('INVALID_TRAILER');
    }
  });
});

describe('a list that is frozen with all of its pairs', () => {
  it('is checked once, and is sent as it was then', () => {
    let reads = 0;
    const changing = ['x', ''] as [string, string];
    Object.defineProperty(changing, 1, { get: () => `read ${(reads += 1)}` });
    const given = Object.freeze([Object.freeze(['a', '1'] as const), Object.freeze(changing)]);
    const first = checkedFields(given);
    checkedFields([['b', '2']]);
    checkedFields([]);
    expect(checkedFields(given)).toBe(first);
    expect(first).toEqual([
      ['a', '1'],
      ['x', 'read 1'],
    ]);
    expect(Object.isFrozen(first) && first.every((pair) => Object.isFrozen(pair))).toBe(true);
  });

  it('is another one while a pair can change', () => {
    const pair: [string, string] = ['a', '1'];
    const given = Object.freeze([pair]);
    expect(checkedFields(given)).toEqual([['a', '1']]);
    pair[1] = 'not\r\nallowed';
    expect(() => checkedFields(given)).toThrow(LocalProtocolError);
  });

  it('is refused each time where it is not valid', () => {
    const given = Object.freeze([Object.freeze(['a b', '1'] as const)]);
    for (let time = 0; time < 2; time += 1) expect(() => checkedFields(given)).toThrow(LocalProtocolError);
  });
});
