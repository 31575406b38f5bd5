import { Client } from '@x/client';
import { collapse, hedge, rateLimit } from '@x/client/resilience';
import { startServer, withEnoughTime } from '@x/testbed';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

const wires: [string, { tls?: boolean; http2?: boolean }][] = [
  ['HTTP/1.1', {}],
  ['HTTP/2', { tls: true, http2: true }],
];

it.each(wires)('a hedge ends the slower request, over %s', async (name, wire) => {
  // Where the machine is slow a hedge may be sent before the first request has arrived, or another one beside what comes next.
  await withEnoughTime(async (maxDelay) => {
    let count = 0;
    const slower: Promise<unknown>[] = [];
    await using server = await startServer((_request, response) => {
      count += 1;
      if (count === 1) slower.push(once(response, 'close'));
      else response.end('quick');
    }, wire);
    const hedges = hedge({ maxDelay });
    await using client = new Client({ networkInterceptors: [hedges], tls: { ca: server.ca } });
    const response = await client.get(server.url('/'));
    expect(response.text()).toBe('quick');
    await Promise.all(slower);
    expect(hedges.stats()).toEqual({ requests: 1, hedges: 1, won: 1, denied: 0 });
    // Over HTTP/2 the stream alone was reset.
    const next = await client.get(server.url('/'));
    expect(next.timings.reused).toBe(true);
    if (name === 'HTTP/2')
      expect(new Set([...response.attempts, ...next.attempts].map(({ timings }) => timings.connectionId)).size).toBe(1);
  });
});

it.each(wires)('collapsed calls undo the content coding each for itself, over %s', async (_, wire) => {
  let count = 0;
  await using server = await startServer((_request, response) => {
    count += 1;
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    setImmediate(() => response.end(gzipSync('{"n":1}')));
  }, wire);
  await using client = new Client({ networkInterceptors: [collapse()], tls: { ca: server.ca } });
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.get(server.url('/')).json<{ n: number }>()));
  expect(answers).toEqual(Array.from({ length: 20 }, () => ({ n: 1 })));
  expect(count).toBe(1);
});

it.each(wires)('a limit of requests at once holds whatever becomes of them, over %s', async (_, wire) => {
  let running = 0;
  let most = 0;
  await using server = await startServer((request, response) => {
    running += 1;
    most = Math.max(most, running);
    response.on('close', () => (running -= 1));
    response.write('some');
    if (request.url === '/cut') setImmediate(() => response.destroy());
    else setImmediate(() => response.end(' more'));
  }, wire);
  const limit = rateLimit({ concurrency: 3 });
  await using client = new Client({ networkInterceptors: [limit], tls: { ca: server.ca } });
  await Promise.all(
    Array.from({ length: 30 }, async (_unused, index) => {
      if (index % 3 === 0) return client.get(server.url('/cut')).catch(() => {});
      if (index % 3 === 1) return client.get(server.url('/'));
      await using response = await client.stream('GET', server.url('/'));
      if (index % 2 === 0) await response.text();
    }),
  );
  expect(most).toBeLessThanOrEqual(3);
  expect(limit.stats()).toMatchObject({ sent: 30, waiting: 0, running: 0 });
});
