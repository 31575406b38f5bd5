import { describe, expect, it } from 'vitest';

import type { ConnectError } from '../contract/errors.ts';
import type { Endpoint } from '../net/open-socket.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { ConnectRace, endpointText, type AttemptOutcome } from './connect-race.ts';

interface FakeAttempt extends AttemptOutcome {
  readonly name: string;
  readonly startedAt: number;
  destroyed: boolean;
  destroy(): void;
}

/** A race over attempts that end when the test says so. */
function race(names: readonly string[], attemptDelay = 250) {
  const clock = new FakeClock();
  const attempts: FakeAttempt[] = [];
  const log: string[] = [];
  const running = new ConnectRace<FakeAttempt>(
    {
      target: 'http://example.test:80',
      endpoints: names.map((address) => ({ address, port: 80 })),
      attemptDelay,
      connect({ address }, outcome) {
        if (address === 'throws') throw new TypeError('no such address');
        const attempt: FakeAttempt = {
          ...outcome,
          name: address,
          startedAt: clock.now(),
          destroyed: false,
          destroy: () => void (attempt.destroyed = true),
        };
        attempts.push(attempt);
        return attempt;
      },
      onAttemptStarted: ({ address }) => void log.push(`${clock.now()} start ${address}`),
      onAttemptFailed: ({ address }, { code }) => void log.push(`${clock.now()} failed ${address} ${code}`),
      onAttemptOvertaken: ({ address }) => void state.overtaken.push(address),
      onWon: ({ name }, endpoint) => {
        expect(endpoint.address).toBe(name);
        log.push(`${clock.now()} won ${name}`);
      },
      onLost: (error) => {
        state.error = error;
        log.push(`${clock.now()} lost`);
      },
    },
    clock,
  );
  const state: { error: ConnectError | undefined; readonly overtaken: string[] } = { error: undefined, overtaken: [] };
  const destroyed = (): readonly string[] => attempts.filter((attempt) => attempt.destroyed).map(({ name }) => name);
  return { clock, attempts, log, running, state, destroyed };
}

const refused = (code = 'ECONNREFUSED'): Error => Object.assign(new Error(`connect ${code}`), { code });

