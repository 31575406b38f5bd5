import { ConnectError, DeadlineExceeded, ReadError, ReadTimeout, RemoteProtocolError, TimeoutError } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { Lifetime } from '../call/lifetime.ts';
import { Request } from '../request/request.ts';
import { StreamResponse, type ResponseInit } from '../response/stream-response.ts';
import { resolveSettings } from '../client/client-settings.ts';
import type { TimeoutInput } from '../time/timeout.ts';
import { Retries } from './retries.ts';
import { RetryBudget } from './retry-budget.ts';
import { TooManyRetries, type RetryPastDeadline } from './retry-errors.ts';
import { RetryOnStatus } from './retry-limits.ts';
import { CallContext } from '../call/context.ts';
import { noSignal } from '../call/signals.ts';
import type { Clock } from '../time/clock.ts';
import { retryFailures } from './retry-interceptor.ts';

const get = new Request('GET', 'http://a.example/?token=s3cret');
const down = new ConnectError('down', { phase: 'connect' });

interface Run {
  readonly result: StreamResponse | undefined;
  readonly error: unknown;
  /** Milliseconds of each wait. */
  readonly waits: readonly number[];
  readonly sent: readonly Request[];
  readonly responses: readonly StreamResponse[];
}

interface Setup {
  readonly request?: Request;
  readonly timeout?: TimeoutInput;
  readonly budget?: RetryBudget;
  readonly random?: number;
}

/** Sends a request through the layer, over time that passes only while it waits. `outcomes` are what happens to each attempt; the last one repeats. */
async function run(retries: Retries, outcomes: readonly (Error | ResponseInit)[], setup: Setup = {}): Promise<Run> {
  let now = performance.now();
  const waits: number[] = [];
  const clock: Clock = {
    now: () => now,
    today: () => Date.UTC(2026, 10, 22, 12),
    schedule(milliseconds, task) {
      waits.push(milliseconds);
      now += milliseconds;
      queueMicrotask(task);
      return () => {};
    },
  };
  const { request = get, timeout, budget = new RetryBudget(() => now), random = 1 } = setup;
  const sent: Request[] = [];
  const responses: StreamResponse[] = [];
  const settings = resolveSettings({ retries, ...(timeout === undefined ? {} : { timeout }) });
  const send = retryFailures(
    { budget, lifetime: new Lifetime(), clock, random: () => random },
    { settingsOf: () => settings.retries, leadsOn: () => false, hookOf: () => undefined },
  )((onward, context) => {
    sent.push(onward);
    const attempt = context.begin(onward);
    const outcome = outcomes[Math.min(sent.length, outcomes.length) - 1]!;
    if (outcome instanceof Error) {
      attempt.error = outcome;
      return Promise.reject(outcome);
    }
    const response = StreamResponse.of(onward, outcome);
    responses.push(response);
    return Promise.resolve(response);
  });
  const call = new CallContext(request, settings, noSignal, undefined, undefined);
  if (call.deadline !== undefined) now = call.deadline - settings.timeout.total!;
  try {
    const result = await send(request, call);
    return { result, error: undefined, waits, sent, responses };
  } catch (error) {
    return { result: undefined, error, waits, sent, responses };
  }
}

const onStatus = { limits: [new RetryOnStatus()] };

