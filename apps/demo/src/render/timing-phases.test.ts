import type { Timings } from '@x/client';
import { expect, test } from 'vitest';
import { timingPhases } from './timing-phases.ts';

const direct: Timings = {
  startedAt: 0,
  queued: 1,
  dns: 2,
  connect: 3,
  proxy: undefined,
  tls: 5,
  sent: 6,
  firstByte: 7,
  download: 8,
  total: 32,
  reused: false,
  connectionId: 1,
  remoteAddress: '127.0.0.1',
  httpVersion: '1.1',
};

test('the phases come in the order of their happening', () => {
  expect(timingPhases(direct).map(({ milliseconds }) => milliseconds)).toEqual([1, 2, 3, 5, 6, 7, 8]);
});

test("a proxy's handshake is shown where there was one, before TLS with the origin", () => {
  expect(timingPhases(direct).map(({ label }) => label)).not.toContain('proxy');
  const phases = timingPhases({ ...direct, proxy: 4 });
  expect(phases.slice(2, 5)).toEqual([
    { label: 'connect', milliseconds: 3 },
    { label: 'proxy', milliseconds: 4 },
    { label: 'tls', milliseconds: 5 },
  ]);
});
