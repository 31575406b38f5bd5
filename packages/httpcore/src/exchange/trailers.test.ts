import { expect, it } from 'vitest';

import { LocalProtocolError } from '../contract/errors.ts';
import { resolveTrailers } from './trailers.ts';

it('asks for trailers where there are some, and checks them', async () => {
  expect(await resolveTrailers(undefined)).toBeNull();
  expect(await resolveTrailers([['a', 'b']])).toEqual([['a', 'b']]);
  expect(await resolveTrailers(() => Promise.resolve([['a', 'b']] as const))).toEqual([['a', 'b']]);
  await expect(resolveTrailers(() => [['a', '\n']])).rejects.toBeInstanceOf(LocalProtocolError);
});
