import { cpuTimeOf } from '@x/testbed/cpu-time';
import { describe, expect, it } from 'vitest';

import { parseAuthParameters, parseChallenges } from './challenge.ts';

type Shown = readonly [scheme: string, content?: string | Readonly<Record<string, string>>];

function shown(...fields: string[]): Shown[] {
  return parseChallenges(fields).map(({ scheme, token68, parameters }) => {
    if (token68 !== undefined) return [scheme, token68];
    return parameters.size === 0 ? [scheme] : [scheme, Object.fromEntries(parameters)];
  });
}

describe('challenges', () => {
  it.each<[string, Shown[]]>([
    ['Basic', [['basic']]],
    ['Basic realm="simple"', [['basic', { realm: 'simple' }]]],
    ['BASIC Realm=token', [['basic', { realm: 'token' }]]],
    ['Basic realm = "a" , charset\t=\t"UTF-8"', [['basic', { realm: 'a', charset: 'UTF-8' }]]],
    ['Negotiate, Basic', [['negotiate'], ['basic']]],
    ['Negotiate YII=', [['negotiate', 'YII=']]],
    [
      'Negotiate a==, Basic realm="x"',
      [
        ['negotiate', 'a=='],
        ['basic', { realm: 'x' }],
      ],
    ],
    ['NTLM a.b-c_d~e+f/g , Basic', [['ntlm', 'a.b-c_d~e+f/g'], ['basic']]],
    // RFC 9110 §11.6.1: the comma in quotes, and the same realm in two schemes.
    [
      'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\", \\\\ here"',
      [
        ['basic', { realm: 'simple' }],
        ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps", \\ here' }],
      ],
    ],
    [', , Basic ,realm="a",,nonce=b, ,', [['basic', { realm: 'a', nonce: 'b' }]]],
    ['Basic\t realm=""', [['basic', { realm: '' }]]],
    ['Digest realm="\xe9\\\t"', [['digest', { realm: '\xe9\t' }]]],
    ['', []],
    [' , ', []],
  ])('%s', (field, expected) => {
    expect(shown(field)).toEqual(expected);
  });

  it('of several fields are in the order of the fields, and none goes on in the next', () => {
    expect(shown('Digest realm="a"', 'nonce="b"', 'Basic realm="c"')).toEqual([
      ['digest', { realm: 'a' }],
      ['basic', { realm: 'c' }],
    ]);
  });

  it.each<[string, Shown[]]>([
    ['Digest realm="a", realm="b", Basic', [['digest', { realm: 'b' }], ['basic']]],
    ['Digest realm="a", REALM="a", Basic', [['digest', { realm: 'a' }], ['basic']]],
    ['Digest realm="a" nonce="b", Basic', [['digest', { realm: 'a', nonce: 'b' }], ['basic']]],
    ['Digest realm="a"nonce=b\tqop = "auth"', [['digest', { realm: 'a', nonce: 'b', qop: 'auth' }]]],
    ['Digest realm="a", nonce=, opaque=', [['digest', { realm: 'a', nonce: '', opaque: '' }]]],
    ['Digest nonce=YWJj==, realm="a"', [['digest', { nonce: 'YWJj==', realm: 'a' }]]],
    ['Digest realm="a", nonce=YWJj==, Basic', [['digest', { realm: 'a', nonce: 'YWJj==' }], ['basic']]],
    ['Digest opaque=a/b+c= nonce=n', [['digest', { opaque: 'a/b+c=', nonce: 'n' }]]],
    ['Digest domain=/, nonce=n', [['digest', { domain: '/', nonce: 'n' }]]],
    ['Digest domain=http://a.example/?b;c, nonce=n', [['digest', { domain: 'http://a.example/?b;c', nonce: 'n' }]]],
  ])('takes what curl takes, too: %s', (field, expected) => {
    expect(shown(field)).toEqual(expected);
  });

  it.each<[string, Shown[]]>([
    ['Digest realm="a"x, Basic', [['basic']]],
    ['Digest realm=, Basic', [['digest', 'realm='], ['basic']]],
    ['Digest "realm", Basic', [['basic']]],
    ['Digest a b, Basic', [['basic']]],
    ['Digest a b=c, Basic', [['basic']]],
    ['Digest abc=, realm="a", Basic', [['basic']]],
    ['Digest@, Basic', [['basic']]],
    ['realm="a", Basic', [['basic']]],
    ['=, Basic', [['basic']]],
    ['Digest realm="never closed, Basic', []],
    ['Digest realm="ends in a backslash\\', []],
    ['Digest realm="a\0b", Basic', [['basic']]],
    ['Digest realm="a\\\0b", Basic', [['basic']]],
    ['Digest realm="a, b" junk ", Evil x=y", Basic', [['basic']]],
    ['Digest realm="a" Basic realm="b", Bearer', [['bearer']]],
    ['Digest nonce=a"b, Evil x=y", Basic', [['basic']]],
    ['\xff\xfe, Basic', [['basic']]],
  ])('leaves out what is malformed, and only that: %s', (field, expected) => {
    expect(shown(field)).toEqual(expected);
  });

  it('has limits', () => {
    expect(parseChallenges(Array.from({ length: 40 }, () => 'A, B'))).toHaveLength(64);
    const names = (count: number): string => `A ${Array.from({ length: count }, (_, index) => `p${index}=1`).join(', ')}`;
    expect(parseChallenges([names(64)])[0]?.parameters.size).toBe(64);
    expect(parseChallenges([names(65)])).toEqual([]);
  });

  it.each([
    ['spaces', `Basic${' '.repeat(60_000)}x`],
    ['commas', ','.repeat(60_000)],
    ['a long token', `${'a'.repeat(60_000)} ${'b'.repeat(60_000)}"`],
    ['tokens that begin like a token68', `A ${'b='.repeat(30_000)}"`],
    ['a quoted string that never ends', `A b="${'x\\"'.repeat(20_000)}`],
    ['quotes', `A ${'"'.repeat(60_000)}`],
    ['equals signs', `A ${'='.repeat(60_000)}`],
    ['parameters without commas', `A ${'b="c" '.repeat(10_000)}`],
    ['one value and many spaces', `A b="c"${' '.repeat(60_000)}d`],
  ])('takes no longer for a field of %s', async (_, field) => {
    const cost = await cpuTimeOf(() => {
      for (let round = 0; round < 5; round++) parseChallenges([field]);
    });
    expect(cost).toBeLessThan(1_000);
  });
});

describe('parameters', () => {
  it.each([
    ['nextnonce="a, b", QOP=auth', { nextnonce: 'a, b', qop: 'auth' }],
    ['', {}],
    [' , a=b,, ', { a: 'b' }],
    ['a=b c=d', { a: 'b', c: 'd' }],
    ['a=b, a=c', { a: 'c' }],
    ['a=', { a: '' }],
  ])('%s', (field, expected) => {
    expect(Object.fromEntries(parseAuthParameters(field)!)).toEqual(expected);
  });

  it.each(['a', 'a=b c', '"a"=b', 'Digest a=b', 'a="'])('are none with %s', (field) => {
    expect(parseAuthParameters(field)).toBeUndefined();
  });
});
