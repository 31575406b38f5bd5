import { Client } from '@x/client';
import { mockDispatcher, ConnectionPool, type Dispatcher } from '@x/httpcore';
import { startServer } from '@x/testbed';
import { expect, it } from 'vitest';

it.each([
  ['HTTP/1.1', {}],
  ['HTTP/2', { tls: true, http2: true }],
])('no more requests run at once than limits.maxConcurrencyPerOrigin says, over %s', async (_, wire) => {
  let running = 0;
  let most = 0;
  await using server = await startServer((_request, response) => {
    running += 1;
    most = Math.max(most, running);
    setImmediate(() => {
      running -= 1;
      response.end('ok');
    });
  }, wire);
  await using client = new Client({ limits: { maxConcurrencyPerOrigin: 4 }, tls: { ca: server.ca } });
  const responses = await Promise.all(Array.from({ length: 100 }, () => client.get(server.url('/'))));
  expect(new Set(responses.map((response) => response.text()))).toEqual(new Set(['ok']));
  expect(most).toBeLessThanOrEqual(4);
  // Those who wait end with the client.
  await using narrow = new Client({ limits: { maxConcurrency: 1 }, tls: { ca: server.ca } });
  const open = await narrow.stream('GET', server.url('/'));
  const waiting = narrow.get(server.url('/')).catch((error: unknown) => error);
  await narrow.destroy();
  expect(await waiting).toMatchObject({ name: 'Aborted', cause: { name: 'ClientClosed' } });
  await open.close();
  for (const maxConcurrency of [0, 1.5, '3'])
    expect(() => new Client({ limits: { maxConcurrency: maxConcurrency as number } })).toThrow(/limits\.maxConcurrency/);
});

it('a client tells what its connections are doing, whoever has made them and whatever stands before them', async () => {
  const unfinished: (() => void)[] = [];
  await using server = await startServer((_request, response) => {
    response.write('o');
    unfinished.push(() => response.end('k'));
  });
  await using own = new Client();
  await using limited = new Client({ limits: { maxConcurrency: 2 } });
  await using pool = new ConnectionPool();
  await using given = new Client({ dispatcher: pool });
  const before: Dispatcher & { readonly dispatcher: Dispatcher } = {
    dispatcher: pool,
    dispatch: (...request) => pool.dispatch(...request),
    close: () => pool.close(),
    [Symbol.asyncDispose]: () => pool.close(),
  };
  await using wrapped = new Client({ dispatcher: before });
  for (const client of [own, limited, given, wrapped]) {
    await using open = await client.stream('GET', server.url('/'));
    expect(client.stats()).toMatchObject({
      connections: 1,
      idle: 0,
      active: 1,
      queued: 0,
      origins: [{ origin: server.url('').replace(/\/$/, '') }],
    });
    unfinished.pop()!();
    await open.bytes();
    expect(client.extend({ headers: { a: 'b' } }).stats()).toMatchObject({ connections: 1, idle: 1 });
  }
  await using mocked = new Client({ dispatcher: mockDispatcher(() => ({ status: 200 })) });
  expect(mocked.stats()).toBeUndefined();
});
