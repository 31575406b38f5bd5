/** Responses that nobody reads, under the memory that a pool has for them. */
import { afterEach, describe, expect, it } from 'vitest';

import { headers, settings, settingsAcknowledgement } from '../../test/support/http2/frame-factory.ts';
import { GreedyServer, type GreedyServerOptions } from '../../test/support/http2/greedy-server.ts';
import {
  endWorlds,
  startWorld,
  type Call,
  type CallOptions,
  type PoolHarness,
  type ScriptedServer,
} from '../../test/support/http2/pool-harness.ts';
import { PoolClosed } from '../contract/errors.ts';
import type { PoolOptions } from '../model/pool-options.ts';
import { Setting } from '../protocol/http2/constants.ts';

afterEach(endWorlds);

describe('over HTTP/2', () => {
  const limit = 1_048_576;
  const share = 16_384;

  interface Filled {
    readonly made: PoolHarness;
    readonly server: GreedyServer;
    call(options?: CallOptions): Promise<Call>;
    /** `readers`: how many wait for a response meanwhile. */
    step(times?: number, readers?: number): Promise<void>;
  }

  async function start(options: GreedyServerOptions, poolOptions: PoolOptions = {}): Promise<Filled> {
    const made = startWorld({ maxBufferedBytes: limit, ...poolOptions });
    made.call('/', { unread: true });
    const scripted = await made.server();
    const server = new GreedyServer(scripted, options);
    const step = async (times = 1, readers = 0): Promise<void> => {
      for (let count = 0; count < times; count += 1) {
        server.step();
        await made.clock.settle();
        expect(made.pool.memory.held + made.pool.memory.allowed).toBeLessThanOrEqual(made.pool.memory.limit + readers * 16_384);
      }
    };
    await step();
    return {
      made,
      server,
      step,
      call: async (callOptions = { unread: true }) => {
        const call = made.call('/', callOptions);
        await made.clock.settle();
        return call;
      },
    };
  }

  const held = ({ made }: Filled): number => made.pool.stats().bufferedBytes;

  it('those stop that were left unread first, the younger ones and those that are read go on', async () => {
    const filled = await start({ size: 100_000 });
    // Each fills its share before the next one comes.
    const calls: Call[] = [];
    for (let count = 0; count < 100; count += 1) {
      calls.push(await filled.call());
      await filled.step(2);
    }
    expect(calls.every(({ status, error }) => status === 200 && error === undefined)).toBe(true);
    const shares: number[] = [];
    for (const { body } of calls.slice(-3)) shares.push((await body![Symbol.asyncIterator]().next()).value!.length);
    expect(shares.every((length) => length > 0 && length < share)).toBe(true);
    expect(held(filled)).toBeGreaterThan(limit * 0.7);
    // Who is read gets all of it, whatever the others hold.
    const reading = filled.made.call('/', { timeouts: [null, 1_000, null, null] });
    await filled.made.clock.settle();
    for (let count = 0; count < 40 && reading.text === undefined; count += 1) await filled.step(1, 1);
    expect(reading.text).toHaveLength(100_000);
  });

  it('they go on when there is room again', async () => {
    const filled = await start({ size: 100_000 });
    const calls: Call[] = [];
    for (let count = 0; count < 60; count += 1) {
      calls.push(await filled.call());
      await filled.step(2);
    }
    const last = calls.pop()!;
    expect(filled.made.pool.memory.streamWindow).toBeLessThan(share);
    const before = held(filled);
    await filled.step(3);
    expect(held(filled)).toBe(before);
    for (const { body } of calls) await body!.close();
    await filled.made.clock.settle();
    await filled.step(3);
    // The first response of all, and the last.
    expect([filled.made.pool.memory.streamWindow, held(filled)]).toEqual([share, 2 * share]);
    const text = last.body!.bytes();
    await filled.step(20, 1);
    expect(await text).toHaveLength(100_000);
  });

  it.each([
    ['whole frames', { size: 12_000 }, limit],
    ['single octets', { size: 40, frame: 1, pace: 10 }, 4_096],
  ])('a thousand that are read late, in %s, come whole', async (_what, options, maxBufferedBytes) => {
    const filled = await start(options, { maxBufferedBytes });
    const calls: Call[] = [];
    for (let count = 0; count < 1_000; count += 1) calls.push(filled.made.call('/', { unread: true }));
    await filled.made.clock.settle();
    for (let count = 0; count < 12; count += 1) await filled.step();
    expect(held(filled)).toBeLessThanOrEqual(maxBufferedBytes);
    const lengths: number[] = [];
    for (const [index, call] of calls.entries()) {
      if (index % 10 === 0) {
        await call.body!.close();
        continue;
      }
      void call.body!.bytes().then(({ length }) => lengths.push(length));
      if (index % 100 === 99) await filled.step(20, 90);
    }
    expect(lengths).toHaveLength(900);
    expect(lengths.every((length) => length === options.size)).toBe(true);
    await filled.made.pool.destroy(new PoolClosed('the end'));
    expect([held(filled), filled.made.pool.memory.allowed]).toEqual([0, 0]);
  });

  it('a read limit does not count what our own window keeps back', async () => {
    const filled = await start({ size: 200_000 });
    const { made } = filled;
    for (let count = 0; made.pool.memory.streamWindow > 0; count += 1) {
      await filled.call();
      if (count % 10 === 0) await filled.step();
    }
    await filled.step(3);
    const before = held(filled);
    const call = await filled.call({ unread: true, timeouts: [null, 1_000, null, null] });
    await filled.step();
    expect(call.status).toBe(200);
    // Its window is ours, and shut: silence is not the server's.
    made.clock.advance(20_000);
    await filled.step();
    expect([call.error, held(filled)]).toEqual([undefined, before]);
    const text = call.body!.bytes();
    await made.clock.settle();
    await filled.step(40, 1);
    expect(await text).toHaveLength(200_000);
    expect(held(filled)).toBe(before);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'what is allowed is what the server may send, and within the limit, whatever happens (seed %i)',
    async (seed) => {
      let state = seed * 2_654_435_761;
      const pick = (below: number): number => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
      };
      const filled = await start(
        { size: 30_000, pace: 7_000, frame: seed % 2 === 0 ? 1_000 : 16_384 },
        { maxBufferedBytes: [100_000, limit][pick(2)] },
      );
      const { made, server } = filled;
      const { memory } = made.pool;
      const calls = new Map<Call, { readonly abort: AbortController; chunks: AsyncIterator<Uint8Array> | null }>();
      let readers = 0;
      for (let round = 0; round < 150; round += 1) {
        for (let count = pick(4); count > 0; count -= 1) {
          const abort = new AbortController();
          calls.set(made.call('/', { unread: true, context: { signal: abort.signal } }), { abort, chunks: null });
        }
        await filled.made.clock.settle();
        for (const [call, one] of calls) {
          const what = pick(12);
          if (what < 2 && call.body !== undefined) {
            if (one.chunks === null) readers += 1;
            one.chunks ??= call.body[Symbol.asyncIterator]();
            one.chunks.next().catch(() => {});
          } else if (what === 2) {
            if (call.body === undefined || pick(2) === 0) one.abort.abort();
            else void call.body.close();
            calls.delete(call);
          }
        }
        made.clock.advance(pick(400));
        server.step();
        await made.clock.settle();
        server.read();
        expect(server.allowed).toBe(memory.allowed);
        expect(memory.held + memory.allowed).toBeLessThanOrEqual(memory.limit + readers * 16_384);
      }
      for (const { abort } of calls.values()) abort.abort();
      for (let count = 0; count < 12; count += 1) await filled.step();
      // The one that nobody has aborted.
      expect(made.pool.stats().active).toBeLessThanOrEqual(1);
      await made.pool.destroy(new PoolClosed('the end'));
      expect([memory.held, memory.allowed]).toEqual([0, 0]);
    },
  );

  it('a peer that reads no SETTINGS gets no window twice', async () => {
    const made = startWorld({ maxBufferedBytes: limit });
    const first = made.call('/', { unread: true });
    const server = await made.server();
    server.receive(settings([Setting.MAX_CONCURRENT_STREAMS, 1_000]), settingsAcknowledgement());
    await made.clock.settle();
    const calls = Array.from({ length: 60 }, () => made.call('/', { unread: true }));
    await made.clock.settle();
    const windows = (): string[] => server.sent().filter((line) => line.startsWith('SETTINGS 4='));
    expect(windows()).toEqual(['SETTINGS 4=4096']);
    for (let id = 1; id < 122; id += 2) server.receive(headers(id, [[':status', '204']], { endStream: true }));
    await made.clock.settle();
    const next = made.call('/', { unread: true });
    await made.clock.settle();
    expect(windows()).toEqual([]);
    server.receive(settingsAcknowledgement(), headers(123, [[':status', '204']], { endStream: true }));
    await made.clock.settle();
    made.call('/', { unread: true });
    await made.clock.settle();
    expect(windows()).toEqual(['SETTINGS 4=16384']);
    expect([first, next, ...calls].every(({ status }) => status === 204)).toBe(true);
  });
});

