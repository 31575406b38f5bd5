import { ConnectError, ReadError, RemoteProtocolError, type HttpCoreError } from '@x/httpcore';
import { expect, it } from 'vitest';

import { CallContext } from '../call/context.ts';
import { Lifetime } from '../call/lifetime.ts';
import { noSignal } from '../call/signals.ts';
import { resolveSettings } from '../client/client-settings.ts';
import { Request } from '../request/request.ts';
import { StreamResponse } from '../response/stream-response.ts';
import { RetryBudget } from './retry-budget.ts';
import { Retries } from './retries.ts';
import { retryFailures } from './retry-interceptor.ts';
import { RetryOnStatus } from './retry-limits.ts';
import { ScriptedTime } from '../../test/scripted-time.ts';

const refused = new ConnectError('refused', { phase: 'connect', code: 'CONNECT_FAILED', requestSent: false });
const turnedAway = new RemoteProtocolError('turned away', { code: 'H2_REFUSED_STREAM', requestSent: false });

const broken = new ReadError('reset', { phase: 'response-head', code: 'READ_FAILED', requestSent: true });
const unavailable = 503;

/** Milliseconds. */
interface Outage {
  readonly from: number;
  readonly until: number;
  /** Before a call fails. */
  readonly takes: number;
}
const forASecond: Outage = { from: 1000, until: 2000, takes: 0 };

/** Two hundred calls a second for three seconds, to a server that fails all of them for some time: the second of them, unless told otherwise. */
async function callsThroughRestart(
  failure: HttpCoreError | number,
  random: () => number,
  outage = forASecond,
): Promise<{ failed: unknown[]; mostSent: number; sent: number }> {
  const time = new ScriptedTime();
  const begun = time.now();
  const settings = resolveSettings({ retries: new Retries(3, { limits: [new RetryOnStatus()] }), timeout: null });
  const services = { budget: new RetryBudget(() => time.now()), lifetime: new Lifetime(), clock: time, random };
  const sentFor = new Map<CallContext, number>();
  const send = retryFailures(services, { settingsOf: () => settings.retries, leadsOn: () => false, hookOf: () => undefined })((
    onward,
    context,
  ) => {
    sentFor.set(context, (sentFor.get(context) ?? 0) + 1);
    const attempt = context.begin(onward);
    if (time.now() - begun < outage.from || time.now() - begun >= outage.until)
      return Promise.resolve(StreamResponse.of(onward, { status: 200 }));
    return new Promise((resolve, reject) => {
      const fail = (): void => {
        if (typeof failure === 'number') return resolve(StreamResponse.of(onward, { status: failure }));
        attempt.error = failure;
        reject(failure);
      };
      if (outage.takes === 0) fail();
      else time.schedule(outage.takes, fail);
    });
  });
  const failed: unknown[] = [];
  for (let call = 0; call < 600; call++) {
    time.schedule(call * 5, () => {
      const request = new Request('GET', `http://a.example/${call}`);
      services.budget.deposit();
      send(request, new CallContext(request, settings, noSignal, undefined, undefined)).catch((error: unknown) => failed.push(error));
    });
  }
  await time.run();
  const counts = [...sentFor.values()];
  return { failed, mostSent: Math.max(...counts), sent: counts.reduce((sum, count) => sum + count, 0) };
}

/** The same numbers in each run: a linear congruential generator (Numerical Recipes). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

const jitters: readonly [string, () => number][] = [
  ['least', () => 0],
  ['most', () => 1 - Number.EPSILON],
  ['any', seeded(1)],
];

it.each(jitters)('with the %s jitter, all calls outlive a server that refuses connections for a second', async (_, random) => {
  const { failed, mostSent } = await callsThroughRestart(refused, random);
  expect(failed.slice(0, 3)).toEqual([]);
  expect(mostSent).toBeGreaterThan(1);
});

it.each(jitters)('with the %s jitter, all calls outlive a server that turns streams away for a second', async (_, random) => {
  expect((await callsThroughRestart(turnedAway, random)).failed.slice(0, 3)).toEqual([]);
});

it.each(jitters)('with the %s jitter, all calls of a client that is a second old outlive one that breaks them off', async (_, random) => {
  expect((await callsThroughRestart(broken, random)).failed.slice(0, 3)).toEqual([]);
});

it.each(jitters)('with the %s jitter, all calls of a client that is a second old outlive one that answers 503', async (_, random) => {
  expect((await callsThroughRestart(unavailable, random)).failed.slice(0, 3)).toEqual([]);
});

it.each([0, 700, 1500])('a server that is down from the start, and takes %i ms to fail, gets no storm', async (takes) => {
  for (const failure of [broken, unavailable]) {
    const { failed, sent } = await callsThroughRestart(failure, seeded(1), { from: 0, until: Infinity, takes });
    expect(failed).toHaveLength(600);
    expect(sent).toBeLessThanOrEqual(600 + 100 + 600 / 5);
  }
});
