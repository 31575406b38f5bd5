import { constants } from 'node:http2';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

import { Client, Retries, RetryOnStatus, TooManyRetries, type BodyInput, type RequestOptions } from '@x/client';
import { HttpCoreError } from '@x/httpcore';
import {
  close,
  receiveRequest,
  reset,
  send,
  startHttp2Server,
  startRawServer,
  startServer,
  withEnoughTime,
  type RawStep,
} from '@x/testbed';
import { describe, expect, it } from 'vitest';

const ok: RawStep = send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
const quick = { backoffFactor: 1 };

describe('over the network, a request with retries', () => {
  it('tries a server again that is not there', async () => {
    await using client = new Client({ retries: new Retries(2, quick) });
    const error = (await client.post('http://127.0.0.1:1/', { body: 'x' }).catch((error: unknown) => error)) as TooManyRetries;
    expect(error).toMatchObject({ code: 'TOO_MANY_RETRIES', cause: { name: 'ConnectError' } });
    expect(error.attempts.map(({ error }) => (error as Error).name)).toEqual(['ConnectError', 'ConnectError', 'ConnectError']);
  });

  it.each<[string, readonly RawStep[]]>([
    ['closes', [receiveRequest(), close()]],
    ['resets', [receiveRequest(), reset()]],
    ['is cut off in its head', [receiveRequest(), send('HTTP/1.1 200 OK\r\nContent-'), close()]],
  ])('recovers from a connection that %s', async (_, steps) => {
    await using server = await startRawServer((connection) => (connection < 2 ? steps : [receiveRequest(), ok]));
    await using client = new Client({ retries: new Retries(3, quick) });
    const response = await client.get(server.url('/'));
    expect(response.text()).toBe('ok');
    expect(response.attempts.map(({ status }) => status)).toEqual([undefined, undefined, 200]);
    expect(response.attempts[0]!.timings.total).toBeGreaterThan(0);
  });

  it.each<[string, readonly RawStep[]]>([
    ['before its announced end', [send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha'), close()]],
    ['in a chunk', [send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha'), close()]],
    ['by a reset', [send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha'), reset()]],
  ])('recovers from a body that is cut off %s', async (_, steps) => {
    await using server = await startRawServer((connection) => [receiveRequest(), ...(connection < 2 ? steps : [ok])]);
    await using client = new Client({ retries: new Retries(3, quick) });
    const response = await client.get(server.url('/'));
    expect(response.text()).toBe('ok');
    expect(response.attempts.map(({ status, error }) => [status, error instanceof HttpCoreError])).toEqual([
      [200, true],
      [200, true],
      [200, false],
    ]);
    expect(response.attempts[0]!.timings.firstByte).toBeGreaterThanOrEqual(0);
  });

  it('recovers from a body whose HTTP/2 connection is lost', async () => {
    let streams = 0;
    await using server = await startHttp2Server(
      (stream) => {
        streams += 1;
        stream.respond({ ':status': 200 });
        if (streams > 1) stream.end('ok');
        else stream.write('o', () => stream.session!.destroy());
      },
      { tls: true },
    );
    await using client = new Client({ tls: { ca: server.ca! }, retries: new Retries(1, quick) });
    const response = await client.get(server.url('/'));
    expect(response).toMatchObject({ httpVersion: '2', status: 200 });
    expect(response.text()).toBe('ok');
    expect(response.attempts[0]!.error).toBeInstanceOf(HttpCoreError);
  });

  it.each(['INTERNAL_ERROR', 'CANCEL', 'PROTOCOL_ERROR', 'ENHANCE_YOUR_CALM'] as const)(
    'recovers from a stream that the server resets with %s, before the response and within',
    async (name) => {
      let streams = 0;
      await using server = await startHttp2Server(
        (stream) => {
          streams += 1;
          if (streams === 1) return stream.close(constants[`NGHTTP2_${name}`]);
          stream.respond({ ':status': 200 });
          stream.on('error', () => {});
          if (streams === 2) return void stream.write('o', () => stream.destroy(new Error('in the middle')));
          stream.end('ok');
        },
        { tls: true },
      );
      await using client = new Client({ tls: { ca: server.ca! }, retries: new Retries(3, quick) });
      const response = await client.get(server.url('/'));
      expect([response.text(), response.attempts.map(({ status }) => status)]).toEqual(['ok', [undefined, 200, 200]]);
      streams = 0;
      await expect(client.post(server.url('/'), { body: 'x' })).rejects.toMatchObject({ code: `H2_${name}` });
    },
  );

  it('makes an attempt anew that takes too long by itself, and gives the caller all the time that there is for reading', async () => {
    let requests = 0;
    const answered: ServerResponse[] = [];
    await using server = await startServer((_, response) => {
      requests += 1;
      if (requests < 3) return;
      response.write('first');
      answered.push(response);
    });
    const impatient = (attemptTimeout: number): Retries => new Retries(2, { ...quick, attemptTimeout });
    await withEnoughTime(async (limit) => {
      requests = 0;
      await using client = new Client({ retries: impatient(limit) });
      await using response = await client.stream('GET', server.url('/'));
      expect(response.attempts.map(({ error }) => (error as Error | undefined)?.name)).toEqual([
        'AttemptTimeout',
        'AttemptTimeout',
        undefined,
      ]);
      // Longer than an attempt may take.
      await new Promise((resolve) => setTimeout(resolve, limit + 10));
      answered.at(-1)!.end('last');
      expect(await response.text()).toBe('firstlast');
    });
    requests = -10;
    await using client = new Client({ retries: impatient(100) });
    const error: unknown = await client.get(server.url('/')).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'TOO_MANY_RETRIES',
      cause: { name: 'AttemptTimeout', code: 'ATTEMPT_TIMEOUT', requestSent: true },
    });
    await expect(client.post(server.url('/'), { body: 'x' })).rejects.toMatchObject({ code: 'ATTEMPT_TIMEOUT', phase: 'response-head' });
  });

  it('sends a stream that nobody has read yet where nothing of it had left', async () => {
    await using client = new Client({ retries: new Retries(1, quick) });
    const body = async function* (): AsyncGenerator<string> {
      yield 'abc';
    };
    const error = (await client.put('http://127.0.0.1:1/', { body: body() }).catch((thrown: unknown) => thrown)) as TooManyRetries;
    expect(error).toMatchObject({ code: 'TOO_MANY_RETRIES', cause: { name: 'ConnectError' } });
    await using server = await startServer('plain', { status: 503, body: 'busy' });
    const onStatus = new Retries(1, { ...quick, limits: [new RetryOnStatus()] });
    await expect(client.put(server.url('/'), { body: body(), retries: onStatus })).rejects.toMatchObject({
      code: 'BODY_NOT_REPLAYABLE',
      response: { status: 503 },
    });
    const response = await client.put(server.url('/'), { body: body(), retries: onStatus.with({ lastResponse: 'return' }) });
    expect(response.text()).toBe('busy');
    const init = { method: 'PUT', body: Readable.toWeb(Readable.from(['abc'])) as never, duplex: 'half' } as RequestInit;
    expect((await client.extend({ retries: onStatus }).fetch(server.url('/'), init)).status).toBe(503);
  });

  const file = new Uint8Array(3);
  it.each<[string, RequestOptions]>([
    ['bytes', { body: 'abc' }],
    ['bytes that are watched', { body: 'abc', onUploadProgress: () => {} }],
    ['a Blob', { body: new Blob(['abc']) }],
    ['a Blob that is watched', { body: new Blob(['abc']), onUploadProgress: () => {} }],
    ['a form with a file', { files: { file } }],
    ['a form with a file that is watched', { files: { file }, onUploadProgress: () => {} }],
    ['a function', { body: () => Readable.from(['abc']) }],
    ['compressed text', { body: 'abc'.repeat(1000), compress: 'gzip' }],
  ])('needs none of them where the core sends again what a closing connection did not take: %s', async (_, options) => {
    await using server = await startServer('closing', { after: 1, how: 'on-next-request' });
    await using client = new Client();
    for (let round = 0; round < 3; round++) expect((await client.put(server.url('/'), options)).attempts).toHaveLength(1);
  });

  it('does not wait for the rest of a last response that drips', async () => {
    await using server = await startServer((_, response) => {
      response.writeHead(503);
      const drip = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(drip));
    });
    await using client = new Client({ retries: new Retries(1, { ...quick, limits: [new RetryOnStatus()] }) });
    await expect(client.stream('GET', server.url('/'))).rejects.toMatchObject({ code: 'TOO_MANY_RETRIES', response: { status: 503 } });
    await expect(client.get(server.url('/'))).rejects.toMatchObject({ code: 'TOO_MANY_RETRIES' });
  });

  it('does not send again what may have been acted on', async () => {
    await using server = await startRawServer(() => [receiveRequest(), close()]);
    await using client = new Client({ retries: new Retries(3, quick) });
    await expect(client.post(server.url('/'), { body: 'x' })).rejects.toMatchObject({ name: 'ReadError', requestSent: true });
    expect(server.transcripts).toHaveLength(1);
  });

  it('sends that again, too, with an Idempotency-Key', async () => {
    await using server = await startRawServer((connection) => (connection < 1 ? [receiveRequest(), close()] : [receiveRequest(), ok]));
    await using client = new Client({ retries: new Retries(3, quick) });
    expect((await client.post(server.url('/'), { body: 'x', headers: { 'idempotency-key': 'k' } })).text()).toBe('ok');
    expect(server.transcripts).toHaveLength(2);
  });

  it.each<[string, () => BodyInput]>([
    ['text', () => 'whole body'],
    ['a Blob', () => new Blob(['whole body'])],
    ['a function', () => () => ['whole ', 'body'].values()],
  ])('sends the whole body again: %s', async (_, body) => {
    const seen: string[] = [];
    await using server = await startServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push(Buffer.concat(chunks).toString());
        response.writeHead(seen.length < 3 ? 503 : 200).end('done');
      });
    });
    await using client = new Client({ retries: new Retries(2, { ...quick, limits: [new RetryOnStatus()] }) });
    expect((await client.put(server.url('/'), { body: body() })).text()).toBe('done');
    expect(seen).toEqual(['whole body', 'whole body', 'whole body']);
    expect(server.connections.accepted).toBe(1);
  });

  it('gives up with all that happened', async () => {
    await using server = await startServer((_, response) =>
      response.writeHead(503, { 'Retry-After': '0', 'X-Reason': 'busy' }).end('busy'),
    );
    await using client = new Client({ retries: new Retries(2, { ...quick, limits: [new RetryOnStatus()] }) });
    const error = (await client.get(server.url('/')).catch((error: unknown) => error)) as TooManyRetries;
    expect(error).toBeInstanceOf(TooManyRetries);
    expect(error.attempts.map(({ status, timings }) => [status, timings.reused])).toEqual([
      [503, false],
      [503, true],
      [503, true],
    ]);
    expect(error.response?.headers.get('x-reason')).toBe('busy');
    expect(await error.response?.text()).toBe('busy');
    expect(server.connections.accepted).toBe(1);
  });

  it('waits as long as the server asks, unless that is too long', async () => {
    let requests = 0;
    await using server = await startServer((request, response) => {
      requests += 1;
      if (requests === 1) response.writeHead(429, { 'Retry-After': request.url === '/long' ? '30' : '1' }).end();
      else response.end('done');
    });
    await using client = new Client({ retries: new Retries(1, { ...quick, limits: [new RetryOnStatus()] }) });
    await expect(client.get(server.url('/long'), { timeout: 20_000 })).rejects.toMatchObject({ code: 'RETRY_PAST_DEADLINE' });
    requests = 0;
    const started = performance.now();
    expect((await client.get(server.url('/'))).text()).toBe('done');
    expect(performance.now() - started).toBeGreaterThanOrEqual(990);
  });

  it('ends at its deadline, and says so', async () => {
    await using server = await startServer('slow');
    await withEnoughTime(async (timeout) => {
      await using client = new Client({ retries: new Retries(5, quick), timeout });
      const before = server.connections.requests;
      const error: unknown = await client.get(server.url('/')).catch((error: unknown) => error);
      expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', phase: 'response-head' });
      expect(server.connections.requests).toBe(before + 1);
    });
  });

  it('has its connection failures as they are when there are none', async () => {
    await using client = new Client();
    await expect(client.get('http://127.0.0.1:1/')).rejects.toMatchObject({ name: 'ConnectError' });
  });
});
