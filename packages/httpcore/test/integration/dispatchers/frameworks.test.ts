import { setImmediate } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { describe, expect, test } from 'vitest';

import { fetchHandlerDispatcher, nodeHandlerDispatcher, type Dispatcher } from '../../../src/index.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function expressDispatcher(): Dispatcher {
  const app = express();
  app.use(express.json());
  app.get('/hello', (request, response) => {
    response
      .cookie('a', '1')
      .cookie('b', '2')
      .send(`${request.protocol} ${request.hostname} ${request.query['x'] as string}`);
  });
  app.post('/echo', (request, response) => {
    response.json(request.body);
  });
  app.get('/stream', (_, response) => {
    response.write('data: 1\n\n');
    process.nextTick(() => response.end('data: 2\n\n'));
  });
  return nodeHandlerDispatcher(app);
}

async function fastifyDispatcher(): Promise<Dispatcher> {
  const app = Fastify();
  app.get('/hello', (request, reply) => {
    void reply.header('set-cookie', ['a=1', 'b=2']).send(`${request.protocol} ${request.hostname} ${(request.query as { x: string }).x}`);
  });
  app.post('/echo', (request, reply) => void reply.send(request.body));
  app.get('/stream', (_, reply) => {
    reply.hijack();
    reply.raw.write('data: 1\n\n');
    process.nextTick(() => reply.raw.end('data: 2\n\n'));
  });
  await app.ready();
  return nodeHandlerDispatcher(app.routing);
}

function honoApp(): Hono {
  const app = new Hono();
  app.get('/hello', (context) => {
    context.header('set-cookie', 'a=1', { append: true });
    context.header('set-cookie', 'b=2', { append: true });
    const { protocol, hostname } = new URL(context.req.url);
    return context.text(`${protocol.slice(0, -1)} ${hostname} ${context.req.query('x')}`);
  });
  app.post('/echo', async (context) => context.json(await context.req.json<object>()));
  app.get('/stream', (context) =>
    streamSSE(context, async (stream) => {
      await stream.writeSSE({ data: '1' });
      await stream.writeSSE({ data: '2' });
    }),
  );
  return app;
}

describe.each<[string, () => Dispatcher | Promise<Dispatcher>]>([
  ['Express', expressDispatcher],
  ['Fastify', fastifyDispatcher],
  ['Hono behind its Node adapter', () => nodeHandlerDispatcher(getRequestListener(honoApp().fetch))],
  ['Hono as a fetch handler', () => fetchHandlerDispatcher(honoApp().fetch)],
])('%s', (_, create) => {
  test('answers with what it knows of the URL, and two cookies', async () => {
    await using dispatcher = await create();
    const [, status, , headers, body] = await dispatcher.dispatch('GET', ['https', 'app.test', null, '/hello?x=1'], [], null);
    expect(status).toBe(200);
    expect(new TextDecoder().decode(await body.bytes())).toBe('https app.test 1');
    const cookies = headers.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value.slice(0, 3));
    expect(cookies).toEqual(['a=1', 'b=2']);
  });

  test('reads JSON that comes in pieces', async () => {
    await using dispatcher = await create();
    const pieces = (async function* () {
      yield bytesOf('{"some":');
      await setImmediate();
      yield bytesOf('"json"}');
    })();
    const [, status, , , body] = await dispatcher.dispatch(
      'POST',
      ['http', 'app.test', null, '/echo'],
      [['content-type', 'application/json']],
      pieces,
    );
    expect(status).toBe(200);
    expect(JSON.parse(new TextDecoder().decode(await body.bytes()))).toEqual({ some: 'json' });
  });

  test('streams, answers HEAD without a body, and does not find what is not there', async () => {
    await using dispatcher = await create();
    const [, , , , stream] = await dispatcher.dispatch('GET', ['http', 'app.test', null, '/stream'], [], null);
    expect(new TextDecoder().decode(await stream.bytes())).toBe('data: 1\n\ndata: 2\n\n');
    const [, head, , , empty] = await dispatcher.dispatch('HEAD', ['http', 'app.test', null, '/hello'], [], null);
    expect([head, (await empty.bytes()).length]).toEqual([200, 0]);
    const [, missing, , , page] = await dispatcher.dispatch('GET', ['http', 'app.test', null, '/missing'], [], null);
    await page.close();
    expect(missing).toBe(404);
  });
});
