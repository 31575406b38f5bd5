import { expect, it } from 'vitest';

import { decimal } from './decimal.ts';

it.each(['0', '7', '007', '11', '999999999999999', '9007199254740993', '18446744073709551616', '', '1e3', '0x10', ' 1', '1,1', '-1', 'x'])(
  'is what Number makes of %j',
  (text) => {
    expect(decimal(text)).toBe(Number(text));
  },
);