describe('ConnectRace', () => {
  it('starts one attempt at a time, each a delay after the one before, and calls none off', () => {
    const { clock, log, running, destroyed } = race(['a', 'b', 'c']);
    running.start();
    clock.advance(10_000);
    expect(log).toEqual(['0 start a', '250 start b', '500 start c']);
    expect(destroyed()).toEqual([]);
    expect(running.pending.map(({ address }) => address)).toEqual(['a', 'b', 'c']);
    running.cancel();
    expect(destroyed()).toEqual(['a', 'b', 'c']);
  });

  it('is won by the first to connect, also by one that was overtaken in starting', () => {
    const { clock, attempts, log, running, destroyed } = race(['a', 'b', 'c', 'd']);
    running.start();
    clock.advance(600);
    attempts[0]!.connected();
    expect(log.at(-1)).toBe('600 won a');
    expect(destroyed()).toEqual(['b', 'c']);
    clock.advance(10_000);
    expect(log).toHaveLength(4);
    expect(clock.pending).toBe(0);
  });

  it('starts the next at once when one fails, and the one after that a full delay later', () => {
    const { clock, attempts, log, running } = race(['a', 'b', 'c']);
    running.start();
    clock.advance(100);
    attempts[0]!.failed(refused());
    clock.advance(249);
    expect(log).toEqual(['0 start a', '100 failed a ECONNREFUSED', '100 start b']);
    clock.advance(1);
    expect(log.at(-1)).toBe('350 start c');
  });

  it('waits for the slow ones when the last to start has failed', () => {
    const { clock, attempts, log, running } = race(['a', 'b']);
    running.start();
    clock.advance(250);
    attempts[1]!.failed(refused('ENETUNREACH'));
    clock.advance(60_000);
    attempts[0]!.connected();
    expect(log.at(-1)).toBe('60250 won a');
  });

  it('is lost when all have failed, with the reasons in the order of the addresses', () => {
    const { clock, attempts, state, running } = race(['2001:db8::1', '192.0.2.1']);
    running.start();
    clock.advance(250);
    attempts[1]!.failed(refused('EHOSTUNREACH'));
    attempts[0]!.failed(refused('ETIMEDOUT'));
    expect(state.error).toMatchObject({
      code: 'CONNECT_FAILED',
      phase: 'connect',
      message: 'Could not connect to http://example.test:80: [2001:db8::1]:80 (ETIMEDOUT), 192.0.2.1:80 (EHOSTUNREACH)',
      attempts: [
        { address: '2001:db8::1', port: 80, code: 'ETIMEDOUT', reason: 'connect ETIMEDOUT' },
        { address: '192.0.2.1', port: 80, code: 'EHOSTUNREACH', reason: 'connect EHOSTUNREACH' },
      ],
      cause: { code: 'ETIMEDOUT', errors: [{ code: 'ETIMEDOUT' }, { code: 'EHOSTUNREACH' }] },
    });
    expect(clock.pending).toBe(0);
  });

  it('has the only error as the cause when there was one address', () => {
    const { attempts, state, running } = race(['a']);
    const error = refused();
    running.start();
    attempts[0]!.failed(error);
    expect(state.error?.cause).toBe(error);
  });

  it('keeps the message short when there are many addresses', () => {
    const { attempts, state, running } = race(Array.from({ length: 100 }, (_, index) => `a${index}`));
    running.start();
    for (let index = 0; index < 100; index++) attempts[index]!.failed(refused());
    expect(state.error?.attempts).toHaveLength(100);
    expect(state.error?.message).toContain('a7:80 (ECONNREFUSED), 92 more');
  });

  it('takes what connect throws as the failure of that attempt', () => {
    const { log, attempts, running } = race(['throws', 'b']);
    running.start();
    expect(log).toEqual(['0 start throws', '0 failed throws UNKNOWN', '0 start b']);
    attempts[0]!.connected();
    expect(log.at(-1)).toBe('0 won b');
  });

  it('hears nothing more once it is over', () => {
    const { clock, attempts, log, running } = race(['a', 'b', 'c']);
    running.start();
    clock.advance(500);
    attempts[1]!.connected();
    const soFar = [...log];
    attempts[0]!.connected();
    attempts[2]!.failed(refused());
    running.cancel();
    clock.advance(1_000);
    expect(log).toEqual(soFar);
    expect(attempts[1]!.destroyed).toBe(false);
  });

  it('may be cancelled by who is told of a start, or of a failure', () => {
    for (const [at, started] of [
      ['onAttemptStarted', 0],
      ['onAttemptFailed', 1],
    ] as const) {
      const clock = new FakeClock();
      const outcomes: AttemptOutcome[] = [];
      const noise = { onWon: () => expect.unreachable(), onLost: () => expect.unreachable() };
      const running: ConnectRace<{ destroy(): void }> = new ConnectRace(
        {
          target: 'x',
          endpoints: [{ address: 'a', port: 1 }],
          attemptDelay: 250,
          connect: (_endpoint: Endpoint, outcome: AttemptOutcome) => (outcomes.push(outcome), { destroy: () => {} }),
          onAttemptStarted: () => {},
          onAttemptFailed: () => {},
          onAttemptOvertaken: () => {},
          ...noise,
          [at]: () => running.cancel(),
        },
        clock,
      );
      running.start();
      outcomes[0]?.failed(refused());
      expect(outcomes).toHaveLength(started);
      expect(clock.pending).toBe(0);
    }
  });

  it('ends exactly once and leaves nothing, whatever the order of events', () => {
    for (let seed = 1; seed <= 500; seed++) {
      let state = seed;
      const random = (limit: number): number => (state = (state * 48_271) % 2_147_483_647) % limit;
      const names = Array.from({ length: 1 + random(5) }, (_, index) => `a${index}`);
      const { clock, attempts, log, running } = race(names);
      let cancelled = false;
      running.start();
      for (let step = 0; step < 20; step++) {
        const attempt = attempts[random(attempts.length)]!;
        const event = random(8);
        if (event < 3) clock.advance(random(300));
        else if (event < 6) attempt.failed(refused());
        else if (event < 7) attempt.connected();
        else if (random(4) === 0) {
          cancelled ||= !log.some((line) => /won|lost/.test(line));
          running.cancel();
        }
      }
      if (!cancelled && !log.some((line) => /won|lost/.test(line))) running.cancel();
      const ends = log.filter((line) => /won|lost/.test(line));
      expect(ends.length, `seed ${seed}`).toBeLessThanOrEqual(1);
      const winner = /won (\S+)/.exec(ends[0] ?? '')?.[1];
      const failed = new Set(log.flatMap((line) => /failed (\S+)/.exec(line)?.[1] ?? []));
      for (const attempt of attempts) {
        expect(attempt.destroyed, `seed ${seed}`).toBe(attempt.name !== winner && !failed.has(attempt.name));
      }
      expect(clock.pending, `seed ${seed}`).toBe(0);
    }
  });
});

describe('endpointText', () => {
  it('writes addresses as in a URL, and paths as they are', () => {
    expect(endpointText({ address: '192.0.2.1', port: 80 })).toBe('192.0.2.1:80');
    expect(endpointText({ address: '2001:db8::1', port: 443 })).toBe('[2001:db8::1]:443');
    expect(endpointText({ address: '/run/app.sock', port: undefined })).toBe('/run/app.sock');
  });
});
