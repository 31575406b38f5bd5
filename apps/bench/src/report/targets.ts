/** What this stack has promised to reach, and whether a report shows it. */
import { memoryGrowth } from './flatness.ts';
import type { Report, SpeedResult } from './report.ts';
import { FAR_LINE } from '../scenarios/registry.ts';
import { formatShare } from './figures.ts';
import { mebibytesPerSecond, medianCpuMicros, medianRate, medianWallMicros } from './summary.ts';

/** What one contender takes, at most so many times what another does, which may be one of another scenario. */
export interface RatioTarget {
  readonly scenario: string;
  readonly contender: string;
  readonly atMost: number;
  readonly versus: string;
  readonly versusScenario?: string;
  /** CPU time (the default), or the time that passes. */
  readonly of?: 'cpu' | 'time';
}

/** A rate that does not fall below a share of what the line carries. */
export interface RateTarget {
  readonly scenario: string;
  readonly contender: string;
  readonly atLeast: number;
  /** MiB per second. */
  readonly ofRate: number;
}

export type Target = RatioTarget | RateTarget;

export const TARGETS: readonly Target[] = [
  { scenario: 'h1-small', contender: 'dispatch', atMost: 0.85, versus: 'undici-dispatch' },
  { scenario: 'h1-small', contender: 'dispatch', atMost: 1.6, versus: 'raw-socket' },
  { scenario: 'h1-small', contender: 'client', atMost: 1, versus: 'undici-request' },
  { scenario: 'h1-small', contender: 'client', atMost: 0.2, versus: 'undici-fetch' },
  { scenario: 'h1-small', contender: 'client', atMost: 0.2, versus: 'got' },
  { scenario: 'h1-small', contender: 'client', atMost: 0.2, versus: 'ky' },
  { scenario: 'h1-small', contender: 'client', atMost: 0.2, versus: 'axios' },
  { scenario: 'cache', contender: 'client-cache-hit', atMost: 0.35, versus: 'client' },
  { scenario: 'cache', contender: 'client-cache-miss', atMost: 1.1, versus: 'client-new-url' },
  { scenario: 'cache', contender: 'client-cache-sqlite', atMost: 1, versus: 'client' },
  { scenario: 'h1-pipelined', contender: 'dispatch-pipelined', atMost: 0.9, versus: 'dispatch' },
  { scenario: 'h1-pipelined', contender: 'dispatch-pipelined', atMost: 0.6, versus: 'undici-dispatch-pipelined' },
  { scenario: 'otel', contender: 'client-telemetry-idle', atMost: 1.1, versus: 'client' },
  { scenario: 'download', contender: 'dispatch', atMost: 1, versus: 'undici-stream' },
  { scenario: 'download', contender: 'dispatch', atMost: 1, versus: 'undici-request' },
  { scenario: 'download', contender: 'client', atMost: 1, versus: 'undici-request' },
  { scenario: 'upload', contender: 'dispatch', atMost: 1, versus: 'undici-stream' },
  { scenario: 'upload', contender: 'dispatch', atMost: 1, versus: 'undici-request' },
  { scenario: 'upload', contender: 'client', atMost: 1, versus: 'undici-request' },
  { scenario: 'h2-small', contender: 'dispatch', atMost: 0.25, versus: 'undici-dispatch' },
  { scenario: 'h2-small', contender: 'dispatch', atMost: 0.4, versus: 'node-http2' },
  { scenario: 'h2-small', contender: 'dispatch', atMost: 1, versus: 'dispatch-http1' },
  { scenario: 'h2-small', contender: 'client', atMost: 0.4, versus: 'undici-request' },
  { scenario: 'h2c-small', contender: 'dispatch', atMost: 0.25, versus: 'undici-dispatch' },
  { scenario: 'h2c-small', contender: 'dispatch', atMost: 0.4, versus: 'node-http2' },
  { scenario: 'h2c-small', contender: 'client', atMost: 0.4, versus: 'undici-request' },
  { scenario: 'h2-download', contender: 'dispatch', atMost: 1, versus: 'node-http2' },
  { scenario: 'h2-download', contender: 'dispatch', atMost: 1, versus: 'node-http2', of: 'time' },
  { scenario: 'h2-upload', contender: 'dispatch', atMost: 1, versus: 'node-http2' },
  { scenario: 'h2-upload', contender: 'dispatch', atMost: 1, versus: 'node-http2', of: 'time' },
  { scenario: 'h2-far-download', contender: 'dispatch', atLeast: 0.85, ofRate: mebibytesPerSecond(FAR_LINE.rate) },
  // Ten thousand that wait cost each what a few do.
  { scenario: 'queue', contender: 'queue-10000', atMost: 1.15, versus: 'queue-2500' },
  { scenario: 'proxy-tunnel', contender: 'dispatch', atMost: 1.05, versus: 'dispatch-direct' },
  { scenario: 'proxy-tunnel', contender: 'client', atMost: 1.05, versus: 'client-direct' },
  { scenario: 'proxy-tunnel-h2', contender: 'dispatch', atMost: 1.05, versus: 'dispatch-direct' },
  { scenario: 'proxy-tunnel-h2', contender: 'client', atMost: 1.05, versus: 'client-direct' },
  { scenario: 'fetch-small', contender: 'fetch-on-client', atMost: 0.9, versus: 'fetch' },
  { scenario: 'fetch-small', contender: 'fetch-on-dispatch', atMost: 0.9, versus: 'fetch' },
  { scenario: 'fetch-small', contender: 'client-fetch', atMost: 1.6, versus: 'client' },
  { scenario: 'fetch-download', contender: 'fetch-on-client', atMost: 0.9, versus: 'fetch' },
  { scenario: 'import', contender: 'client', atMost: 1, versus: 'undici' },
];

