/** The phases of one exchange under each other, each bar starting where the one before it ended. */
import { bar } from './bar.ts';
import type { Terminal } from './terminal.ts';
import { formatDuration } from './units.ts';

export interface Phase {
  readonly label: string;
  /** `undefined`: it did not happen. */
  readonly milliseconds: number | undefined;
}

const INDENT = '  ';
const LABEL_WIDTH = 11;
const FIGURE_WIDTH = 10;

/** One line for each phase, and one for the total. `total` may be more than the sum: then the bars end before the edge. */
export function renderWaterfall(phases: readonly Phase[], total: number, terminal: Terminal): string[] {
  const { style, blocks } = terminal;
  const room = Math.max(terminal.width - INDENT.length - LABEL_WIDTH - FIGURE_WIDTH - 1, 10);
  const sum = phases.reduce((all, phase) => all + (phase.milliseconds ?? 0), 0);
  const columnsOf = (milliseconds: number): number => (milliseconds / Math.max(total, sum, Number.EPSILON)) * room;

  let start = 0;
  const lines = phases.map(({ label, milliseconds }, index) => {
    const name = label.padEnd(LABEL_WIDTH);
    if (milliseconds === undefined) return INDENT + style.faint(name + '-'.padStart(room + FIGURE_WIDTH + 1));
    // A bar that is only drawn because it is above 0 must not be pushed over the edge.
    const at = Math.min(Math.round(columnsOf(start)), room - 1);
    const drawn = bar(Math.min(columnsOf(milliseconds), room - at), blocks);
    start += milliseconds;
    const colour = style.bars[index % style.bars.length] ?? style.strong;
    const figure = formatDuration(milliseconds).padStart(FIGURE_WIDTH);
    return `${INDENT}${name}${' '.repeat(at)}${colour(drawn)}${' '.repeat(room - at - drawn.length)} ${figure}`;
  });
  return [...lines, INDENT + style.strong('total'.padEnd(LABEL_WIDTH) + formatDuration(total).padStart(room + FIGURE_WIDTH + 1))];
}
