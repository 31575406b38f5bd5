/** Responses that nobody reads, under the memory that a pool has for them. */
import { afterEach, describe, expect, it } from 'vitest';

import { data, headers, settings, settingsAcknowledgement } from '../../test/support/http2/frame-factory.ts';
import { endWorlds, startWorld, type PoolHarness, type ScriptedServer } from '../../test/support/http2/pool-harness.ts';
import { PoolClosed } from '../contract/errors.ts';
import { Setting } from '../protocol/http2/constants.ts';

const head = (id: number): Buffer => headers(id, [[':status', '200']]);
const frame = Buffer.alloc(16_384);

afterEach(endWorlds);

describe('over HTTP/2', () => {
  const limit = 1_048_576;

  async function fill(): Promise<{ readonly made: PoolHarness; readonly server: ScriptedServer }> {
    const made = startWorld({ maxBufferedBytes: limit });
    made.call('/');
    const server = await made.server();
    server.receive(settings([Setting.MAX_CONCURRENT_STREAMS, 1_000]), settingsAcknowledgement());
    server.receive(head(1), data(1, 'x', { endStream: true }));
    // Each stream takes what its window allows, until the pool shuts them all.
    let id = 3;
    for (; made.pool.stats().bufferedBytes * 2 <= limit; id += 2) {
      made.call('/', { unread: true });
      await made.clock.settle();
      server.receive(head(id), data(id, frame));
      await made.clock.settle();
    }
    expect(id).toBeGreaterThan(60);
    return { made, server };
  }

  it('windows are shut when half of it is used, whoever waits goes on, and they open again', async () => {
    const { made, server } = await fill();
    expect(server.sent()).toContain('SETTINGS 4=0');
    server.receive(settingsAcknowledgement());
    const call = made.call('/next', { timeouts: [null, 1_000, null, null] });
    await made.clock.settle();
    const id = Number(/^HEADERS (\d+)/.exec(server.sent()[0]!)![1]);
    server.receive(head(id));
    await made.clock.settle();
    expect(server.sent()).toEqual([`WINDOW_UPDATE ${id} 65536`]);
    server.receive(...Array.from({ length: 4 }, () => data(id, frame)));
    await made.clock.settle();
    server.receive(data(id, 'the end', { endStream: true }));
    await made.clock.settle();
    expect(call.text).toHaveLength(65_536 + 7);
    await made.pool.destroy(new PoolClosed('the end'));
    expect(made.pool.stats().bufferedBytes).toBe(0);
  });

  it('a read limit does not count what our own window keeps back', async () => {
    const { made, server } = await fill();
    server.receive(settingsAcknowledgement());
    const before = made.pool.stats().bufferedBytes;
    const call = made.call('/waits', { unread: true, timeouts: [null, 1_000, null, null] });
    await made.clock.settle();
    const id = Number(/^HEADERS (\d+)/.exec(server.sent().at(-1)!)![1]);
    server.receive(head(id));
    await made.clock.settle();
    // Its window is ours, and shut: silence is not the server's.
    made.clock.advance(20_000);
    await made.clock.settle();
    expect(call.error).toBeUndefined();
    const chunks = call.body![Symbol.asyncIterator]();
    const next = chunks.next();
    expect(server.sent().some((sent) => sent.startsWith(`WINDOW_UPDATE ${id} `))).toBe(false);
    await made.clock.settle();
    expect(server.sent()).toContain(`WINDOW_UPDATE ${id} 65536`);
    server.receive(data(id, 'x'));
    expect((await next).value).toHaveLength(1);
    expect(made.pool.stats().bufferedBytes).toBe(before);
  });
});

describe('over HTTP/1.1', () => {
  const ok = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const http1 = { http1: true, http2: false };
  const large = `4000\r\n${'x'.repeat(16_384)}\r\n`;

  async function answered(made: PoolHarness, index: number): Promise<ScriptedServer> {
    made.call('/', { unread: true });
    const server = await made.server(index);
    await made.clock.settle();
    server.transport.receive(ok);
    await made.clock.settle();
    return server;
  }

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

  it('nobody gets more who is not read when half of the memory is used, and who reads goes on', async () => {
    const made = startWorld({ ...http1, maxBufferedBytes: 131_072 });
    const servers: ScriptedServer[] = [];
    while (made.pool.stats().bufferedBytes <= 65_536) {
      const server = await answered(made, servers.length);
      server.transport.receive(large);
      await made.clock.settle();
      servers.push(server);
    }
    expect(servers.map(({ transport }) => transport.paused)).toEqual([false, false, false, false, true]);
    for (const { transport } of servers.slice(0, 4)) transport.receive('1\r\na\r\n');
    expect(servers.every(({ transport }) => transport.paused)).toBe(true);
    const reading = made.call('/');
    const server = await made.server(servers.length);
    await made.clock.settle();
    for (const piece of [ok, large, large, '0\r\n\r\n']) {
      server.transport.receive(piece);
      await made.clock.settle();
    }
    expect(reading.text).toHaveLength(32_768);
  });
});