describe('retries', () => {
  it('are none for what succeeds', async () => {
    const { result, waits, sent } = await run(new Retries(3, onStatus), [{ status: 200 }]);
    expect(result?.status).toBe(200);
    expect([sent.length, waits]).toEqual([1, []]);
  });

  it('come after waits that double, and are at least half of that', async () => {
    const outcomes = [down, down, down, { status: 200 }];
    expect((await run(new Retries(3), outcomes)).waits).toEqual([500, 1000, 2000]);
    expect((await run(new Retries(3), outcomes, { random: 0 })).waits).toEqual([250, 500, 1000]);
    expect((await run(new Retries(3, { backoffFactor: 1000, maxDelay: 1500, jitter: false }), outcomes, { random: 0 })).waits).toEqual([
      1000, 1500, 1500,
    ]);
  });

  it('end with the error that nobody wants to try again, as it is', async () => {
    const slow = new ReadTimeout('slow', { requestSent: true });
    const { error, sent } = await run(new Retries(3), [down, slow]);
    expect(error).toBe(slow);
    expect(sent).toHaveLength(2);
  });

  it('that are used up are an error, with the last failure as its cause and every attempt', async () => {
    const last = new ReadError('gone', { requestSent: true });
    const { error, sent } = await run(new Retries(2), [down, down, last]);
    expect(error).toBeInstanceOf(TooManyRetries);
    expect(error).toMatchObject({
      code: 'TOO_MANY_RETRIES',
      message: 'GET http://a.example/?token=[redacted] failed (ReadError) after 2 retries',
      cause: last,
      response: undefined,
    });
    expect((error as TooManyRetries).attempts.map(({ error }) => error)).toEqual([down, down, last]);
    expect(sent).toHaveLength(3);
    expect(Object.keys(error as object)).not.toContain('attempts');
  });

  it('let go of a response before they wait', async () => {
    const { result, responses } = await run(new Retries(1, onStatus), [{ status: 503, body: 'busy' }, { status: 200 }]);
    expect(result?.status).toBe(200);
    await expect(responses[0]!.text()).rejects.toMatchObject({ code: 'BODY_CONSUMED' });
  });

  it('that end in a response keep what it says', async () => {
    const { error } = await run(new Retries(1, onStatus), [{ status: 503, body: 'busy' }]);
    expect(error).toMatchObject({
      code: 'TOO_MANY_RETRIES',
      message: 'GET http://a.example/?token=[redacted] was answered 503 after 1 retry',
    });
    expect(error).not.toHaveProperty('cause');
    const { response } = error as TooManyRetries;
    expect(response?.status).toBe(503);
    expect(await response?.text()).toBe('busy');
  });

  it.each<[string, ResponseInit['body']]>([
    ['long', new Uint8Array(65_537)],
    [
      'cut short',
      (function* () {
        yield Buffer.from('bu');
        throw new ReadError('gone');
      })(),
    ],
  ])('that end in a response with a body that is %s, do not keep it', async (_, body) => {
    const { error } = await run(new Retries(0 + 1, onStatus), [down, { status: 503, body }]);
    const { response } = error as TooManyRetries;
    expect(response?.status).toBe(503);
    await expect(response?.text()).rejects.toMatchObject({ code: 'BODY_CONSUMED' });
  });

  it('may give the last response back instead', async () => {
    const { result, waits } = await run(new Retries(2, { ...onStatus, lastResponse: 'return' }), [{ status: 503, body: 'busy' }]);
    expect(result?.status).toBe(503);
    expect(await result?.text()).toBe('busy');
    expect(waits).toHaveLength(2);
    const failed = await run(new Retries(2, { ...onStatus, lastResponse: 'return' }), [down]);
    expect(failed.error).toBeInstanceOf(TooManyRetries);
  });
});

