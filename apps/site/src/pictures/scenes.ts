/** What the pictures show: the real pool and client on a network from a seed, in scripted time. The same sources give the same pictures. */
import { once } from 'node:events';
import { createServer } from 'node:http2';

import { Client, type TraceEvents } from '@x/client';
import { TraceRecorder, type Waterfall } from '@x/figures';
import { ScriptedNetwork } from '@x/httpcore/testing';

/** Values of something, each at its moment. */
export interface Samples<Value> {
  readonly times: readonly number[];
  readonly values: readonly Value[];
}

interface PoolSample {
  readonly queued: number;
  readonly connecting: number;
  readonly active: number;
  readonly idle: number;
}

/** Forty requests, one each millisecond, to a server that takes 30 ms for each, with eight connections that may be made. */
export async function burst(): Promise<Samples<PoolSample>> {
  const network = new ScriptedNetwork({ seed: 1, latency: 10 });
  network.serve('http://api.test', async () => {
    await after(network, 30);
    return { status: 200, body: 'done' };
  });
  await using pool = network.dispatcher({ maxConnectionsPerOrigin: 8, keepAliveTimeout: 100 });
  const times: number[] = [];
  const values: PoolSample[] = [];
  const begun = network.clock.now();
  const look = (): void => {
    const { queued, connecting, active, idle } = pool.stats();
    times.push(Math.round((network.clock.now() - begun) * 10) / 10);
    values.push({ queued, connecting, active, idle });
  };
  await network.run(async () => {
    const watched = watch(network, 460, 2, look);
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        await after(network, 10 + index);
        const [, , , , body] = await pool.dispatch('GET', ['http', 'api.test', null, `/${index}`], [], null);
        await body.bytes();
      }),
    );
    await watched;
  });
  return { times, values };
}

export interface WindowSample {
  /** Bytes that have been read, and that have come and wait in the pool. */
  readonly read: number;
  readonly waiting: number;
}

const slowBody = 16_000_000;

/** The beginning of a body over HTTP/2 that could come faster than it is read, which is 16 KiB every 10 ms. */
export async function slowReader(): Promise<Samples<WindowSample>> {
  const network = new ScriptedNetwork({ seed: 1, latency: 5 });
  const server = createServer();
  let sent = 0;
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200 });
    const write = (): void => {
      while (sent < slowBody) {
        const size = Math.min(16_384, slowBody - sent);
        sent += size;
        if (!stream.write(Buffer.alloc(size, 120))) {
          stream.once('drain', write);
          return;
        }
      }
      stream.end();
    };
    write();
  });
  network.serve('http://api.test', server, { protocol: 'h2' });
  await using pool = network.dispatcher({ http1: false });
  const times: number[] = [];
  const values: WindowSample[] = [];
  let read = 0;
  await network.run(async () => {
    const [, , , , body] = await pool.dispatch('GET', ['http', 'api.test', null, '/'], [], null);
    const begun = network.clock.now();
    for await (const chunk of body) {
      read += chunk.length;
      const now = Math.round((network.clock.now() - begun) * 10) / 10;
      if (now - (times.at(-1) ?? -20) >= 20) {
        times.push(now);
        values.push({ read, waiting: pool.stats().bufferedBytes });
      }
      if (read > 2_500_000) break;
      await after(network, chunk.length / 1_638.4);
    }
  });
  server.close();
  await once(server, 'close').catch(() => undefined);
  return { times, values };
}

/** A redirect to another host, and a body that takes its time. */
export async function waterfall(): Promise<Waterfall> {
  const network = new ScriptedNetwork({ seed: 1, latency: 15, bandwidth: 500_000 });
  network.serve('http://shop.test', async () => {
    await after(network, 20);
    return { status: 302, headers: [['location', 'http://files.test/catalogue']] };
  });
  network.serve('http://files.test', async () => {
    await after(network, 60);
    return { status: 200, body: inPieces(network, 4) };
  });
  await using client = new Client({ dispatcher: network.dispatcher() });
  const recorder = new TraceRecorder();
  const response = await network.run(async () => client.get('http://shop.test/catalogue', { trace: recorder.observe }));
  return recorder.waterfall(response.attempts);
}

export interface Step {
  readonly name: keyof TraceEvents | 'asked' | 'answered' | 'called' | 'read';
  readonly at: number;
}

/** One GET over a new connection, from the caller's line to the last byte, with what the server sees. */
export async function oneRequest(): Promise<Step[]> {
  const network = new ScriptedNetwork({ seed: 1, latency: 20, bandwidth: 400_000 });
  const steps: Step[] = [];
  const note = (name: Step['name']): void => void steps.push({ name, at: network.clock.now() });
  network.serve('http://api.test', async () => {
    note('asked');
    await after(network, 30);
    note('answered');
    return { status: 200, body: 'x'.repeat(20_000) };
  });
  await using client = new Client({ dispatcher: network.dispatcher() });
  await network.run(async () => {
    note('called');
    await client.get('http://api.test/', { trace: (name) => note(name) });
    note('read');
  });
  const begun = steps[0]!.at;
  return steps.map(({ name, at }) => ({ name, at: at - begun }));
}

async function* inPieces(network: ScriptedNetwork, count: number): AsyncGenerator<Uint8Array> {
  for (let piece = 0; piece < count; piece += 1) {
    yield new Uint8Array(5_000);
    await after(network, 20);
  }
}

function after(network: ScriptedNetwork, delay: number): Promise<void> {
  return new Promise((resolve) => network.clock.schedule(delay, resolve));
}

async function watch(network: ScriptedNetwork, span: number, step: number, look: () => void): Promise<void> {
  // Between the moments in which something happens, whose order is not what is shown.
  await after(network, 0.5);
  for (let at = 0; at <= span; at += step) {
    look();
    await after(network, step);
  }
}
