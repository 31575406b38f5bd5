import { afterEach, describe, expect, it } from 'vitest';

import { InvalidOption } from '../errors.ts';
import { ownOptions } from './own-options.ts';

interface Options {
  readonly a?: number | undefined;
  readonly b?: number | undefined;
}
const names = Object.freeze({ a: undefined, b: undefined });

describe('options', () => {
  afterEach(() => {
    delete (Object.prototype as Options & { a?: number }).a;
  });

  it('are read as own properties, whatever was planted on Object.prototype', () => {
    (Object.prototype as { a?: number }).a = 1;
    expect(ownOptions<Options>({ b: 2 }, names).a).toBeUndefined();
    expect(ownOptions<Options>(Object.create({ b: 2 }) as Options, names).b).toBeUndefined();
  });

  it('that are unknown are refused by name', () => {
    const misspelt = { c: 1 } as Options;
    expect(() => ownOptions<Options>(misspelt, names)).toThrow(expect.objectContaining({ name: 'InvalidOption', option: 'c' }));
    expect(() => ownOptions<Options>(misspelt, names, 'parent')).toThrow(/"parent.c"/);
    expect(() => ownOptions<Options>(JSON.parse('{"__proto__": 1}') as Options, names)).toThrow(/"__proto__"/);
  });

  it('are an object', () => {
    for (const input of [null, 7, 'a', []]) expect(() => ownOptions<Options>(input as Options, names)).toThrow(InvalidOption);
  });
});
