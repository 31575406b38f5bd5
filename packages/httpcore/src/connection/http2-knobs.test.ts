/** What an operator may say of streams, connections, windows and PINGs. */
import { Buffer } from 'node:buffer';

import { afterEach, describe, expect, it } from 'vitest';

import { goAway, headers, ping, settings, settingsAcknowledgement } from '../../test/support/http2/frame-factory.ts';
import { endWorlds, outcomes, startWorld, type Call, type PoolHarness } from '../../test/support/http2/pool-harness.ts';
import { Setting } from '../protocol/http2/constants.ts';

const whole = (id: number): Buffer => headers(id, [[':status', '200']], { endStream: true });
const greeting = (most: number): Buffer => Buffer.concat([settings([Setting.MAX_CONCURRENT_STREAMS, most]), settingsAcknowledgement()]);

afterEach(endWorlds);

async function pass(made: PoolHarness, milliseconds: number): Promise<void> {
  made.clock.advance(milliseconds);
  await made.clock.settle();
}

const callsOf = (made: PoolHarness, count: number): Call[] => Array.from({ length: count }, (_, index) => made.call(`/${index}`));

describe('maxConcurrentStreams', () => {
  it('is the most that a connection carries, however many the server allows; then another is made', async () => {
    const made = startWorld({ http2: { maxConcurrentStreams: 2 } });
    const calls = callsOf(made, 3);
    const first = await made.server();
    first.receive(greeting(100));
    await made.clock.settle();
    const second = await made.server(1);
    second.receive(greeting(100), whole(1));
    first.receive(whole(1), whole(3));
    await made.clock.settle();
    expect(outcomes(calls)).toEqual(['200 ""', '200 ""', '200 ""']);
    expect(made.servers).toHaveLength(2);
  });

  it('is not more than the server allows', async () => {
    const made = startWorld({ http2: { maxConcurrentStreams: 50, maxConnectionsPerOrigin: 1 } });
    const calls = callsOf(made, 3);
    const server = await made.server();
    server.receive(greeting(1));
    await made.clock.settle();
    expect(made.pool.stats()).toMatchObject({ connections: 1 });
    for (const id of [1, 3, 5]) {
      server.receive(whole(id));
      await made.clock.settle();
    }
    expect(outcomes(calls).filter((outcome) => outcome === '200 ""').length).toBeGreaterThan(0);
  });
});

describe('maxConnectionsPerOrigin', () => {
  it('of 1 has requests wait for a stream', async () => {
    const made = startWorld({ http2: { maxConcurrentStreams: 1, maxConnectionsPerOrigin: 1 } });
    const calls = callsOf(made, 3);
    const server = await made.server();
    server.receive(greeting(100));
    for (const id of [1, 3, 5]) {
      await made.clock.settle();
      expect(made.pool.stats()).toMatchObject({ connections: 1, connecting: 0 });
      server.receive(whole(id));
    }
    await made.clock.settle();
    expect(outcomes(calls)).toEqual(['200 ""', '200 ""', '200 ""']);
    expect(made.servers).toHaveLength(1);
  });

  it('does not count a connection that takes nothing new', async () => {
    const made = startWorld({ http2: { maxConnectionsPerOrigin: 1 } });
    const [running] = callsOf(made, 1);
    const server = await made.server();
    server.receive(greeting(100), goAway(1, 0));
    await made.clock.settle();
    const next = made.call('/next');
    const second = await made.server(1);
    second.receive(greeting(100), whole(1));
    server.receive(whole(1));
    await made.clock.settle();
    expect([running!.outcome(), next.outcome()]).toEqual(['200 ""', '200 ""']);
  });
});

it('windows are announced as they are said', async () => {
  const made = startWorld({ http2: { streamWindow: 100_000, maxStreamWindow: 200_000, connectionWindow: 1_000_000 } });
  made.call('/');
  const server = await made.server();
  expect(server.sent().slice(0, 3)).toEqual(['PREFACE', 'SETTINGS 2=0 4=100000 6=65536', `WINDOW_UPDATE ${1_000_000 - 65_535}`]);
});

describe('PINGs', () => {
  const pings = (frames: readonly string[]): number => frames.filter((frame) => frame.startsWith('PING')).length;

  it('are sent after the silence, and waited for as long, that is said', async () => {
    const made = startWorld({ http2: { pingInterval: 1_000, pingTimeout: 200 } });
    const call = made.call('/late');
    const server = await made.server();
    server.receive(greeting(100));
    await made.clock.settle();
    server.sent();
    await pass(made, 900);
    expect(pings(server.sent())).toBe(0);
    await pass(made, 200);
    expect(pings(server.sent())).toBe(1);
    await pass(made, 300);
    expect(call.outcome()).toBe('H2_PING_TIMEOUT');
    expect(call.error?.message).toContain('within 200 ms');
  });

  it('are not sent where that is never', async () => {
    const made = startWorld({ http2: { pingInterval: Infinity } });
    made.call('/');
    const server = await made.server();
    server.receive(greeting(100));
    await pass(made, 10_000_000);
    expect(pings(server.sent())).toBe(0);
  });

  it('follow one another as often as is said, however long an answer may take', async () => {
    const made = startWorld({ http2: { pingInterval: 1_000, pingTimeout: 10_000, pingWhileIdle: true } });
    made.call('/');
    const server = await made.server();
    server.receive(greeting(100), whole(1));
    await made.clock.settle();
    server.sent();
    for (let round = 0; round < 5; round += 1) {
      await pass(made, 1_200);
      const sent = server.sent();
      expect(pings(sent)).toBe(1);
      const [, asked = '0'] = /^PING (?:\S{8})(\S{8})$/.exec(sent.find((frame) => frame.startsWith('PING'))!) ?? [];
      server.receive(ping(0x6c69_7665, Number.parseInt(asked, 16), true));
    }
    await pass(made, 1_200);
    expect(pings(server.sent())).toBe(1);
    // Nor is one sent while another is not answered.
    await pass(made, 9_000);
    expect(pings(server.sent())).toBe(0);
    expect(made.pool.stats().connections).toBe(1);
    await pass(made, 1_500);
    expect(made.pool.stats().connections).toBe(0);
  });

  it.each([true, false])('on an idle connection are sent where that is said: %s', async (pingWhileIdle) => {
    const made = startWorld({ http2: { pingInterval: 1_000, pingTimeout: 200, pingWhileIdle } });
    made.call('/');
    const server = await made.server();
    server.receive(greeting(100), whole(1));
    await made.clock.settle();
    server.sent();
    await pass(made, 1_100);
    const sent = server.sent();
    expect(pings(sent)).toBe(pingWhileIdle ? 1 : 0);
    const [, asked = '0'] = /^PING (?:\S{8})(\S{8})$/.exec(sent.find((frame) => frame.startsWith('PING')) ?? '') ?? [];
    if (pingWhileIdle) server.receive(ping(0x6c69_7665, Number.parseInt(asked, 16), true));
    await pass(made, 900);
    expect(made.pool.stats().connections).toBe(1);
    await pass(made, 300);
    await pass(made, 300);
    expect(made.pool.stats().connections).toBe(pingWhileIdle ? 0 : 1);
  });
});

it('an idle connection is closed after as long as is said', async () => {
  const made = startWorld({ http2: { idleTimeout: 5_000 } });
  made.call('/');
  const server = await made.server();
  server.receive(greeting(100), whole(1));
  await pass(made, 4_000);
  expect(made.pool.stats().connections).toBe(1);
  await pass(made, 3_000);
  expect(made.pool.stats().connections).toBe(0);
});
