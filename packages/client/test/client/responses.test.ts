import { inspect } from 'node:util';

import { ReadError } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { Request } from '../../src/request/request.ts';
import { HTTPStatusError } from '../../src/response/any-response.ts';
import { scripted } from '../scripted-dispatcher.ts';

describe('a response', () => {
  it('is there as a whole, to be read without await or with one', async () => {
    const { client } = scripted({}, () => ({
      status: 201,
      reason: 'Created',
      httpVersion: '2',
      headers: [['Content-Type', 'application/json']],
      body: '{"name":"ü"}',
      trailers: [['X-Sum', '1']],
    }));
    const response = await client.get('http://a.example/#f');
    expect(response).toMatchObject({ status: 201, reason: 'Created', httpVersion: '2', ok: true, url: 'http://a.example/#f', history: [] });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.bytes().byteLength).toBe(13);
    expect(response.text()).toBe('{"name":"ü"}');
    expect(await response.text()).toBe('{"name":"ü"}');
    expect(response.json<{ name: string }>().name).toBe('ü');
    expect(response.trailers.get('x-sum')).toBe('1');
    expect(response.timings).toMatchObject({ httpVersion: '2', total: expect.any(Number) as number });
    expect(response.attempts).toHaveLength(1);
    expect(response.attempts[0]).toMatchObject({ status: 201, error: undefined, request: response.request });
    expect(response.raiseForStatus()).toBe(response);
  });

  it('decodes by the charset that it states', async () => {
    const { client } = scripted({}, () => ({ headers: [['content-type', 'text/plain; charset=latin1']], body: Uint8Array.of(0xe9) }));
    expect((await client.get('http://a.example/')).text()).toBe('é');
  });

  it.each([
    ['Image/PNG', 'image/png'],
    ['text/plain; charset=utf-8', 'text/plain; charset=utf-8'],
    ['\xff', ''],
    [undefined, ''],
  ])('of the type %j is a Blob of the type %j', async (contentType, type) => {
    const { client } = scripted({}, () => ({ headers: contentType === undefined ? [] : [['content-type', contentType]], body: 'é' }));
    const response = await client.get('http://a.example/');
    for (const blob of [response.blob(), await response.blob(), await (await client.stream('GET', 'http://a.example/')).blob()]) {
      expect(blob).toBeInstanceOf(Blob);
      expect([blob.type, blob.size, await blob.text()]).toEqual([type, 2, 'é']);
    }
  });

  it.each([
    [200, true],
    [299, true],
    [304, false],
    [199, false],
  ])('of status %i is ok: %s, and no error', async (status, ok) => {
    const { client } = scripted({}, () => ({ status }));
    const response = await client.get('http://a.example/');
    expect(response.ok).toBe(ok);
    expect(response.raiseForStatus()).toBe(response);
  });

  it.each([400, 404, 500, 599])('of status %i raises an error that holds it', async (status) => {
    const { client } = scripted({}, () => ({ status, reason: 'No', body: '{"why":"s3cret"}' }));
    const response = await client.delete('http://u:s3cret@a.example/x?token=s3cret');
    let error: unknown;
    try {
      response.raiseForStatus();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(HTTPStatusError);
    const raised = error as HTTPStatusError;
    expect(raised).toMatchObject({
      status,
      code: 'HTTP_STATUS',
      message: `DELETE http://a.example/x?token=[redacted] answered ${status} No`,
    });
    expect(await raised.response.json()).toEqual({ why: 's3cret' });
    expect(inspect(raised) + JSON.stringify(raised)).not.toContain('s3cret');
  });

  it.each(['', '   ', '{"a":', 'hello s3cret'])('that is not JSON says so without quoting: %j', async (body) => {
    const { client } = scripted({}, () => ({ body }));
    const response = await client.get('http://a.example/');
    expect(() => response.json()).toThrow(expect.objectContaining({ name: 'DecodingError', code: 'INVALID_JSON' }));
    expect(() => response.json()).toThrow(/^(?!.*s3cret)/);
  });

  it('fails with the error of its body, unwrapped, and frees what it held', async () => {
    const bodyError = new ReadError('cut off');
    const { client, dispatcher } = scripted({}, () => ({ body: 'half', bodyError }));
    await expect(client.get('http://a.example/')).rejects.toBe(bodyError);
    expect(dispatcher.bodies[0]!.state).toBe('closed');
  });
});

describe('a streamed response', () => {
  const chunks = [Buffer.from('one'), Buffer.from('two')];

  it('is read as it comes', async () => {
    const { client, dispatcher } = scripted({}, () => ({ body: chunks, trailers: [['x', 'y']] }));
    await using response = await client.stream('GET', 'http://a.example/');
    expect(response.trailers).toBeUndefined();
    const seen: string[] = [];
    for await (const chunk of response) seen.push(Buffer.from(chunk).toString());
    expect(seen).toEqual(['one', 'two']);
    expect(response.trailers!.get('x')).toBe('y');
    expect(dispatcher.bodies[0]!.state).toBe('read');
    expect(() => response[Symbol.asyncIterator]()).toThrow(expect.objectContaining({ code: 'BODY_CONSUMED' }));
    await expect(response.bytes()).rejects.toMatchObject({ code: 'BODY_CONSUMED' });
  });

  it('can be read as a whole, again and again', async () => {
    const { client } = scripted({}, () => ({ body: '{"a":1}' }));
    await using response = await client.stream(new Request('GET', 'http://a.example/'));
    expect(await response.json()).toEqual({ a: 1 });
    expect(await response.text()).toBe('{"a":1}');
    let again = '';
    for await (const chunk of response) again += Buffer.from(chunk).toString();
    expect(again).toBe('{"a":1}');
  });

  it('is closed by leaving the loop, by close() and by leaving the scope', async () => {
    const { client, dispatcher } = scripted({}, () => ({ body: chunks }));
    {
      const response = await client.stream('GET', 'http://a.example/');
      for await (const chunk of response) if (chunk.length > 0) break;
      expect(dispatcher.bodies[0]!.state).toBe('closed');
    }
    {
      const response = await client.stream('GET', 'http://a.example/');
      await response.close();
      await response.close();
      expect(dispatcher.bodies[1]!.state).toBe('closed');
      await expect(response.text()).rejects.toMatchObject({ code: 'BODY_CONSUMED' });
    }
    {
      await using response = await client.stream('GET', 'http://a.example/');
      expect(response.status).toBe(200);
    }
    expect(dispatcher.bodies[2]!.state).toBe('closed');
    await client.close();
    expect(client.state).toBe('closed');
  });

  it('raises for its status, and gives its text to the error', async () => {
    const { client } = scripted({}, () => ({ status: 500, body: 'why' }));
    await using response = await client.stream('GET', 'http://a.example/');
    expect(() => response.raiseForStatus()).toThrow(HTTPStatusError);
    expect(await response.text()).toBe('why');
  });
});
