import { afterEach, describe, expect, it } from 'vitest';

import { headers, ping, settings, settingsAcknowledgement } from '../../test/support/http2/frame-factory.ts';
import { endWorlds, startConnected, type CallOptions, type PoolHarness } from '../../test/support/http2/pool-harness.ts';

const whole = (id: number): Buffer => headers(id, [[':status', '200']], { endStream: true });
const reads = (limit: number): CallOptions => ({ timeouts: [null, limit, null, null] });

afterEach(endWorlds);

async function startIdle(): Promise<Omit<Awaited<ReturnType<typeof startConnected>>, 'calls'>> {
  const { made, server } = await startConnected(['/']);
  server.receive(whole(1));
  await made.clock.settle();
  made.clock.advance(10);
  server.sent();
  return { made, server };
}

async function pass(made: PoolHarness, milliseconds: number): Promise<void> {
  made.clock.advance(milliseconds);
  await made.clock.settle();
}

describe('a path that is gone', () => {
  it.each<[string, CallOptions | ((made: PoolHarness) => CallOptions)]>([
    ['a read limit', reads(1_000)],
    ['a deadline', (made) => ({ context: { deadline: made.clock.now() + 1_000 } })],
  ])('is noticed at %s: the server is asked, and gets no new streams until it answers', async (_what, options) => {
    const { made, server } = await startIdle();
    const first = made.call('/first', typeof options === 'function' ? options(made) : options);
    const others = [made.call('/other'), made.call('/post', { method: 'POST' })];
    await pass(made, 1_001);
    expect(first.error?.name).toMatch(/ReadTimeout|DeadlineExceeded/);
    const ids = server.sent().filter((frame) => !frame.startsWith('HEADERS'));
    expect(ids).toEqual([expect.stringMatching(/^PING 6c697665/), 'RST_STREAM 3 CANCEL']);
    const next = made.call('/next');
    const second = await made.server(1);
    second.receive(settings(), settingsAcknowledgement(), whole(1));
    await made.clock.settle();
    expect([next.outcome(), server.sent()]).toEqual(['200 ""', []]);
    // It never answers: what may be sent twice goes elsewhere, the rest is told.
    await pass(made, 10_001);
    second.receive(whole(3));
    await made.clock.settle();
    expect(others.map((call) => call.outcome())).toEqual(['200 ""', 'H2_PING_TIMEOUT']);
    expect(made.pool.stats().connections).toBe(1);
  });

  it('is there after all when it answers', async () => {
    const { made, server } = await startIdle();
    made.call('/first', reads(1_000));
    await pass(made, 1_001);
    const [, asked] = /^PING (?:\S{8})(\S{8})$/.exec(server.sent().find((frame) => frame.startsWith('PING'))!)!;
    server.receive(ping(0x6c69_7665, Number.parseInt(asked!, 16), true));
    const next = made.call('/next');
    await made.clock.settle();
    server.receive(whole(5));
    await pass(made, 20_000);
    expect([next.outcome(), made.servers.length]).toEqual(['200 ""', 1]);
  });

  it('is not suspected where something was heard since, nor where the caller has only changed their mind', async () => {
    const { made, server } = await startIdle();
    made.call('/first', reads(1_000));
    await pass(made, 500);
    server.receive(settings());
    await pass(made, 501);
    const controller = new AbortController();
    made.call('/second', { context: { signal: controller.signal } });
    await pass(made, 5_000);
    controller.abort();
    await made.clock.settle();
    expect(server.sent().filter((frame) => frame.startsWith('PING'))).toHaveLength(0);
    made.call('/third');
    await made.clock.settle();
    expect(made.servers).toHaveLength(1);
  });

  it('is suspected at a limit that the caller has set by AbortSignal.timeout()', async () => {
    const { made, server } = await startIdle();
    const controller = new AbortController();
    made.call('/first', { context: { signal: controller.signal } });
    await pass(made, 1_000);
    controller.abort(new DOMException('too late', 'TimeoutError'));
    await made.clock.settle();
    expect(server.sent().filter((frame) => frame.startsWith('PING'))).toHaveLength(1);
  });

  it('that nobody asks for any more is given up, and leaves nothing behind', async () => {
    const { made } = await startIdle();
    made.call('/first', reads(1_000));
    await pass(made, 1_001);
    await pass(made, 10_001);
    expect(made.pool.stats()).toMatchObject({ connections: 0, origins: [] });
    await made.pool.close();
    expect(made.clock.pending).toBe(0);
  });
});
