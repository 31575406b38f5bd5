/** A report as it is printed. */
import type { MemorySample } from '../child/job.ts';
import { formatFigure, formatMebibytes, formatRatio, formatShare } from './figures.ts';
import { memoryGrowth } from './flatness.ts';
import type { MemoryOfContender, MemoryResult, Report, ScenarioResult, SpeedResult } from './report.ts';
import { summarise } from './summary.ts';
import { textTable, type Table } from './table.ts';
import type { Verdict } from './targets.ts';

/** Samples shown of a memory run; the JSON has all of them. */
const SHOWN_SAMPLES = 6;

export function terminalHeading(report: Report): string {
  const { machine, cores, peers } = report;
  const pinned = cores.measured === null ? 'not pinned' : `server on core ${cores.server}, contenders on core ${cores.measured}`;
  const releases = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  return [
    `Node ${report.node} · ${releases.join(' · ')}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.system} · ${pinned} · load before: ${machine.loadBefore.toFixed(2)}`,
  ].join('\n');
}

export function terminalResult(result: ScenarioResult): string {
  const heading = `${result.id}: ${result.summary}${result.server === null ? '' : ` · ${result.server}`}`;
  return [heading, '', ...(result.kind === 'speed' ? speedLines(result) : memoryLines(result))].join('\n');
}

/** The columns of one scenario, for the terminal and the README. */
export function speedTable(result: SpeedResult): Table {
  const rows = summarise(result).flatMap(({ contender, figures }) => {
    if (figures === null) return [];
    const { cpu, rate, floorRatio, referenceRatio } = figures;
    const cells = [contender.label, formatFigure(cpu), formatFigure(rate), formatRatio(referenceRatio), formatShare(figures.spread)];
    if (result.references.floor !== null) cells.splice(3, 0, formatRatio(floorRatio));
    return [cells];
  });
  // A scenario that compares ways and not clients has no undici in it.
  const reference = result.references.dispatch.startsWith('undici') ? 'to undici' : 'to direct';
  const head = ['', `CPU ${result.units.cpu}`, result.units.rate, reference, 'spread'];
  if (result.references.floor !== null) head.splice(3, 0, 'to floor');
  return { head, rows };
}

export function terminalVerdicts(verdicts: readonly Verdict[]): string {
  const words = { true: 'reached', false: 'MISSED', null: 'not measured' };
  return verdicts.map(({ text, reached }) => `${words[`${reached}`].padEnd(12)}  ${text}`).join('\n');
}

function speedLines(result: SpeedResult): readonly string[] {
  const failures = result.contenders.flatMap(({ contender, failure }) =>
    failure === null ? [] : [`${contender.label} failed: ${failure}`],
  );
  return [textTable(speedTable(result)), ...failures];
}

function memoryLines(result: MemoryResult): readonly string[] {
  return result.contenders.flatMap((entry) => {
    if (entry.failure !== null) return [`${entry.contender.label} failed: ${entry.failure}`];
    const { heapPerRequest, rssPerRequest, flat } = memoryGrowth(entry.samples);
    const growth = `${heapPerRequest.toFixed(2)} bytes of heap and ${rssPerRequest.toFixed(2)} of RSS per request`;
    return [textTable(memoryTable(entry)), `${entry.contender.label}: ${flat ? 'flat' : 'GROWING'}, ${growth} in the second half`];
  });
}

function memoryTable({ contender, samples }: MemoryOfContender): Table {
  const step = Math.max(1, (samples.length - 1) / (SHOWN_SAMPLES - 1));
  const shown: MemorySample[] = [];
  for (let place = 0; Math.round(place) < samples.length; place += step) {
    const sample = samples[Math.round(place)];
    if (sample !== undefined) shown.push(sample);
  }
  return {
    head: [contender.label, 'RSS MiB', 'heap MiB', 'external MiB'],
    rows: shown.map(({ requests, rss, heapUsed, external }) => [
      requests.toLocaleString('en-US'),
      formatMebibytes(rss),
      formatMebibytes(heapUsed),
      formatMebibytes(external),
    ]),
  };
}
