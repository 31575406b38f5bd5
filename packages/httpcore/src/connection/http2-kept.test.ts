/** Connections that are kept: looked at once more before they are used, and given up where they would be kept for ever. */
import { Buffer } from 'node:buffer';

import { afterEach, describe, expect, it } from 'vitest';

import { data, goAway, headers, settings, settingsAcknowledgement } from '../../test/support/http2/frame-factory.ts';
import {
  endWorlds,
  outcomes,
  startConnected,
  startWorld,
  type PoolHarness,
  type ScriptedServer,
} from '../../test/support/http2/pool-harness.ts';
import { PoolClosed } from '../contract/errors.ts';
import { ErrorCode, Setting } from '../protocol/http2/constants.ts';

const whole = (id: number, text = 'x'): Buffer => Buffer.concat([headers(id, [[':status', '200']]), data(id, text, { endStream: true })]);
const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

afterEach(endWorlds);

describe.each([0, 5])('a connection that answered %s ms ago', (idle) => {
  async function warm(): ReturnType<typeof startConnected> {
    const connected = await startConnected(['/first'], [Setting.MAX_CONCURRENT_STREAMS, 10]);
    connected.server.receive(whole(1));
    await connected.made.clock.settle();
    connected.server.sent();
    connected.made.clock.advance(idle);
    return connected;
  }
  const sentHeads = (lines: readonly string[]): number => lines.filter((line) => line.startsWith('HEADERS')).length;

  it.each([
    ['POST', false],
    ['GET', true],
  ])('is looked at again before a %s that can not be sent twice goes out', async (method, atOnce) => {
    const { made, server } = await warm();
    const call = made.call('/', { method });
    made.clock.runTurn();
    expect(sentHeads(server.sent()) === 1).toBe(atOnce);
    await made.clock.settle();
    server.receive(whole(3));
    await made.clock.settle();
    expect(call.outcome()).toBe('200 "x"');
  });

  it.each([
    ['closed', (server: ScriptedServer) => server.transport.receiveEnd()],
    ['broken', (server: ScriptedServer) => server.transport.close(new Error('reset'))],
    ['retired', (server: ScriptedServer) => server.receive(goAway(1, ErrorCode.NO_ERROR))],
    ['at odds with the protocol', (server: ScriptedServer) => server.receive(data(99, 'of no stream'))],
  ])('and turns out to be %s is not used: all that waited go to another', async (_what, end) => {
    const { made, server } = await warm();
    const calls = [made.call('/a', { method: 'POST', body: [bytes('a')] }), made.call('/b', { method: 'POST' })];
    made.clock.runTurn();
    end(server);
    const second = await made.server(1);
    await made.clock.settle();
    expect([sentHeads(server.sent()), sentHeads(second.sent())]).toEqual([0, 2]);
    second.receive(settings(), settingsAcknowledgement(), whole(1), whole(3));
    await made.clock.settle();
    expect(outcomes(calls)).toEqual(['200 "x"', '200 "x"']);
  });

  it('and is closed by us while it is looked at fails what waits', async () => {
    const { made } = await warm();
    const call = made.call('/', { method: 'POST' });
    made.clock.runTurn();
    await made.pool.destroy(new PoolClosed('closed'));
    await made.clock.settle();
    expect(call.outcome()).toBe('POOL_CLOSED');
  });

  it('is idle again where its only request is aborted meanwhile, and closes in its time', async () => {
    const { made, server } = await warm();
    const controller = new AbortController();
    const call = made.call('/', { method: 'POST', context: { signal: controller.signal } });
    made.clock.runTurn();
    controller.abort();
    await made.clock.settle();
    expect(call.outcome()).toBe('ABORTED');
    made.clock.advance(20);
    expect([made.pool.stats().idle, server.transport.referenced]).toEqual([1, false]);
    made.clock.advance(91_000);
    await made.clock.settle();
    expect(made.pool.stats().connections).toBe(0);
  });

  it('is left as it was by a request that is aborted meanwhile', async () => {
    const { made, server } = await warm();
    const controller = new AbortController();
    const call = made.call('/', { method: 'POST', context: { signal: controller.signal } });
    made.clock.runTurn();
    controller.abort();
    await made.clock.settle();
    const next = made.call('/next');
    await made.clock.settle();
    server.receive(whole(3));
    await made.clock.settle();
    expect([call.outcome(), next.outcome(), made.servers.length]).toEqual(['ABORTED', '200 "x"', 1]);
  });
});

describe('a connection that is never idle, where another origin waits for its place', () => {
  /** One place; `busy` has had a stream open at every moment. */
  async function busy(): Promise<{ readonly made: PoolHarness; readonly server: ScriptedServer; last: number }> {
    const made = startWorld({ maxConnections: 1, coalesce: false });
    made.call('/');
    const server = await made.server();
    server.receive(settings([Setting.MAX_CONCURRENT_STREAMS, 10]), settingsAcknowledgement());
    await made.clock.settle();
    return { made, server, last: 1 };
  }

  /** The next request is there before the one before it has its answer. */
  async function goOn(world: Awaited<ReturnType<typeof busy>>): Promise<void> {
    const call = world.made.call('/');
    await world.made.clock.settle();
    world.server.receive(whole(world.last));
    world.last += 2;
    await world.made.clock.settle();
    expect(call.outcome()).toBe('running');
  }

  it('takes nothing new after its turn of a second, and makes room when what it does has ended', async () => {
    const world = await busy();
    const { made, server } = world;
    const other = made.call('/', { host: 'other.test' });
    await made.clock.settle();
    for (let round = 0; round < 5; round += 1) {
      await goOn(world);
      made.clock.advance(150);
    }
    expect(made.servers).toHaveLength(1);
    made.clock.advance(300);
    await goOn(world);
    const late = made.call('/late');
    await made.clock.settle();
    expect(server.sent().some((line) => line.startsWith('GOAWAY'))).toBe(true);
    expect([late.outcome(), made.servers.length]).toEqual(['running', 1]);
    server.receive(whole(world.last));
    server.transport.close();
    const second = await made.server(1);
    second.receive(settings(), settingsAcknowledgement(), whole(1));
    await made.clock.settle();
    expect(other.outcome()).toBe('200 "x"');
    // Whose turn it was waits for its own again, and gets it.
    second.transport.close();
    const third = await made.server(2);
    third.receive(settings(), settingsAcknowledgement(), whole(1));
    await made.clock.settle();
    expect(late.outcome()).toBe('200 "x"');
  });

  it('goes on as long as nobody waits, however long that is', async () => {
    const world = await busy();
    for (let round = 0; round < 5; round += 1) {
      await goOn(world);
      world.made.clock.advance(1_000);
    }
    expect([world.server.sent().some((line) => line.startsWith('GOAWAY')), world.made.servers.length]).toEqual([false, 1]);
  });
});
