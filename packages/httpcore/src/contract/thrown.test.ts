import { describe, expect, it } from 'vitest';

import { unreadable } from '../testing/describe-dispatcher-case.ts';
import { catchLater, codeOf, dropLater, isNamed, isOf, textOf, toError } from './thrown.ts';

describe('what others throw', () => {
  it.each(unreadable())('is looked at without harm: %s', (_, thrown) => {
    expect(typeof textOf(thrown)).toBe('string');
    expect(typeof toError(thrown).message).toBe('string');
    expect(() => [codeOf(thrown), isNamed(thrown, 'AbortError'), isOf(Error, thrown)]).not.toThrow();
  });

  it('is told as it is where it is sound', () => {
    const error = Object.assign(new RangeError('too far'), { code: 'EFAR' });
    expect(toError(error)).toBe(error);
    expect([textOf(error), codeOf(error), isOf(RangeError, error), isNamed(error, 'RangeError')]).toEqual(['too far', 'EFAR', true, true]);
    expect(toError('a text')).toMatchObject({ message: 'a text', cause: 'a text' });
    expect(codeOf({ code: 7 })).toBeUndefined();
  });
});

describe('what others return where nothing was asked for', () => {
  it('is listened to where it may fail later', async () => {
    const failures: unknown[] = [];
    const failed = (error: unknown): void => void failures.push(error);
    catchLater(Promise.reject(new Error('later')), failed);
    // oxlint-disable-next-line unicorn/no-thenable
    const thenGetter = Object.defineProperty({}, 'then', {
      get() {
        throw new Error('now');
      },
    });
    catchLater(thenGetter, failed);
    for (const returned of [undefined, null, 7, 'text', {}, Promise.resolve()]) catchLater(returned, failed);
    dropLater(Promise.reject(new Error('nobody is told')));
    await Promise.resolve();
    await Promise.resolve();
    expect(failures).toEqual([new Error('now'), new Error('later')]);
  });
});
