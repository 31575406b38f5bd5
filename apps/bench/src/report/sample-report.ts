/** A small report with round figures, for the tests of everything that is made of reports. */
import type { Measurement } from '../child/job.ts';
import { contenderById } from '../contenders/registry.ts';
import type { MemoryResult, Report, SpeedOfContender, SpeedResult } from './report.ts';

/** Rounds of 1,000 requests at these CPU microseconds per request, at half of which in real time. */
export function measurementsOf(...cpuMicros: readonly number[]): readonly Measurement[] {
  return cpuMicros.map((cpu) => ({ requests: 1000, userMicros: cpu * 700, systemMicros: cpu * 300, wallMicros: cpu * 500 }));
}

export function speedOf(id: string, ...cpuMicros: readonly number[]): SpeedOfContender {
  return { contender: contenderById(id), measurements: measurementsOf(...cpuMicros), failure: null };
}

export const SMALL_RESULT: SpeedResult = {
  kind: 'speed',
  id: 'h1-small',
  summary: 'GET of 11 bytes',
  server: 'nginx 1.22.1',
  units: { cpu: 'µs', rate: 'req/s' },
  references: { floor: 'raw-socket', dispatch: 'undici-dispatch', client: 'undici-request' },
  bytesPerRequest: 11,
  contenders: [
    speedOf('raw-socket', 11, 10, 9),
    speedOf('dispatch', 12, 12, 15),
    speedOf('undici-dispatch', 20, 19, 21),
    speedOf('client', 18, 18, 18),
    speedOf('undici-request', 30, 30, 30),
    { contender: contenderById('got'), measurements: [], failure: 'Expected 200 with 11 bytes, got 500 with 0.' },
  ],
};

export const DOWNLOAD_RESULT: SpeedResult = {
  ...SMALL_RESULT,
  id: 'download',
  summary: 'GET of 100 MiB',
  units: { cpu: 'ms', rate: 'MiB/s' },
  bytesPerRequest: 100 * 1024 * 1024,
  contenders: [
    speedOf('raw-socket', 40_000),
    speedOf('dispatch', 50_000),
    speedOf('undici-stream', 60_000),
    speedOf('undici-request', 80_000),
  ],
};

export const MEMORY_RESULT: MemoryResult = {
  kind: 'memory',
  id: 'memory',
  summary: 'memory over many requests',
  server: 'nginx 1.22.1',
  contenders: [
    {
      contender: contenderById('client'),
      samples: [0, 250_000, 500_000, 750_000, 1_000_000].map((requests) => ({
        requests,
        rss: 80_000_000,
        heapUsed: 9_000_000,
        external: 2_000_000,
      })),
      failure: null,
    },
  ],
};

export const SAMPLE_REPORT: Report = {
  format: 1,
  date: '2026-11-22T10:00:00.000Z',
  commit: 'abc1234',
  machine: { cpu: 'Example CPU', cores: 2, system: 'linux 6.1', loadBefore: 0.1 },
  node: '24.21.0',
  cores: { server: 0, measured: 1 },
  peers: { undici: '8.12.4', got: '16.1.0', ky: '2.1.0', axios: '1.21.1' },
  scenarios: [SMALL_RESULT, DOWNLOAD_RESULT, MEMORY_RESULT],
};
