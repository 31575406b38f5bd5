import { inspect } from 'node:util';

import { LocalProtocolError } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { InvalidOption } from '../../errors.ts';
import { Headers } from './headers.ts';

describe('Headers', () => {
  it('keeps order, letter case and duplicates', () => {
    const headers = new Headers([
      ['X-B', '1'],
      ['a', '2'],
      ['x-b', '3'],
    ]);
    expect([...headers]).toEqual([
      ['X-B', '1'],
      ['a', '2'],
      ['x-b', '3'],
    ]);
    expect([...headers.keys()]).toEqual(['X-B', 'a', 'x-b']);
    expect([...headers.values()]).toEqual(['1', '2', '3']);
    expect(headers.size).toBe(3);
  });

  it('finds fields whatever their case, joined or each by itself', () => {
    const headers = new Headers({ Vary: ['accept', 'origin'] });
    expect(headers.get('vary')).toBe('accept, origin');
    expect(headers.getAll('VARY')).toEqual(['accept', 'origin']);
    expect(headers.has('vArY')).toBe(true);
    expect(headers.get('accept')).toBeNull();
    expect(headers.getAll('accept')).toEqual([]);
  });

  it('tells an empty value from an absent field', () => {
    const headers = new Headers({ empty: '' });
    expect(headers.get('empty')).toBe('');
    expect(headers.has('empty')).toBe(true);
  });

  it('never joins Set-Cookie where it is asked for as such', () => {
    const headers = new Headers([
      ['Set-Cookie', 'a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT'],
      ['set-cookie', 'b=2'],
    ]);
    expect(headers.getSetCookie()).toEqual(['a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT', 'b=2']);
  });

  it('sets in the place of the first, appends at the end, deletes all', () => {
    const headers = new Headers([
      ['a', '1'],
      ['b', '2'],
      ['A', '3'],
    ]);
    headers.set('a', 4);
    expect([...headers]).toEqual([
      ['a', '4'],
      ['b', '2'],
    ]);
    headers.append('B', '5');
    headers.delete('b');
    expect([...headers]).toEqual([['a', '4']]);
    headers.set('c', '6');
    expect(headers.get('c')).toBe('6');
  });

  it('is made from records, pairs, maps, the standard class and itself', () => {
    const expected = [['accept', 'text/html']];
    expect([...new Headers({ accept: 'text/html', none: null, unset: undefined })]).toEqual(expected);
    expect([...new Headers(new Map([['accept', 'text/html']]))]).toEqual(expected);
    expect([...new Headers(new globalThis.Headers({ accept: 'text/html' }))]).toEqual(expected);
    expect([...new Headers(new Headers({ accept: 'text/html' }))]).toEqual(expected);
    expect(new globalThis.Headers([...new Headers({ accept: 'text/html' })]).get('accept')).toBe('text/html');
  });

  it('takes own properties only', () => {
    const planted = Object.create({ authorization: 'planted' }) as Record<string, string>;
    planted['accept'] = '*/*';
    expect([...new Headers(planted)]).toEqual([['accept', '*/*']]);
  });

  it('takes the whitespace around a value off, and no more', () => {
    expect(new Headers({ a: ' \t b\tc  ' }).get('a')).toBe('b\tc');
  });

  it.each(['', 'a b', 'a:', 'a\r\n', 'é', 'a\0'])('refuses the name %j', (name) => {
    expect(() => new Headers([[name, 'x']])).toThrow(expect.objectContaining({ code: 'INVALID_HEADER_NAME' }));
    expect(() => new Headers().set(name, 'x')).toThrow(LocalProtocolError);
  });

  it.each(['a\r\nb: c', 'a\nb', 'a\0b', 'a\x7f', '\u20ac', '\r\na'])('refuses the value %j without quoting it', (value) => {
    expect(() => new Headers({ secret: value })).toThrow(
      expect.objectContaining({ code: 'INVALID_HEADER_VALUE', message: expect.not.stringContaining(value) as string }),
    );
    expect(() => new Headers().append('a', value)).toThrow(LocalProtocolError);
  });

  it('refuses what is neither text nor a number', () => {
    const object = { a: {} } as unknown as Record<string, string>;
    expect(() => new Headers(object)).toThrow(InvalidOption);
    expect(() => new Headers([['a']] as unknown as [string, string][])).toThrow(InvalidOption);
  });

  it('can not be changed when it is a view of a message', () => {
    const headers = Headers.view([['a', '1']]);
    expect(() => headers.set('a', '2')).toThrow(TypeError);
    expect(() => headers.append('a', '2')).toThrow(TypeError);
    expect(() => headers.delete('a')).toThrow(TypeError);
    expect(headers.get('a')).toBe('1');
  });

  it('masks credentials and cookies when shown, and only then', () => {
    const headers = new Headers([
      ['Authorization', 'Bearer s3cret'],
      ['Cookie', 'sid=s3cret'],
      ['Set-Cookie', 'sid=s3cret'],
      ['Set-Cookie', 'other=s3cret'],
      ['Proxy-Authorization', 'Basic s3cret'],
      ['X-Api-Key', 's3cret'],
      ['X-Auth-Token', 's3cret'],
      ['Location', 'https://user:s3cret@example.com/next?token=s3cret&page=2'],
      ['Accept', '*/*'],
    ]);
    const shown = inspect(headers, { depth: 5 }) + JSON.stringify(headers);
    expect(shown).not.toContain('s3cret');
    expect(shown).toContain('page=2');
    expect(headers.toJSON()['accept']).toBe('*/*');
    expect(headers.toJSON()['set-cookie']).toEqual(['[redacted]', '[redacted]']);
    expect(inspect(headers)).toMatch(/^Headers \{/);
    expect(headers.get('authorization')).toBe('Bearer s3cret');
  });
});
