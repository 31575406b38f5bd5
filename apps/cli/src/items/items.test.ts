import { describe, expect, it } from 'vitest';
import { readItem } from './item.ts';
import { JsonTree } from './json-tree.ts';

const shape = (word: string): string => {
  const { kind, key, value, isPath } = readItem(word);
  return `${kind} ${key} ${isPath ? '@' : ''}${value}`;
};

describe('an item', () => {
  it.each([
    ['name=value', 'text name value'],
    ['name=', 'text name '],
    ['a=b=c:d@e', 'text a b=c:d@e'],
    ['age:=30', 'json age 30'],
    ['list:=["a", 1]', 'json list ["a", 1]'],
    ['X-Key:value', 'header X-Key value'],
    ['Referer:http://a.test/?a==b', 'header Referer http://a.test/?a==b'],
    ['Accept:', 'header Accept '],
    ['Empty;', 'header Empty '],
    ['q==a b', 'param q a b'],
    ['q==', 'param q '],
    ['photo@~/a.png;type=image/png', 'upload photo @~/a.png;type=image/png'],
    ['photo@C:\\Users\\ada\\a=b.png', 'upload photo @C:\\Users\\ada\\a=b.png'],
    ['@-', 'upload  @-'],
    ['text=@a.txt', 'text text @a.txt'],
    ['data:=@a.json', 'json data @a.json'],
    ['q==@a.txt', 'param q @a.txt'],
    ['X-Key:@key.txt', 'header X-Key @key.txt'],
    ['a\\=b=c', 'text a=b c'],
    ['a\\:b\\@c:d', 'header a:b@c d'],
    ['a[b]=c', 'text a[b] c'],
    ['a\\[b=c', 'text a\\[b c'],
    ['ключ=значение', 'text ключ значение'],
    ['win\\path=x', 'text win\\path x'],
  ])('%s', (word, expected) => expect(shape(word)).toBe(expected));

  it.each(['word', 'a\\=b', '', '=x', ';', 'a b;'])('%j is none', (word) => expect(() => readItem(word)).toThrow(/no item|needs a name/u));
});

describe('nested names', () => {
  const json = (...fields: readonly (readonly [string, string])[]): unknown => {
    const tree = new JsonTree();
    for (const [name, value] of fields) tree.set(name, value);
    return JSON.parse(tree.toString()) as unknown;
  };

  it('make objects and lists', () => {
    expect(json(['a[b]', '1'], ['a[c][d]', '2'], ['e', '"f"'])).toEqual({ a: { b: 1, c: { d: 2 } }, e: 'f' });
    expect(json(['l[]', '1'], ['l[]', '2'], ['l[3]', '4'])).toEqual({ l: [1, 2, null, 4] });
    expect(json(['[]', '1'], ['[]', '2'])).toEqual([1, 2]);
    expect(json(['[0][a]', '1'], ['[0][b]', '2'])).toEqual([{ a: 1, b: 2 }]);
    expect(json(['l[][a]', '1'], ['l[][a]', '2'])).toEqual({ l: [{ a: 1 }, { a: 2 }] });
    expect(json(['a\\[b', '1'], ['a[\\1]', '2'], ['c\\\\d', '3'])).toEqual({ 'a[b': 1, a: { 1: 2 }, 'c\\d': 3 });
    expect(json(['', '1'])).toEqual({ '': 1 });
  });

  it('reach no prototype', () => {
    const made = json(['__proto__[polluted]', '1'], ['constructor[prototype][polluted]', '2']) as object;
    expect(Object.keys(made)).toEqual(['__proto__', 'constructor']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('keep numbers as they were written', () => {
    const tree = new JsonTree();
    tree.set('id', '12345678901234567890.10');
    expect(tree.toString()).toBe('{"id": 12345678901234567890.10}');
  });

  it('that contradict each other are told, and so are brackets that are none', () => {
    expect(() => json(['a', '1'], ['a[b]', '2'])).toThrow('a[b] needs an object where an item before it says a value');
    expect(() => json(['a[]', '1'], ['a[b]', '2'])).toThrow('a[b] needs an object where an item before it says a list');
    expect(() => json(['a[b]', '1'], ['a[]', '2'])).toThrow('a[] needs a list');
    for (const name of ['a[b', 'a[b]c', 'a[[b]]', `a${'[b]'.repeat(200)}`, 'a[999999]']) expect(() => json([name, '1'])).toThrow(/\[/u);
  });

  it('later ones replace earlier ones', () => {
    expect(json(['a', '1'], ['a', '2'])).toEqual({ a: 2 });
  });
});
