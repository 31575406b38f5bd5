import { createHash } from 'node:crypto';
import { getEventListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';

import { createGate, mebibytes, startServer, withEnoughTime, type Handler } from '@x/testbed';
import * as valibot from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { Client, parseLinks, type EventsOptions, type ServerSentEvent, type StreamResponse } from '../../src/index.ts';

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const text =
  (body: string, headers: Record<string, string> = {}): Handler =>
  (_, response) => {
    response.writeHead(200, headers).end(body);
  };

describe('lines', () => {
  it('come out of a body with a coding, in the charset of the response', async () => {
    await using server = await startServer((_, response) => {
      const body = Buffer.from('gr\xfc\xdfe\r\nzwei\n\ndrei', 'latin1');
      response.writeHead(200, { 'content-type': 'text/plain; charset=iso-8859-1', 'content-encoding': 'gzip' }).end(zlib.gzipSync(body));
    });
    await using client = new Client();
    await using response = await client.stream('GET', server.url('/'));
    expect(await collect(response.lines())).toEqual(['grüße', 'zwei', '', 'drei']);
  });

  it('are there as soon as they have come, and leaving them gives the connection back', async () => {
    const go = createGate();
    await using server = await startServer((_, response) => {
      response.write('first\nsec');
      void go.opened.then(() => response.end('ond\nthird\n'));
    });
    await using client = new Client();
    await using response = await client.stream('GET', server.url('/'));
    const lines: string[] = [];
    for await (const line of response.lines()) {
      lines.push(line);
      go.open();
      if (lines.length === 2) break;
    }
    expect(lines).toEqual(['first', 'second']);
    await expect(response.text()).rejects.toThrow(expect.objectContaining({ name: 'BodyConsumed' }));
  });

  it('that never end are an error', async () => {
    await using server = await startServer('bytes', { size: mebibytes(3) });
    await using client = new Client();
    await using response = await client.stream('GET', server.url('/'));
    await expect(collect(response.lines({ charset: 'latin1', maxLength: 10 }))).rejects.toThrow(
      expect.objectContaining({ code: 'LINE_TOO_LONG' }),
    );
    expect(() => response.lines({ maxLength: 0 })).toThrow(expect.objectContaining({ name: 'InvalidOption', option: 'maxLength' }));
    expect(() => response.lines({ maxlength: 1 } as object)).toThrow(expect.objectContaining({ option: 'lines.maxlength' }));
  });
});

describe('streams of others', () => {
  it('are read as they are asked for, whole and in order', async () => {
    await using server = await startServer('bytes', { size: mebibytes(5) });
    await using client = new Client();
    const hash = async (chunks: AsyncIterable<Uint8Array>): Promise<string> => {
      const digest = createHash('sha256');
      for await (const chunk of chunks) digest.update(chunk);
      return digest.digest('hex');
    };
    await using forWeb = await client.stream('GET', server.url('/'));
    expect(await hash(forWeb.toWebStream())).toBe(server.sha256);
    await using forNode = await client.stream('GET', server.url('/'));
    expect(await hash(forNode.toNodeStream())).toBe(server.sha256);
    await using forResponse = await client.stream('GET', server.url('/'));
    expect((await new Response(forResponse.toWebStream()).arrayBuffer()).byteLength).toBe(mebibytes(5));
    expect(server.connections.accepted).toBe(1);
  });

  it('close the response when they are given up', async () => {
    await using server = await startServer('bytes', { size: mebibytes(64) });
    await using client = new Client();
    const web = (await client.stream('GET', server.url('/'))).toWebStream().getReader();
    expect((await web.read()).done).toBe(false);
    await web.cancel();
    const node = (await client.stream('GET', server.url('/'))).toNodeStream();
    await expect(
      pipeline(node, async (chunks: AsyncIterable<Uint8Array>) => {
        for await (const chunk of chunks) throw new Error(`enough of ${chunk.length > 0}`);
      }),
    ).rejects.toThrow('enough of true');
    expect(node.destroyed).toBe(true);
    await client.close();
  });

  it('tell what went wrong', async () => {
    await using server = await startServer((_, response) => {
      response.writeHead(200, { 'content-length': 1_000 }).write('half', () => response.destroy());
    });
    await using client = new Client();
    const network = expect.objectContaining({ name: 'RemoteProtocolError' });
    await expect(collect((await client.stream('GET', server.url('/'))).toNodeStream())).rejects.toThrow(network);
    await expect(collect((await client.stream('GET', server.url('/'))).toWebStream())).rejects.toThrow(network);
    const taken = await client.stream('GET', server.url('/'));
    const stream = taken.toNodeStream();
    expect(() => taken.toWebStream()).toThrow(expect.objectContaining({ name: 'BodyConsumed' }));
    stream.destroy();
  });

  it('do not run ahead', async () => {
    await using server = await startServer('bytes', { size: mebibytes(64) });
    await using client = new Client();
    await using response = await client.stream('GET', server.url('/'));
    const stream = response.toNodeStream();
    stream.read(0);
    await new Promise((resolve) => stream.once('readable', resolve));
    expect(stream.readableLength).toBeLessThan(mebibytes(1));
    stream.destroy();
  });
});

describe('links and schemas', () => {
  it('links lead through the pages', async () => {
    await using server = await startServer((request, response) => {
      const page = Number(new URL(request.url!, 'http://localhost').searchParams.get('page') ?? 1);
      if (page < 3) response.setHeader('link', [`<?page=${page + 1}>; rel="next"`, '</items?page=3>; rel=last']);
      response.end(JSON.stringify([page]));
    });
    await using client = new Client();
    const pages: number[] = [];
    let next: string | undefined = server.url('/items');
    while (next !== undefined) {
      const response = await client.get(next);
      pages.push(...response.json<number[]>());
      if (pages.length === 1) {
        expect(response.links.last?.url).toBe(server.url('/items?page=3'));
        expect(parseLinks(response.headers.get('link')!, response.url)).toHaveLength(2);
      }
      next = response.links.next?.url;
    }
    expect(pages).toEqual([1, 2, 3]);
  });

  it('a schema checks and transforms, whatever library it is of, whole and streamed', async () => {
    await using server = await startServer(text('{"name":"pen","price":"5"}'));
    await using client = new Client();
    const zodItem = z.object({ name: z.string(), price: z.string().transform(Number) });
    const asyncItem = zodItem.refine(async ({ price }) => Promise.resolve(price > 1));
    const valibotItem = valibot.object({ name: valibot.string(), price: valibot.pipe(valibot.string(), valibot.transform(Number)) });
    for (const schema of [zodItem, asyncItem, valibotItem]) {
      expect(await (await client.get(server.url('/'))).json(schema)).toEqual({ name: 'pen', price: 5 });
      await using streamed = await client.stream('GET', server.url('/'));
      expect(await streamed.json(schema)).toEqual({ name: 'pen', price: 5 });
    }
  });

  it('a schema that says no is an error that does not quote the body', async () => {
    await using server = await startServer(text('{"user":{"name":"s3cret"},"tags":[1]}'));
    await using client = new Client();
    const schema = z.object({ user: z.object({ name: z.literal('pen') }), tags: z.array(z.string()) });
    const error = await (await client.get(server.url('/'))).json(schema).catch((failure: unknown) => failure);
    expect(error).toMatchObject({
      name: 'SchemaMismatch',
      code: 'SCHEMA_MISMATCH',
      issues: [{ path: ['user', 'name'] }, { path: ['tags', 0] }],
    });
    expect(String(error)).toBe(
      'SchemaMismatch: The JSON does not match the schema, at "user.name": Invalid input: expected "pen"; ' +
        `at "tags.0": Invalid input: expected string, received number (GET ${server.url('/')})`,
    );
    expect(JSON.stringify(error)).not.toContain('s3cret');
    await expect((await client.get(server.url('/'))).json(z.string())).rejects.toThrow('at its root');
    await using broken = await startServer(text('{'));
    await expect((await client.get(broken.url('/'))).json(schema)).rejects.toThrow(expect.objectContaining({ code: 'INVALID_JSON' }));
  });

  it('text is in the charset that the caller says', async () => {
    await using server = await startServer((_, response) => response.end(Buffer.from([0x82, 0xa0])));
    await using client = new Client();
    expect((await client.get(server.url('/'))).text('Shift_JIS')).toBe('あ');
    await using response = await client.stream('GET', server.url('/'));
    expect(await response.text('shift_jis')).toBe('あ');
  });
});

/** Answers each request by the next of these, and remembers the Last-Event-ID of each. */
function eventServer(answers: readonly ((response: ServerResponse) => void)[]): { handler: Handler; lastIds: (string | undefined)[] } {
  const lastIds: (string | undefined)[] = [];
  const handler: Handler = (request, response) => {
    lastIds.push(request.headers['last-event-id'] as string | undefined);
    const answer = answers[lastIds.length - 1];
    if (answer === undefined) response.writeHead(204).end();
    else answer(response);
  };
  return { handler, lastIds };
}
const events =
  (body: string): ((response: ServerResponse) => void) =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).end(body);
  };
