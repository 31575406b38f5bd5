import { describe, expect, it } from 'vitest';

import { parseAlternativeNames } from './peer-chain.ts';

describe('parseAlternativeNames', () => {
  it('lists DNS names and IP addresses', () => {
    expect(parseAlternativeNames('DNS:a.example, DNS:*.b.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')).toEqual([
      'a.example',
      '*.b.example',
      '127.0.0.1',
      '0:0:0:0:0:0:0:1',
    ]);
  });

  it('leaves every other kind out', () => {
    expect(parseAlternativeNames('URI:https://c.example/, email:d@example, DNS:e.example, othername:<unsupported>')).toEqual(['e.example']);
  });

  it('does not take a comma inside a quoted value for the start of another name', () => {
    expect(parseAlternativeNames(String.raw`DNS:"evil, DNS:good.example", DNS:"q\"uote", DNS:f.example`)).toEqual([
      'evil, DNS:good.example',
      'q"uote',
      'f.example',
    ]);
    expect(parseAlternativeNames('URI:"x, DNS:good.example"')).toEqual([]);
  });

  it('stops at what it can not read', () => {
    expect(parseAlternativeNames('DNS:a.example, DNS:"unfinished, DNS:good.example')).toEqual(['a.example']);
    expect(parseAlternativeNames(String.raw`DNS:"\x", DNS:b.example`)).toEqual(['b.example']);
    expect(parseAlternativeNames(undefined)).toEqual([]);
  });
});
