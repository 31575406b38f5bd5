import { startRawServer, startServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { callOf, Client, CookieJar } from '../../src/index.ts';

type Answer = Awaited<ReturnType<Client['openRequest']>['response']>;
type Final = Exclude<Answer, readonly [null, ...unknown[]]>;

const asItComes = { followRedirects: false, decompress: false } as const;
/** Of a client that has nothing to do for a call, and of one whose layers stand in between. */
const clients = {
  straight: (options: object = {}): Client => new Client({ ...asItComes, ...options }),
  'by the layers': (options: object = {}): Client =>
    new Client({ ...asItComes, interceptors: [(request, _, next) => next(request)], ...options }),
};
const ways = Object.keys(clients) as (keyof typeof clients)[];

/** As who speaks at that door: interim heads from the promise or told, and the response through `received` and `failed`. */
function open(client: Client, port: number, told: number[] = []): { readonly answer: Promise<Final>; abort(reason: unknown): void } {
  const interim = { onInterim: (status: number): void => void told.push(status) };
  const opened = client.openRequest('GET', ['http', '127.0.0.1', port, '/'], [], null, undefined, undefined, interim);
  const answer = async (): Promise<Final> => {
    try {
      let head = await opened.response;
      while (head[0] === null) {
        told.push(head[1]);
        head = await head[4];
      }
      return opened.received === undefined ? head : opened.received(head);
    } catch (error) {
      throw opened.failed === undefined ? error : opened.failed(error);
    }
  };
  return { answer: answer(), abort: (reason) => opened.abort(reason) };
}

async function textOf([, , , , body]: Final): Promise<string> {
  return Buffer.from(await body.bytes()).toString();
}

describe.each(ways)('a request that is opened: %s', (way) => {
  const make = clients[way];

  it('is answered, whole or in pieces, and holds a client that closes until it has been read', async () => {
    await using server = await startServer('slow', { pieces: ['a', 'b'] });
    server.head.open();
    const client = make();
    const pieces = await open(client, server.port).answer;
    const closed = client.close();
    let isClosed = false;
    void closed.then(() => (isClosed = true));
    const reading = textOf(pieces);
    await Promise.resolve();
    expect(client.state).toBe('closing');
    expect(isClosed).toBe(false);
    server.release();
    expect(await reading).toBe('ab');
    await closed;
    await expect(open(client, server.port).answer).rejects.toThrow('The client is closed');
  });

  it('is told of interim heads in turn', async () => {
    await using server = await startServer('informational');
    await using client = make();
    const told: number[] = [];
    const answer = await open(client, server.port, told).answer;
    await answer[4].close();
    expect(told).toContain(103);
    expect(answer[1]).toBe(200);
  });

  it('keeps cookies, and sends them', async () => {
    const heads: string[] = [];
    await using server = await startRawServer([
      async (peer) => {
        heads.push(await peer.head());
        await peer.send(
          'HTTP/1.1 103 Early Hints\r\nSet-Cookie: early=1\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n',
        );
        heads.push(await peer.head());
        await peer.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      },
    ]);
    await using client = make({ cookies: new CookieJar() });
    await textOf(await open(client, server.port).answer);
    expect(await textOf(await open(client, server.port).answer)).toBe('ok');
    expect(heads.map((head) => /^cookie: (.*)\r$/im.exec(head)?.[1])).toEqual([undefined, 'a=1']);
  });

  it.each(['its caller', 'the signal of its client', 'its client', 'the client that its own extends'])('is ended by %s', async (who) => {
    await using server = await startServer('slow', { pieces: ['a', 'b'] });
    const controller = new AbortController();
    await using parent = make({ signal: controller.signal });
    await using client = parent.extend({});
    const waiting = open(client, server.port);
    await server.connections.until(({ requests }) => requests === 1);
    server.head.open();
    server.pieces[0]?.open();
    const reading = (await waiting.answer)[4].bytes();
    const other = open(client, server.port);
    const ended = Promise.allSettled([reading, other.answer]);
    const reason = new Error('enough');
    if (who === 'its caller') for (const { abort } of [waiting, other]) abort(reason);
    else if (who === 'the signal of its client') controller.abort(reason);
    else await (who === 'its client' ? client : parent).destroy();
    for (const end of await ended)
      expect(end).toMatchObject({ status: 'rejected', reason: { message: expect.stringMatching(/aborted|closed|destroyed/i) as string } });
    if (who === 'its client') expect(parent.state).toBe('open');
    await expect(client.close()).resolves.toBeUndefined();
  });

  it('fails with what is known of its call', async () => {
    await using server = await startRawServer([
      async (peer) => {
        await peer.head();
        await peer.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nonly');
        await peer.close();
      },
    ]);
    await using client = make({ retries: null });
    const { port } = server;
    const [, , , , body] = await open(client, port).answer;
    const broken: unknown = await body.bytes().catch((error: unknown) => error);
    expect(callOf(broken)).toMatchObject({ request: { method: 'GET' }, attempts: [{ status: 200, error: broken }] });
    await server.close();
    const lost: unknown = await open(client, port).answer.catch((error: unknown) => error);
    expect(lost).toMatchObject({ name: 'ConnectError', message: expect.stringContaining('GET http://127.0.0.1') as string });
    const call = callOf(lost)!;
    expect(call.attempts).toMatchObject([{ status: undefined, error: lost, timings: { total: expect.any(Number) as number } }]);
    expect(call.elapsed).toBeGreaterThanOrEqual(0);
    await client.close();
  });
});
