/** The measured part of the README, rewritten between its markers. */
import { formatFigure } from './figures.ts';
import type { Report, SpeedResult } from './report.ts';
import { summarise } from './summary.ts';
import { markdownTable, type Table } from './table.ts';
import { speedTable } from './terminal.ts';

const START = '<!-- bench:start -->';
const END = '<!-- bench:end -->';
/** The scenario that the README shows with every figure; of the others it shows CPU time. */
const MAIN_SCENARIO = 'h1-small';

/**
 * Puts `section` between the markers of a README, and leaves the rest of it alone.
 *
 * @throws {Error} when the markers are missing, out of order or there twice.
 */
export function replaceBetweenMarkers(readme: string, section: string): string {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END);
  if (start === -1 || end < start) throw new Error(`The README needs a line "${START}" and, after it, a line "${END}".`);
  if (readme.indexOf(START, start + 1) !== -1 || readme.indexOf(END, end + 1) !== -1)
    throw new Error(`The README has the markers "${START}" and "${END}" more than once.`);
  return `${readme.slice(0, start + START.length)}\n\n${section.trim()}\n\n${readme.slice(end)}`;
}

/** The section for some reports, one for each Node that was measured. @param chartPath as the README links to it, or null */
export function readmeSection(reports: readonly Report[], chartPath: string | null): string {
  const parts = reports.map(runtimePart);
  if (chartPath !== null) parts.unshift(`![CPU time per request of each client](${chartPath})`);
  parts.push('Again: `pnpm bench`; under another Node: `pnpm bench --node 24`. Figures of one run compare; those of two machines do not.');
  return parts.join('\n\n');
}

function runtimePart(report: Report): string {
  const { machine, peers, cores } = report;
  const speeds = report.scenarios.filter((result): result is SpeedResult => result.kind === 'speed');
  const releases = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  const servers = [...new Set(speeds.flatMap(({ server }) => (server === null ? [] : [server])))];
  const place = cores.measured === null ? '' : ', on a core of its own';
  const rounds = Math.max(0, ...speeds.flatMap(({ contenders }) => contenders.map(({ measurements }) => measurements.length)));
  const lines = [
    `**Node ${report.node}** with ${releases.join(', ')}; ${machine.cpu}, ${machine.cores} cores; server: ${servers.join(', ')}${place}; ` +
      `${report.date.slice(0, 10)}. Each contender in a process of its own, medians of up to ${rounds} interleaved rounds; CPU is user and system time per request.`,
  ];
  const main = speeds.find(({ id }) => id === MAIN_SCENARIO);
  if (main !== undefined) {
    const { head, rows } = speedTable(main);
    lines.push(markdownTable({ head: [main.id, ...head.slice(1)], rows }));
  }
  const others = speeds.filter((result) => result !== main);
  const requests = others.filter(({ references }) => references.floor !== null);
  if (requests.length > 0) lines.push(markdownTable(crossTable(requests)));
  // Imports are of packages, not of their functions: they share no row with the rest.
  for (const result of others.filter(({ references }) => references.floor === null)) {
    const { head, rows } = speedTable(result);
    lines.push(markdownTable({ head: [result.id, ...head.slice(1)], rows }));
  }
  return lines.join('\n\n');
}

/** CPU time of everybody in every scenario. */
function crossTable(results: readonly SpeedResult[]): Table {
  const columns = results.map((result) => new Map(summarise(result).map((row) => [row.contender.label, row.figures?.cpu ?? null])));
  const labels = [...new Set(columns.flatMap((column) => [...column.keys()]))];
  return {
    head: ['CPU per request', ...results.map(({ id, units }) => `${id}, ${units.cpu}`)],
    rows: labels.map((label) => [label, ...columns.map((column) => formatFigure(column.get(label) ?? null))]),
  };
}
