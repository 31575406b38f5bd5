import { createSecureContext, type SecureContext } from 'node:tls';
import { expect, it } from 'vitest';

import { looksAtOptions, passedOver } from './tls-honesty.ts';

it('a runtime that takes a curve which does not exist looks at nothing', () => {
  expect(looksAtOptions(() => ({}) as SecureContext)).toBe(false);
  expect(
    looksAtOptions(() => {
      throw new Error('no such curve');
    }),
  ).toBe(true);
});

it('is not asked where no option narrows whom TLS trusts', () => {
  expect(
    passedOver(
      () => false,
      () => expect.unreachable(),
    ),
  ).toBeUndefined();
});

it('this one is what it shows itself to be', () => {
  const expected = looksAtOptions(createSecureContext) ? undefined : 'sigalgs';
  expect(passedOver((name) => name !== 'crl', createSecureContext)).toBe(expected);
});
