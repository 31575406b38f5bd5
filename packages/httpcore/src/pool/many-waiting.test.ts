/** Thousands wait: what is done for each must not grow with their number. Work is counted, and not timed. */
import { afterEach, describe, expect, it, vi } from 'vitest';

import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { PoolClosed, PoolTimeout } from '../contract/errors.ts';
import type { Dial, DialedTransport, TransportDialer } from '../dial/dial.ts';
import { HttpDialer } from '../dial/dialer.ts';
import { resolvePoolOptions, type PoolOptions } from '../model/pool-options.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { Peer } from './peer.ts';
import { Pool } from './pool.ts';

afterEach(() => void vi.restoreAllMocks());

const answer = 'HTTP/1.1 204 No Content\r\n\r\n';

/** Connects at once, to servers that answer once they are told to. */
class PromptDialer implements TransportDialer {
  readonly transports: ScriptedTransport[] = [];

  dial(): Dial<DialedTransport> {
    const transport = new ScriptedTransport();
    this.transports.push(transport);
    const none = undefined;
    const steps = { dnsStart: none, dnsEnd: none, connectStart: none, connectEnd: none, proxyStart: none, proxyEnd: none };
    const timings = { start: 0, end: 0, tlsStart: none, tlsEnd: none, ...steps };
    return { result: Promise.resolve({ transport, timings }), phase: 'connect', hanging: 'nothing', cancel() {} };
  }
}

function poolOn(clock: FakeClock, options: PoolOptions): { readonly pool: Pool; readonly dialer: PromptDialer } {
  const dialer = new PromptDialer();
  const settings = resolvePoolOptions(options);
  return { pool: new Pool(settings, new HttpDialer(dialer, settings, clock), clock), dialer };
}

describe('requests over half as many origins as there are requests', () => {
  /** How often anybody is asked to connect, for what is idle, or how long the longest waits: what a queue could look through. */
  async function questionsFor(requests: number): Promise<number> {
    const asked = [
      vi.spyOn(Peer.prototype, 'grow'),
      vi.spyOn(Peer.prototype, 'idle'),
      vi.spyOn(Peer.prototype, 'checkDeadlines'),
      vi.spyOn(Peer.prototype, 'longestWaiting', 'get'),
      vi.spyOn(Peer.prototype, 'slots', 'get'),
    ];
    const clock = new FakeClock(1_000);
    const { pool, dialer } = poolOn(clock, { http2: false, maxConnections: 64, maxConnectionsPerOrigin: 8 });
    const outcomes: number[] = [];
    for (let number = 0; number < requests; number += 1) {
      const url = ['http', `h${number % (requests / 2)}.test`, null, '/'] as const;
      void pool.submit('GET', url, [], null, [1e6, 1e6, 1e6, 1e6], {}).then(([, status]) => outcomes.push(status));
    }
    for (let rounds = requests; outcomes.length < requests && rounds > 0; rounds -= 1) {
      for (const transport of dialer.transports.splice(0)) {
        if (transport.destroyed || transport.closed) continue;
        dialer.transports.push(transport);
        if (transport.takeWritten().length > 0) transport.receive(answer);
      }
      clock.advance(1);
      await clock.settle();
    }
    expect(outcomes).toEqual(Array.from({ length: requests }, () => 204));
    await pool.destroy(new PoolClosed('The test is over'));
    const count = asked.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
    vi.restoreAllMocks();
    return count / requests;
  }

  it('cost each the same, whether 500 or 4,000 wait', async () => {
    const few = await questionsFor(500);
    const many = await questionsFor(4_000);
    expect(many).toBeLessThan(few * 1.3);
  });
});

describe('many that time out together', () => {
  /** Reading it takes time, as it does of a real one. */
  class RunningClock extends FakeClock {
    step = 0;
    #passed = 0;

    override now(): number {
      this.#passed += this.step;
      return super.now() + this.#passed;
    }
  }

  const timedOut = (responses: readonly Promise<unknown>[]): Promise<readonly PoolTimeout[]> =>
    Promise.all(
      responses.map(async (response) => {
        const error: unknown = await response.catch((failure: unknown) => failure);
        if (error instanceof PoolTimeout) return error;
        throw error;
      }),
    );

  it.each([
    ['within a millisecond name the same holders, who were looked for once', 0.000_01, 1],
    ['and take longer name those of their own millisecond', 0.01, 2],
  ])('%s', async (_, step, atLeast) => {
    const clock = new RunningClock(1_000);
    const { pool } = poolOn(clock, { http2: false, maxConnections: 8, maxConnectionsPerOrigin: 8 });
    const url = ['http', 'a.test', null, '/'] as const;
    const running = Array.from({ length: 8 }, () => pool.submit('GET', url, [], null, [null, null, null, null], {}));
    await clock.settle();
    const waiting = Array.from({ length: 500 }, () => pool.submit('GET', url, [], null, [null, null, null, 50], {}));
    clock.step = step;
    clock.advance(50);
    const errors = await timedOut(waiting);
    const told = new Set(errors.map(({ holders }) => holders));
    if (atLeast === 1) expect(told.size).toBe(1);
    else expect(told.size).toBeGreaterThanOrEqual(atLeast);
    for (const { holders } of errors) expect(holders).toHaveLength(8);
    const ended = Promise.allSettled(running);
    await pool.destroy(new PoolClosed('The test is over'));
    await ended;
  });

  it('a moment later the holders are looked for again', async () => {
    const clock = new FakeClock(1_000);
    const { pool } = poolOn(clock, { http2: false, maxConnections: 1, maxConnectionsPerOrigin: 1 });
    const url = ['http', 'a.test', null, '/'] as const;
    const running = pool.submit('GET', url, [], null, [null, null, null, null], {});
    await clock.settle();
    const first = pool.submit('GET', url, [], null, [null, null, null, 50], {});
    const second = pool.submit('GET', url, [], null, [null, null, null, 51], {});
    const errors = timedOut([first, second]);
    clock.advance(100);
    expect((await errors).map(({ holders }) => holders.map(({ age }) => age))).toEqual([[50], [51]]);
    const ended = Promise.allSettled([running]);
    await pool.destroy(new PoolClosed('The test is over'));
    await ended;
  });
});
