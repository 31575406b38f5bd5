/** A waterfall as SVG: a file that stands alone, is readable on light and dark ground, and runs nothing. */
import { formatDuration } from '../units.ts';
import { axisOf, type DrawnAttempt, type Span, type SpanKind, type Waterfall } from './waterfall.ts';

const WIDTH = 960;
const MARGIN = 16;
const LABELS = 236;
const FIGURES = 84;
const ROW = 20;
const HEADING = 30;
const AXIS = 22;
const TICKS = 5;

const classes: Readonly<Record<SpanKind, string>> = {
  queued: 'queued',
  dns: 'dns',
  connect: 'connect',
  proxy: 'proxy',
  tls: 'tls',
  sent: 'sent',
  'first byte': 'wait',
  download: 'download',
};

const STYLE = `
    svg { background: #fff; font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #1f2328; }
    .title { font-weight: 600; } .faint { fill: #59636e; } .line { stroke: #d1d9e0; }
    .queued { fill: #8c959f; } .dns { fill: #0969da; } .connect { fill: #9a6700; } .proxy { fill: #bf3989; }
    .tls { fill: #8250df; } .sent { fill: #1a7f37; } .wait { fill: #57606a; } .download { fill: #0550ae; }
    .vain { fill-opacity: 0.35; }
    @media (prefers-color-scheme: dark) {
      svg { background: #0d1117; fill: #f0f6fc; } .faint { fill: #9198a1; } .line { stroke: #3d444d; }
      .queued { fill: #6e7681; } .dns { fill: #58a6ff; } .connect { fill: #d29922; } .proxy { fill: #f778ba; }
      .tls { fill: #bc8cff; } .sent { fill: #3fb950; } .wait { fill: #8b949e; } .download { fill: #79c0ff; }
    }`;

/** @param caption What it shows, for those who do not see it. */
export function waterfallPicture(waterfall: Waterfall, caption: string): string {
  const { start, end } = axisOf(waterfall);
  const span = Math.max(end - start, Number.EPSILON);
  const x = (at: number): number => MARGIN + LABELS + ((at - start) / span) * (WIDTH - 2 * MARGIN - LABELS - FIGURES);
  const parts: string[] = [];
  let y = MARGIN;
  for (const attempt of waterfall.attempts) {
    parts.push(heading(attempt, y));
    y += HEADING;
    for (const each of attempt.spans) {
      parts.push(row(each, x, y));
      y += ROW;
    }
    y += ROW / 2;
  }
  const height = y + AXIS + MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(caption)}">
  <title>${escaped(caption)}</title>
  <style>${STYLE}
  </style>
${[...ticks(span, x, start, y), ...parts].join('\n')}
</svg>
`;
}

function heading({ title, outcome, start, end }: DrawnAttempt, y: number): string {
  const shown = title.length > 96 ? `${title.slice(0, 95)}…` : title;
  const note = [outcome, formatDuration(end - start)].filter((text) => text !== '').join(', ');
  return `  <text class="title" x="${MARGIN}" y="${y + 16}">${escaped(shown)}<tspan class="faint" font-weight="400" dx="10">${escaped(note)}</tspan></text>`;
}

function row(span: Span, x: (at: number) => number, y: number): string {
  const left = x(span.start);
  const width = Math.max(x(span.end) - left, 1);
  const label = span.vain === undefined ? span.label : `${span.label} (${span.vain})`;
  const shown = label.length > 32 ? `${label.slice(0, 31)}…` : label;
  const took = formatDuration(span.end - span.start);
  return [
    `  <g><title>${escaped(`${label}: ${took}`)}</title>`,
    `<text class="faint" x="${MARGIN}" y="${y + 13}">${escaped(shown)}</text>`,
    `<rect class="${classes[span.kind]}${span.vain === undefined ? '' : ' vain'}" x="${left.toFixed(1)}" y="${y + 3}" width="${width.toFixed(1)}" height="12" rx="2"/>`,
    `<text x="${WIDTH - MARGIN}" y="${y + 13}" text-anchor="end">${took}</text></g>`,
  ].join('');
}

function ticks(span: number, x: (at: number) => number, start: number, bottom: number): string[] {
  return Array.from({ length: TICKS + 1 }, (_, index) => {
    const at = (span / TICKS) * index;
    const left = x(start + at).toFixed(1);
    return `  <line class="line" x1="${left}" x2="${left}" y1="${MARGIN}" y2="${bottom}"/><text class="faint" x="${left}" y="${bottom + 16}" text-anchor="middle">${formatDuration(at)}</text>`;
  });
}

// What XML forbids even when escaped is left out.
function escaped(text: string): string {
  return text
    .replace(/\p{Cc}/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