describe('over HTTP/1.1', () => {
  const ok = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const http1 = { http1: true, http2: false };
  const large = `4000\r\n${'x'.repeat(16_384)}\r\n`;

  it('a connection stops reading when its response holds 64 KiB, and goes on when all of that was taken', async () => {
    const made = startWorld(http1);
    const call = made.call('/', { unread: true });
    const server = await made.server();
    await made.clock.settle();
    server.transport.receive(ok);
    await made.clock.settle();
    for (let count = 0; count < 4; count += 1) server.transport.receive(large);
    expect([server.transport.paused, made.pool.stats().bufferedBytes]).toEqual([false, 65_536]);
    server.transport.receive('1\r\na\r\n');
    expect([server.transport.paused, made.pool.stats().bufferedBytes]).toEqual([true, 65_537]);
    const chunks = call.body![Symbol.asyncIterator]();
    for (let count = 0; count < 4; count += 1) await chunks.next();
    expect(server.transport.paused).toBe(true);
    await chunks.next();
    expect([server.transport.paused, made.pool.stats().bufferedBytes]).toEqual([false, 0]);
  });

  it('single octets are gathered', async () => {
    const made = startWorld(http1);
    const call = made.call('/', { unread: true });
    const server = await made.server();
    await made.clock.settle();
    server.transport.receive(ok);
    await made.clock.settle();
    for (let count = 0; count < 60; count += 1) server.transport.receive('1\r\na\r\n'.repeat(1_000));
    server.transport.receive('0\r\n\r\n');
    await made.clock.settle();
    let chunks = 0;
    let length = 0;
    for await (const chunk of call.body!) {
      chunks += 1;
      length += chunk.length;
    }
    expect(length).toBe(60_000);
    expect(chunks).toBeLessThan(12);
  });

  it('those stop that hold the most, the younger ones and those that are read go on, and so do all when there is room again', async () => {
    const made = startWorld({ ...http1, maxBufferedBytes: 131_072 });
    const servers: ScriptedServer[] = [];
    const calls: Call[] = [];
    const answer = async (piece: string): Promise<ScriptedServer> => {
      calls.push(made.call('/', { unread: true }));
      const server = await made.server(servers.length);
      await made.clock.settle();
      server.transport.receive(ok);
      await made.clock.settle();
      server.transport.receive(piece);
      servers.push(server);
      return server;
    };
    for (let count = 0; count < 6; count += 1) await answer(large);
    const paused = (): boolean[] => servers.map(({ transport }) => transport.paused);
    expect([paused().includes(true), made.pool.stats().bufferedBytes]).toEqual([false, 98_304]);
    // The seventh leaves so little that all that came before have more than their share.
    await answer(`200\r\n${'x'.repeat(512)}\r\n`);
    expect(paused()).toEqual([true, true, true, true, true, true, false]);
    const reading = made.call('/');
    const server = await made.server(servers.length);
    await made.clock.settle();
    for (const piece of [ok, large, large, '0\r\n\r\n']) {
      server.transport.receive(piece);
      await made.clock.settle();
    }
    expect(reading.text).toHaveLength(32_768);
    for (const { body } of calls.slice(1, 6)) void body!.close();
    made.clock.advance(1_000);
    await made.clock.settle();
    expect([servers[0]!.transport.paused, servers[6]!.transport.paused]).toEqual([false, false]);
    servers[0]!.transport.receive('1\r\na\r\n');
    expect(servers[0]!.transport.paused).toBe(true);
  });

  it('a thousand that nobody reads hold what their connections read once, at most', async () => {
    const limit = 1_048_576;
    const made = startWorld({ ...http1, maxBufferedBytes: limit, maxConnectionsPerOrigin: 1_000, maxConnections: 1_000 });
    const calls = Array.from({ length: 1_000 }, () => made.call('/', { unread: true }));
    await made.clock.settle();
    await made.server(999);
    const send = (chunk: string): void => {
      for (const { transport } of made.servers) if (!transport.paused) transport.receive(chunk);
    };
    send(ok);
    await made.clock.settle();
    const chunk = `800\r\n${'x'.repeat(2_048)}\r\n`;
    for (let round = 0; round < 4; round += 1) send(chunk);
    expect(made.servers.every(({ transport }) => transport.paused)).toBe(true);
    expect(made.pool.stats().bufferedBytes).toBeLessThanOrEqual(limit + 1_000 * 2_048);
    // Each is read, late; some are left.
    const lengths: number[] = [];
    for (const [index, { body }] of calls.entries()) {
      if (index % 3 === 0) void body!.close();
      else void body!.bytes().then(({ length }) => lengths.push(length));
    }
    for (let round = 0; round < 3; round += 1) {
      await made.clock.settle();
      send(chunk);
    }
    await made.clock.settle();
    send('0\r\n\r\n');
    made.clock.advance(1_000);
    await made.clock.settle();
    expect(lengths).toHaveLength(666);
    expect(made.pool.stats().bufferedBytes).toBe(0);
  });
});
