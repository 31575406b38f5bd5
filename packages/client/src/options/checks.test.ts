import { describe, expect, it } from 'vitest';
import { InvalidOption } from '../errors.ts';
import { boolean, count, milliseconds } from './checks.ts';

const strange = [undefined, null, '1', NaN, {}, [], 1n, -1, new Number(1)];

describe('a check of one option', () => {
  it('gives back what is usable', () => {
    expect(boolean('x', false)).toBe(false);
    expect(count('x', 3, { least: 1 })).toBe(3);
    expect(milliseconds('x', 0)).toBe(0);
    expect(milliseconds('x', Infinity)).toBe(Infinity);
  });

  it.each(strange)('refuses %s', (value) => {
    expect(() => boolean('x', value)).toThrow(InvalidOption);
    expect(() => count('x', value, { least: 0 })).toThrow(InvalidOption);
    expect(() => milliseconds('x', value)).toThrow(InvalidOption);
  });

  it('says what the option must be', () => {
    expect(() => boolean('trustEnv', 1)).toThrow('"trustEnv" must be a boolean');
    expect(() => count('maxRedirects', 1.5, { least: 0, or: 'null to follow none' })).toThrow(
      '"maxRedirects" must be a whole number, 0 or more, or null to follow none',
    );
    expect(() => count('size', 0, { least: 1, of: 'bytes' })).toThrow('"size" must be a whole number of bytes, 1 or more');
    expect(() => milliseconds('delay', -1, { or: 'null for no limit' })).toThrow(
      '"delay" must be a number of milliseconds, 0 or more, or null for no limit',
    );
  });
});
