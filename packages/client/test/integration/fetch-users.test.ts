/** Libraries that take a `fetch`, on a client's. */
import { request as octokit } from '@octokit/request';
import { Client } from '@x/client';
import { startServer, type EchoedRequest } from '@x/testbed';
import ky from 'ky';
import OpenAI, { APIConnectionError, APIConnectionTimeoutError, RateLimitError } from 'openai';
import createOpenApiClient from 'openapi-fetch';
import { afterAll, describe, expect, it } from 'vitest';

const client = new Client({ headers: { 'x-through': 'client' } });
afterAll(() => client.destroy());
const { fetch } = client;

const named = (echoed: EchoedRequest, name: string): string[] =>
  echoed.headers.filter(([candidate]) => candidate.toLowerCase() === name).map(([, value]) => value);

describe('ky', () => {
  it('gets, posts, and has its hooks', async () => {
    await using server = await startServer('echo');
    const api = ky.create({
      fetch,
      baseUrl: server.url('/v1/'),
      hooks: { beforeRequest: [({ request }) => request.headers.set('x-hook', '1')] },
    });
    const got = await api.get('items', { searchParams: { page: 2 } }).json<EchoedRequest>();
    expect(got).toMatchObject({ method: 'GET', target: '/v1/items?page=2' });
    expect([...named(got, 'x-hook'), ...named(got, 'x-through')]).toEqual(['1', 'client']);
    const posted = await api.post('items', { json: { name: 'pen' } }).json<EchoedRequest>();
    expect(posted).toMatchObject({ method: 'POST', body: '{"name":"pen"}' });
    expect(named(posted, 'content-type')).toEqual(['application/json']);
    expect(named(posted, 'content-length')).toEqual(['14']);
  });

  it('tries again, and then throws with the response', async () => {
    let requests = 0;
    await using server = await startServer((_, response) => {
      requests += 1;
      response.statusCode = requests < 3 ? 503 : requests === 3 ? 200 : 404;
      response.end(`answer ${requests}`);
    });
    const api = ky.create({ fetch, retry: { limit: 2, delay: () => 0 } });
    expect(await api.get(server.url('/')).text()).toBe('answer 3');
    await expect(api.get(server.url('/'))).rejects.toMatchObject({ name: 'HTTPError', response: { status: 404 } });
  });

  it('gives up in time', async () => {
    await using server = await startServer('slow');
    await expect(ky.get(server.url('/'), { fetch, timeout: 30, retry: 0 })).rejects.toMatchObject({ name: 'TimeoutError' });
    await server.connections.until(({ open }) => open === 0);
  });

  it('follows a redirect with the body it was given', async () => {
    await using server = await startServer('redirect');
    const echoed = await ky.post(server.url('/redirect/2?status=307'), { fetch, json: { a: 1 } }).json<EchoedRequest>();
    expect(echoed).toMatchObject({ method: 'POST', body: '{"a":1}' });
  });
});

describe('openapi-fetch', () => {
  interface Paths {
    '/items/{id}': {
      parameters: { path: { id: number } };
      put: {
        parameters: { path: { id: number }; query: { dry: boolean } };
        requestBody: { content: { 'application/json': { name: string } } };
        responses: { 200: { content: { 'application/json': EchoedRequest } } };
      };
    };
  }

  it('sends what is described', async () => {
    await using server = await startServer('echo');
    const api = createOpenApiClient<Paths>({ baseUrl: server.origin, fetch });
    const { data, response } = await api.PUT('/items/{id}', { params: { path: { id: 7 }, query: { dry: true } }, body: { name: 'pen' } });
    expect(data).toMatchObject({ method: 'PUT', target: '/items/7?dry=true', body: '{"name":"pen"}' });
    expect(response.url).toBe(server.url('/items/7?dry=true'));
  });
});

describe('openai', () => {
  it('creates, streams and uploads', async () => {
    const seen: string[] = [];
    await using server = await startServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
        if (request.url === '/v1/files') {
          response.writeHead(200, { 'Content-Type': 'application/json' });
          response.end(JSON.stringify({ id: 'file-1', named: /filename="([^"]*)"/.exec(body)?.[1], holds: body.includes('{"line":1}') }));
          return;
        }
        const { stream } = JSON.parse(body) as { stream?: boolean };
        const message = { id: 'c1', object: 'chat.completion', choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' } }] };
        if (stream !== true) {
          response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(message));
          return;
        }
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        for (const content of ['He', 'llo'])
          response.write(`data: ${JSON.stringify({ id: 'c1', choices: [{ index: 0, delta: { content } }] })}\n\n`);
        response.end('data: [DONE]\n\n');
      });
    });
    const openai = new OpenAI({ apiKey: 'sk-test', baseURL: server.url('/v1'), fetch, maxRetries: 0 });
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    const completion = await openai.chat.completions.create({ model: 'm', messages });
    expect(completion.choices[0]?.message.content).toBe('Hi');
    let text = '';
    for await (const part of await openai.chat.completions.create({ model: 'm', messages, stream: true }))
      text += part.choices[0]?.delta.content ?? '';
    expect(text).toBe('Hello');
    const file = await openai.files.create({ file: new File(['{"line":1}'], 'lines.jsonl'), purpose: 'batch' });
    expect(file).toMatchObject({ id: 'file-1', named: 'lines.jsonl', holds: true });
    expect(new Set(seen.map((line) => line.split(' ').at(-1)))).toEqual(new Set(['sk-test']));
  });

  it('understands failures', async () => {
    await using server = await startServer('status');
    const openai = new OpenAI({ apiKey: 'sk-test', baseURL: server.origin, fetch, maxRetries: 0 });
    await expect(openai.get('/429')).rejects.toBeInstanceOf(RateLimitError);
    const nobody = new OpenAI({ apiKey: 'sk-test', baseURL: 'http://127.0.0.1:1', fetch, maxRetries: 0 });
    await expect(nobody.get('/')).rejects.toBeInstanceOf(APIConnectionError);
    await using slow = await startServer('slow');
    const impatient = new OpenAI({ apiKey: 'sk-test', baseURL: slow.origin, fetch, maxRetries: 0, timeout: 30 });
    await expect(impatient.get('/')).rejects.toBeInstanceOf(APIConnectionTimeoutError);
  });
});

describe('@octokit/request', () => {
  it('fills its templates', async () => {
    await using server = await startServer('echo');
    const { data, status, url } = await octokit('POST /repos/{owner}/{repo}/issues', {
      baseUrl: server.origin,
      request: { fetch },
      headers: { authorization: 'token secret' },
      owner: 'x',
      repo: 'x',
      title: 'It works',
    });
    expect(status).toBe(200);
    expect(url).toBe(server.url('/repos/x/x/issues'));
    expect(data as unknown).toMatchObject({ method: 'POST', target: '/repos/x/x/issues', body: '{"title":"It works"}' });
  });

  it('tells failures with their status', async () => {
    await using server = await startServer('status');
    await expect(octokit('GET /404', { baseUrl: server.origin, request: { fetch } })).rejects.toMatchObject({ status: 404 });
  });
});
