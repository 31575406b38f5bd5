import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { Client, type BodyInput, type RequestOptions } from '@x/client';
import { startServer, type EchoedRequest, type Upload } from '@x/testbed';
import { describe, expect, it } from 'vitest';

const named = (echoed: EchoedRequest, name: string): string[] =>
  echoed.headers.filter(([candidate]) => candidate.toLowerCase() === name).map(([, value]) => value);

describe('over the network, a request', () => {
  it('is what the server sees', async () => {
    await using server = await startServer('echo');
    await using client = new Client({ baseUrl: server.url('/v1').replace('//', '//user:pass@'), headers: { 'X-Mixed-Case': 'kept' } });
    const echoed = (await client.get('items', { params: { q: 'a b', tag: ['x', 'y'] } })).raiseForStatus().json<EchoedRequest>();
    expect(echoed).toMatchObject({ method: 'GET', target: '/v1/items?q=a%20b&tag=x&tag=y', httpVersion: '1.1', body: '' });
    expect(named(echoed, 'host')).toEqual([`127.0.0.1:${server.port}`]);
    expect(named(echoed, 'accept')).toEqual(['*/*']);
    expect(named(echoed, 'user-agent')[0]).toMatch(/^x-client\//);
    expect(named(echoed, 'authorization')).toEqual([`Basic ${btoa('user:pass')}`]);
    expect(named(echoed, 'accept-encoding')[0]).toMatch(/^gzip, deflate, br/);
    expect(echoed.headers).toContainEqual(['X-Mixed-Case', 'kept']);
  });

  it.each(['get', 'options', 'post', 'put', 'patch', 'delete'] as const)('goes out by %s()', async (verb) => {
    await using server = await startServer('echo');
    await using client = new Client();
    const echoed = (await client[verb](server.url('/'))).json<EchoedRequest>();
    expect(echoed.method).toBe(verb.toUpperCase());
    expect(named(echoed, 'content-length')).toEqual(['post', 'put', 'patch'].includes(verb) ? ['0'] : []);
    expect(named(echoed, 'transfer-encoding')).toEqual([]);
  });

  it('by head() has no body, and its connection is used again; not that of a 304 that announces content', async () => {
    await using server = await startServer('status');
    await using client = new Client();
    const response = await client.head(server.url('/200'));
    expect(response.bytes()).toHaveLength(0);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(0);
    expect((await client.get(server.url('/204'))).text()).toBe('');
    expect((await client.get(server.url('/304'))).status).toBe(304);
    expect(server.connections.accepted).toBe(1);
    // Whether its content still comes nobody can tell: it must not be the next answer.
    expect((await client.get(server.url('/204'))).text()).toBe('');
    expect(server.connections.accepted).toBe(2);
  });

  it.each<[string, () => BodyInput, string, Upload['framing'], string | undefined]>([
    ['text', () => 'grüße', 'grüße', 'length', 'text/plain;charset=UTF-8'],
    ['bytes', () => Buffer.from('bytes'), 'bytes', 'length', undefined],
    ['no bytes', () => new Uint8Array(0), '', 'length', undefined],
    ['a Blob', () => new Blob(['blob'], { type: 'text/x-own' }), 'blob', 'length', 'text/x-own'],
    ['an array of chunks', () => ['one', Buffer.from('two')], 'onetwo', 'length', undefined],
    ['URLSearchParams', () => new URLSearchParams({ a: 'b' }), 'a=b', 'length', 'application/x-www-form-urlencoded'],
    ['a web stream', () => new Blob(['web']).stream() as ReadableStream<Uint8Array>, 'web', 'chunked', undefined],
    ['a Node stream', () => Readable.from(['no', 'de']), 'node', 'chunked', undefined],
    ['a generator', () => ['gene', 'rator'].values(), 'generator', 'chunked', undefined],
    ['an async function', () => () => Promise.resolve(Readable.from(['made'])), 'made', 'chunked', undefined],
  ])('carries %s', async (_, body, text, framing, contentType) => {
    await using server = await startServer('echo');
    await using uploads = await startServer('upload');
    await using client = new Client();
    expect((await client.post(server.url('/'), { body: body() })).json<EchoedRequest>().body).toBe(text);
    expect((await client.put(uploads.url('/'), { body: body() })).json<Upload>()).toMatchObject({
      framing,
      ...(contentType === undefined ? {} : { contentType }),
    });
  });

  it('carries JSON and forms', async () => {
    await using server = await startServer('echo');
    await using client = new Client();
    const json = (await client.post(server.url('/'), { json: { name: 'ü', none: null } })).json<EchoedRequest>();
    expect(json.body).toBe('{"name":"ü","none":null}');
    expect(named(json, 'content-type')).toEqual(['application/json']);
    expect(named(json, 'content-length')).toEqual(['25']);
    const form = (await client.post(server.url('/'), { form: { a: 'b c', d: [1, 2] } })).json<EchoedRequest>();
    expect(form.body).toBe('a=b+c&d=1&d=2');
    expect(named(form, 'content-type')).toEqual(['application/x-www-form-urlencoded']);
  });

  it('carries a stream of a stated length, with trailers when it has none', async () => {
    await using server = await startServer('echo');
    await using client = new Client();
    const sized = await client.post(server.url('/'), { body: Readable.from(['12345']), headers: { 'content-length': 5 } });
    expect(named(sized.json<EchoedRequest>(), 'transfer-encoding')).toEqual([]);
    const chunked = await client.post(server.url('/'), { body: Readable.from(['12345']), trailers: [['x-sum', '15']] });
    expect(chunked.json<EchoedRequest>().trailers).toEqual([['x-sum', '15']]);
  });

  it.each<[string, RequestOptions]>([
    ['text', { body: '12345' }],
    ['JSON', { json: { a: 1 } }],
    ['a form', { form: { a: 1 } }],
    ['files', { files: { a: new Blob(['x']) } }],
    ['a compressed body', { body: '12345', compress: 'gzip' }],
    ['a Blob', { body: new Blob(['x']) }],
    ['nothing', {}],
  ])('carries trailers after %s', async (_, options) => {
    await using server = await startServer('echo');
    await using client = new Client();
    const trailers = [['x-sum', '15']] as const;
    const echo = (await client.post(server.url('/'), { ...options, trailers })).json<EchoedRequest>();
    expect(echo.trailers).toEqual(trailers);
    expect(named(echo, 'content-length')).toEqual([]);
    const later = client.buildRequest('POST', server.url('/'), options).with({ trailers });
    expect((await client.send(later)).json<EchoedRequest>().trailers).toEqual(trailers);
    const without = later.with({ body: 'x' });
    expect((await client.send(without)).json<EchoedRequest>().trailers).toEqual(trailers);
  });

  it('that was built can be sent twice, unless its body can be read once', async () => {
    await using server = await startServer('echo');
    await using client = new Client({ baseUrl: server.origin });
    const again = client.buildRequest('POST', '/', { body: () => Readable.from(['again']) });
    for (let round = 0; round < 2; round++) expect((await client.send(again)).json<EchoedRequest>().body).toBe('again');
    const once = client.buildRequest('POST', '/', { body: Readable.from(['once']) });
    expect((await client.send(once)).json<EchoedRequest>().body).toBe('once');
    await expect(client.send(once)).rejects.toMatchObject({ code: 'BODY_NOT_REPLAYABLE' });
  });

  it('that fails closes the stream that it was to send', async () => {
    await using client = new Client();
    const file = createReadStream(fileURLToPath(import.meta.url));
    const closed = once(file, 'close');
    const refused = client.post('http://127.0.0.1:1/', { body: file, signal: AbortSignal.abort() });
    await expect(refused).rejects.toMatchObject({ code: 'ABORTED' });
    await closed;
    expect(file.destroyed).toBe(true);
  });

  it('whose body throws fails with that cause', async () => {
    await using server = await startServer('upload');
    await using client = new Client();
    const cause = new Error('disk on fire');
    const body = (async function* () {
      yield 'first';
      throw cause;
    })();
    await expect(client.post(server.url('/'), { body })).rejects.toMatchObject({ name: 'WriteError', code: 'REQUEST_BODY_FAILED', cause });
  });

  it('with a header that no header may be is refused before anything is sent', async () => {
    await using server = await startServer('echo');
    await using client = new Client();
    await expect(client.get(server.url('/'), { headers: { a: 'b\r\nc: d' } })).rejects.toMatchObject({ code: 'INVALID_HEADER_VALUE' });
    await expect(client.request('GE T', server.url('/'))).rejects.toMatchObject({ code: 'INVALID_METHOD' });
    expect(server.connections.accepted).toBe(0);
  });
});