export interface Verdict {
  readonly text: string;
  /** Null when what it takes to tell was not measured. */
  readonly reached: boolean | null;
}

/** One verdict per target, and one per contender whose memory was watched. */
export function judge(report: Report, targets: readonly Target[] = TARGETS): readonly Verdict[] {
  const speeds = new Map<string, SpeedResult>();
  const verdicts: Verdict[] = [];
  for (const result of report.scenarios) if (result.kind === 'speed') speeds.set(result.id, result);
  for (const target of targets) verdicts.push(judgeTarget(target, speeds));
  for (const result of report.scenarios) {
    if (result.kind !== 'memory') continue;
    for (const { contender, samples } of result.contenders) {
      if (!contender.ours) continue;
      const text = `${result.id}: memory of ${contender.label} is flat`;
      verdicts.push({ text, reached: samples.length < 2 ? null : memoryGrowth(samples).flat });
    }
  }
  return verdicts;
}

function judgeTarget(target: Target, speeds: ReadonlyMap<string, SpeedResult>): Verdict {
  return 'atMost' in target ? judgeRatio(target, speeds) : judgeRate(target, speeds);
}

function judgeRate({ scenario, contender, atLeast, ofRate }: RateTarget, speeds: ReadonlyMap<string, SpeedResult>): Verdict {
  const result = speeds.get(scenario);
  const rate = result === undefined ? null : medianRate(result, contender);
  const claim = `${scenario}: ${contender} ≥ ${formatShare(atLeast)} of the line's rate`;
  if (rate === null) return { text: claim, reached: null };
  return { text: `${claim}, is ${formatShare(rate / ofRate)}`, reached: rate / ofRate >= atLeast };
}

function judgeRatio(target: RatioTarget, speeds: ReadonlyMap<string, SpeedResult>): Verdict {
  const versusScenario = target.versusScenario ?? target.scenario;
  const measure = target.of === 'time' ? medianWallMicros : medianCpuMicros;
  const medianOf = (scenario: string, contender: string): number | null => {
    const result = speeds.get(scenario);
    return result === undefined ? null : measure(result, contender);
  };
  const own = medianOf(target.scenario, target.contender);
  const other = medianOf(versusScenario, target.versus);
  const elsewhere = versusScenario === target.scenario ? '' : ` in ${versusScenario}`;
  const inTime = target.of === 'time' ? ' in time' : '';
  const claim = `${target.scenario}: ${target.contender} ≤ ${target.atMost} × ${target.versus}${elsewhere}${inTime}`;
  if (own === null || other === null) return { text: claim, reached: null };
  const ratio = own / other;
  return { text: `${claim}, is ${ratio.toFixed(2)}`, reached: ratio <= target.atMost };
}

/** Whether a check may pass: something was judged, and nothing missed its target. */
export function passes(verdicts: readonly Verdict[]): boolean {
  return verdicts.some(({ reached }) => reached === true) && verdicts.every(({ reached }) => reached !== false);
}
