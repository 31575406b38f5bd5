/** Who speaks to whom, and when: one column for each who, one row for each thing said. */
import { escape, svgFile } from './chart.ts';

export interface Said {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  /** Milliseconds. */
  readonly at: number;
  /** When it arrives, where that takes time. */
  readonly until?: number;
}

const left = 64;
const lane = 150;
const top = 44;
const row = 34;

const style = [
  'text{font:12px system-ui,sans-serif;fill:#46556e}.who{font-weight:600;fill:#1c2a40}.lane{stroke:#c3ccd9;stroke-dasharray:3 4}',
  '.arrow{fill:none;stroke:#3b6fd4;stroke-width:1.5}.tip{fill:#3b6fd4}',
  '@media (prefers-color-scheme:dark){text{fill:#a7b4c8}.who{fill:#e6edf8}.lane{stroke:#46556e}.arrow{stroke:#7ba3f5}.tip{fill:#7ba3f5}}',
].join('\n');

export function lanesSvg(title: string, lanes: readonly string[], said: readonly Said[]): string {
  const width = left + lanes.length * lane;
  const height = top + (said.length + 1) * row;
  const x = (index: number): number => left + lane / 2 + index * lane;
  const content = [
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>',
    ...lanes.map(
      (who, index) =>
        `<text class="who" x="${x(index)}" y="20" text-anchor="middle">${escape(who)}</text><path class="lane" d="M${x(index)} 30V${height - 8}"/>`,
    ),
    ...said.map(({ from, to, text, at, until }, index) => {
      const y = top + index * row + row / 2;
      const down = until === undefined ? 0 : 14;
      return [
        `<text x="${left - 8}" y="${y + 4}" text-anchor="end">${Math.round(at)} ms</text>`,
        `<path class="arrow" d="M${x(from)} ${y}L${x(to)} ${y + down}" marker-end="url(#tip)"/>`,
        `<text x="${(x(from) + x(to)) / 2}" y="${y - 6}" text-anchor="middle">${escape(text)}</text>`,
      ].join('');
    }),
  ];
  return svgFile([width, height], title, style, content);
}
