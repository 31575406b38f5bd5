import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Budget } from '../../src/child/budget.ts';
import type { ExchangeKind, Protocol, Workload } from '../../src/child/job.ts';
import { DOCUMENT, SMALL_BODY } from '../../src/child/payload.ts';
import { loadContender } from '../../src/contenders/modules.ts';
import { allScenarios } from '../../src/scenarios/registry.ts';

const LARGE = 300_000;
const REQUESTS = 12;

/** Of those whose server is in their own memory, there is no other server to ask. */
const isInMemory = (contender: string): boolean => contender.includes('memory') || contender.startsWith('queue-');

/** Each contender with each kind of exchange for which a scenario names it, over each protocol. */
const EVERY_PAIR = [
  ...new Set(
    allScenarios().flatMap((scenario) => {
      if (scenario.kind !== 'exchange') return [];
      const { exchange, protocol } = scenario.traffic;
      return scenario.contenders.map(({ id }) => `${id} ${exchange} ${id === 'dispatch-http1' ? 'http/1.1' : protocol}`);
    }),
  ),
]
  .map((pair) => pair.split(' ') as [contender: string, exchange: ExchangeKind, protocol: Protocol])
  // The HTTP/2 client of Node 20, which undici uses too, aborts its whole process now and then when sessions end under load: it is
  // only run where a process of its own may die, in the bench itself, which checks every answer as well.
  .filter(([contender, , protocol]) => protocol !== 'h2' || !(contender.startsWith('undici') || contender === 'node-http2'));

const PAIRS = EVERY_PAIR.filter(([contender]) => !isInMemory(contender));

let server: Server | Http2Server;
let sessions: ServerHttp2Session[];
let connections: number;
let answers: string[];
/** What the server says instead of 200. */
let status: number;
let closesAfterAnswer: boolean;

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let uploaded = 0;
  for await (const chunk of request) uploaded += (chunk as Buffer).length;
  const bodies: Record<string, string> = {
    '/text': SMALL_BODY,
    '/json': DOCUMENT,
    '/download': 'd'.repeat(LARGE),
    '/upload': String(uploaded),
  };
  // What is to miss a cache has a query of its own each time.
  const path = (request.url ?? '').replace(/\?.*/, '');
  answers.push(path);
  if (closesAfterAnswer) response.shouldKeepAlive = false;
  response.writeHead(status, {
    'content-length': bodies[path]?.length ?? 0,
    'content-type': path === '/json' ? 'application/json' : 'text/plain',
  });
  response.end(bodies[path]);
}

beforeEach(() => {
  connections = 0;
  answers = [];
  status = 200;
  closesAfterAnswer = false;
  sessions = [];
});

async function listen(protocol: Protocol): Promise<void> {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    // A contender that has seen enough leaves in the middle of a body.
    respond(request, response).catch(() => {});
  };
  if (protocol === 'h2') {
    // Node's compatibility layer is enough like node:http for `respond`.
    server = createHttp2Server(answer as unknown as (request: Http2ServerRequest, response: Http2ServerResponse) => void);
    server.on('session', (session: ServerHttp2Session) => sessions.push(session));
  } else {
    server = createServer(answer);
  }
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

afterEach(async () => {
  for (const session of sessions) session.destroy();
  if ('closeAllConnections' in server) server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function workload(exchange: ExchangeKind, changes: Partial<Workload> = {}): Workload {
  return {
    exchange,
    scheme: 'http',
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    target: `/${exchange}`,
    concurrency: 3,
    bodyBytes: { text: SMALL_BODY.length, json: DOCUMENT.length, download: LARGE, upload: String(LARGE).length }[exchange],
    uploadBytes: exchange === 'upload' ? LARGE : 0,
    protocol: 'http/1.1',
    freshConnections: false,
    proxy: null,
    ...changes,
  };
}

async function run(contender: string, load: Workload): Promise<Budget> {
  const { open } = await loadContender(contender);
  const runner = await open(load);
  const budget = new Budget(REQUESTS);
  try {
    await runner.run(budget);
  } finally {
    await runner.close();
  }
  return budget;
}

describe.each(PAIRS)('%s, %s, %s', (contender, exchange, protocol) => {
  beforeEach(() => listen(protocol));

  // The floor asks once before, to learn how long an answer is.
  const probes = contender === 'raw-socket' ? 1 : 0;
  const over = { protocol };

  test('makes as many requests as it is asked for, over warm connections', async () => {
    const budget = await run(contender, workload(exchange, over));
    expect(budget.taken).toBe(REQUESTS);
    expect(answers).toEqual(Array.from({ length: REQUESTS + probes }, () => `/${exchange}`));
    // Node's own fetch has no limit, and starts before it has put the last connection back.
    expect(connections).toBeLessThanOrEqual(
      contender === 'ky' || contender === 'fetch' ? REQUESTS - 1 : protocol === 'h2' ? 1 : 3 + probes,
    );
  });

  test('does not take an error for an answer', async () => {
    // Not one of those that got and ky try again.
    status = 404;
    await expect(run(contender, workload(exchange, over))).rejects.toThrow();
  });

  test('does not take a body of another length for the right one', async () => {
    const wrong: Partial<Workload> = { ...over, ...(exchange === 'upload' ? { uploadBytes: LARGE } : {}), bodyBytes: 1 };
    const attempt = run(contender, workload(exchange, wrong));
    // A document is checked by its content and a receipt by its text; the floor knows only what the probe has seen.
    const checksLength = (exchange === 'text' || exchange === 'download') && contender !== 'raw-socket';
    if (contender === 'frame-loop') await expect(attempt).rejects.toThrow('Expected 1 bytes');
    else if (checksLength) await expect(attempt).rejects.toThrow('Expected 200 with 1 bytes');
    else await expect(attempt).resolves.toMatchObject({ taken: REQUESTS });
  });
});

describe.each(EVERY_PAIR.filter(([contender]) => isInMemory(contender)))('%s, %s, %s', (contender, exchange, protocol) => {
  const load = { exchange, scheme: 'http', host: 'memory.test', port: 80, target: '/', concurrency: 3, uploadBytes: 0, protocol } as const;
  const memory = (bodyBytes: number): Workload => ({ ...load, bodyBytes, freshConnections: false, proxy: null });

  test('makes as many requests as it is asked for', async () => {
    expect((await run(contender, memory(SMALL_BODY.length))).taken).toBe(REQUESTS);
  });

  test.skipIf(contender === 'memory-loop')('does not take a body of another length for the right one', async () => {
    await expect(run(contender, memory(1))).rejects.toThrow('Expected 200 with 1 bytes');
  });
});

const COLD =
  allScenarios()
    .find(({ id }) => id === 'h1-cold')
    ?.contenders.map(({ id }) => id) ?? [];

test.each(COLD)('%s makes a connection for each request when the server closes after every answer', async (contender) => {
  await listen('http/1.1');
  closesAfterAnswer = true;
  await run(contender, workload('text', { freshConnections: true }));
  expect(connections).toBe(REQUESTS + (contender === 'raw-socket' ? 1 : 0));
});

test('the floor notices an answer that is not the one it has probed', async () => {
  await listen('http/1.1');
  const load = workload('text');
  const { open } = await loadContender('raw-socket');
  const runner = await open(load);
  // A longer status line: two bytes more than the probe saw.
  status = 203;
  await expect(runner.run(new Budget(REQUESTS))).rejects.toThrow('bytes more than the probe saw');
  await runner.close();
});
