/** Requests that are answered in this process, by real applications, beside those that travel. */
import { Client } from '@x/client';
import { ConnectionPool, fetchHandlerDispatcher, nodeHandlerDispatcher, type Dispatcher } from '@x/httpcore';
import { startServer } from '@x/testbed';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { afterAll, describe, expect, it } from 'vitest';

interface Answer {
  readonly id: string;
  readonly name: string;
  readonly agent: string | undefined;
  readonly host: string | undefined;
}

function expressApp(): Dispatcher {
  const app = express();
  app.use(express.json());
  app.post('/items/:id', (request, response) => {
    const { name } = request.body as { name: string };
    response.json({ id: request.params.id, name, agent: request.get('x-agent'), host: request.get('host') } satisfies Answer);
  });
  app.get('/moved', (_, response) => response.redirect(301, '/here'));
  app.get('/here', (request, response) => response.cookie('seen', '1').send(`here with ${request.get('cookie') ?? 'nothing'}`));
  app.get('/fails', () => {
    throw new Error('out of ink');
  });
  return nodeHandlerDispatcher(app);
}

const fastifyServer = fastify();
afterAll(() => fastifyServer.close());

async function fastifyApp(): Promise<Dispatcher> {
  const app = fastifyServer;
  app.post<{ Params: { id: string }; Body: { name: string } }>('/items/:id', ({ params, body, headers }): Answer => {
    return { id: params.id, name: body.name, agent: headers['x-agent'] as string, host: headers.host };
  });
  app.get('/moved', (_, reply) => reply.redirect('/here', 301));
  app.get('/here', ({ headers }, reply) => reply.header('set-cookie', 'seen=1; Path=/').send(`here with ${headers.cookie ?? 'nothing'}`));
  app.get('/fails', () => {
    throw new Error('out of ink');
  });
  await app.ready();
  return nodeHandlerDispatcher((request, response) => app.routing(request, response));
}

function honoApp(): Dispatcher {
  const app = new Hono();
  app.post('/items/:id', async (context) => {
    const { name } = await context.req.json<{ name: string }>();
    const answer: Answer = { id: context.req.param('id'), name, agent: context.req.header('x-agent'), host: context.req.header('host') };
    return context.json(answer);
  });
  app.get('/moved', (context) => context.redirect('/here', 301));
  app.get('/here', (context) => {
    context.header('set-cookie', 'seen=1; Path=/');
    return context.text(`here with ${context.req.header('cookie') ?? 'nothing'}`);
  });
  app.get('/fails', () => {
    throw new Error('out of ink');
  });
  app.onError((_, context) => context.text('sorry', 500));
  return fetchHandlerDispatcher(app.fetch);
}

describe.each<[string, () => Dispatcher | Promise<Dispatcher>]>([
  ['express', expressApp],
  ['fastify', fastifyApp],
  ['hono', honoApp],
])('an application in this process: %s', (_, makeApp) => {
  const app = Promise.resolve(makeApp());

  it('answers JSON with JSON', async () => {
    await using client = new Client({ mounts: { 'http://app.test': await app }, headers: { 'x-agent': 'test' } });
    const response = await client.post('http://app.test/items/7', { json: { name: 'pen' } });
    expect(response.raiseForStatus().json<Answer>()).toEqual({ id: '7', name: 'pen', agent: 'test', host: 'app.test' });
    expect(response.timings.total).toBeGreaterThan(0);
  });

  it('has its redirects followed and its cookies kept', async () => {
    await using client = new Client({ mounts: { 'http://app.test': await app }, baseUrl: 'http://app.test' });
    const first = await client.get('/moved');
    expect(first.text()).toBe('here with nothing');
    expect(first.history.map(({ status }) => status)).toEqual([301]);
    expect((await client.get('/moved')).text()).toBe('here with seen=1');
  });

  it('fails as a server does', async () => {
    await using client = new Client({ dispatcher: await app });
    expect((await client.get('http://app.test/fails')).status).toBe(500);
    expect((await client.get('http://app.test/nowhere')).status).toBe(404);
  });

  it('is reached by fetch, too', async () => {
    await using client = new Client({ dispatcher: await app });
    const response = await client.fetch('http://app.test/items/7', {
      method: 'POST',
      body: JSON.stringify({ name: 'ink' }),
      headers: { 'content-type': 'application/json' },
    });
    expect(await response.json()).toMatchObject({ id: '7', name: 'ink' });
  });
});

describe('mounts beside the network', () => {
  it('take what they are for, and leave the rest to the connections of the client', async () => {
    await using server = await startServer('plain');
    await using client = new Client({ mounts: { 'http://app.test': honoApp(), 'http://*.test': null } });
    expect((await client.get('http://app.test/here')).text()).toContain('here');
    expect((await client.get(server.url('/'))).text()).toBe('hello world');
    expect(server.connections.accepted).toBe(1);
  });

  it('can give one origin connections of its own', async () => {
    await using server = await startServer('plain', { tls: true });
    await using trusting = new ConnectionPool({ tls: { ca: server.ca! } });
    await using client = new Client({ mounts: { [server.origin]: trusting } });
    expect((await client.get(server.url('/'))).text()).toBe('hello world');
    await expect(client.extend({ mounts: null }).get(server.url('/'))).rejects.toMatchObject({ code: 'TLS_FAILED' });
  });

  it('lead a redirect from the network into this process', async () => {
    await using server = await startServer('redirect');
    await using client = new Client({ mounts: { 'http://app.test': honoApp() } });
    const response = await client.get(server.url(`/redirect-to?url=${encodeURIComponent('http://app.test/here')}`));
    expect(response.text()).toBe('here with nothing');
    expect(response.url).toBe('http://app.test/here');
  });
});
