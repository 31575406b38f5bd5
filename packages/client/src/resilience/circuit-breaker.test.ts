import { Aborted, ReadTimeout, NetworkError, PoolTimeout } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { PlayedServer, type PlayedAnswer, type PlayedCall } from '../../test/scripted-calls.ts';
import { circuitBreaker, Circuits, type CircuitBreakerOptions } from './circuit-breaker.ts';
import { CircuitOpen } from './resilience-errors.ts';

function broken(options: CircuitBreakerOptions, answer: (now: number) => PlayedAnswer) {
  const server: PlayedServer = new PlayedServer(() => answer(server.now));
  const circuits = new Circuits(options, server.time);
  const send = server.through((request, context, next) => circuits.send(request, context, next));
  const call = (given?: PlayedCall): Promise<number | string> =>
    send(given).then(
      ({ status }) => status,
      (error: Error) => (error as CircuitOpen).code,
    );
  return { server, circuits, call };
}

/** Calls at these moments, and what came of them. */
async function callsAt(moments: readonly number[], { server, call }: ReturnType<typeof broken>, given?: PlayedCall) {
  const outcomes: (number | string)[] = [];
  for (const [index, at] of moments.entries())
    server.time.schedule(at, () => void call(given).then((outcome) => (outcomes[index] = outcome)));
  await server.time.run();
  return outcomes;
}

const reset = new NetworkError('reset', { code: 'CONNECTION_CLOSED' });
const every100 = (count: number): number[] => Array.from({ length: count }, (_, n) => n * 100);

