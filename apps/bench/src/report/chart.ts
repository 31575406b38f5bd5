/** The chart: bars of CPU time per request, one panel per scenario, drawn by hand as SVG. */
import type { Contender } from '../contenders/registry.ts';
import { formatFigure } from './figures.ts';
import type { Report, SpeedResult } from './report.ts';
import { summarise } from './summary.ts';

const PANEL_WIDTH = 440;
const PANEL_GAP = 24;
const COLUMNS = 2;
const PANEL_HEAD = 62;
const ROW = 22;
const BAR = 14;
const LABEL_WIDTH = 164;
const VALUE_WIDTH = 64;
const MARGIN = 16;
const FOOT = 28;
const LEGEND = 'User and system time of the process, medians of interleaved rounds; less is better. Dashed: a bare loop over sockets.';

interface Bar {
  readonly contender: Contender;
  readonly value: number;
}

interface Panel {
  readonly title: string;
  readonly subtitle: string;
  readonly bars: readonly Bar[];
}

/** The SVG text. Colours follow the reader's scheme; on its own it has no background. */
export function chart(reports: readonly Report[]): string {
  const several = reports.length > 1;
  const panels = reports.flatMap((report) =>
    report.scenarios.flatMap((result) => (result.kind === 'speed' ? panelOf(result, several ? `Node ${report.node}` : null) : [])),
  );
  const drawn: string[] = [];
  let top = MARGIN;
  for (let first = 0; first < panels.length; first += COLUMNS) {
    const row = panels.slice(first, first + COLUMNS);
    row.forEach((panel, column) => drawn.push(drawPanel(panel, MARGIN + column * (PANEL_WIDTH + PANEL_GAP), top)));
    top += Math.max(...row.map(({ bars }) => PANEL_HEAD + bars.length * ROW)) + PANEL_GAP;
  }
  const height = top + FOOT;
  const width = 2 * MARGIN + COLUMNS * PANEL_WIDTH + (COLUMNS - 1) * PANEL_GAP;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="CPU time per request">`,
    '<style>',
    'text { font: 12px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }',
    '.title { font-size: 15px; font-weight: 600 } .subtitle, .value { fill: #59636e } .subtitle { font-size: 11px }',
    '.own { font-weight: 600 } rect.other { fill: #afb8c1 } rect.own { fill: #1f7a5c } rect.floor { fill: none; stroke: #8c959f; stroke-dasharray: 3 2 }',
    '@media (prefers-color-scheme: dark) {',
    'text { fill: #e6edf3 } .subtitle, .value { fill: #9198a1 }',
    'rect.other { fill: #545d68 } rect.own { fill: #3fb68b } rect.floor { stroke: #768390 }',
    '}',
    '</style>',
    ...drawn,
    `<text class="subtitle" x="${MARGIN}" y="${top + 8}">${LEGEND}</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function panelOf(result: SpeedResult, runtime: string | null): Panel[] {
  const bars = summarise(result).flatMap(({ contender, figures }) => (figures === null ? [] : [{ contender, value: figures.cpu }]));
  if (bars.length === 0) return [];
  bars.sort((a, b) => a.value - b.value);
  const title = `${result.id} · CPU ${result.units.cpu}${runtime === null ? '' : ` · ${runtime}`}`;
  return [{ title, subtitle: result.summary, bars }];
}

function drawPanel({ title, subtitle, bars }: Panel, left: number, top: number): string {
  const room = PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH;
  const longest = Math.max(...bars.map(({ value }) => value));
  const lines = bars.map(({ contender, value }, index) => {
    const y = PANEL_HEAD + index * ROW;
    const width = Math.max(1, longest > 0 ? (value / longest) * room : 0);
    const kind = contender.ours ? 'own' : contender.level === 'floor' ? 'floor' : 'other';
    const baseline = y + BAR - 3;
    return [
      `<text class="${kind}" x="${LABEL_WIDTH - 8}" y="${baseline}" text-anchor="end">${escapeXml(contender.label)}</text>`,
      `<rect class="${kind}" x="${LABEL_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>`,
      `<text class="value" x="${(LABEL_WIDTH + width + 6).toFixed(1)}" y="${baseline}">${formatFigure(value)}</text>`,
    ].join('');
  });
  return [
    `<g transform="translate(${left} ${top})">`,
    `<text class="title" x="0" y="16">${escapeXml(title)}</text>`,
    `<text class="subtitle" x="0" y="36">${escapeXml(subtitle)}</text>`,
    ...lines,
    '</g>',
  ].join('\n');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
