import { PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';

import { callOf, Client, Retries } from '@x/client';
import { close, receiveHead, send, startRawServer, startServer, withEnoughTime } from '@x/testbed';
import { describe, expect, it } from 'vitest';

describe('timings', () => {
  it('of each hop are its own', async () => {
    await using server = await startServer('site', { tls: true });
    await using client = new Client({ tls: { ca: server.ca! } });
    const response = await client.get(server.url('/redirect/2'));
    const [first, second] = response.history;
    expect(first!.timings).toMatchObject({ reused: false, connect: expect.any(Number) as number, tls: expect.any(Number) as number });
    for (const hop of [second!, response]) {
      expect(hop.timings).toMatchObject({ reused: true, dns: undefined, connect: undefined, tls: undefined });
    }
    const starts = [first!, second!, response].map(({ timings }) => timings.startedAt);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(response.attempts.map(({ timings }) => timings)).toEqual([first!.timings, second!.timings, response.timings]);
    // A hop ends before the next begins.
    expect(first!.timings.startedAt + first!.timings.total).toBeLessThanOrEqual(second!.timings.startedAt + 1);
  });

  it('of each attempt are its own, also of those that failed', async () => {
    await using server = await startRawServer((connection) =>
      connection < 1 ? [receiveHead(), close()] : [receiveHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')],
    );
    await using client = new Client({ retries: new Retries(2, { backoffFactor: 40, jitter: false }) });
    const response = await client.get(server.url('/'));
    const [failed, succeeded] = response.attempts;
    expect(failed!.error).toMatchObject({ name: 'ReadError' });
    expect(failed!.timings).toMatchObject({ firstByte: undefined, download: undefined, reused: false });
    expect(failed!.timings.connectionId).not.toBe(succeeded!.timings.connectionId);
    // The wait belongs to neither.
    const gap = succeeded!.timings.startedAt - (failed!.timings.startedAt + failed!.timings.total);
    expect(gap).toBeGreaterThanOrEqual(38);
    expect(succeeded!.timings.total).toBeGreaterThan(0);
  });

  it('can be had from an error, up to where it got', async () => {
    await using server = await startServer('slow');
    await using client = new Client();
    server.head.open();
    server.pieces[0]!.open();
    await withEnoughTime(async (read) => {
      const error: unknown = await client.get(server.url('/'), { timeout: { read } }).catch((error: unknown) => error);
      expect(error).toMatchObject({ code: 'READ_TIMEOUT', phase: 'response-body' });
      const call = callOf(error)!;
      expect(call.attempts).toHaveLength(1);
      const { timings, status } = call.attempts[0]!;
      expect(status).toBe(200);
      expect(timings).toMatchObject({ reused: false, firstByte: expect.any(Number) as number, remoteAddress: '127.0.0.1' });
      expect(timings.total).toBeGreaterThanOrEqual(read - 2);
      expect(call.elapsed).toBeGreaterThanOrEqual(read - 2);
      expect(call.total).toBeUndefined();
    });
  });

  it('of a connection that could not be made are those of the attempt', async () => {
    await using client = new Client();
    const error: unknown = await client.get('http://127.0.0.1:1/').catch((error: unknown) => error);
    expect((error as Error).message).toContain('(GET http://127.0.0.1:1/)');
    expect(callOf(error)?.attempts[0]?.timings).toMatchObject({ reused: undefined, connectionId: undefined, sent: undefined });
    expect(callOf(error)?.attempts[0]?.timings).toMatchObject({
      queued: expect.any(Number) as number,
      connect: expect.any(Number) as number,
    });
    const byName: unknown = await client.get('http://localhost:1/').catch((error: unknown) => error);
    expect(callOf(byName)?.attempts[0]?.timings).toMatchObject({
      dns: expect.any(Number) as number,
      connect: expect.any(Number) as number,
    });
  });

  it('of a connection that was waited for in vain are the wait', async () => {
    await using server = await startServer('slow');
    await using client = new Client({ limits: { maxConnections: 1 } });
    const holding = client.get(server.url('/held'));
    const error: unknown = await client.get(server.url('/'), { timeout: { pool: 50 } }).catch((error: unknown) => error);
    const { queued, total, connect } = callOf(error)!.attempts[0]!.timings;
    expect(queued).toBe(total);
    expect(connect).toBeUndefined();
    server.release();
    await holding;
  });
});

/** Of which the types of Node know a part. */
type ResourceEntry = PerformanceEntry & Readonly<Record<Moment, number>> & { readonly initiatorType: string };
type Moment =
  | 'redirectStart'
  | 'redirectEnd'
  | 'fetchStart'
  | 'domainLookupStart'
  | 'connectStart'
  | 'connectEnd'
  | 'requestStart'
  | 'responseStart'
  | 'responseEnd'
  | 'encodedBodySize';

describe('the timeline of performance', () => {
  it('has an entry for each call that asks for one, named without secrets', async () => {
    await using server = await startServer('site');
    const entries: ResourceEntry[] = [];
    let seen: (() => void) | undefined;
    const observer = new PerformanceObserver((list) => {
      entries.push(...(list.getEntries() as ResourceEntry[]));
      seen?.();
    });
    observer.observe({ type: 'resource' });
    try {
      await using client = new Client({ resourceTimings: true });
      await client.get(server.url('/redirect/1?token=s3cret'));
      await using response = await client.stream('GET', server.url('/bytes/1000'));
      await response.bytes();
      await expect(client.get('http://127.0.0.1:1/')).rejects.toThrow();
      await using silent = client.extend({ resourceTimings: false });
      await silent.get(server.url('/'));
      while (entries.length < 3) await new Promise<void>((resolve) => (seen = resolve));
    } finally {
      observer.disconnect();
      performance.clearResourceTimings();
    }
    const [redirected, streamed, failed] = entries;
    expect(entries.map(({ name }) => name)).toEqual([
      server.url('/redirect/1?token=[redacted]'),
      server.url('/bytes/1000'),
      'http://127.0.0.1:1/',
    ]);
    expect(redirected!.initiatorType).toBe('fetch');
    expect(redirected!.redirectEnd).toBeGreaterThanOrEqual(redirected!.redirectStart);
    expect(redirected!.redirectStart).toBeGreaterThan(0);
    const { startTime, fetchStart, domainLookupStart, connectStart, connectEnd, requestStart, responseStart, responseEnd } = streamed!;
    const moments = [startTime, fetchStart, domainLookupStart, connectStart, connectEnd, requestStart, responseStart, responseEnd];
    expect(moments).toEqual(moments.toSorted((one, other) => one - other));
    expect(streamed!.encodedBodySize).toBe(1_000);
    expect(failed!.responseStart).toBe(0);
  });
});
