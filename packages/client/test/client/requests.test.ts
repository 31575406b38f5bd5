import { describe, expect, it } from 'vitest';

import { acceptEncoding } from '../../src/codings/codings.ts';
import { Headers } from '../../src/request/fields/headers.ts';
import { Request } from '../../src/request/request.ts';
import { defaultFields } from '../../src/request/fields/default-fields.ts';
import type { ScriptedDispatcher } from '../scripted-dispatcher.ts';
import { bodyText, scripted } from '../scripted-dispatcher.ts';

const sent = (dispatcher: ScriptedDispatcher): Headers => new Headers(dispatcher.last.headers);

describe('a request', () => {
  it('has the defaults and nothing else', async () => {
    const { client, dispatcher } = scripted();
    await client.get('http://a.example/path');
    expect(dispatcher.last).toMatchObject({
      method: 'GET',
      url: ['http', 'a.example', null, '/path'],
      headers: [
        ['accept', '*/*'],
        ['accept-encoding', acceptEncoding],
        ['user-agent', expect.stringMatching(/^x-client\/\d+\.\d+\.\d+$/)],
      ],
      body: null,
      timeouts: [10_000, 120_000, 60_000, 30_000],
      context: { signal: expect.any(AbortSignal) as unknown, deadline: undefined },
    });
  });

  it('without options reuses the pairs and parts that it was made of', async () => {
    const { client, dispatcher } = scripted();
    await client.get('http://a.example/path');
    await client.get(new URL('http://a.example/path'));
    const [first, second] = dispatcher.requests;
    expect(second!.headers).toBe(first!.headers);
    expect(second!.url).toBe(first!.url);
    expect(first!.headers).toBe(defaultFields);
  });

  it.each(['get', 'head', 'options', 'post', 'put', 'patch', 'delete'] as const)('is sent by %s()', async (verb) => {
    const { client, dispatcher } = scripted();
    await client[verb]('http://a.example/');
    expect(dispatcher.last.method).toBe(verb.toUpperCase());
  });

  it('is sent by request() with any method', async () => {
    const { client, dispatcher } = scripted();
    await client.request('report', 'http://a.example/', { body: 'x' });
    expect(dispatcher.last.method).toBe('report');
    await client.request('patch', 'http://a.example/');
    expect(dispatcher.last.method).toBe('PATCH');
  });

  it('lays its headers over those of the client', async () => {
    const { client, dispatcher } = scripted({ headers: { 'X-Client': 'c', 'x-both': 'c', 'user-agent': 'mine' } });
    await client.get('http://a.example/', { headers: { 'X-Both': ['1', '2'], accept: null } });
    expect(dispatcher.last.headers).toEqual([
      ['accept-encoding', acceptEncoding],
      ['X-Client', 'c'],
      ['user-agent', 'mine'],
      ['X-Both', '1'],
      ['X-Both', '2'],
    ]);
    await client.get('http://a.example/', { headers: null });
    expect(dispatcher.last.headers).toEqual(defaultFields);
  });

  it('lays its parameters over those of the client, behind those of the URL', async () => {
    const { client, dispatcher } = scripted({ params: { key: 'c', page: 1 } });
    await client.get('http://a.example/?url=1', { params: { page: 2 } });
    expect(dispatcher.last.url[3]).toBe('/?url=1&key=c&page=2');
    await client.get('http://a.example/?url=1');
    expect(dispatcher.last.url[3]).toBe('/?url=1&key=c&page=1');
    await client.get('http://a.example/?url=1', { params: { key: null } });
    expect(dispatcher.last.url[3]).toBe('/?url=1&page=1');
    await client.get('http://a.example/?url=1', { params: null });
    expect(dispatcher.last.url[3]).toBe('/?url=1');
  });

  it('sends its body with the fields that belong to it', async () => {
    const { client, dispatcher } = scripted();
    await client.post('http://a.example/', { json: { a: 1 } });
    expect(sent(dispatcher).get('content-type')).toBe('application/json');
    expect(sent(dispatcher).get('content-length')).toBe('7');
    expect(await bodyText(dispatcher.last.body)).toBe('{"a":1}');
    await client.post('http://a.example/');
    expect(sent(dispatcher).get('content-length')).toBe('0');
    expect(dispatcher.last.body).toBeNull();
  });

  it('is what buildRequest() builds and send() sends', async () => {
    const { client, dispatcher } = scripted({ baseUrl: 'http://a.example/v1', headers: { 'x-client': '1' }, params: { k: 'v' } });
    const request = client.buildRequest('PUT', 'items', { form: { a: 'b' } });
    expect(request.url).toBe('http://a.example/v1/items?k=v');
    const response = await client.send(request.with({ headers: { 'x-later': '2' } }), { timeout: 5_000 });
    expect(sent(dispatcher).toJSON()).toMatchObject({ 'x-client': '1', 'x-later': '2', 'content-length': '3' });
    expect(dispatcher.last.context.deadline).toBeGreaterThan(performance.now());
    expect(response.request.method).toBe('PUT');
    await client.send(new Request('GET', 'http://b.example/'));
    expect(dispatcher.last.headers).toEqual([]);
  });

  it('remembers many URLs without growing for ever, each as itself', async () => {
    const { client, dispatcher } = scripted();
    for (let index = 0; index < 600; index++) await client.get(`http://a.example/${index}`);
    await client.get('http://a.example/0');
    expect(dispatcher.last.url[3]).toBe('/0');
    await client.get(`http://a.example/${'long'.repeat(2_000)}`);
    expect(dispatcher.last.url[3]).toHaveLength(8_001);
  });
});

