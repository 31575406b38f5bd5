import { describe, expect, expectTypeOf, it } from 'vitest';

import { Client, DecodingError, HTTPStatusError, InvalidOption, StreamResponse, type ResponseInit } from '../../src/index.ts';
import { mockClient } from '../../src/testing/index.ts';
import type { ApplicationAnswer } from '@x/httpcore';

const url = 'http://a.example/';

function answering(answer: ApplicationAnswer, options = {}): Client {
  return mockClient(() => answer, options);
}

describe('throwOnStatus', () => {
  const bad: ApplicationAnswer = { status: 404, headers: [['content-type', 'text/plain']], body: 'gone' };

  it('makes a status an error, by client or call', async () => {
    const client = answering(bad, { throwOnStatus: true });
    await expect(client.get(url)).rejects.toMatchObject({ name: 'HTTPStatusError', status: 404 });
    await expect(client.stream('GET', url)).rejects.toBeInstanceOf(HTTPStatusError);
    expect((await client.get(url, { throwOnStatus: false })).status).toBe(404);
    expect((await client.extend({ throwOnStatus: null }).get(url)).status).toBe(404);
    await expect(answering(bad).get(url, { throwOnStatus: true })).rejects.toBeInstanceOf(HTTPStatusError);
    await expect(answering(bad).get(url, { throwOnStatus: 1 as never })).rejects.toBeInstanceOf(InvalidOption);
  });

  it('keeps the body of a whole read, leaves what is good alone, and is not for fetch', async () => {
    const client = answering(bad, { throwOnStatus: true });
    const error = await client.get(url).catch((caught: unknown) => caught as HTTPStatusError);
    expect((error as HTTPStatusError).response.text()).toBe('gone');
    expect((await client.fetch(url)).status).toBe(404);
    expect((await answering({ status: 302 }, { throwOnStatus: true, followRedirects: false }).get(url)).status).toBe(302);
  });
});

describe('context', () => {
  it('is told to interceptors, laid over that of the client, and to nobody else', async () => {
    const seen: unknown[] = [];
    const client = answering(
      { status: 500 },
      {
        context: { tenant: 'a', kind: 'client' },
        interceptors: [
          (request: never, { data }: { data: object }, next: (request: never) => unknown) => {
            seen.push({ ...data });
            return next(request);
          },
        ],
      },
    );
    const secret = Symbol('secret');
    const error = await client
      .get(url, { context: { kind: 'call', [secret]: 's3cret' }, throwOnStatus: true })
      .catch((caught: unknown) => caught);
    await client.get(url, { context: null });
    expect(seen).toEqual([{ tenant: 'a', kind: 'call', [secret]: 's3cret' }, {}]);
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('s3cret');
    await expect(client.get(url, { context: 'x' as never })).rejects.toBeInstanceOf(InvalidOption);
  });
});

describe('JSON', () => {
  const text = '{"id":9007199254740993}';
  const big = (json: string): unknown => JSON.parse(json.replace(/\d{16,}/u, '"$&n"'));

  it('is read and written by functions of the caller', async () => {
    const bodies: string[] = [];
    const client = mockClient(
      async (request) => {
        bodies.push(await new Response(request.body as never).text());
        return { status: 200, body: text };
      },
      { parseJson: big, stringifyJson: (value) => `own:${String(value)}` },
    );
    expect((await client.post(url, { json: 1 })).json()).toEqual({ id: '9007199254740993n' });
    await using streamed = await client.stream('POST', url, { json: 2, stringifyJson: null });
    expect(await streamed.json()).toEqual({ id: '9007199254740993n' });
    expect((await client.get(url, { parseJson: null })).json()).toEqual(JSON.parse(text));
    expect(await client.get(url).json()).toEqual({ id: '9007199254740993n' });
    expect(bodies.slice(0, 2)).toEqual(['own:1', '2']);
  });

  it('tells what such a function has thrown', async () => {
    const cause = new Error('no');
    const thrower = (): never => {
      throw cause;
    };
    await expect(answering({ status: 200, body: '{}' }, { parseJson: thrower }).get(url).json()).rejects.toMatchObject({
      code: 'INVALID_JSON',
      cause,
    });
    await expect(answering({ status: 200 }, { stringifyJson: thrower }).post(url, { json: {} })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      cause,
    });
    await expect(answering({ status: 200 }, { stringifyJson: () => 1 as never }).post(url, { json: {} })).rejects.toBeInstanceOf(
      InvalidOption,
    );
    expect(() => answering({ status: 200 }, { parseJson: 1 })).toThrow(InvalidOption);
  });

  it('comes line by line', async () => {
    const client = answering({ status: 200, body: '{"n":1}\r\n\n {"n":2}\n{"n":3}' });
    const entries = [{ n: 1 }, { n: 2 }, { n: 3 }];
    expect((await client.get(url)).jsonLines()).toEqual(entries);
    expect(await client.get(url).jsonLines<{ n: number }>()).toEqual(entries);
    const read: unknown[] = [];
    for await (const entry of (await client.stream('GET', url)).jsonLines<{ n: number }>()) {
      expectTypeOf(entry).toEqualTypeOf<{ n: number }>();
      read.push(entry);
    }
    expect(read).toEqual(entries);
    await expect(answering({ status: 200, body: '{}\nno' }).get(url).jsonLines()).rejects.toBeInstanceOf(DecodingError);
    await using long = await client.stream('GET', url);
    await expect(long.jsonLines({ maxLength: 3 }).next()).rejects.toMatchObject({ code: 'LINE_TOO_LONG' });
  });
});

