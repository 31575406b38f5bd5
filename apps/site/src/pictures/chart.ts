/** Curves and areas over time as SVG: a file that stands alone and is readable on light and on dark ground. */

export interface Series {
  readonly name: string;
  /** `one` to `four`: a colour of the palette. */
  readonly colour: 'one' | 'two' | 'three' | 'four';
  /** An area is put on top of the areas before it; a line stands for itself. */
  readonly shape: 'area' | 'line';
  readonly values: readonly number[];
}

export interface Chart {
  readonly title: string;
  /** Milliseconds, of each value. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly unit: (value: number) => string;
}

const width = 760;
const height = 300;
const left = 76;
const right = 16;
const top = 46;
const bottom = 40;

export const palette: string = [
  '.one{--c:#3b6fd4}.two{--c:#c2680a}.three{--c:#2b8a4b}.four{--c:#8b4fc0}',
  '.area{fill:var(--c);fill-opacity:.75}.curve{fill:none;stroke:var(--c);stroke-width:2}.key{fill:var(--c)}',
  'text{font:12px system-ui,sans-serif;fill:#46556e}.title{font-weight:600;fill:#1c2a40}.axis{stroke:#c3ccd9}',
  '@media (prefers-color-scheme:dark){.one{--c:#7ba3f5}.two{--c:#eda256}.three{--c:#64c287}.four{--c:#bf95e8}text{fill:#a7b4c8}.title{fill:#e6edf8}.axis{stroke:#46556e}}',
].join('\n');

export function svgFile(size: readonly [width: number, height: number], title: string, style: string, content: readonly string[]): string {
  const [w, h] = size;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" role="img" aria-label="${escape(title)}">`,
    `<title>${escape(title)}</title>`,
    `<style>\n${style}\n</style>`,
    ...content,
    '</svg>',
    '',
  ].join('\n');
}

export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

export function chartSvg({ title, times, series, unit }: Chart): string {
  const end = times.at(-1)!;
  const areas = series.filter(({ shape }) => shape === 'area');
  const sums = times.map((_, index) => areas.reduce((sum, { values }) => sum + values[index]!, 0));
  const most = Math.max(...sums, ...series.filter(({ shape }) => shape === 'line').flatMap(({ values }) => values), 1);
  const x = (time: number): string => (left + (time / end) * (width - left - right)).toFixed(1);
  const y = (value: number): string => (height - bottom - (value / most) * (height - top - bottom)).toFixed(1);
  /** What holds until the next moment is drawn as a step. */
  const steps = (values: readonly number[]): string[] =>
    values.flatMap((value, index) =>
      index === 0 ? [`${x(times[0]!)} ${y(value)}`] : [`${x(times[index]!)} ${y(values[index - 1]!)}`, `${x(times[index]!)} ${y(value)}`],
    );
  const content: string[] = [`<text class="title" x="${left}" y="18">${escape(title)}</text>`];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const at = y(most * share);
    content.push(
      `<path class="axis" d="M${left} ${at}H${width - right}"/><text x="${left - 8}" y="${at}" dy="4" text-anchor="end">${escape(unit(most * share))}</text>`,
    );
  }
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    content.push(
      `<text x="${x(end * share)}" y="${height - bottom + 18}" text-anchor="${share === 1 ? 'end' : 'middle'}">${Math.round(end * share)} ms</text>`,
    );
  }
  let below = times.map(() => 0);
  for (const { colour, values } of areas) {
    const above = below.map((value, index) => value + values[index]!);
    content.push(`<path class="area ${colour}" d="M${steps(above).join('L')}L${steps(below).toReversed().join('L')}z"/>`);
    below = above;
  }
  for (const { colour, values } of series.filter(({ shape }) => shape === 'line'))
    content.push(`<path class="curve ${colour}" d="M${steps(values).join('L')}"/>`);
  let at = left;
  for (const { name, colour } of series) {
    content.push(`<rect class="key ${colour}" x="${at}" y="27" width="10" height="10"/><text x="${at + 15}" y="36">${escape(name)}</text>`);
    at += 34 + name.length * 6.6;
  }
  return svgFile([width, height], title, palette, content);
}
