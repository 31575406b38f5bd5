/** What `dispatch` was given is what is sent, whatever becomes of the caller's arrays and objects afterwards; and one request is framed the same over both protocols. */
import { startServer, type EchoedRequest } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, type HeaderPair, type UrlParts } from '../../src/index.ts';

const protocols = [
  ['HTTP/1.1', false],
  ['HTTP/2', true],
] as const;

async function echoed([, , , , body]: Awaited<ReturnType<ConnectionPool['dispatch']>>): Promise<EchoedRequest> {
  return JSON.parse(Buffer.from(await body.bytes()).toString()) as EchoedRequest;
}

function fieldOf({ headers }: EchoedRequest, name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1];
}

describe.each(protocols)('over %s', (_protocol, isHttp2) => {
  const options = isHttp2 ? { http1: false } : { http2: false };

  it('one array and one body list serve many requests', async () => {
    await using server = await startServer('echo', { http2: isHttp2 });
    await using pool = new ConnectionPool(options);
    const headers: [string, string][] = [['x-id', '']];
    const body: Uint8Array[] = [];
    const url: [string, string, number, string] = ['http', '127.0.0.1', server.port, '/'];
    const context: { trailers: [string, string][] } = { trailers: [['x-end', '']] };
    const sent = Array.from({ length: 5 }, (_, id) => {
      headers[0]![1] = String(id);
      body[0] = Buffer.from(`body ${id}`);
      url[3] = `/${id}`;
      context.trailers[0]![1] = `end ${id}`;
      return pool.dispatch('POST', url, headers, body, undefined, context);
    });
    headers.push(['x-late', 'yes']);
    body.push(Buffer.from('late'));
    context.trailers.length = 0;
    const requests = await Promise.all(sent.map(async (response) => echoed(await response)));
    expect(requests.map((request) => [request.target, fieldOf(request, 'x-id'), request.body, ...request.trailers])).toEqual(
      [0, 1, 2, 3, 4].map((id) => [`/${id}`, String(id), `body ${id}`, ['x-end', `end ${id}`]]),
    );
    expect(requests.some((request) => fieldOf(request, 'x-late') !== undefined)).toBe(false);
  });

  it('what was checked is what is sent', async () => {
    await using server = await startServer('echo', { http2: isHttp2 });
    await using pool = new ConnectionPool(options);
    const headers: [string, string][] = [['x-a', '1']];
    const sent = pool.dispatch('GET', ['http', '127.0.0.1', server.port, '/'], headers, null);
    headers[0]![1] = 'evil\r\nx-injected: yes';
    const request = await echoed(await sent);
    expect([fieldOf(request, 'x-a'), fieldOf(request, 'x-injected')]).toEqual(['1', undefined]);
  });

  it("limits and context are the request's own", async () => {
    await using server = await startServer('echo', { http2: isHttp2 });
    await using pool = new ConnectionPool(options);
    const timeouts: [number, number, number, number] = [5_000, 5_000, 5_000, 5_000];
    const steps: string[] = [];
    const context: { trace?: (name: string) => void; deadline?: number } = { trace: (name) => void steps.push(name) };
    const sent = pool.dispatch('GET', ['http', '127.0.0.1', server.port, '/'], [], null, timeouts, context);
    timeouts.fill(0);
    context.deadline = 0;
    delete context.trace;
    const [, status, , , body] = await sent;
    await body.bytes();
    expect([status, steps.at(-1)]).toEqual([200, 'body-end']);
  });

  it('a body whose length is known says so, and no other', async () => {
    await using server = await startServer('echo', { http2: isHttp2 });
    await using pool = new ConnectionPool(options);
    const url: UrlParts = ['http', '127.0.0.1', server.port, '/'];
    const bytes = (text: string): Uint8Array => Buffer.from(text);
    async function* generated(): AsyncGenerator<Uint8Array> {
      yield bytes('abc');
    }
    const lengthOf = async (...[method, headers, body]: [string, HeaderPair[], Parameters<ConnectionPool['dispatch']>[3]]) =>
      fieldOf(await echoed(await pool.dispatch(method, url, headers, body)), 'content-length');
    expect([
      await lengthOf('POST', [], [bytes('ab'), bytes('c')]),
      await lengthOf('POST', [], []),
      await lengthOf('POST', [], null),
      await lengthOf('GET', [], null),
      await lengthOf('POST', [], generated()),
      await lengthOf('POST', [['content-length', '3']], generated()),
      await lengthOf('POST', [['transfer-encoding', 'chunked']], [bytes('abc')]),
    ]).toEqual(['3', '0', '0', undefined, undefined, '3', undefined]);
  });

  it("trailers behind the caller's own Content-Length are for HTTP/2 alone", async () => {
    await using server = await startServer('echo', { http2: isHttp2 });
    await using pool = new ConnectionPool(options);
    const sent = pool.dispatch(
      'POST',
      ['http', '127.0.0.1', server.port, '/'],
      [['content-length', '3']],
      [Buffer.from('abc')],
      undefined,
      {
        trailers: [['x-sum', '6']],
      },
    );
    if (isHttp2) expect(await echoed(await sent)).toMatchObject({ body: 'abc', trailers: [['x-sum', '6']] });
    else await expect(sent).rejects.toMatchObject({ name: 'LocalProtocolError', code: 'INVALID_FRAMING', requestSent: false });
  });
});