describe('a baseUrl', () => {
  const options = {
    baseUrl: 'https://user:s3cret@api.example/v1',
    headers: { 'x-key': 's3cret', 'user-agent': 'mine' },
    params: { token: 's3cret' },
  };

  it('is what relative URLs are appended to, with its credentials', async () => {
    const { client, dispatcher } = scripted(options);
    await client.get('items');
    expect(dispatcher.last.url).toEqual(['https', 'api.example', null, '/v1/items?token=s3cret']);
    expect(sent(dispatcher).get('authorization')).toBe(`Basic ${btoa('user:s3cret')}`);
    await client.get('https://api.example/other');
    expect(sent(dispatcher).get('x-key')).toBe('s3cret');
    expect(client.baseUrl).toBe('https://api.example/v1');
  });

  it.each([
    'https://other.example/a',
    'http://api.example/a',
    'https://api.example:8443/a',
    '//other.example/a',
    '\\\\other.example/a',
    'https:other.example',
  ])('gives nothing of its own to %s', async (url) => {
    const { client, dispatcher } = scripted(options);
    await client.get(url);
    await client.post(url, { json: 1, params: { q: 1 }, headers: { 'x-own': '1' } });
    await client.get(url, { headers: null, params: null });
    for (const request of dispatcher.requests) expect(JSON.stringify([request.url, request.headers])).not.toMatch(/s3cret|authorization/);
    expect(new Headers(dispatcher.requests[0]!.headers).toJSON()).toEqual({
      accept: '*/*',
      'accept-encoding': acceptEncoding,
      'user-agent': 'mine',
    });
  });

  it('yields to credentials in the URL and in the headers of a request', async () => {
    const { client, dispatcher } = scripted(options);
    await client.get('https://a:b@api.example/');
    expect(sent(dispatcher).getAll('authorization')).toEqual([`Basic ${btoa('a:b')}`]);
    await client.get('items', { headers: { Authorization: 'Bearer own' } });
    expect(sent(dispatcher).getAll('authorization')).toEqual(['Bearer own']);
    await client.get('https://a:b@other.example/', { headers: null });
    expect(sent(dispatcher).getAll('authorization')).toEqual([`Basic ${btoa('a:b')}`]);
  });

  it.each([
    ['relative', '/v1'],
    ['with a query', 'https://a.example/?a=1'],
    ['with a fragment', 'https://a.example/#a'],
    ['of another type', 7],
  ])('%s is refused', (_, baseUrl) => {
    expect(() => scripted({ baseUrl: baseUrl as string })).toThrow(expect.objectContaining({ name: 'InvalidOption', option: 'baseUrl' }));
  });
});

describe('timeouts', () => {
  it('go down as limits for each phase and as one deadline', async () => {
    const { client, dispatcher } = scripted({ timeout: { connect: 1_000 } });
    const before = performance.now();
    await client.get('http://a.example/', { timeout: 60_000 });
    expect(dispatcher.last.timeouts).toEqual([1_000, null, null, null]);
    expect(dispatcher.last.context.deadline! - before - 60_000).toBeGreaterThanOrEqual(0);
    expect(dispatcher.last.context.deadline! - performance.now()).toBeLessThanOrEqual(60_000);
    await client.get('http://a.example/', { timeout: null });
    expect(dispatcher.last.timeouts).toEqual([null, null, null, null]);
    expect(dispatcher.last.context.deadline).toBeUndefined();
  });
});
