import { cpuTimeOf } from '@x/testbed/cpu-time';
import { describe, expect, it } from 'vitest';

import { linksByRelation, parseLinks } from './links.ts';

const base = 'https://a.example/items?page=1';

describe('the links of a response', () => {
  it('as an API pages with them', () => {
    const field =
      '<https://a.example/items?page=2>; rel="next", <https://a.example/items?page=9>; rel="last"; title="The \\"last\\" page", </items>;rel=first';
    const links = parseLinks(field, base);
    expect(links).toEqual([
      { url: 'https://a.example/items?page=2', relations: ['next'], params: {} },
      { url: 'https://a.example/items?page=9', relations: ['last'], params: { title: 'The "last" page' } },
      { url: 'https://a.example/items', relations: ['first'], params: {} },
    ]);
    expect(linksByRelation(links).next?.url).toBe('https://a.example/items?page=2');
    expect(linksByRelation(links).prev).toBeUndefined();
  });

  it.each<[string, string, object[]]>([
    ['a target with commas and semicolons', '<a,b;c>; rel=x', [{ url: 'https://a.example/a,b;c', relations: ['x'], params: {} }]],
    [
      'commas in quotes',
      '<a>; title="x, <b>; rel=y"; rel=x',
      [{ url: 'https://a.example/a', relations: ['x'], params: { title: 'x, <b>; rel=y' } }],
    ],
    [
      'several relations',
      '<a>; rel="NEXT  https://b.example/Rel"',
      [{ url: 'https://a.example/a', relations: ['next', 'https://b.example/rel'], params: {} }],
    ],
    [
      'the first of several parameters',
      '<a>; rel=x; rel=y; TYPE=a; type=b',
      [{ url: 'https://a.example/a', relations: ['x'], params: { type: 'a' } }],
    ],
    [
      'spaces everywhere',
      ' < a > ;\trel = "x" ; title = y ,, ',
      [{ url: 'https://a.example/a', relations: ['x'], params: { title: 'y' } }],
    ],
    [
      'a parameter without a value',
      '<a>; rel=preload; nopush',
      [{ url: 'https://a.example/a', relations: ['preload'], params: { nopush: '' } }],
    ],
    ['no relation', '<a>', [{ url: 'https://a.example/a', relations: [], params: {} }]],
    ['an empty target, which is the page itself', '<>; rel=self', [{ url: base, relations: ['self'], params: {} }]],
    ['another page', '<a>; rel=x; anchor="/other"', []],
    ['this page by name', '<a>; rel=x; anchor="?page=1"', [{ url: 'https://a.example/a', relations: ['x'], params: {} }]],
    ['no URL, then one', '<http://[>; rel=x, <b>; rel=y', [{ url: 'https://a.example/b', relations: ['y'], params: {} }]],
    ['nothing', '', []],
    ['no link', 'rel=next', []],
    ['a target without an end', '<https://a.example/; rel=next', []],
    ['quotes without an end', '<a>; rel="x', [{ url: 'https://a.example/a', relations: ['x'], params: {} }]],
    ['a backslash at the end', '<a>; rel="x\\', [{ url: 'https://a.example/a', relations: ['x'], params: {} }]],
  ])('%s', (_, field, expected) => {
    expect(parseLinks(field, base)).toEqual(expected);
  });

  it('by relation have no relations that nobody gave', () => {
    const links = linksByRelation(parseLinks('<a>; rel="__proto__ constructor"; __proto__=x', base));
    expect(Object.keys(links)).toEqual(['__proto__', 'constructor']);
    expect(links['toString']).toBeUndefined();
    expect(Object.getPrototypeOf(parseLinks('<a>; __proto__=x', base)[0]!.params)).toBe(Object.prototype);
  });

  it('are read in one pass, however they are written', async () => {
    const texts = ['<a>; x="\\'.repeat(20_000), '<'.repeat(60_000), '<a>;'.repeat(20_000)];
    expect(await cpuTimeOf(() => texts.forEach((text) => parseLinks(text, base)))).toBeLessThan(2_000);
    expect(parseLinks('<a>, '.repeat(2_000), base)).toHaveLength(1_000);
  });
});
