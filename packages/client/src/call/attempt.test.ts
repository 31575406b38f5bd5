import type { ConnectionInfo, DialTimings, TraceObserver } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { Request } from '../request/request.ts';
import { Attempt } from './attempt.ts';

const request = new Request('GET', 'http://a.example/');
const noSteps: DialTimings = {
  start: 0,
  dnsStart: undefined,
  dnsEnd: undefined,
  connectStart: undefined,
  connectEnd: undefined,
  proxyStart: undefined,
  proxyEnd: undefined,
  tlsStart: undefined,
  tlsEnd: undefined,
  end: 0,
};

function connection(timings: Partial<DialTimings>): ConnectionInfo {
  return {
    id: 7,
    protocol: 'http/1.1',
    remoteAddress: '192.0.2.1',
    remotePort: 443,
    localAddress: undefined,
    localPort: undefined,
    tlsVersion: 'TLSv1.3',
    tlsCipher: undefined,
    tlsResumed: false,
    proxy: undefined,
    timings: { ...noSteps, ...timings },
  };
}

const dialled = connection({
  start: 102,
  dnsStart: 102,
  dnsEnd: 105,
  connectStart: 105,
  connectEnd: 115,
  tlsStart: 115,
  tlsEnd: 140,
  end: 140,
});

describe('the timings of an attempt', () => {
  it('on a new connection add up to the total', () => {
    const attempt = new Attempt(request, undefined);
    attempt.observe('queued', 100, undefined);
    attempt.observe('assigned', 141, { connection: dialled, reused: false, streamId: undefined });
    attempt.observe('head-sent', 142, undefined);
    attempt.observe('body-sent', 144, { bytes: 9 });
    attempt.observe('first-byte', 160, undefined);
    attempt.observe('head-received', 161, { status: 200 });
    attempt.observe('body-end', 200, { bytes: 9 });
    attempt.httpVersion = '1.1';
    expect(attempt.timings).toEqual({
      startedAt: performance.timeOrigin + 100,
      queued: 3,
      dns: 3,
      connect: 10,
      proxy: undefined,
      tls: 25,
      sent: 3,
      firstByte: 16,
      download: 40,
      total: 100,
      reused: false,
      connectionId: 7,
      remoteAddress: '192.0.2.1',
      httpVersion: '1.1',
    });
  });

  it('on a reused connection have no connect phases', () => {
    const attempt = new Attempt(request, undefined);
    attempt.observe('queued', 200, undefined);
    attempt.observe('assigned', 201, { connection: dialled, reused: true, streamId: undefined });
    attempt.observe('head-sent', 202, undefined);
    attempt.observe('first-byte', 210, undefined);
    attempt.observe('body-end', 211, { bytes: 0 });
    expect(attempt.timings).toMatchObject({
      queued: 1,
      dns: undefined,
      connect: undefined,
      tls: undefined,
      sent: 1,
      firstByte: 8,
      download: 1,
      total: 11,
    });
  });

  it('count only our share of a connection that was begun for another', () => {
    const attempt = new Attempt(request, undefined);
    attempt.observe('queued', 110, undefined);
    attempt.observe('assigned', 140, { connection: dialled, reused: false, streamId: undefined });
    expect(attempt.timings).toMatchObject({ queued: 0, dns: 0, connect: 5, tls: 25 });
  });

  it('end the sending where an early answer begins', () => {
    const attempt = new Attempt(request, undefined);
    attempt.observe('queued', 100, undefined);
    attempt.observe('assigned', 100, { connection: dialled, reused: true, streamId: undefined });
    attempt.observe('head-sent', 101, undefined);
    attempt.observe('first-byte', 105, undefined);
    attempt.observe('body-sent', 150, { bytes: 9 });
    attempt.observe('body-end', 160, { bytes: 9 });
    expect(attempt.timings).toMatchObject({ sent: 5, firstByte: 0, download: 55, total: 60 });
  });

  it('start over on the connection of a replay', () => {
    const attempt = new Attempt(request, undefined);
    attempt.observe('queued', 100, undefined);
    attempt.observe('assigned', 101, { connection: dialled, reused: true, streamId: undefined });
    attempt.observe('head-sent', 102, undefined);
    const other = connection({ start: 103, connectStart: 103, connectEnd: 108, end: 108 });
    attempt.observe('assigned', 108, { connection: { ...other, id: 8 }, reused: false, streamId: undefined });
    expect(attempt.timings).toMatchObject({ connectionId: 8, reused: false, connect: 5, sent: undefined, firstByte: undefined });
    attempt.observe('head-sent', 109, undefined);
    attempt.observe('first-byte', 111, undefined);
    expect(attempt.timings).toMatchObject({ sent: 1, firstByte: 2, download: undefined });
  });

  it('without a connection are those of the steps that were made, the last one to the end', () => {
    const attempt = new Attempt(request, undefined);
    const peer = { address: '192.0.2.1', port: 443 };
    attempt.observe('queued', performance.now() - 50, undefined);
    const start = attempt.timings.startedAt - performance.timeOrigin;
    attempt.observe('dns-start', start + 3, { host: 'a.example' });
    attempt.observe('dns-end', start + 5, { addresses: [], source: 'lookup' });
    attempt.observe('connect-start', start + 5, peer);
    attempt.observe('connect-failed', start + 8, { ...peer, code: 'ECONNREFUSED' });
    attempt.observe('connect-start', start + 9, peer);
    attempt.observe('connect-end', start + 10, peer);
    attempt.observe('tls-start', start + 10, { servername: undefined });
    attempt.end();
    const { queued, dns, connect, tls, total, ...rest } = attempt.timings;
    expect([queued, dns, connect]).toEqual([3, 2, 5].map((value) => expect.closeTo(value, 3) as number));
    expect(tls).toBeCloseTo(total - 10, 3);
    expect(rest).toMatchObject({ proxy: undefined, sent: undefined, firstByte: undefined, download: undefined, reused: undefined });
  });

  it('that ended while it waited for a connection are that wait', () => {
    const attempt = new Attempt(request, undefined);
    attempt.observe('queued', performance.now() - 50, undefined);
    attempt.end();
    const { queued, total, ...rest } = attempt.timings;
    expect(queued).toBeGreaterThanOrEqual(50);
    expect(queued).toBe(total);
    expect(rest).toMatchObject({ dns: undefined, connect: undefined, tls: undefined, sent: undefined });
  });

  it('of a dispatcher that traces nothing are the total alone', () => {
    const attempt = new Attempt(request, undefined);
    attempt.end();
    const { total, ...rest } = attempt.timings;
    expect(total).toBeGreaterThanOrEqual(0);
    expect(attempt.timings.total).toBe(total);
    expect(rest).toMatchObject({ queued: undefined, sent: undefined, firstByte: undefined, download: undefined, reused: undefined });
  });

  it('leave the events to the caller too', () => {
    const seen: string[] = [];
    const trace: TraceObserver = (name, at) => void seen.push(`${name} ${at}`);
    new Attempt(request, trace).observe('first-byte', 5, undefined);
    expect(seen).toEqual(['first-byte 5']);
  });
});
