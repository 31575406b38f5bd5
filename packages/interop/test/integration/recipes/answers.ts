/** A server that answers every library in its own language, and keeps what it was asked. */
import type { ConnectRouter } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { startServer } from '@x/testbed';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { service, type Text } from '../connect/echo-service.ts';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly through: string | undefined;
}

const trpc = initTRPC.create();
const router = trpc.router({
  hello: trpc.procedure.query(() => 'Hello'),
  add: trpc.procedure.mutation(() => 3),
  fail: trpc.procedure.query(() => {
    throw new Error('no');
  }),
});

export class Answers {
  readonly asked: Asked[] = [];
  /** A request has come that is never answered. */
  onHang: () => void = () => {};

  async start(): Promise<Awaited<ReturnType<typeof startServer>>> {
    return startServer((request, response) => void this.#answer(request, response));
  }

  readonly #connect = connectNodeAdapter({ routes: (router) => this.#routes(router) });

  #routes(router: ConnectRouter): void {
    router.service(service, {
      say: async ({ value }: Text) => {
        if (value === 'error') throw new Error('no');
        if (value !== 'hang') return { value: 'Hello' };
        this.onHang();
        return new Promise<Text>(() => {});
      },
      async *count() {
        yield { value: 'Hel' };
        yield { value: 'lo' };
      },
      async collect(requests: AsyncIterable<Text>) {
        let value = '';
        for await (const text of requests) value += text.value;
        return { value };
      },
    } as never);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.startsWith('/echo.Echo/')) {
      this.asked.push({ method: 'POST', url: request.url, body: '', through: request.headers['x-through'] as string | undefined });
      return this.#connect(request, response);
    }
    const body = Buffer.concat((await request.toArray().catch(() => [])) as Buffer[]).toString();
    const { method = '', url = '' } = request;
    this.asked.push({ method, url, body, through: request.headers['x-through'] as string | undefined });
    const json = (value: unknown, status = 200): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (url.includes('hang')) return this.onHang();
    if (url.includes('error')) return json({ message: 'no', error: { message: 'no' }, errors: [{ message: 'no' }] }, 400);
    if (url.startsWith('/trpc/')) return this.#trpc(method, url, body, json);
    if (url.startsWith('/graphql')) return json({ data: { hello: 'Hello' } });
    if (url.startsWith('/rest/v1/')) return json([{ id: 1 }]);
    if (/\/stream(?:\?|$)/.test(url) || body.includes('"stream":true')) return events(url, response);
    if (url.endsWith('/chat/completions')) return json({ choices: [{ message: { content: 'Hello' } }] });
    if (url.endsWith('/messages')) return json({ content: [{ type: 'text', text: 'Hello' }] });
    if (url.endsWith('/files')) return json({ id: 'file', bytes: body.length });
    if (url.startsWith('/v1/customers')) return json({ id: 'cus_1', object: 'customer' });
    json({ method, url, body });
  }

  async #trpc(method: string, url: string, body: string, json: (value: unknown, status: number) => void): Promise<void> {
    const made = new Request(`http://x${url}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(method === 'GET' ? {} : { body }),
    });
    const answer = await fetchRequestHandler({ endpoint: '/trpc', req: made, router });
    json(await answer.json(), answer.status);
  }
}

function events(url: string, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const pieces = url.endsWith('/messages')
    ? ['Hel', 'lo'].map(
        (text) =>
          `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })}\n\n`,
      )
    : ['Hel', 'lo'].map((content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
  response.write(pieces[0]);
  response.write(pieces[1]);
  response.end(url.endsWith('/messages') ? '' : 'data: [DONE]\n\n');
}