describe('a circuit breaker', () => {
  it('opens when too much fails, lets one try after a while, and closes when that went well', async () => {
    const breaker = broken({ minRequests: 4, openFor: 1000 }, (now) => ({ status: now < 1000 ? 503 : 200 }));
    // Four failures until 300; nothing until 1300.
    expect(await callsAt([...every100(13), 1300, 1301], breaker)).toEqual([
      503,
      503,
      503,
      503,
      ...Array.from({ length: 9 }, () => 'CIRCUIT_OPEN'),
      200,
      200,
    ]);
    expect(breaker.circuits.stats()).toEqual({ sent: 6, failed: 4, refused: 9, probes: 1, openings: 1, open: {} });
  });

  it('stays open for twice as long each time that the one which tries fails', async () => {
    const breaker = broken({ minRequests: 1, openFor: 1000, maxOpenFor: 3000 }, () => ({ error: reset }));
    const sentAt = async (): Promise<readonly number[]> => {
      await callsAt(every100(120), breaker);
      return breaker.server.arrivals;
    };
    expect(await sentAt()).toEqual([0, 1000, 3000, 6000, 9000]);
    expect(breaker.circuits.stats()).toMatchObject({ openings: 5, open: { 'http://a.example': 'open' } });
  });

  it('lets nobody else go while one tries', async () => {
    const breaker = broken({ minRequests: 1, openFor: 1000 }, (now) => (now < 1000 ? { status: 500 } : { after: 500 }));
    expect(await callsAt([0, 1000, 1001, 1499, 1501], breaker)).toEqual([500, 200, 'CIRCUIT_OPEN', 'CIRCUIT_OPEN', 200]);
  });

  it('may want several to go well', async () => {
    const breaker = broken({ minRequests: 1, openFor: 1000, probes: 2 }, (now) => (now < 1000 ? { status: 500 } : { after: 100 }));
    expect(await callsAt([0, 1000, 1001, 1002, 1200], breaker)).toEqual([500, 200, 200, 'CIRCUIT_OPEN', 200]);
  });

  it.each<[string, PlayedAnswer, boolean]>([
    ['a reset', { error: reset }, true],
    ['a limit in time', { error: new ReadTimeout('late', { phase: 'response-head' }) }, true],
    ['500', { status: 500 }, true],
    ['504', { status: 504 }, true],
    ['404', { status: 404 }, false],
    ['429', { status: 429 }, false],
    ['a full pool', { error: new PoolTimeout('full', { phase: 'pool' }) }, false],
    ['an abort by the program', { error: new Aborted('aborted', { phase: 'response-head' }) }, false],
    ['an error of an interceptor', { error: new TypeError('oops') }, false],
  ])('%s', async (_, answer, opens) => {
    const breaker = broken({ minRequests: 1 }, () => answer);
    await callsAt([0, 1], breaker);
    expect(breaker.circuits.stats().openings).toBe(opens ? 1 : 0);
  });

  it('counts a body that breaks off', async () => {
    const breaker = broken({ minRequests: 4 }, () => ({ bodyAfter: 10, bodyError: reset }));
    await callsAt([0, 100, 200, 300, 400, 500], breaker);
    // Each was well at first: half of what was counted has failed.
    expect(breaker.circuits.stats()).toMatchObject({ openings: 1, refused: 4 });
  });

  it('does not wait for a probe that the program gave up', async () => {
    const breaker = broken({ minRequests: 1, openFor: 1000 }, (now) => (now < 1000 ? { status: 500 } : { after: 100 }));
    const leaving = new AbortController();
    const { server, call } = breaker;
    void call();
    const outcomes: unknown[] = [];
    server.time.schedule(1000, () => void call({ signal: leaving.signal }));
    server.time.schedule(1010, () => leaving.abort(new Error('enough')));
    server.time.schedule(1020, () => void call().then((outcome) => outcomes.push(outcome)));
    await server.time.run();
    expect(outcomes).toEqual([200]);
  });

  it('heeds how long the server wants to be left alone', async () => {
    const breaker = broken({ minRequests: 1, openFor: 1000 }, (now) =>
      now < 1000 ? { status: 503, headers: { 'retry-after': '4' } } : {},
    );
    await callsAt(every100(50), breaker);
    expect(breaker.server.arrivals[1]).toBe(4000);
  });

  it('takes a token of the retry budget for each that tries', async () => {
    const breaker = broken({ minRequests: 1, openFor: 1000 }, () => ({ status: 500 }));
    let tokens = 1;
    const budget = { deposit() {}, withdraw: () => tokens-- > 0 };
    await callsAt([0, 1000, 3000, 3001], breaker, { budget });
    expect(breaker.circuits.stats()).toMatchObject({ probes: 1, sent: 2, refused: 2 });
  });

  it('is one for each origin, or for what `by` says, and asks `isFailure`', async () => {
    const breaker = broken({ minRequests: 1, isFailure: ({ response }) => response?.status === 404 }, () => ({ status: 404 }));
    const outcomes = [];
    for (const url of ['http://a.example/', 'http://b.example/', 'http://a.example/x']) {
      const sent = breaker.call({ url });
      await breaker.server.time.run();
      outcomes.push(await sent);
    }
    expect(outcomes).toEqual([404, 404, 'CIRCUIT_OPEN']);
  });

  it.each<[string, PlayedAnswer]>([
    ['a response', { status: 500 }],
    ['an error', { error: reset }],
  ])('refuses an `isFailure` that answers later, or throws, and counts nothing: %s', async (_, answer) => {
    const faults: (() => unknown)[] = [
      async () => true,
      async () => Promise.reject(new Error('later')),
      () => {
        throw Object.assign(new Error('at once'), { code: 'AT_ONCE' });
      },
    ];
    for (const [index, fault] of faults.entries()) {
      const breaker = broken({ minRequests: 1, isFailure: fault as () => boolean }, () => answer);
      const code = index === 2 ? 'AT_ONCE' : 'INVALID_OPTION';
      expect(await callsAt([0, 1], breaker)).toEqual([code, code]);
      expect(breaker.circuits.stats()).toMatchObject({ sent: 2, failed: 0, open: {} });
    }
  });

  it('whose `isFailure` throws about the one that tries lets another try', async () => {
    let asked = 0;
    const isFailure = ({ response }: { readonly response: { readonly status: number } | undefined }): boolean => {
      if ((asked += 1) === 2) throw Object.assign(new Error('once'), { code: 'ONCE' });
      return response?.status === 500;
    };
    const breaker = broken({ minRequests: 1, openFor: 1000, isFailure }, (now) => ({ status: now < 1000 ? 500 : 200 }));
    expect(await callsAt([0, 1000, 1001, 1002], breaker)).toEqual([500, 'ONCE', 200, 200]);
  });

  it('refuses a `by` that answers later', async () => {
    for (const by of [async () => 'a', async () => Promise.reject(new Error('later'))]) {
      const breaker = broken({ by: by as never }, () => ({}));
      expect(await callsAt([0], breaker)).toEqual(['INVALID_OPTION']);
    }
  });

  it('says what happened and when it is worth another try', async () => {
    const server = new PlayedServer(() => ({ status: 500 }));
    const circuits = new Circuits({ minRequests: 2, openFor: 1000 }, server.time);
    const send = server.through((request, context, next) => circuits.send(request, context, next));
    for (let n = 0; n < 2; n++) void send();
    await server.time.run();
    const error = await send({ url: 'http://user:secret@a.example/?token=secret' }).catch((thrown: unknown) => thrown as CircuitOpen);
    expect(error).toBeInstanceOf(CircuitOpen);
    expect(error).toMatchObject({ code: 'CIRCUIT_OPEN', key: 'http://a.example', retryIn: 1000 });
    expect((error as CircuitOpen).message).toBe(
      'Not sent: the circuit of http://a.example is open for another 1000 ms: 2 of the latest 2 requests failed',
    );
  });

  it.each([
    [{ failureRate: 0 }, 'failureRate'],
    [{ failureRate: 2 }, 'failureRate'],
    [{ window: 0 }, 'window'],
    [{ minRequests: 0 }, 'minRequests'],
    [{ openFor: -1 }, 'openFor'],
    [{ probes: 0 }, 'probes'],
    [{ isFailure: true }, 'isFailure'],
    [{ treshold: 1 }, 'treshold'],
  ])('refuses %j by name', (options, option) => {
    expect(() => circuitBreaker(options as CircuitBreakerOptions)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', option }));
  });
});