describe('Retry-After', () => {
  const retryAfter = (value: string, date?: string): ResponseInit => ({
    status: 429,
    headers: { 'retry-after': value, ...(date === undefined ? {} : { date }) },
  });

  it.each([
    ['7', 7000],
    ['0', 500],
    ['soon', 500],
    ['Sun, 22 Nov 2026 12:00:09 GMT', 9000],
    ['60', 60_000],
  ])('of %s is waited %i ms for', async (value, delay) => {
    expect((await run(new Retries(1, onStatus), [retryAfter(value), { status: 200 }])).waits).toEqual([delay]);
  });

  it('that asks for a longer wait than it can is the end, or cut short', async () => {
    const short = { ...onStatus, maxRetryAfter: 600, longRetryAfter: 'give-up' } as const;
    const { error, waits } = await run(new Retries(1, short), [retryAfter('7')]);
    expect(error).toMatchObject({
      name: 'TooManyRetries',
      code: 'RETRY_AFTER_TOO_LONG',
      message:
        'GET http://a.example/?token=[redacted] was answered 429 and wants the next request in 7000 ms, longer than the 600 ms of maxRetryAfter',
      response: { status: 429 },
    });
    expect(waits).toEqual([]);
    expect((await run(new Retries(1, { ...short, lastResponse: 'return' }), [retryAfter('7')])).result?.status).toBe(429);
    // Who says how long may be waited means to wait.
    expect((await run(new Retries(1, { ...onStatus, maxRetryAfter: 600 }), [retryAfter('7')])).waits).toEqual([600]);
    expect((await run(new Retries(1, onStatus), [retryAfter('70')])).error).toMatchObject({ code: 'RETRY_AFTER_TOO_LONG' });
    expect((await run(new Retries(1, { ...onStatus, longRetryAfter: 'wait' }), [retryAfter('70')])).waits).toEqual([60_000]);
    expect((await run(new Retries(1, { ...onStatus, maxRetryAfter: 0 }), [retryAfter('7')])).waits).toEqual([500]);
  });

  it('has the fields of quotas beside it', async () => {
    const limited = { status: 429, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9' } };
    expect((await run(new Retries(1, onStatus), [limited])).waits).toEqual([9000]);
  });

  it('that would outlast the deadline is not waited for', async () => {
    const { error, waits } = await run(new Retries(3, onStatus), [retryAfter('7')], { timeout: 7000 });
    expect(error).toBeInstanceOf(TimeoutError);
    expect((error as RetryPastDeadline).attempts).toHaveLength(1);
    expect(error).toMatchObject({
      name: 'RetryPastDeadline',
      code: 'RETRY_PAST_DEADLINE',
      response: { status: 429 },
      message: 'GET http://a.example/?token=[redacted] was answered 429 and the next retry would be in 7000 ms, after the deadline',
    });
    expect(waits).toEqual([]);
    expect((await run(new Retries(1, onStatus), [retryAfter('7')], { timeout: 60_000 })).waits).toEqual([7000]);
  });
});

describe('retries are not made', () => {
  it('past the deadline', async () => {
    const { error, waits } = await run(new Retries(10, { jitter: false }), [down], { timeout: 4000 });
    expect(error).toMatchObject({ code: 'RETRY_PAST_DEADLINE', cause: down });
    expect(waits).toEqual([500, 1000, 2000]);
    const exceeded = new DeadlineExceeded('too late');
    expect((await run(new Retries(10), [exceeded], { timeout: 2000 })).error).toBe(exceeded);
  });

  it('when the budget of the client is spent', async () => {
    const budget = new RetryBudget(() => 0);
    while (budget.withdraw()) continue;
    const gone = new ReadError('gone', { requestSent: true });
    const { error, sent } = await run(new Retries(3), [gone], { budget });
    expect(error).toMatchObject({ code: 'RETRY_BUDGET_SPENT', cause: gone });
    expect(sent).toHaveLength(1);
    expect((await run(new Retries(3, { budget: false }), [gone], { budget })).sent).toHaveLength(4);
    // What did not reach the server draws nothing.
    expect((await run(new Retries(3), [down], { budget })).sent).toHaveLength(4);
    const refused = new RemoteProtocolError('refused', { code: 'H2_REFUSED_STREAM', requestSent: false });
    expect((await run(new Retries(3), [refused], { budget })).sent).toHaveLength(4);
  });

  it('of a body that can not be sent again', async () => {
    const request = new Request('PUT', 'http://a.example/', { body: ['x'].values() });
    for await (const chunk of request.body!.open()) expect(chunk).toHaveLength(1);
    const gone = new ReadError('gone', { requestSent: true });
    const failed = await run(new Retries(3), [gone], { request });
    expect(failed.error).toBe(gone);
    const answered = await run(new Retries(3, onStatus), [{ status: 503, body: 'busy' }], { request });
    expect(answered.error).toMatchObject({ name: 'TooManyRetries', code: 'BODY_NOT_REPLAYABLE', response: { status: 503 } });
    expect(await (answered.error as TooManyRetries).response!.text()).toBe('busy');
    const returned = await run(new Retries(3, { ...onStatus, lastResponse: 'return' }), [{ status: 503 }], { request });
    expect(returned.result?.status).toBe(503);
    expect([...failed.sent, ...answered.sent, ...returned.sent]).toHaveLength(3);
  });

  it('but of one that nobody has asked for anything yet', async () => {
    const request = new Request('PUT', 'http://a.example/', { body: ['x'].values() });
    request.body!.open();
    expect((await run(new Retries(3), [down, { status: 200 }], { request })).result?.status).toBe(200);
  });

  it('but a flow may bring another body', async () => {
    const fresh = {
      *retryFlow(request: Request): Generator<Request, void, StreamResponse> {
        const response = yield request;
        if (response.status === 503) yield request.with({ body: ['again'].values() });
      },
    };
    const request = new Request('PUT', 'http://a.example/', { body: ['x'].values() });
    const { result, sent } = await run(new Retries(3, { limits: [fresh] }), [{ status: 503 }, { status: 200 }], { request });
    expect(result?.status).toBe(200);
    expect(sent[0]!.body).not.toBe(sent[1]!.body);
  });
});
