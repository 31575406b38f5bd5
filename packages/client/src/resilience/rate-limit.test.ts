import { describe, expect, it } from 'vitest';

import { PlayedServer } from '../../test/scripted-calls.ts';
import { rateLimit, RateLimiter, type RateLimitOptions } from './rate-limit.ts';
import { Overloaded, RateLimited } from './resilience-errors.ts';

function limited(options: RateLimitOptions, answer?: ConstructorParameters<typeof PlayedServer>[0]) {
  const server = new PlayedServer(answer);
  const limiter = new RateLimiter(options, server.time);
  return { server, limiter, call: server.through((request, context, next) => limiter.send(request, context, next)) };
}

describe('a rate limit', () => {
  it('lets a burst go, then one at a time, in the order in which they came', async () => {
    const { server, call, limiter } = limited({ requests: 10, interval: 1000, burst: 3 });
    for (let n = 0; n < 6; n++) void call({ url: `http://a.example/${n}` });
    await server.time.run();
    expect(server.arrivals).toEqual([0, 0, 0, 100, 200, 300]);
    expect(server.requests.map(({ request }) => new URL(request.url).pathname)).toEqual(['/0', '/1', '/2', '/3', '/4', '/5']);
    expect(limiter.stats()).toEqual({ sent: 6, delayed: 3, refused: 0, pauses: 0, waiting: 0, running: 0 });
  });

  it('fills up again while nothing is sent, up to the burst', async () => {
    const { server, call } = limited({ requests: 10, burst: 2 });
    const send = (): void => void [1, 2, 3].map(() => void call());
    send();
    server.time.schedule(5000, send);
    await server.time.run();
    expect(server.arrivals).toEqual([0, 0, 100, 5000, 5000, 5100]);
  });

  it('counts each origin by itself, or what `by` says', async () => {
    const apart = limited({ requests: 1 });
    for (const url of ['http://a.example/', 'http://b.example/', 'https://a.example/', 'http://a.example:81/']) void apart.call({ url });
    await apart.server.time.run();
    expect(apart.server.arrivals).toEqual([0, 0, 0, 0]);
    const together = limited({ requests: 1, by: ({ method }) => method });
    for (const url of ['http://a.example/', 'http://b.example/']) void together.call({ url });
    await together.server.time.run();
    expect(together.server.arrivals).toEqual([0, 1000]);
  });

  it('of requests at once counts until the body has ended', async () => {
    const { server, call, limiter } = limited({ concurrency: 2 }, () => ({ after: 10, bodyAfter: 90 }));
    for (let n = 0; n < 5; n++) void call();
    server.time.schedule(50, () => expect(limiter.stats()).toMatchObject({ running: 2, waiting: 3 }));
    await server.time.run();
    expect(server.arrivals).toEqual([0, 0, 100, 100, 200]);
    expect(limiter.stats().running).toBe(0);
  });

  it('counts what failed as over', async () => {
    const { server, call } = limited({ concurrency: 1 }, () => ({ after: 10, error: new Error('reset') }));
    const calls = [call(), call(), call()].map((sent) => sent.catch((error: Error) => error.message));
    await server.time.run();
    expect(await Promise.all(calls)).toEqual(['reset', 'reset', 'reset']);
    expect(server.arrivals).toEqual([0, 10, 20]);
  });

  it.each([
    ['Retry-After of 429', { status: 429, headers: { 'retry-after': '2' } }, 2000],
    ['Retry-After of 503', { status: 503, headers: { 'retry-after': '3' } }, 3000],
    ['a quota that is used up', { status: 200, headers: { ratelimit: '"default";r=0;t=4' } }, 4000],
    ['an older quota', { status: 200, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '5' } }, 5000],
    ['a quota with something left', { status: 200, headers: { ratelimit: '"default";r=3;t=4' } }, 0],
    ['Retry-After of 200', { status: 200, headers: { 'retry-after': '2' } }, 0],
    ['more than maxPause', { status: 429, headers: { 'retry-after': '3600' } }, 60_000],
  ])('heeds %s for all who come after', async (_, answer, wait) => {
    const { server, call, limiter } = limited({}, (_request, index) => (index === 0 ? answer : {}));
    void call();
    server.time.schedule(1, () => [1, 2, 3].forEach(() => void call()));
    await server.time.run();
    expect(server.arrivals).toEqual([0, ...[1, 2, 3].map(() => Math.max(1, wait))]);
    expect(limiter.stats().pauses).toBe(wait === 0 ? 0 : 1);
  });

  it('does not heed the server when told so', async () => {
    const { server, call } = limited({ maxPause: 0 }, () => ({ status: 429, headers: { 'retry-after': '2' } }));
    void call();
    server.time.schedule(1, () => void call());
    await server.time.run();
    expect(server.arrivals).toEqual([0, 1]);
  });

  it('fails at once who would wait for longer than he may', async () => {
    const { server, call, limiter } = limited({ requests: 1, maxWait: 3000 });
    void call();
    const soon = call({ deadline: 500 });
    await expect(soon).rejects.toThrow(RateLimited);
    await expect(soon).rejects.toMatchObject({ code: 'RATE_LIMITED', key: 'http://a.example', retryIn: 1000 });
    for (let n = 0; n < 3; n++) void call();
    await expect(call()).rejects.toThrow(/in 4000 ms, after maxWait \(3000 ms\)/);
    expect(limiter.stats()).toMatchObject({ refused: 2, delayed: 3 });
    await server.time.run();
    expect(server.arrivals).toEqual([0, 1000, 2000, 3000]);
  });

  it('lets only so many wait', async () => {
    const { server, call } = limited({ requests: 1, maxWaiting: 1 });
    void call();
    void call();
    const third = call();
    await expect(third).rejects.toThrow(Overloaded);
    await expect(third).rejects.toMatchObject({ code: 'OVERLOADED' });
    await server.time.run();
    expect(server.requests).toHaveLength(2);
  });

  it('takes nobody’s turn for who has left', async () => {
    const { server, call, limiter } = limited({ requests: 1 });
    const leaving = new AbortController();
    void call();
    const left = call({ signal: leaving.signal }).catch((error: Error) => error.name);
    void call({ url: 'http://a.example/last' });
    server.time.schedule(500, () => leaving.abort());
    await server.time.run();
    expect(await left).toBe('Aborted');
    expect(server.arrivals).toEqual([0, 1000]);
    expect(limiter.stats().waiting).toBe(0);
  });

  it('keeps ten thousand waiting in their order, with one timer', async () => {
    const { server, call } = limited({ requests: 10_000, interval: 1, maxWaiting: Infinity, burst: 1 });
    for (let n = 0; n < 10_000; n++) void call({ url: `http://a.example/${n}` });
    await server.time.run();
    const order = server.requests.map(({ request }) => Number(new URL(request.url).pathname.slice(1)));
    expect(order).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
  });

  it.each([
    [{ requests: 0 }, 'requests'],
    [{ requests: 1.5 }, 'requests'],
    [{ interval: 0 }, 'interval'],
    [{ burst: -1 }, 'burst'],
    [{ concurrency: 0 }, 'concurrency'],
    [{ maxWaiting: -1 }, 'maxWaiting'],
    [{ maxWait: NaN }, 'maxWait'],
    [{ by: 'origin' }, 'by'],
    [{ request: 1 }, 'request'],
  ])('refuses %j by name', (options, option) => {
    expect(() => rateLimit(options as RateLimitOptions)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', option }));
  });
});
