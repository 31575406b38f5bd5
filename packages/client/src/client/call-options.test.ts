import { describe, expect, it } from 'vitest';

import { changesSettings, readCallOptions, readRequestOptions } from './call-options.ts';

const noSettings = ['signal', 'trace', 'onInformational', 'onUploadProgress'];

describe('the options of a call', () => {
  it.each(Object.keys(readCallOptions({})))('%s: do they change what the client has set?', (name) => {
    expect(changesSettings(readCallOptions({ [name]: null }))).toBe(!noSettings.includes(name));
    expect(changesSettings(readCallOptions({ [name]: undefined }))).toBe(false);
  });

  it('that are of the message change nothing of that', () => {
    expect(changesSettings(readRequestOptions({ headers: { a: 'b' }, params: { c: 1 }, json: {}, compress: 'gzip' }))).toBe(false);
  });
});