const status =
  (code: number): ((response: ServerResponse) => void) =>
  (response) => {
    response.writeHead(code).end('no events');
  };
const cut =
  (body: string): ((response: ServerResponse) => void) =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(body, () => response.destroy());
  };
const event = (data: string, id = '', name = 'message', retry?: number): ServerSentEvent => ({ event: name, data, id, retry });

async function eventsOf(client: Client, url: string, options?: EventsOptions): Promise<ServerSentEvent[]> {
  await using response = await client.stream('GET', url, { headers: { accept: 'text/event-stream' } });
  return await collect(response.sse(options));
}

describe('server-sent events', () => {
  it('have a type, data, the last id, and the time to come back after', async () => {
    const body = [
      '\ufeff: hello',
      '',
      'data: one',
      '',
      'event: update\r\nid: 7\r\ndata: two\r\ndata:three\r\n',
      'retry: 2500\ndata:  four 文\n',
      'event: nothing\n',
      'unknown: field\ndata\ndata\n',
      'id\ndata: reset\n',
      'data: never ended',
    ].join('\n');
    await using server = await startServer(eventServer([events(body)]).handler);
    await using client = new Client();
    expect(await eventsOf(client, server.url('/'))).toEqual([
      event('one'),
      event('two\nthree', '7', 'update'),
      event(' four 文', '7', 'message', 2_500),
      event('\n', '7', 'message', 2_500),
      event('reset', '', 'message', 2_500),
    ]);
  });

  it('are there as soon as they have come, however their bytes were cut', async () => {
    const body = Buffer.from('id: 1\r\ndata: größe 😀\r\n\r\n');
    await using server = await startServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      void (async () => {
        for (const byte of body) await new Promise((resolve) => response.write(Buffer.of(byte), resolve));
      })();
    });
    await using client = new Client();
    await using response = await client.stream('GET', server.url('/'));
    for await (const seen of response.sse()) {
      expect(seen).toEqual(event('größe 😀', '1'));
      break;
    }
  });

  it.each([
    ['of another type', text('{}', { 'content-type': 'application/json' }), { name: 'DecodingError', code: 'NOT_EVENT_STREAM' }],
    ['without a type', text('data: x\n\n'), { name: 'DecodingError', code: 'NOT_EVENT_STREAM' }],
    ['that failed', (_: unknown, response: ServerResponse) => response.writeHead(404).end(), { name: 'HTTPStatusError', status: 404 }],
    ['with an event without end', text(`data: ${'x'.repeat(2_000)}`, { 'content-type': 'text/event-stream' }), { code: 'EVENT_TOO_LARGE' }],
    [
      'with an event of too many lines',
      text('data: x\n'.repeat(1_000), { 'content-type': 'text/event-stream' }),
      { code: 'EVENT_TOO_LARGE' },
    ],
  ])('of a response %s are an error', async (_, handler, error) => {
    await using server = await startServer(handler);
    await using client = new Client();
    for (const reconnect of [false, true]) {
      await expect(eventsOf(client, server.url('/'), { maxEventSize: 1_000, reconnect })).rejects.toThrow(expect.objectContaining(error));
    }
  });

  it('go on where a stream ended or broke, until the server says that it is over', async () => {
    const { handler, lastIds } = eventServer([
      events('id: 1\ndata: a\n\nretry: 1\n\n'),
      cut('data: b\n\nid: ü\ndata: c\n\ndata: cut of'),
      status(503),
      (response) => response.destroy(),
      events('id\ndata: d\n\n'),
    ]);
    await using server = await startServer(handler);
    await using client = new Client();
    const seen = await eventsOf(client, server.url('/'), { reconnect: { delay: 1, maxDelay: 2 } });
    expect(seen.map(({ data, id }) => [data, id])).toEqual([
      ['a', '1'],
      ['b', '1'],
      ['c', 'ü'],
      ['d', ''],
    ]);
    expect(lastIds.map((id) => id && Buffer.from(id, 'latin1').toString())).toEqual([undefined, '1', 'ü', 'ü', 'ü', undefined]);
  });

  it('go on after the last id, whether or not its event had any data', async () => {
    const { handler, lastIds } = eventServer([
      events('retry: 1\n\nid: 1\ndata: a\n\nid: 2\n\n'),
      cut('id: 3\0\n\nid: 4\ndata: cut of'),
      cut('data: b\n\nid: 5\n\n'),
      events('id\n\n'),
    ]);
    await using server = await startServer(handler);
    await using client = new Client();
    const seen = await eventsOf(client, server.url('/'), { reconnect: true });
    expect(seen.map(({ data, id }) => [data, id])).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
    expect(lastIds).toEqual([undefined, '2', '2', '5', undefined]);
  });

  it('are not asked for again without being told to, nor when there is nothing', async () => {
    const first = eventServer([events('data: a\n\n')]);
    await using server = await startServer(first.handler);
    await using client = new Client();
    expect(await eventsOf(client, server.url('/'))).toEqual([event('a')]);
    expect(await eventsOf(client, server.url('/'), { reconnect: true })).toEqual([]);
    expect(first.lastIds).toHaveLength(2);
    const broken = eventServer([cut('data: a\n\n')]);
    await using second = await startServer(broken.handler);
    await expect(eventsOf(client, second.url('/'))).rejects.toThrow(expect.objectContaining({ name: 'RemoteProtocolError' }));
  });

  it('end with a status that will not pass, and after as many failures as permitted', async () => {
    const refused = eventServer([events('retry: 1\ndata: a\n\n'), status(403)]);
    await using server = await startServer(refused.handler);
    await using client = new Client();
    await expect(eventsOf(client, server.url('/'), { reconnect: true })).rejects.toThrow(expect.objectContaining({ status: 403 }));
    const failing = eventServer([events('retry: 1\ndata: a\n\n'), ...Array(5).fill(status(500))]);
    await using second = await startServer(failing.handler);
    const attempts = eventsOf(client, second.url('/'), { reconnect: { maxFailures: 3, maxDelay: 2 } });
    await expect(attempts).rejects.toThrow(expect.objectContaining({ name: 'HTTPStatusError', status: 500 }));
    expect(failing.lastIds).toHaveLength(4);
  });

  it.each(['reading', 'waiting', 'asking'] as const)(
    'end when they are left or aborted while %s, with nothing left behind',
    async (doing) => {
      const reached = createGate();
      const hang = (response: ServerResponse): void => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: a\n\n');
      };
      const silent = (): void => reached.open();
      const retry = doing === 'waiting' ? 1_000_000 : 1;
      const first = doing === 'reading' ? hang : events(`retry: ${retry}\ndata: a\n\n`);
      for (const how of ['left', 'aborted', 'aborted by the call'] as const) {
        const { handler } = eventServer([first, silent, silent]);
        await using server = await startServer(handler);
        await using client = new Client();
        const controller = new AbortController();
        const call = new AbortController();
        const response = await client.stream('GET', server.url('/'), { signal: call.signal });
        const stream = response.sse({ reconnect: true, signal: controller.signal });
        expect((await stream.next()).value).toMatchObject({ data: 'a' });
        const next = stream.next().then(
          ({ done }) => done,
          (error: unknown) => error,
        );
        if (doing === 'asking') await reached.opened;
        else await new Promise(setImmediate);
        if (how === 'left') await stream.return!();
        else (how === 'aborted' ? controller : call).abort(new Error('enough'));
        if (how === 'left') expect(await next).toBe(true);
        else expect(await next).toMatchObject({ name: 'Aborted', cause: { message: 'enough' } });
        expect(await stream.next()).toEqual({ done: true, value: undefined });
        await client.close();
        expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
        expect(getEventListeners(call.signal, 'abort')).toHaveLength(0);
      }
    },
  );

  it('leave nothing with a signal that lives on, whoever ends their response, and end with it until then', async () => {
    const hang = (response: ServerResponse): void => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: a\n\n');
    };
    await using server = await startServer((_, response) => hang(response));
    const { signal } = new AbortController();
    const listeners = (): number => getEventListeners(signal, 'abort').length;
    for (const reconnect of [false, true]) {
      for (const read of [false, true]) {
        const client = new Client();
        const open = async (): Promise<[StreamResponse, AsyncIterableIterator<ServerSentEvent>]> => {
          const response = await client.stream('GET', server.url('/'));
          const stream = response.sse({ reconnect, signal });
          if (read) expect((await stream.next()).value).toMatchObject({ data: 'a' });
          return [response, stream];
        };
        const [response] = await open();
        expect(listeners()).toBe(1);
        await response.close();
        expect(listeners()).toBe(0);
        const [, left] = await open();
        await left.return!();
        expect(listeners()).toBe(0);
        if (!read) await open();
        await client[Symbol.asyncDispose]();
        expect(listeners()).toBe(0);
      }
    }
    await using client = new Client();
    const controller = new AbortController();
    const unread = await client.stream('GET', server.url('/'));
    const stream = unread.sse({ signal: controller.signal });
    controller.abort();
    await expect(stream.next()).rejects.toMatchObject({ name: 'Aborted' });
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('stay within the deadline of their call', async () => {
    await withEnoughTime(async (timeout) => {
      await using server = await startServer(eventServer([events('retry: 1000000\ndata: a\n\n')]).handler);
      await using response = await new Client({ timeout }).stream('GET', server.url('/'));
      await expect(collect(response.sse({ reconnect: true }))).rejects.toThrow(expect.objectContaining({ name: 'DeadlineExceeded' }));
    });
  });

  it.each<[EventsOptions, string]>([
    [{ maxEventSize: 0 }, 'maxEventSize'],
    [{ reconnect: { delay: -1 } }, 'reconnect.delay'],
    [{ reconnect: { maxFailures: 0 } }, 'reconnect.maxFailures'],
    [{ reconnect: { tries: 1 } as object }, 'reconnect.tries'],
    [{ retry: 1 } as object, 'sse.retry'],
  ])('%j is refused', async (options, option) => {
    await using server = await startServer('plain');
    await using client = new Client();
    await using response = await client.stream('GET', server.url('/'));
    expect(() => response.sse(options)).toThrow(expect.objectContaining({ name: 'InvalidOption', option }));
  });
});

it('a body that an interceptor made can be read in every way, too', async () => {
  await using client = new Client({
    interceptors: [
      async (request, _, next) => (await next(request)).with({ body: Readable.from([Buffer.from('a\nb\n')]) as AsyncIterable<Uint8Array> }),
    ],
  });
  await using server = await startServer('plain');
  await using response = await client.stream('GET', server.url('/'));
  expect(await collect(response.lines())).toEqual(['a', 'b']);
});