describe('problem details', () => {
  const problem = (init: ResponseInit & { body: string }): Promise<HTTPStatusError['problem']> =>
    answering({ status: 403, headers: [['content-type', 'application/problem+json; charset=utf-8']], ...(init as object) })
      .get(url)
      .raiseForStatus()
      .then(
        () => undefined,
        (error: unknown) => (error as HTTPStatusError).problem,
      );

  it('stand on the error', async () => {
    const body = '{"type":"https://e.example/credit","title":"No credit","status":403,"detail":"30 left","balance":30}';
    expect(await problem({ body })).toEqual({
      type: 'https://e.example/credit',
      title: 'No credit',
      status: 403,
      detail: '30 left',
      instance: undefined,
      extensions: { balance: 30 },
    });
  });

  it.each(['{"type":1,"title":{}}', '{}'])('%s says nothing', async (body) => {
    expect(await problem({ body })).toMatchObject({ type: 'about:blank', title: undefined });
  });

  it.each(['', 'no', '[]', 'null', '1'])('%j is none, and hides nothing', async (body) => {
    expect(await problem({ body })).toBeUndefined();
  });

  it('are told by their type, and of a body that is here', async () => {
    const error = new HTTPStatusError(StreamResponse.of(mockClient(() => ({ status: 200 })).buildRequest('GET', url), { status: 400 }));
    expect(error.problem).toBeUndefined();
    const json = answering(
      { status: 400, headers: [['content-type', 'application/json']], body: '{"title":"x"}' },
      { throwOnStatus: true },
    );
    await expect(json.get(url)).rejects.toMatchObject({ problem: undefined });
  });
});

describe('Server-Timing', () => {
  it.each([
    [
      'db;dur=53.2;desc="the \\"db\\"", cache;desc=hit, total',
      [
        ['db', 53.2, 'the "db"'],
        ['cache', undefined, 'hit'],
        ['total', undefined, undefined],
      ],
    ],
    [
      ' a ; dur = 1 ; DUR=2 ,,;,b;dur=x',
      [
        ['a', 1, undefined],
        ['b', undefined, undefined],
      ],
    ],
    [
      'a;dur="5";x, b',
      [
        ['a', 5, undefined],
        ['b', undefined, undefined],
      ],
    ],
    ['"', []],
  ])('%s', async (field, expected) => {
    const { timings } = await answering({ status: 200, headers: [['server-timing', field]] }).get(url);
    expect(timings.server?.map(({ name, duration, description }) => [name, duration, description])).toEqual(expected);
    expect(timings.total).toBeTypeOf('number');
  });

  it('may be absent, and is bounded', async () => {
    expect((await answering({ status: 200 }).get(url)).timings.server).toBeUndefined();
    const many = 'a,'.repeat(5_000);
    expect((await answering({ status: 200, headers: [['server-timing', many]] }).get(url)).timings.server).toHaveLength(100);
  });
});

describe('the cookies of a client', () => {
  it('can be had', async () => {
    const client = answering({ status: 200, headers: [['set-cookie', 'sid=1']] });
    await client.get(url);
    expect(client.cookies?.get(url).map(({ name, value }) => [name, value])).toEqual([['sid', '1']]);
    expect(client.extend({}).cookies).toBe(client.cookies);
    expect(new Client({ cookies: null }).cookies).toBeUndefined();
  });
});
