/** What this stack has promised to reach, and whether a report shows it. */
import { memoryGrowth } from './flatness.ts';
import type { Report, SpeedResult } from './report.ts';
import { medianCpuMicros } from './summary.ts';

/** CPU time of one contender, at most so many times that of another, which may be one of another scenario. */
export interface Target {
  readonly scenario: string;
  readonly contender: string;
  readonly atMost: number;
  readonly versus: string;
  readonly versusScenario?: string;
}

export const TARGETS: readonly Target[] = [
  { scenario: 'h1-small', contender: 'dispatch', atMost: 0.85, versus: 'undici-dispatch' },
  { scenario: 'h1-small', contender: 'dispatch', atMost: 1.6, versus: 'raw-socket' },
  { scenario: 'h1-small', contender: 'client', atMost: 1, versus: 'undici-request' },
  { scenario: 'h1-small', contender: 'client', atMost: 0.2, versus: 'undici-fetch' },
  { scenario: 'h1-small', contender: 'client', atMost: 0.2, versus: 'got' },
  { scenario: 'h1-small', contender: 'client', atMost: 0.2, versus: 'ky' },
  { scenario: 'h1-small', contender: 'client', atMost: 0.2, versus: 'axios' },
  { scenario: 'download', contender: 'dispatch', atMost: 1, versus: 'undici-stream' },
  { scenario: 'download', contender: 'dispatch', atMost: 1, versus: 'undici-request' },
  { scenario: 'download', contender: 'client', atMost: 1, versus: 'undici-request' },
  { scenario: 'upload', contender: 'dispatch', atMost: 1, versus: 'undici-stream' },
  { scenario: 'upload', contender: 'dispatch', atMost: 1, versus: 'undici-request' },
  { scenario: 'upload', contender: 'client', atMost: 1, versus: 'undici-request' },
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
      const text = `memory of ${contender.label} is flat`;
      verdicts.push({ text, reached: samples.length < 2 ? null : memoryGrowth(samples).flat });
    }
  }
  return verdicts;
}

function judgeTarget(target: Target, speeds: ReadonlyMap<string, SpeedResult>): Verdict {
  const versusScenario = target.versusScenario ?? target.scenario;
  const own = cpuOf(speeds.get(target.scenario), target.contender);
  const other = cpuOf(speeds.get(versusScenario), target.versus);
  const elsewhere = versusScenario === target.scenario ? '' : ` in ${versusScenario}`;
  const claim = `${target.scenario}: ${target.contender} ≤ ${target.atMost} × ${target.versus}${elsewhere}`;
  if (own === null || other === null) return { text: claim, reached: null };
  const ratio = own / other;
  return { text: `${claim}, is ${ratio.toFixed(2)}`, reached: ratio <= target.atMost };
}

function cpuOf(result: SpeedResult | undefined, contender: string): number | null {
  return result === undefined ? null : medianCpuMicros(result, contender);
}

/** Whether a check may pass: something was judged, and nothing missed its target. */
export function passes(verdicts: readonly Verdict[]): boolean {
  return verdicts.some(({ reached }) => reached === true) && verdicts.every(({ reached }) => reached !== false);
}
