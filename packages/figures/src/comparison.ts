/** Figures of several runs beside each other: one column for each, the figures to the right. */
import { visibleWidth } from './style.ts';
import type { Terminal } from './terminal.ts';

export interface ComparedFigure {
  readonly label: string;
  /** One for each column; an empty one where the figure makes no sense. */
  readonly values: readonly string[];
}

const INDENT = '  ';
const GAP = '   ';

export function renderComparison(columns: readonly string[], figures: readonly ComparedFigure[], terminal: Terminal): string[] {
  const labelWidth = Math.max(...figures.map(({ label }) => visibleWidth(label)));
  const widths = columns.map((column, index) =>
    Math.max(visibleWidth(column), ...figures.map(({ values }) => visibleWidth(values[index] ?? ''))),
  );
  const line = (label: string, cells: readonly string[], emphasis: (text: string) => string): string => {
    const padded = widths.map((width, index) => {
      const cell = cells[index] ?? '';
      return ' '.repeat(width - visibleWidth(cell)) + emphasis(cell);
    });
    return `${INDENT}${label}${' '.repeat(labelWidth - visibleWidth(label))}${GAP}${padded.join(GAP)}`;
  };
  return [line('', columns, terminal.style.faint), ...figures.map(({ label, values }) => line(label, values, terminal.style.strong))];
}
