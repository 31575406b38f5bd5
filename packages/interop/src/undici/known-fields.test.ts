import { describe, expect, it } from 'vitest';
import { HeadReader, type UndiciDispatchOptions } from './request-head.ts';

const get = { origin: 'http://a.example:81', path: '/a?b=1', method: 'GET' };
const accept = { accept: '*/*', 'x-a': '1' };

describe('a head that comes again', () => {
  const heads = new HeadReader();
  const read = (options: Partial<UndiciDispatchOptions> = {}): ReturnType<HeadReader['read']> => heads.read({ ...get, ...options });

  it('is the same to the list and the tuple, in objects of its own', () => {
    const [first, second] = [read({ headers: { ...accept } }), read({ headers: { ...accept } })];
    expect(second.headers).toBe(first.headers);
    expect(second.url).toBe(first.url);
    expect(first).toEqual({
      method: 'GET',
      url: ['http', 'a.example', 81, '/a?b=1'],
      headers: [
        ['accept', '*/*'],
        ['x-a', '1'],
      ],
      contentLength: undefined,
      contentType: undefined,
    });
  });

  it.each([
    [
      'another value',
      { accept: '*/*', 'x-a': '2' },
      [
        ['accept', '*/*'],
        ['x-a', '2'],
      ],
    ],
    [
      'another name',
      { accept: '*/*', 'x-b': '1' },
      [
        ['accept', '*/*'],
        ['x-b', '1'],
      ],
    ],
    [
      'another order',
      { 'x-a': '1', accept: '*/*' },
      [
        ['x-a', '1'],
        ['accept', '*/*'],
      ],
    ],
    ['one less', { accept: '*/*' }, [['accept', '*/*']]],
    [
      'two values',
      { accept: ['*/*', 'a/b'] },
      [
        ['accept', '*/*'],
        ['accept', 'a/b'],
      ],
    ],
    ['none', {}, []],
    ['nothing', undefined, []],
    ['a list', ['accept', '*/*'], [['accept', '*/*']]],
    ['pairs', new Map([['accept', '*/*']]), [['accept', '*/*']]],
  ])('is not taken for one with %s', (_, headers, expected) => {
    read({ headers: accept });
    expect(read({ headers }).headers).toEqual(expected);
    expect(read({ headers: accept }).headers).toEqual(Object.entries(accept));
  });

  it.each([
    ['path', { path: '/c' }, ['http', 'a.example', 81, '/c']],
    ['query', { query: { c: 1 }, path: '/a' }, ['http', 'a.example', 81, '/a?c=1']],
    ['port', { origin: 'http://a.example:82' }, ['http', 'a.example', 82, '/a?b=1']],
    ['host', { origin: 'http://b.example:81' }, ['http', 'b.example', 81, '/a?b=1']],
    ['scheme', { origin: 'https://a.example:81' }, ['https', 'a.example', 81, '/a?b=1']],
  ])('is not taken for one of another %s', (_, options, expected) => {
    read();
    expect(read(options).url).toEqual(expected);
    expect(read().url).toEqual(['http', 'a.example', 81, '/a?b=1']);
  });

  it('is refused each time', () => {
    for (let time = 0; time < 2; time += 1) {
      expect(() => read({ headers: { upgrade: 'a' } })).toThrow('invalid upgrade header');
      expect(() => read({ path: '/a b' })).toThrow('invalid request path');
      expect(() => read({ origin: 'ftp://a.example' })).toThrow('Invalid URL protocol');
    }
  });

  it('has what is asked for beside its fields', () => {
    read({ headers: accept });
    expect(read({ headers: accept, reset: true, expectContinue: true, upgrade: 'echo' }).headers.slice(2)).toEqual([
      ['connection', 'close'],
      ['expect', '100-continue'],
      ['connection', 'upgrade'],
      ['upgrade', 'echo'],
    ]);
    expect(read({ headers: accept }).headers).toHaveLength(2);
    expect(read({ headers: { 'content-length': '3', 'content-type': 'a/b' } })).toMatchObject({ contentLength: 3, contentType: 'a/b' });
  });
});
