/** Labels and values in two aligned columns, with a note behind. */
import { visibleWidth } from './style.ts';
import type { Terminal } from './terminal.ts';

export interface Figure {
  readonly label: string;
  readonly value: string;
  readonly note?: string;
}

const INDENT = '  ';

export function renderFigures(figures: readonly Figure[], terminal: Terminal): string[] {
  const labelWidth = Math.max(...figures.map((figure) => visibleWidth(figure.label)));
  const valueWidth = Math.max(...figures.map((figure) => visibleWidth(figure.value)));
  return figures.map(({ label, value, note }) => {
    const line = `${INDENT}${label}${' '.repeat(labelWidth - visibleWidth(label))}  ${' '.repeat(valueWidth - visibleWidth(value))}${terminal.style.strong(value)}`;
    return note === undefined ? line : `${line}  ${terminal.style.faint(note)}`;
  });
}
