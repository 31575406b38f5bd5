import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { bodyText } from '../../test/scripted-dispatcher.ts';
import { InvalidOption } from '../errors.ts';
import { Request } from './request.ts';

const names = (request: Request): string[] => request.rawHeaders.map(([name]) => name);

describe('a request', () => {
  it('of its own has only what it was given', () => {
    const request = new Request('get', 'https://user:pass@example.com:8443/a?b=1#c', {
      params: { d: 2 },
      headers: { Accept: 'text/html' },
    });
    expect(request.method).toBe('GET');
    expect(request.url).toBe('https://example.com:8443/a?b=1&d=2#c');
    expect(request.urlParts).toEqual(['https', 'example.com', 8443, '/a?b=1&d=2']);
    expect([...request.headers]).toEqual([
      ['authorization', `Basic ${btoa('user:pass')}`],
      ['Accept', 'text/html'],
    ]);
    expect(request.body).toBeNull();
  });

  it('keeps methods that are not standard as they are', () => {
    expect(new Request('report', 'http://a.example').method).toBe('report');
    expect(new Request('patch', 'http://a.example').method).toBe('PATCH');
    expect(() => new Request(7 as unknown as string, 'http://a.example')).toThrow(InvalidOption);
  });

  it('says how long its body is, and what it is', () => {
    const json = new Request('POST', 'http://a.example', { json: { a: 1 } });
    expect(json.headers.toJSON()).toEqual({ 'content-type': 'application/json', 'content-length': '7' });
    const stream = new Request('POST', 'http://a.example', { body: new ReadableStream<Uint8Array>() });
    expect(names(stream)).toEqual([]);
    const own = new Request('POST', 'http://a.example', { json: {}, headers: { 'Content-Type': 'application/ld+json' } });
    expect(own.headers.getAll('content-type')).toEqual(['application/ld+json']);
    const chunked = new Request('POST', 'http://a.example', { body: 'abc', headers: { 'Transfer-Encoding': 'chunked' } });
    expect(chunked.headers.has('content-length')).toBe(false);
  });

  it.each([
    ['POST', '0'],
    ['PUT', '0'],
    ['PATCH', '0'],
    ['GET', null],
    ['DELETE', null],
    ['OPTIONS', null],
  ])('%s without a body has the Content-Length %s', (method, length) => {
    expect(new Request(method, 'http://a.example').headers.get('content-length')).toBe(length);
    expect(new Request(method, 'http://a.example', { body: null }).headers.get('content-length')).toBe(length);
  });

  it('has one body', () => {
    const two = { json: 1, form: { a: 1 } } as unknown as { json: unknown };
    expect(() => new Request('POST', 'http://a.example', two)).toThrow(/"form" can not be used together with "json"/);
    expect(() => new Request('POST', 'http://a.example', { json: null, body: 'x' } as unknown as { json: unknown })).toThrow(InvalidOption);
  });

  it('refuses options that are not of a message', () => {
    expect(() => new Request('GET', 'http://a.example', { timeout: 5 } as never)).toThrow(/"timeout" is not known here/);
  });
});

describe('with()', () => {
  const request = new Request('POST', 'https://example.com/a', {
    json: { a: 1 },
    headers: { Authorization: 'Bearer t', cookie: 'a=b', host: 'virtual.example', 'x-one': '1', 'x-two': '2' },
  });

  it('leaves the request as it was', () => {
    const before = JSON.stringify(request);
    request.with({ method: 'PUT', url: '/b', headers: { 'x-one': null }, body: 'text', params: { q: 1 } });
    expect(JSON.stringify(request)).toBe(before);
    expect(() => request.headers.set('a', 'b')).toThrow(TypeError);
  });

  it('lays headers over the present ones', () => {
    const changed = request.with({ headers: { 'X-One': 'one', 'x-two': null, 'x-three': ['3', '4'] } });
    expect(names(changed)).toEqual(['Authorization', 'cookie', 'host', 'content-type', 'content-length', 'X-One', 'x-three', 'x-three']);
    expect(changed.with({ headers: null, body: null }).rawHeaders).toEqual([['content-length', '0']]);
  });

  it('resolves a URL against the present one and appends parameters', () => {
    const changed = request.with({ url: '../b?x=1', params: { y: 2 } });
    expect(changed.url).toBe('https://example.com/b?x=1&y=2');
    expect(changed.headers.get('authorization')).toBe('Bearer t');
    expect(changed.headers.get('cookie')).toBe('a=b');
  });

  it.each(['https://other.example/', 'http://example.com/', 'https://example.com:8443/', '//other.example/'])(
    'leaves credentials behind on the way to %s',
    (url) => {
      const changed = request.with({ url });
      expect(names(changed)).toEqual(['x-one', 'x-two', 'content-type', 'content-length']);
      expect(request.with({ url, headers: { authorization: 'Basic x' } }).headers.get('authorization')).toBe('Basic x');
    },
  );

  it('takes the credentials of a new URL', () => {
    const changed = request.with({ url: 'https://u:p@other.example/' });
    expect(changed.headers.getAll('authorization')).toEqual([`Basic ${btoa('u:p')}`]);
    expect(changed.url).toBe('https://other.example/');
  });

  it('gives a new body its own type and length', async () => {
    const changed = request.with({ body: 'text' });
    expect(changed.headers.get('content-type')).toBe('text/plain;charset=UTF-8');
    expect(changed.headers.getAll('content-length')).toEqual(['4']);
    expect(await bodyText(changed.body!.open())).toBe('text');
    const emptied = request.with({ method: 'GET', body: null });
    expect(emptied.headers.has('content-type')).toBe(false);
    expect(emptied.headers.has('content-length')).toBe(false);
    expect(emptied.with({ method: 'PUT' }).headers.get('content-length')).toBe('0');
    expect(emptied.with({ method: 'PUT' }).with({ method: 'DELETE' }).headers.has('content-length')).toBe(false);
  });

  it('keeps the body otherwise, with a length that the caller stated', () => {
    const stream = new Request('POST', 'http://a.example', { body: new ReadableStream<Uint8Array>(), headers: { 'content-length': 5 } });
    const changed = stream.with({ method: 'PUT', headers: { a: 'b' } });
    expect(changed.body).toBe(stream.body);
    expect(changed.headers.get('content-length')).toBe('5');
  });
});

describe('a request that is shown', () => {
  it('has no credentials, no cookies and no content', () => {
    const request = new Request('POST', 'https://user:s3cret@example.com/a?access_token=s3cret#s3cret', {
      json: { password: 's3cret' },
      headers: { cookie: 'sid=s3cret', 'proxy-authorization': 's3cret' },
    });
    const shown = inspect(request, { depth: 9, showHidden: true }) + JSON.stringify(request);
    expect(shown).not.toContain('s3cret');
    expect(shown).not.toContain(btoa('user:s3cret'));
    expect(shown).toContain('https://example.com/a?access_token=[redacted]');
  });
});
