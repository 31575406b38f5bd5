import { ReadTimeout } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { PlayedServer, type PlayedAnswer } from '../../test/scripted-calls.ts';
import { adaptiveConcurrency, AdaptiveLimits, type AdaptiveConcurrencyOptions } from './adaptive-concurrency.ts';
import { ConcurrencyEstimate } from './concurrency-estimate.ts';
import { Overloaded } from './resilience-errors.ts';

function adaptive(options: AdaptiveConcurrencyOptions, answer: (index: number) => PlayedAnswer) {
  const server = new PlayedServer((_, index) => answer(index));
  const limits = new AdaptiveLimits(options, server.time);
  return { server, limits, call: server.through((request, context, next) => limits.send(request, context, next)) };
}

describe('adaptive concurrency', () => {
  it('lets the others wait in the order in which they came', async () => {
    const { server, limits, call } = adaptive({ initial: 2, max: 2 }, () => ({ after: 100 }));
    for (let n = 0; n < 5; n++) void call({ url: `http://a.example/${n}` });
    server.time.schedule(50, () =>
      expect(limits.stats().limits['http://a.example']).toEqual({ limit: 2, running: 2, waiting: 3, latency: 0 }),
    );
    await server.time.run();
    expect(server.arrivals).toEqual([0, 0, 100, 100, 200]);
    expect(server.requests.map(({ request }) => new URL(request.url).pathname)).toEqual(['/0', '/1', '/2', '/3', '/4']);
  });

  it('counts until the body has ended', async () => {
    const { server, call } = adaptive({ initial: 1, max: 1 }, () => ({ after: 10, bodyAfter: 90 }));
    void call();
    void call();
    await server.time.run();
    expect(server.arrivals).toEqual([0, 100]);
  });

  it('falls with what is turned away or not answered in time', async () => {
    for (const answer of [{ status: 503 }, { status: 429 }, { error: new ReadTimeout('late', { phase: 'response-head' }) }]) {
      const { server, limits, call } = adaptive({ initial: 100 }, () => answer);
      void call().catch(() => {});
      await server.time.run();
      expect(limits.stats().limits['http://a.example']!.limit).toBe(90);
      expect(limits.stats().dropped).toBe(1);
    }
    const { server, limits, call } = adaptive({ initial: 100 }, () => ({ error: new Error('no overload') }));
    void call().catch(() => {});
    await server.time.run();
    expect(limits.stats()).toMatchObject({ dropped: 0 });
  });

  it('refuses who would wait behind too many, and who has no time left when his turn comes', async () => {
    const { server, limits, call } = adaptive({ initial: 1, max: 1, maxWaiting: 1 }, () => ({ after: 100 }));
    void call();
    const late = call({ deadline: 150 }).catch((error: unknown) => error);
    await expect(call()).rejects.toThrow(/all that it takes at present, and 1 wait/);
    await server.time.run();
    expect(await late).toBeInstanceOf(Overloaded);
    expect(((await late) as Error).message).toMatch(/its turn came too late: http:\/\/a\.example may take 150 ms at present/);
    expect(server.requests).toHaveLength(1);
    expect(limits.stats()).toMatchObject({ refused: 2, sent: 1 });
  });

  it('takes nobody’s turn for who has left', async () => {
    const { server, limits, call } = adaptive({ initial: 1, max: 1 }, () => ({ after: 100 }));
    const leaving = new AbortController();
    void call();
    const left = call({ signal: leaving.signal }).catch((error: Error) => error.name);
    void call();
    server.time.schedule(50, () => leaving.abort());
    await server.time.run();
    expect(await left).toBe('Aborted');
    expect(server.arrivals).toEqual([0, 100]);
    expect(limits.stats().limits['http://a.example']).toMatchObject({ running: 0, waiting: 0 });
  });

  it.each([
    [{ initial: 0 }, 'initial'],
    [{ min: 0 }, 'min'],
    [{ min: 5, max: 4 }, 'max'],
    [{ tolerance: 0.5 }, 'tolerance'],
    [{ maxWaiting: -1 }, 'maxWaiting'],
    [{ limit: 1 }, 'limit'],
  ])('refuses %j by name', (options, option) => {
    expect(() => adaptiveConcurrency(options as AdaptiveConcurrencyOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', option }),
    );
  });
});

describe('the limit', () => {
  const settings = { initial: 20, min: 1, max: 200, tolerance: 1.5 };

  /** As many at once as the limit allows, answered after what `latency` says of how many there are. */
  function run(estimate: ConcurrencyEstimate, from: number, milliseconds: number, latency: (running: number) => number): number[] {
    const under: { readonly begun: number; readonly ends: number }[] = [];
    const limits: number[] = [];
    for (let now = from; now < from + milliseconds; now++) {
      while (under.length < estimate.limit) under.push({ begun: now, ends: now + latency(under.length + 1) });
      for (const request of under.filter(({ ends }) => ends <= now)) {
        estimate.answered(request.begun, now, under.length);
        under.splice(under.indexOf(request), 1);
      }
      limits.push(estimate.limit);
    }
    return limits;
  }

  it('grows while the latency stays what it was', () => {
    const estimate = new ConcurrencyEstimate(settings);
    expect(Math.max(...run(estimate, 0, 3000, () => 50))).toBe(200);
  });

  it('stays where few are under way', () => {
    const estimate = new ConcurrencyEstimate(settings);
    for (let n = 0; n < 200; n++) estimate.answered(n, n + 50, 2);
    expect(estimate.limit).toBe(20);
  });

  it('stays near what the server works on at once, from below and from above', () => {
    for (const initial of [2, 20, 200]) {
      const estimate = new ConcurrencyEstimate({ ...settings, initial });
      const full = (running: number): number => 50 * Math.max(1, running / 20);
      const limits = run(estimate, 0, 60_000, full).slice(20_000);
      const mean = limits.reduce((sum, limit) => sum + limit, 0) / limits.length;
      expect(mean, `from ${initial}`).toBeGreaterThan(15);
      expect(mean, `from ${initial}`).toBeLessThan(40);
    }
  });

  it('stays where the work itself takes longer', () => {
    const estimate = new ConcurrencyEstimate({ ...settings, max: 20 });
    run(estimate, 0, 2000, () => 50);
    const limits = run(estimate, 2000, 10_000, () => 500);
    expect(limits.slice(3000)).not.toContain(5);
    expect(estimate.limit).toBe(20);
    expect(estimate.usual).toBeCloseTo(500, -1);
  });

  it('falls by a tenth for the time that an answer takes, and never below its least', () => {
    const estimate = new ConcurrencyEstimate(settings);
    for (let n = 0; n < 10; n++) estimate.answered(n, n + 50, 2);
    estimate.dropped(100);
    estimate.dropped(101);
    expect(estimate.limit).toBe(18);
    for (let n = 2; n < 1000; n++) estimate.dropped(n * 100);
    expect(estimate.limit).toBe(1);
  });

  it('minds no answers in no time', () => {
    const estimate = new ConcurrencyEstimate(settings);
    for (let n = 0; n < 5000; n++) estimate.answered(n, n, estimate.limit);
    expect(estimate.limit).toBeGreaterThan(90);
  });
});
