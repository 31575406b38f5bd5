import { describe, expect, it } from 'vitest';
import type { DialTimings } from '@x/httpcore';
import { phasesOf, type Moments } from './phases.ts';

const none: Moments = { started: 0, queued: undefined, assigned: undefined, sent: undefined, firstByte: undefined, ended: undefined };
const whole: Moments = { started: 90, queued: 100, assigned: 160, sent: 165, firstByte: 200, ended: 230 };
const steps: DialTimings = {
  start: 105,
  dnsStart: 105,
  dnsEnd: 115,
  connectStart: 115,
  connectEnd: 130,
  proxyStart: undefined,
  proxyEnd: undefined,
  tlsStart: 130,
  tlsEnd: 150,
  end: 150,
};

describe('the phases of an attempt', () => {
  it('are the times between its moments; making the connection is no waiting', () => {
    expect(phasesOf(whole, { reused: false, steps }, 999)).toEqual({
      queued: 15,
      dns: 10,
      connect: 15,
      proxy: undefined,
      tls: 20,
      sent: 5,
      firstByte: 35,
      download: 30,
      total: 130,
    });
  });

  it('have no dial on a connection that was there', () => {
    expect(phasesOf(whole, { reused: true, steps }, 999)).toMatchObject({ queued: 60, dns: undefined, connect: undefined, tls: undefined });
  });

  it('count of a dial that was begun for another what lies in the attempt', () => {
    const begunBefore = { ...steps, start: 50, dnsStart: 50, dnsEnd: 80, connectStart: 80 };
    expect(phasesOf(whole, { reused: false, steps: begunBefore }, 999)).toMatchObject({ queued: 10, dns: 0, connect: 30, tls: 20 });
  });

  it('that have not ended go on until now', () => {
    expect(phasesOf({ ...whole, ended: undefined }, { reused: true, steps: undefined }, 300)).toMatchObject({
      download: undefined,
      total: 200,
    });
    expect(phasesOf({ ...none, started: 10 }, { reused: undefined, steps: undefined }, 25)).toMatchObject({ queued: undefined, total: 15 });
  });

  it('without a connection are waiting to the end', () => {
    const waiting = { ...none, queued: 100, ended: 180 };
    expect(phasesOf(waiting, { reused: undefined, steps: undefined }, 999)).toMatchObject({ queued: 80, sent: undefined, total: 80 });
    expect(phasesOf(waiting, { reused: undefined, steps: { ...steps, end: 180 } }, 999)).toMatchObject({ queued: 5 });
  });

  it('answered before all was sent: sent until the answer', () => {
    expect(phasesOf({ ...whole, sent: 210 }, { reused: true, steps: undefined }, 999)).toMatchObject({
      sent: 40,
      firstByte: 0,
      download: 30,
    });
    expect(phasesOf({ ...whole, sent: undefined }, { reused: true, steps: undefined }, 999)).toMatchObject({ sent: 40, firstByte: 0 });
  });
});
