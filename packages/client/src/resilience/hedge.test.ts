import { describe, expect, it } from 'vitest';

import { PlayedServer, type PlayedAnswer } from '../../test/scripted-calls.ts';
import { hedge, Hedges, type HedgeOptions } from './hedge.ts';

function hedged(options: HedgeOptions, answer: (index: number) => PlayedAnswer) {
  const server = new PlayedServer((_, index) => answer(index));
  const hedges = new Hedges(options, server.time);
  return { server, hedges, call: server.through((request, context, next) => hedges.send(request, context, next)) };
}

describe('a hedge', () => {
  it('sends once more what takes longer than most, takes the first answer, and ends the other', async () => {
    // Twenty that take 50 ms; then one that hangs, and a quick one.
    const { server, hedges, call } = hedged({}, (index) => ({ after: index === 20 ? 10_000 : 50, headers: { n: String(index) } }));
    for (let n = 0; n < 20; n++) void call();
    await server.time.run();
    const response = call();
    await server.time.run();
    expect((await response).headers.get('n')).toBe('21');
    expect(server.arrivals.slice(20)).toEqual([50, 100]);
    expect(server.requests[20]!.endedAt).toBe(150);
    expect(server.requests[21]!.endedAt).toBeUndefined();
    expect(hedges.stats()).toEqual({ requests: 21, hedges: 1, won: 1, denied: 0 });
  });

  it('sends nothing more before enough is known, or once the answer is there', async () => {
    const { server, call } = hedged({ minSamples: 5 }, (index) => ({ after: index < 5 ? 1000 : 10 }));
    for (let n = 0; n < 5; n++) void call();
    await server.time.run();
    void call();
    await server.time.run();
    expect(server.requests).toHaveLength(6);
  });

  it('takes the first one where that answers first', async () => {
    const { server, hedges, call } = hedged({ maxDelay: 100 }, (index) => ({
      after: index === 0 ? 150 : 1000,
      headers: { n: String(index) },
    }));
    const response = call();
    await server.time.run();
    expect((await response).headers.get('n')).toBe('0');
    expect(server.requests.map(({ endedAt }) => endedAt)).toEqual([undefined, 150]);
    expect(hedges.stats()).toMatchObject({ hedges: 1, won: 0 });
  });

  it.each([
    ['POST', { method: 'POST', body: 'x' }, 1],
    ['POST without content', { method: 'POST' }, 1],
    ['PUT of text', { method: 'PUT', body: 'x' }, 2],
    ['DELETE', { method: 'DELETE' }, 2],
    ['POST with an Idempotency-Key', { method: 'POST', body: 'x', headers: { 'idempotency-key': '1' } }, 2],
  ])('of %s', async (_, given, sent) => {
    const { server, call } = hedged({ maxDelay: 100 }, () => ({ after: 1000 }));
    const response = call(given);
    await server.time.run();
    expect((await response).status).toBe(200);
    expect(server.requests).toHaveLength(sent);
  });

  it('may send several, one after the other', async () => {
    const { server, call } = hedged({ maxDelay: 100, maxHedges: 3 }, (index) => ({ after: index === 3 ? 10 : 1000 }));
    void call();
    await server.time.run();
    expect(server.arrivals).toEqual([0, 100, 200, 300]);
    expect(server.requests.map(({ endedAt }) => endedAt)).toEqual([310, 310, 310, undefined]);
  });

  it('takes a token of the retry budget for each, and none is left for a server that is slow for all', async () => {
    let tokens = 3;
    const budget = { deposit() {}, withdraw: () => tokens-- > 0 };
    const { server, hedges, call } = hedged({ maxDelay: 100 }, () => ({ after: 1000 }));
    for (let n = 0; n < 10; n++) void call({ budget });
    await server.time.run();
    expect(server.requests).toHaveLength(13);
    expect(hedges.stats()).toMatchObject({ requests: 10, hedges: 3, denied: 7 });
  });

  it('prefers an answer that is not of a sick server, and takes it where there is no other', async () => {
    const well = hedged({ maxDelay: 100 }, (index) => ({ after: index === 0 ? 200 : 300, status: index === 0 ? 503 : 200 }));
    const first = well.call();
    await well.server.time.run();
    expect((await first).status).toBe(200);
    const sick = hedged({ maxDelay: 100 }, (index) =>
      index === 0 ? { after: 200, status: 503 } : { after: 300, error: new Error('reset') },
    );
    const second = sick.call();
    await sick.server.time.run();
    expect((await second).status).toBe(503);
  });

  it('waits for the other one when one fails, and fails when both do', async () => {
    const one = hedged({ maxDelay: 100 }, (index) => (index === 0 ? { after: 150, error: new Error('reset') } : { after: 500 }));
    const first = one.call();
    await one.server.time.run();
    expect((await first).status).toBe(200);
    const both = hedged({ maxDelay: 100 }, (index) => ({ after: 150, error: new Error(`reset ${index}`) }));
    const second = both.call().catch((error: Error) => error.message);
    await both.server.time.run();
    expect(await second).toBe('reset 1');
    const early = hedged({ maxDelay: 100 }, () => ({ after: 50, error: new Error('reset') }));
    const third = early.call().catch((error: Error) => error.message);
    await early.server.time.run();
    expect(await third).toBe('reset');
    expect(early.server.requests).toHaveLength(1);
  });

  it('ends with the call', async () => {
    const { server, call } = hedged({ maxDelay: 100 }, () => ({ after: 1000 }));
    const leaving = new AbortController();
    const response = call({ signal: leaving.signal }).catch((error: Error) => error.message);
    server.time.schedule(200, () => leaving.abort(new Error('enough')));
    await server.time.run();
    expect(await response).toBe('enough');
    expect(server.requests.map(({ endedAt }) => endedAt)).toEqual([200, 200]);
    const soon = new AbortController();
    const early = call({ signal: soon.signal }).catch((error: Error) => error.message);
    server.time.schedule(50, () => soon.abort(new Error('enough')));
    await server.time.run();
    expect(await early).toBe('enough');
    expect(server.requests).toHaveLength(3);
  });

  it.each([
    [{ quantile: 1 }, 'quantile'],
    [{ quantile: '0.9' }, 'quantile'],
    [{ minDelay: -1 }, 'minDelay'],
    [{ maxHedges: 0 }, 'maxHedges'],
    [{ minSamples: 0.5 }, 'minSamples'],
    [{ delay: 100 }, 'delay'],
  ])('refuses %j by name', (options, option) => {
    expect(() => hedge(options as HedgeOptions)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', option }));
  });
});
